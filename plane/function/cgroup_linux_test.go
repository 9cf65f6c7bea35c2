package function

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

func TestControlGroupKeepsMemory(t *testing.T) {
	c := controllers()
	if c == nil {
		t.Skip("this machine permits no control groups")
	}
	g, err := c.group()
	if err != nil {
		t.Fatal(err)
	}
	defer g.remove()
	if err := g.limit(view{memory: 24 << 20}); err != nil {
		t.Fatal(err)
	}
	// tail keeps the whole of a line that does not end.
	cmd := exec.Command("sh", "-c", "read go; tail /dev/zero & wait $!")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := g.add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in)
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "137") {
		t.Errorf("it ended with %v", err)
	}
	if !g.starved() {
		t.Error("nobody was killed for want of memory")
	}
}

func TestAbuseHurtsNobodyElse(t *testing.T) {
	p, good := isolated(t)
	good.Key = "good"
	invoke(t, p, good, order{})
	var abuse sync.WaitGroup
	for name, o := range map[string]order{
		"fork bomb":   {Do: "forks", N: 3000},
		"memory":      {Do: "hog"},
		"disk filler": {Do: "fill", N: 700 << 20},
		"log flood":   {Do: "flood", N: 64 << 10},
	} {
		s := testSpec(t)
		s.Key, s.MemoryMB = name, 1024
		abuse.Go(func() {
			out := invoke(t, p, s, o)
			if name == "memory" && (out.ErrorType != "Runtime.OutOfMemory" || !strings.Contains(string(out.Payload), "Runtime exited with error: signal: killed")) {
				t.Errorf("%s: %s %s", name, out.ErrorType, out.Payload)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		abuse.Wait()
	}()
	for n := 1; ; n++ {
		if out := invoke(t, p, good, order{}); out.FunctionError != "" {
			t.Fatalf("call %d: %s", n, out.Payload)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// TestSandboxesAreMadeAtTheSameTime: a process that is being started for one has the
// files of others open for a moment.
func TestSandboxesAreMadeAtTheSameTime(t *testing.T) {
	p, _ := isolated(t)
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			s := testSpec(t)
			s.Key = fmt.Sprint("same time ", i)
			if out, err := p.Invoke(t.Context(), s, Event{RequestID: s.Key, Payload: []byte("{}")}); err != nil || out.FunctionError != "" {
				t.Errorf("call %d: %v %s", i, err, out.Payload)
			}
		})
	}
	all.Wait()
}
