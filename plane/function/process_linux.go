package function

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

func limited(c command) command { return underLimits(c, false) }

// machineMemory is in bytes; 0 when the kernel does not tell.
func machineMemory() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return int64(info.Totalram) * int64(info.Unit)
}

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss }

// limit bounds the files that a process writes, in bytes.
func limit(pid int, file int64) error {
	err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(file), Max: uint64(file)}, nil)
	if errors.Is(err, syscall.ESRCH) { // it has ended already
		return nil
	}
	return err
}

// memoryUse is what the processes of an environment take; guarded by its mutex.
type memoryUse struct {
	exceeded bool
	most     int64 // bytes
	measured time.Time
}

// watchMemory kills the environment when a call takes more memory than the
// function has, and returns a function that stops watching.
func (e *environment) watchMemory() func() {
	stop := make(chan struct{})
	var next func()
	var cancel func() bool
	done := make(chan struct{}, 1)
	done <- struct{}{}
	next = func() {
		<-done
		defer func() { done <- struct{}{} }()
		select {
		case <-stop:
			return
		default:
		}
		if e.measure() > int64(e.spec.MemoryMB)<<20 {
			e.mu.Lock()
			e.memory.exceeded = true
			e.mu.Unlock()
			e.sandbox.kill()
			return
		}
		cancel = e.plane.wall.after(memoryInterval, next)
	}
	cancel = e.plane.wall.after(memoryInterval, next)
	return func() {
		close(stop)
		<-done
		cancel()
		done <- struct{}{}
	}
}

// measure notes what is resident now.
func (e *environment) measure() int64 {
	n := resident(e.main.pid, 0)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.memory.measured = e.plane.wall.now()
	e.memory.most = max(e.memory.most, n)
	return n
}

// resident is what a process and its children have in memory, in bytes. Pages
// that they share count for each.
func resident(pid, depth int) int64 {
	dir := "/proc/" + strconv.Itoa(pid)
	b, err := os.ReadFile(dir + "/statm")
	f := strings.Fields(string(b))
	if err != nil || len(f) < 3 || depth > 8 {
		return 0
	}
	pages, _ := strconv.ParseInt(f[1], 10, 64)
	n := pages * int64(os.Getpagesize())
	b, _ = os.ReadFile(dir + "/task/" + strconv.Itoa(pid) + "/children")
	for _, c := range strings.Fields(string(b)) {
		if child, err := strconv.Atoi(c); err == nil {
			n += resident(child, depth+1)
		}
	}
	return n
}

// maxMemoryMB is the most that was seen, in whole MB. It looks anew unless it
// just has.
func (e *environment) maxMemoryMB() int {
	e.mu.Lock()
	fresh := e.plane.wall.now().Sub(e.memory.measured) < memoryInterval
	e.mu.Unlock()
	var most int64
	if !fresh {
		most = e.measure()
	}
	select {
	case <-e.main.exited:
		most = e.main.maxKB << 10
	default:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.memory.most = max(e.memory.most, most)
	if e.memory.exceeded {
		return e.spec.MemoryMB
	}
	return min(max(int((e.memory.most+(1<<20)-1)>>20), 1), e.spec.MemoryMB)
}
