package function

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
		if c.usable() {
			c.clean()
			return c
		}
	}
	return nil
})

// usable tries everything once: files that are there may refuse all the same.
func (c *cgroups) usable() bool {
	if c.unified {
		c.cpu, c.pids = c.memory, c.memory
		_ = os.WriteFile(filepath.Join(c.memory, "cgroup.subtree_control"), []byte("+memory +cpu +pids"), 0) // the limits below tell
	}
	g, err := c.group()
	if err != nil {
		return false
	}
	defer g.remove()
	return g.limit(view{memory: 128 << 20, ephemeral: 512 << 20}) == nil
}

// clean removes the groups of servers that were killed. One with processes stays.
func (c *cgroups) clean() {
	for _, dir := range []string{c.memory, c.cpu, c.pids} {
		for _, name := range names(dir) {
			f := strings.Split(name, "-")
			if pid, err := strconv.Atoi(f[min(1, len(f)-1)]); len(f) == 3 && f[0] == "brume" && err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
				_ = os.Remove(filepath.Join(dir, name))
			}
		}
	}
}

// group makes a control group for a sandbox.
func (c *cgroups) group() (*cgroup, error) {
	name := "brume-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(groups.Add(1), 10)
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
	oneCPU   = 1769 << 20 // bytes
	cpuShare = 1024       // of version 1, for one processor
	period   = 100_000    // microseconds
)

// limit sets the limits of a function. What lies in /tmp is memory, too, so that the
// group may have both; the function's own share is watched besides.
func (g *cgroup) limit(v view) error {
	memory := strconv.FormatInt(v.memory+v.ephemeral, 10)
	quota := strconv.FormatInt(max(v.memory*period/oneCPU, period), 10)
	if g.of.unified {
		weight := strconv.FormatInt(min(max(v.memory*100/oneCPU, 1), 10_000), 10)
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
