// Command brume runs a cloud, and controls one that runs.
//
//	brume up                       start a cloud on this machine
//	eval "$(brume env)"            point the AWS tools at it
//	brume clock advance 90d        let ninety days pass
//	brume fault add --service sqs --rate 0.5
//	brume snapshot save before-the-demo
//
// Exit codes: 0 done, 1 failed, 2 wrong usage.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

func main() {
	os.Exit(run(os.Args[1:], console{out: os.Stdout, err: os.Stderr, pretty: isTerminal(os.Stdout)}))
}

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

// commands is the command line.
type commands struct {
	Up       upCommand       `cmd:"" help:"Start a cloud."`
	Status   statusCommand   `cmd:"" help:"Show what runs and where."`
	Env      envCommand      `cmd:"" help:"Print the settings that point the AWS tools at the cloud."`
	Clock    clockCommands   `cmd:"" help:"Show the cloud's clock, or move it."`
	Fault    faultCommands   `cmd:"" help:"Make calls fail, and stop it."`
	Snapshot snapshotCommand `cmd:"" help:"Keep the cloud's state under a name, and go back to it."`
	Reset    resetCommand    `cmd:"" help:"Make the cloud empty. Snapshots stay."`
	Scrub    scrubCommand    `cmd:"" help:"Read all objects, and tell which are damaged."`
	Usage    usageCommand    `cmd:"" aliases:"bill" help:"Show what has been used, as AWS would bill it."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

const description = `AWS on your machine, in one program.

  brume up                             start a cloud; its data is kept in .brume
  eval "$(brume env)"                  point the AWS tools at it
  brume clock advance 90d              let ninety days pass
  brume fault add --service sqs --rate 0.5
                                       let half of all calls to SQS fail
  brume snapshot save before-the-demo  keep the state; load brings it back`

// console is where a command's words go.
type console struct {
	out, err io.Writer
	pretty   bool // out is a terminal
}

// printf writes to out. Nothing can be done about a failure.
func (c console) printf(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format, args...) }

// exit is a panic that leaves run: kong wants to exit after --help.
type exit int

// run runs one command line and returns the exit code.
func run(args []string, c console) (code int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exit:
			code = int(r)
		default:
			panic(r)
		}
	}()
	parser, err := kong.New(&commands{},
		kong.Name("brume"), kong.Description(description), kong.Writers(c.out, c.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
	if err != nil {
		panic(err) // a mistake in commands
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		return c.usage(err)
	}
	if err := ctx.Run(c); err != nil {
		return c.fail(err)
	}
	return 0
}

// usage tells what is wrong with the command line.
func (c console) usage(err error) int {
	command := "brume"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil && wrong.Context.Selected() != nil {
		command = wrong.Context.Selected().FullPath()
	}
	_, _ = fmt.Fprintf(c.err, "brume: %v; %s --help tells more\n", err, command)
	return exitUsage
}

// usageError is an error in what was asked for, which the parser cannot see.
type usageError struct{ error }

// fail tells in one line what went wrong: where several things did, too.
func (c console) fail(err error) int {
	_, _ = fmt.Fprintf(c.err, "brume: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailure
}

// isTerminal reports whether f is a terminal, near enough: other character
// devices do not mind colours.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
