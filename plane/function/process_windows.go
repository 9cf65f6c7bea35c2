package function

import (
	"fmt"
	"syscall"
)

func startProcess(command, func(*syscall.SysProcAttr)) (*process, error) {
	return nil, errWindows
}

var errWindows = fmt.Errorf("%w: functions do not run on Windows: run Brume in WSL", ErrUnsupported)

func (p *Plane) newSandbox(*found) (sandbox, error) { return nil, errWindows }

func killGroup(int)         {}
func terminateGroup(int)    {}
func freezeGroup(int, bool) {}

func limited(c command) command { return c }

func limit(int, int64) error { return nil }

func machineMemory() int64 { return 0 }

type memoryUse struct{ exceeded bool }

func (e *environment) watchMemory() func() { return func() {} }
func (e *environment) maxMemoryMB() int    { return 0 }
