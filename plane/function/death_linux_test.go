package function

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/state/clock"
)

// startServer is the life of a process that has a plane with a call in it; the test kills it.
func startServer(dir string) {
	p, err := New(Config{Dir: dir, Clock: clock.New(), Plain: os.Getenv("BRUME_TEST_PLAIN") == "true", NoSpares: true})
	if err != nil {
		panic(err)
	}
	s := Spec{Key: "f", Function: "f", Runtime: "provided.al2023", Handler: "h", Code: zipOf(nil, map[string]string{"bootstrap*": own()}), Timeout: time.Minute}
	go func() { _, _ = p.Invoke(context.Background(), s, event(order{Do: "hang"})) }()
	for p.busy("f") == 0 {
		runtime.Gosched()
	}
	p.mu.Lock()
	for e := range p.all {
		fmt.Println(e.main.pid)
	}
	p.mu.Unlock()
	select {}
}

func TestFunctionsDieWithTheServer(t *testing.T) {
	for _, plain := range []string{"false", "true"} {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command(exe)
		c.Env = append(os.Environ(), "BRUME_TEST_SERVER="+t.TempDir(), "BRUME_TEST_PLAIN="+plain)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		pid, err2 := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || err2 != nil || !lives(pid) {
			t.Fatalf("no function runs: %q %v", line, err)
		}
		_ = c.Process.Kill()
		_ = c.Wait()
		for deadline := time.Now().Add(20 * time.Second); lives(pid); runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("plain=%s: the function's process lives on", plain)
			}
		}
	}
}

func lives(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(b), ") Z ")
}
