package function

import (
	"context"
	"slices"
)

// external is an extension that is a process of its own.
type external struct {
	name    string
	process *process
}

// attend waits for extensions: in the initialisation until every external one has
// registered and asked for its first event, in a call until those that got the
// event ask for the next.
//
// AWS: "Lambda execution environment lifecycle": a phase ends when the runtime and
// all extensions have asked for the next event.
func (e *environment) attend(ctx context.Context, starting bool, expired <-chan struct{}) (late bool, f *failure) {
	for {
		done, f := e.extensionsDone(starting)
		if done || f != nil {
			return false, f
		}
		select {
		case <-e.changed:
		case <-expired:
			return true, nil
		case <-ctx.Done():
			return false, &failure{err: ctx.Err()}
		case <-e.stopping:
			return false, &failure{err: ErrClosed}
		}
	}
}

func (e *environment) extensionsDone(starting bool) (bool, *failure) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.extensionError != nil {
		return false, e.extensionError
	}
	for _, x := range e.externals {
		select {
		case <-x.process.exited:
			return false, crashedExtension(x)
		default:
		}
		if starting && !e.hasAsked(x.name) {
			return false, nil
		}
	}
	for _, x := range e.extensions {
		if !starting && !x.asked && slices.Contains(x.events, "INVOKE") {
			return false, nil
		}
	}
	return true, nil
}

// hasAsked says whether an extension of that name waits for an event, with the mutex held.
func (e *environment) hasAsked(name string) bool {
	for _, x := range e.extensions {
		if x.name == name && x.asked {
			return true
		}
	}
	return false
}

func crashedExtension(x external) *failure {
	how := "exit status 0"
	if x.process.err != nil {
		how = x.process.err.Error()
	}
	return &failure{kind: "Extension.Crash", message: "RequestId: %s Error: " + how, status: "error"}
}

// notice wakes who attends.
func (e *environment) notice() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}
