package function

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// dieWithParent: macOS has no such signal. Runtimes notice that their API is
// gone and exit.
func dieWithParent(*syscall.SysProcAttr) {}

// limited: macOS can set limits only for the process that asks.
func limited(c command) command { return underLimits(c, false) }

func limit(int, int64) error { return nil }

// machineMemory is in bytes; 0 when the kernel does not tell.
func machineMemory() int64 {
	bytes, _ := unix.SysctlUint64("hw.memsize")
	return int64(bytes)
}

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss >> 10 }

func (p *Plane) newSandbox(f *found) (sandbox, error) { return p.newPlain(f) }

type memoryUse struct{ exceeded bool }

func (e *environment) watchMemory() func() { return func() {} }

func (e *environment) maxMemoryMB() int {
	select {
	case <-e.main.exited:
		return min(int((e.main.maxKB+1023)>>10), e.spec.MemoryMB)
	default:
		return 0
	}
}
