package function

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// sandbox is what keeps an environment's processes apart from the machine.
type sandbox interface {
	// start starts a process. It fails when the program cannot be executed.
	start(command) (*process, error)
	// furnish shows the function's code and layers and sets its limits. It may
	// come after a process was started.
	furnish(view) error
	// executable says whether a path, as the processes see it, is a program.
	executable(path string) bool
	// list returns the names in a directory, as the processes see it.
	list(dir string) []string

	taskRoot() string    // where the code is, as the processes see it
	layersRoot() string  // "" when there are no layers and no place for them
	runtimeRoot() string // has the runtime's client
	temporary() string   // the private directory for scratch files

	starved() bool // a process was killed for want of memory
	freeze(on bool)
	kill()                   // all processes; it does not wait
	settled(context.Context) // returns when all have ended, or the context has
	close()
}

// command is a process to be started.
type command struct {
	path string
	args []string // with the name
	env  []string
	dir  string
	out  *os.File // for standard output and error
	gate *os.File // nothing is executed before its other end is closed; may be nil
}

// view is what a furnished sandbox shows: names in the cache's directory, and
// sizes in bytes.
type view struct {
	code, layers      string
	ephemeral, memory int64
}

// process is a started process.
type process struct {
	pid    int
	exited chan struct{} // closed when it has ended and was reaped

	err   error // when exited is closed: how it ended; nil for status 0
	maxKB int64 // and the most that it had in memory
}

// processes are those of one sandbox, and the directory that is theirs.
type processes struct {
	dir string // the sandbox's own, on the machine

	mu  sync.Mutex
	all []*process
}

func (s *processes) add(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, p)
}

// each calls f for those that have not ended.
func (s *processes) each(f func(pid int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.all {
		select {
		case <-p.exited:
		default:
			f(p.pid)
		}
	}
}

// reap waits until all have ended.
func (s *processes) reap() {
	s.mu.Lock()
	all := s.all
	s.mu.Unlock()
	for _, p := range all {
		<-p.exited
	}
}

func (s *processes) settled(ctx context.Context) {
	s.mu.Lock()
	all := s.all
	s.mu.Unlock()
	for _, p := range all {
		select {
		case <-p.exited:
		case <-ctx.Done():
			return
		}
	}
}

// plain is a sandbox of process groups and limits only: the processes are the
// server's user and see the machine's files.
type plain struct {
	processes
	plane *Plane
	task  string
	opt   string
	file  int64 // the largest that a process may write, in bytes

	// run calls a function on a thread that lives as long as the sandbox, and
	// leave lets the thread go.
	run   func(func() error) error
	leave func()
}

func (p *Plane) newPlain(f *found) (*plain, error) {
	dir, err := os.MkdirTemp(filepath.Join(p.config.Dir, "run"), "environment-")
	if err != nil {
		return nil, err
	}
	s := &plain{processes: processes{dir: dir}, plane: p, file: 10 << 30, leave: func() {}}
	s.run = func(f func() error) error { return f() }
	for _, d := range []string{"tmp", "runtime", "empty"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			return nil, err
		}
	}
	s.task, s.opt = filepath.Join(dir, "empty"), filepath.Join(dir, "empty")
	if f.bootstrap != "" {
		if err := os.WriteFile(filepath.Join(s.runtimeRoot(), f.file), []byte(f.bootstrap), 0o644); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *plain) start(c command) (*process, error) {
	var p *process
	err := s.run(func() (err error) {
		p, err = startProcess(limited(c), nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.add(p)
	return p, limit(p.pid, s.file)
}

func (s *plain) furnish(v view) error {
	s.task = filepath.Join(s.plane.code.dir, v.code)
	if v.layers != "" {
		s.opt = filepath.Join(s.plane.code.dir, v.layers)
	}
	var err error
	s.file = v.ephemeral
	s.each(func(pid int) { err = limit(pid, s.file) })
	return err
}

func (s *plain) executable(path string) bool { return isExecutable(path) }

func (s *plain) list(dir string) []string { return names(dir) }

func isExecutable(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.Mode().IsRegular() && i.Mode()&0o111 != 0
}

func (s *plain) taskRoot() string    { return s.task }
func (s *plain) layersRoot() string  { return s.opt }
func (s *plain) runtimeRoot() string { return filepath.Join(s.dir, "runtime") }
func (s *plain) temporary() string   { return filepath.Join(s.dir, "tmp") }
func (s *plain) freeze(on bool)      { s.each(func(pid int) { freezeGroup(pid, on) }) }
func (s *plain) starved() bool       { return false }
func (s *plain) kill()               { s.each(killGroup) }

func (s *plain) close() {
	s.kill()
	s.reap()
	s.leave()
	if err := os.RemoveAll(s.dir); err != nil {
		s.plane.config.Log.Warn("function: a sandbox's directory is left", "error", fmt.Sprint(err))
	}
}

// slots are small numbers of which nobody has the same at a time.
type slots struct {
	mu    sync.Mutex
	taken []bool
}

func (s *slots) take() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range s.taken {
		if !t {
			s.taken[i] = true
			return i
		}
	}
	s.taken = append(s.taken, true)
	return len(s.taken) - 1
}

func (s *slots) free(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[i] = false
}
