package function

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// cgroups are where this process may make control groups: a directory for each
// controller (version 1), or one for all (version 2). Limits that need more than
// the user of a sandbox are kept by them: all memory of all its processes, whoever
// they belong to, and a fair share of the processors.
type cgroups struct {
	memory, cpu, pids string
	unified           bool
}

// controllers are looked for once. Nil when the machine permits none.
var controllers = sync.OnceValue(func() *cgroups {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil || os.Geteuid() != 0 {
		return nil
	}
	at := map[string]string{}
	for line := range strings.Lines(string(own)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		for _, name := range strings.Split(f[1], ",") {
			at[name] = f[2]
		}
	}
	for _, c := range []*cgroups{
		{
			memory: filepath.Join("/sys/fs/cgroup/memory", at["memory"]), cpu: filepath.Join("/sys/fs/cgroup/cpu", at["cpu"]), pids: filepath.Join("/sys/fs/cgroup/pids", at["pids"]),
		},
		{memory: filepath.Join("/sys/fs/cgroup", at[""]), unified: true},
	} {
		c.clean()
		if c.usable() {
			return c
		}
	}
	return nil
})

// usable tries everything once: files that are there may refuse all the same.
func (c *cgroups) usable() bool {
	c.adopt()
	g, err := c.group()
	if err != nil {
		return false
	}
	defer g.remove()
	return g.limit(view{memory: 128 << 20, ephemeral: 512 << 20}) == nil
}

// adopt makes a group for all sandboxes of this process, whose groups are below it:
// they share the processors in proportion to their memory among themselves. Against
// the rest of the machine they count together, as one process for each processor;
// else a small function would starve beside a compiler. What fails, the limits tell.
func (c *cgroups) adopt() {
	own := "brume-" + strconv.Itoa(os.Getpid())
	const enabled = "+memory +cpu +pids"
	if c.unified {
		_ = put(c.memory, "cgroup.subtree_control", enabled)
		c.memory = filepath.Join(c.memory, own)
		c.cpu, c.pids = c.memory, c.memory
	} else {
		c.memory, c.cpu, c.pids = filepath.Join(c.memory, own), filepath.Join(c.cpu, own), filepath.Join(c.pids, own)
	}
	for _, dir := range []string{c.memory, c.cpu, c.pids} {
		_ = os.Mkdir(dir, 0o755)
	}
	if c.unified {
		_ = put(c.memory, "cgroup.subtree_control", enabled)
		_ = put(c.cpu, "cpu.weight", strconv.Itoa(min(cpuWeight*runtime.NumCPU(), 10_000)))
	} else {
		_ = put(c.cpu, "cpu.shares", strconv.Itoa(cpuShare*runtime.NumCPU()))
	}
}

// clean removes the groups of servers that were killed. One with processes stays.
func (c *cgroups) clean() {
	for _, dir := range []string{c.memory, c.cpu, c.pids} {
		for _, name := range names(dir) {
			pid, err := strconv.Atoi(strings.TrimPrefix(name, "brume-"))
			if err != nil || !strings.HasPrefix(name, "brume-") || syscall.Kill(pid, 0) != syscall.ESRCH {
				continue
			}
			for _, child := range names(filepath.Join(dir, name)) {
				_ = os.Remove(filepath.Join(dir, name, child)) // a file does not go
			}
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

// group makes a control group for a sandbox.
func (c *cgroups) group() (*cgroup, error) {
	name := strconv.FormatUint(groups.Add(1), 10)
	g := &cgroup{of: c, memory: filepath.Join(c.memory, name), cpu: filepath.Join(c.cpu, name), pids: filepath.Join(c.pids, name)}
	for _, dir := range []string{g.memory, g.cpu, g.pids} {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			g.remove()
			return nil, err
		}
	}
	return g, nil
}

// groups numbers the control groups of this process.
var groups atomic.Uint64

// cgroup is the control group of one sandbox.
type cgroup struct {
	of                *cgroups
	memory, cpu, pids string // directories
}

// AWS: "Configure Lambda function memory": 1,769 MB are one vCPU. A function gets the
// processors in proportion when others want them, and, when nobody does, one at
// least: a small function need not be slow on a machine that is idle.
const (
	oneCPU    = 1769 << 20 // bytes
	cpuShare  = 1024       // of version 1, for one processor
	cpuWeight = 100        // of version 2, likewise
	period    = 100_000    // microseconds
)

// limit sets the limits of a function. What lies in /tmp is memory, too, so that the
// group may have both; the function's own share is watched besides.
func (g *cgroup) limit(v view) error {
	memory := strconv.FormatInt(v.memory+v.ephemeral, 10)
	quota := strconv.FormatInt(max(v.memory*period/oneCPU, period), 10)
	if g.of.unified {
		weight := strconv.FormatInt(min(max(v.memory*cpuWeight/oneCPU, 1), 10_000), 10)
		_ = os.WriteFile(filepath.Join(g.memory, "memory.swap.max"), []byte("0"), 0) // a machine without swap has no such file
		return errors.Join(put(g.memory, "memory.max", memory), put(g.pids, "pids.max", strconv.Itoa(maxProcesses)),
			put(g.cpu, "cpu.weight", weight), put(g.cpu, "cpu.max", quota+" "+strconv.Itoa(period)))
	}
	err := errors.Join(put(g.memory, "memory.limit_in_bytes", memory), put(g.pids, "pids.max", strconv.Itoa(maxProcesses)),
		put(g.cpu, "cpu.shares", strconv.FormatInt(max(v.memory*cpuShare/oneCPU, 2), 10)), put(g.cpu, "cpu.cfs_quota_us", quota))
	_ = put(g.memory, "memory.memsw.limit_in_bytes", memory) // not every kernel counts swap
	return err
}

func put(dir, file, value string) error {
	return os.WriteFile(filepath.Join(dir, file), []byte(value), 0)
}

// add takes a process in, with all that it will start.
func (g *cgroup) add(pid int) error {
	text := strconv.Itoa(pid)
	return errors.Join(put(g.memory, "cgroup.procs", text), put(g.cpu, "cgroup.procs", text), put(g.pids, "cgroup.procs", text))
}

// starved reports whether the kernel has killed a process for want of memory.
func (g *cgroup) starved() bool {
	file := "memory.oom_control"
	if g.of.unified {
		file = "memory.events"
	}
	b, _ := os.ReadFile(filepath.Join(g.memory, file))
	for line := range strings.Lines(string(b)) {
		if n, ok := strings.CutPrefix(line, "oom_kill "); ok {
			return strings.TrimSpace(n) != "0"
		}
	}
	return false
}

// remove gives the group back when its processes have ended. The kernel may take a
// moment to notice.
func (g *cgroup) remove() {
	for _, dir := range []string{g.memory, g.cpu, g.pids} {
		for range 50 {
			err := os.Remove(dir)
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
}
