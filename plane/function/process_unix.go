//go:build unix

package function

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// startProcess starts c as the leader of a session and process group of its own.
// The calling thread has to outlive it where the system has a parent-death signal.
func startProcess(c command, more func(*syscall.SysProcAttr)) (*process, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	attr := &syscall.SysProcAttr{Setsid: true}
	dieWithParent(attr)
	if more != nil {
		more(attr)
	}
	files := []*os.File{null, c.out, c.out}
	if c.gate != nil {
		files = append(files, c.gate)
	}
	op, err := os.StartProcess(c.path, c.args, &os.ProcAttr{Dir: c.dir, Env: c.env, Files: files, Sys: attr})
	if err != nil {
		return nil, err
	}
	p := &process{pid: op.Pid, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		state, err := op.Wait()
		if err != nil {
			p.err = err
			return
		}
		if !state.Success() {
			p.err = errors.New(state.String())
		}
		if u, ok := state.SysUsage().(*syscall.Rusage); ok {
			p.maxKB = maxRSS(u)
		}
		killGroup(p.pid) // what it left behind
	}()
	return p, nil
}

// underLimits starts the program through a shell that sets limits first: what
// a process may ask for itself needs no privilege, unlike limits for another.
// Shells differ in the letter for processes.
func underLimits(c command, processes bool) command {
	script := fmt.Sprintf(`ulimit -n %d; ulimit -c 0; `, maxDescriptors)
	if c.gate != nil {
		script = `read __brume <&3; exec 3<&-; unset __brume; ` + script
	}
	if processes {
		script += fmt.Sprintf(`ulimit -u %d 2>/dev/null || ulimit -p %[1]d; `, maxProcesses)
	}
	c.args = append([]string{"sh", "-c", script + `exec "$@"`, "sh", c.path}, c.args[1:]...)
	c.path = "/bin/sh"
	return c
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

func freezeGroup(pid int, on bool) {
	sig := syscall.SIGCONT
	if on {
		sig = syscall.SIGSTOP
	}
	_ = syscall.Kill(-pid, sig)
}
