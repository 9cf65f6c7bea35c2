package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/brume-cloud/brume/cloud"
)

type upCommand struct {
	Listen      string `default:"127.0.0.1:4566" env:"BRUME_LISTEN" placeholder:"HOST:PORT" help:"Where to answer. Other machines are served only with --auth strict."`
	Data        string `default:".brume" env:"BRUME_DATA" type:"path" placeholder:"DIR" help:"Where to keep the state."`
	Ephemeral   bool   `env:"BRUME_EPHEMERAL" help:"Keep the state in memory only."`
	Sync        bool   `env:"BRUME_SYNC" help:"Let acknowledged writes survive a power loss, too. They survive a crash anyway."`
	Auth        string `default:"open" enum:"open,strict" env:"BRUME_AUTH" placeholder:"open|strict" help:"Who may call: open takes unknown access keys for the account's root, strict refuses them."`
	LogLevel    string `default:"info" enum:"debug,info,warn,error" env:"BRUME_LOG_LEVEL" placeholder:"LEVEL" help:"What to log: debug, info, warn or error."`
	LogFormat   string `default:"text" enum:"text,json" env:"BRUME_LOG_FORMAT" placeholder:"text|json" help:"How to log."`
	LogRequests bool   `env:"BRUME_LOG_REQUESTS" help:"Log every call, not only those that fail."`
}

// Help is the end of the command's help.
func (*upCommand) Help() string {
	return `Examples:

  brume up                                    start on this machine, and keep the state in .brume
  brume up --ephemeral --listen 127.0.0.1:0   a throw-away cloud on a free port
  brume up --auth strict --listen 0.0.0.0:4566
                                              for other machines, too

Ctrl-C stops the cloud, a second one at once.`
}

// Run runs the command.
func (u *upCommand) Run(c console) error {
	began := time.Now()
	if err := u.check(); err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", u.Listen)
	if err != nil {
		return u.explain(err)
	}
	system, err := cloud.Open(cloud.Options{
		Dir: u.Data, Ephemeral: u.Ephemeral, Sync: u.Sync, Strict: u.strict(),
		Address: reachable(l.Addr()), Log: u.logger(c), RequestLog: u.LogRequests,
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	u.welcome(c, system, time.Since(began))
	collectLessWhileBusy()
	served := system.Serve(ctx, l)
	return errors.Join(served, system.Close())
}

func (u *upCommand) strict() bool { return u.Auth == "strict" }

// check refuses what would not be safe.
func (u *upCommand) check() error {
	host, _, err := net.SplitHostPort(u.Listen)
	if err != nil {
		return usageError{fmt.Errorf("--listen %s: write it as HOST:PORT, such as 127.0.0.1:4566", u.Listen)}
	}
	ip := net.ParseIP(host)
	if u.strict() || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return usageError{fmt.Errorf("--listen %s would let everybody on the network in as root: add --auth strict, or listen at 127.0.0.1", u.Listen)}
}

// explain says who has the port, when it can be known.
func (u *upCommand) explain(err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("cannot listen at %s: %w", u.Listen, err)
	}
	who := "another program"
	if about, err := (&remote{Endpoint: "http://" + u.Listen}).about(); err == nil {
		who = "another brume"
		if about.Data != "" {
			who += ", with its data in " + about.Data
		}
	}
	return fmt.Errorf("%s is in use by %s: stop it, or choose another port with --listen", u.Listen, who)
}

// reachable is the address to tell clients: names below localhost need no
// set-up, and names below an IP address do not exist.
func reachable(a net.Addr) string {
	tcp := a.(*net.TCPAddr)
	host := tcp.IP.String()
	if tcp.IP.IsLoopback() || tcp.IP.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

func (u *upCommand) logger(c console) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(u.LogLevel)); err != nil {
		panic(err) // the parser knows the levels
	}
	o := &slog.HandlerOptions{Level: level}
	if u.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(c.err, o))
	}
	return slog.New(slog.NewTextHandler(c.err, o))
}

// untilSignal returns a context that ends at the first SIGINT or SIGTERM. At
// the second the process ends at once: what was acknowledged is safe anyway.
func untilSignal() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailure)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// welcome tells what a user needs next.
func (u *upCommand) welcome(c console, s *cloud.System, took time.Duration) {
	data := "in memory, gone at the end"
	if !u.Ephemeral {
		data = shorten(u.Data)
	}
	secrets := s.Secrets()
	if !c.pretty {
		c.printf("brume: up at http://%s, data %s, auth %s\n", s.Address(), data, u.Auth)
		if u.strict() {
			c.printf("brume: access key %s, secret %s, control token %s\n", secrets.AccessKeyID, secrets.SecretAccessKey, secrets.ControlToken)
		}
		return
	}
	const bold, dim, plain = "\x1b[1m", "\x1b[2m", "\x1b[0m"
	line := func(name, text string) { c.printf("  %s%-7s%s %s\n", dim, name, plain, text) }
	c.printf("\n  %sBrume is up%s at %shttp://%s%s %sin %d ms%s\n\n", bold, plain, bold, s.Address(), plain, dim, took.Milliseconds(), plain)
	line("data", data)
	if u.strict() {
		line("key", secrets.AccessKeyID)
		line("secret", secrets.SecretAccessKey)
		line("token", secrets.ControlToken+" (for brume clock, fault, …)")
	} else {
		line("access", "any access key is let in as root")
	}
	line("use", `eval "$(brume env)", then any AWS tool`)
	line("stop", "Ctrl-C")
	c.printf("\n")
}
