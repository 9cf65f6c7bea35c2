package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// target is a server under measurement.
type target struct {
	name, url string
	pid       int
	stop      func()
	key       credential
	files     bool // it only sends files: /file is one
	late      int  // how many keys lateBucket has
	lateItems int  // and items lateTable
}

type credential struct{ id, secret string }

// clockTicks is the unit of /proc/PID/stat (USER_HZ), fixed on Linux.
const clockTicks = 100

// cpu returns the CPU time that the process has used.
func (t *target) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", t.pid))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * time.Second / clockTicks, nil
}

// resident returns the memory that the process holds, in MiB.
func (t *target) resident() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.Fields(kb)[0])
			return float64(n) / 1024
		}
	}
	return 0
}

// start runs a server and waits until ready answers.
func start(name, url, ready string, argv ...string) (*target, time.Duration, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	t := &target{name: name, url: url, pid: cmd.Process.Pid, stop: func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() }}
	for time.Since(began) < 10*time.Second {
		res, err := http.Get(url + ready)
		if err == nil {
			res.Body.Close()
			return t, time.Since(began), nil
		}
		time.Sleep(time.Millisecond)
	}
	t.stop()
	return nil, 0, fmt.Errorf("%s did not answer at %s", name, url)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// serveBare is the yardstick: it reads a body and answers 1 KiB.
func serveBare(address string) error {
	answer := make([]byte, 1024)
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write(answer)
	}))
}
