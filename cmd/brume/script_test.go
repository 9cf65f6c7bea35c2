package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/cloudtest"
)

var update = flag.Bool("update", false, "write what the commands print into testdata")

// TestScripts runs the commands of each file in testdata, one after the other,
// and compares what they print with what follows them there:
//
//	$ brume snapshot save x
//	Saved. brume snapshot load x brings it back.
//
// A script named cloud-….txt has a cloud to itself; one named strict-….txt a
// strict one, whose token is in $BRUME_TOKEN.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		if file, err = filepath.Abs(file); err != nil { // scripts run elsewhere
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	prepare(t, filepath.Base(file))
	var got bytes.Buffer
	for line := range strings.Lines(string(script)) {
		if command, ok := strings.CutPrefix(line, "$ brume"); ok {
			got.WriteString(line)
			perform(&got, strings.Fields(command))
		} else if strings.HasPrefix(line, "#") {
			got.WriteString(line)
		}
	}
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got.String() != string(script) {
		t.Errorf("%s differs; go test ./cmd/brume -update writes this instead:\n%s", file, &got)
	}
}

// prepare gives the script an empty directory and a clean environment.
func prepare(t *testing.T, file string) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "BRUME_") {
			t.Setenv(name, "")
			os.Unsetenv(name) // Setenv brings it back after the test
		}
	}
	t.Setenv("SHELL", "/bin/sh")
	var opts []cloudtest.Option
	switch kind, _, _ := strings.Cut(file, "-"); kind {
	case "strict":
		opts = append(opts, cloudtest.Strict())
	case "cloud":
	default:
		t.Chdir(t.TempDir())
		return
	}
	c := cloudtest.Start(t, append(opts, cloudtest.Loopback())...)
	t.Setenv("BRUME_ENDPOINT", c.Endpoint)
	t.Setenv("BRUME_TOKEN", c.System().Secrets().ControlToken)
	t.Chdir(t.TempDir())
}

// perform runs one command. NAME=VALUE before the arguments would be the
// shell's; there is no shell here.
func perform(got *bytes.Buffer, args []string) {
	var out bytes.Buffer
	code := run(args, console{out: &out, err: &out})
	got.WriteString(neutral(out.String()))
	if code != 0 {
		got.WriteString("[exit " + strconv.Itoa(code) + "]\n")
	}
	got.WriteString("\n")
}

// changing finds what is different in each run.
var changing = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d( UTC|Z)?|(localhost|127\.0\.0\.1):\d{5}|\(devel\)|v0\.0\.0-\S+`)

func neutral(s string) string {
	s = changing.ReplaceAllStringFunc(s, func(m string) string {
		switch {
		case strings.Contains(m, ":") && strings.Contains(m, "-"):
			return "<time>"
		case strings.Contains(m, ":"):
			return "<host>"
		}
		return "<version>"
	})
	return regexp.MustCompile(`(?m) +$`).ReplaceAllString(s, "")
}

func TestEveryShellSetsTheSameValues(t *testing.T) {
	for shell, want := range map[string]string{
		"sh": `export A='it'\''s'`, "fish": `set -gx A 'it\'s'`, "powershell": `$env:A = 'it''s'`,
	} {
		if got := exporter(shell)("A", "it's"); got != want {
			t.Errorf("%s: %s", shell, got)
		}
	}
	for shell, env := range map[string]map[string]string{
		"fish": {"SHELL": "/usr/bin/fish"}, "sh": {"SHELL": "/bin/zsh"}, "powershell": {"PSModulePath": "x"},
	} {
		if got := shellOf(func(name string) string { return env[name] }); got != shell {
			t.Errorf("%v is %s", env, got)
		}
	}
}
