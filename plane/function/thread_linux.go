package function

import "runtime"

// thread is an operating system's thread that lives as long as a sandbox. The
// processes of the sandbox are its children: they die with it, by the
// parent-death signal, and share its mount namespace, so it can mount code for
// a process that already runs.
type thread struct {
	work chan func()
}

func newThread() *thread {
	t := &thread{work: make(chan func())}
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		for f := range t.work {
			f()
		}
	}()
	return t
}

func (t *thread) run(f func() error) error {
	done := make(chan error)
	t.work <- func() { done <- f() }
	return <-done
}

func (t *thread) leave() { close(t.work) }
