package function

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Users of their own keep environments from each other's files and processes,
// and let the system count processes. The numbers are in nobody's range: above
// those of people and system accounts, below those of containers' maps.
const firstUser = 61184 + 1_000_000

// namespaced is a sandbox with a root of its own: the machine's programs and
// libraries, read only, the code at /var/task, layers at /opt, a /tmp of the
// function's size. It needs the privilege to mount.
//
// The processes see the machine's /proc, in which those of other users keep
// their secrets, and its network.
type namespaced struct {
	processes
	plane  *Plane
	thread *thread
	slot   int
	group  *cgroup // nil where there can be none
}

// newSandbox makes the best sandbox that this machine allows.
func (p *Plane) newSandbox(f *found) (sandbox, error) {
	if p.mayIsolate() {
		return p.newNamespaced(f)
	}
	s, err := p.newPlain(f)
	if err != nil {
		return nil, err
	}
	t := newThread()
	s.run, s.leave = t.run, t.leave
	return s, nil
}

// isolation is tried once for all planes, with a root that is thrown away.
var isolation = sync.OnceValue(func() bool {
	if os.Geteuid() != 0 {
		return false
	}
	t := newThread()
	defer t.leave()
	return t.run(func() error {
		if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
			return err
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		return unix.Mount("tmpfs", "/", "tmpfs", 0, "size=4k")
	}) == nil
})

func (p *Plane) mayIsolate() bool { return !p.config.Plain && isolation() }

func (p *Plane) newNamespaced(f *found) (*namespaced, error) {
	s := &namespaced{plane: p, thread: newThread(), slot: p.slots.take()}
	if c := controllers(); c != nil {
		var err error
		if s.group, err = c.group(); err != nil {
			s.close()
			return nil, err
		}
	}
	if err := s.thread.run(func() error { return s.build(f) }); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *namespaced) user() int { return firstUser + s.slot }

// build makes the root, on the sandbox's thread.
func (s *namespaced) build(f *found) error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return err
	}
	b := builder{root: filepath.Join(s.plane.config.Dir, "root")}
	b.mount(mounting{"", "/", "", unix.MS_REC | unix.MS_PRIVATE, ""})
	b.mount(mounting{"tmpfs", b.root, "tmpfs", unix.MS_NOSUID, "size=8m,mode=755"})
	for _, d := range []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr", "/etc"} {
		b.show(d)
	}
	if f.prefix != "" && !strings.HasPrefix(f.prefix+"/", "/usr/") {
		b.show(f.prefix)
	}
	for _, d := range f.libraries {
		if !strings.HasPrefix(d, "/usr/") && !strings.HasPrefix(d, f.prefix) {
			b.show(d)
		}
	}
	for _, d := range []string{"null", "zero", "full", "random", "urandom"} {
		b.device("/dev/" + d)
	}
	b.link("/proc/self/fd", "/dev/fd")
	b.link("/proc/self/fd/0", "/dev/stdin")
	b.link("/proc/self/fd/1", "/dev/stdout")
	b.link("/proc/self/fd/2", "/dev/stderr")
	b.dir("/proc", 0o755)
	b.mount(mounting{"/proc", b.root + "/proc", "", unix.MS_BIND | unix.MS_REC, ""})
	for _, d := range []string{"/var/task", "/opt", "/var/runtime"} {
		b.dir(d, 0o755)
	}
	b.dir("/tmp", 0o755)
	b.mount(mounting{"tmpfs", b.root + "/tmp", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, fmt.Sprintf("size=512m,mode=700,uid=%d,gid=%d", s.user(), s.user())})
	b.dir("/.brume", 0o700)
	b.dir("/.brume/code", 0o700)
	b.dir("/.brume/old", 0o700)
	b.mount(mounting{s.plane.code.dir, b.root + "/.brume/code", "", unix.MS_BIND, ""})
	if f.bootstrap != "" && b.err == nil {
		b.err = os.WriteFile(b.root+"/var/runtime/"+f.file, []byte(f.bootstrap), 0o644)
	}
	if b.err != nil {
		return b.err
	}
	return enter(b.root)
}

// enter makes root the thread's root and leaves nothing of the old one.
func enter(root string) error {
	if err := unix.PivotRoot(root, root+"/.brume/old"); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	return unix.Unmount("/.brume/old", unix.MNT_DETACH)
}

// start starts a process in its own PID, IPC and UTS namespaces: when it ends,
// the system ends all that it started.
//
// The process waits, as the shell that it begins as, until it is in the control group.
func (s *namespaced) start(c command) (*process, error) {
	var p *process
	open := func() error { return nil }
	if s.group != nil {
		gate, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		defer gate.Close()
		open, c.gate = w.Close, gate
	}
	err := s.thread.run(func() (err error) {
		p, err = startProcess(underLimits(c, true), func(a *syscall.SysProcAttr) {
			a.Cloneflags = unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
			a.Credential = &syscall.Credential{Uid: uint32(s.user()), Gid: uint32(s.user()), Groups: []uint32{}}
		})
		return err
	})
	if err != nil {
		_ = open()
		return nil, err
	}
	s.add(p)
	if s.group != nil {
		err = s.group.add(p.pid)
	}
	if err = errors.Join(err, open()); err != nil {
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
		return nil, err
	}
	return p, nil
}

func (s *namespaced) furnish(v view) error {
	if s.group != nil {
		if err := s.group.limit(v); err != nil {
			return err
		}
	}
	return s.thread.run(func() error {
		b := builder{}
		b.bind("/.brume/code/"+v.code, "/var/task", unix.MS_NOSUID|unix.MS_NODEV)
		if v.layers != "" {
			b.bind("/.brume/code/"+v.layers, "/opt", unix.MS_NOSUID|unix.MS_NODEV)
		}
		b.mount(mounting{"", "/tmp", "", unix.MS_REMOUNT | unix.MS_NOSUID | unix.MS_NODEV, fmt.Sprintf("size=%d", v.ephemeral)})
		if b.err == nil {
			b.err = unix.Unmount("/.brume/code", unix.MNT_DETACH)
		}
		b.mount(mounting{"", "/", "", unix.MS_REMOUNT | unix.MS_RDONLY | unix.MS_NOSUID, ""})
		return b.err
	})
}

func (s *namespaced) executable(path string) bool {
	return s.thread.run(func() error {
		if !isExecutable(path) {
			return fs.ErrPermission
		}
		return nil
	}) == nil
}

func (s *namespaced) list(dir string) (out []string) {
	_ = s.thread.run(func() error {
		out = names(dir)
		return nil
	})
	return out
}

func (s *namespaced) taskRoot() string    { return "/var/task" }
func (s *namespaced) layersRoot() string  { return "/opt" }
func (s *namespaced) runtimeRoot() string { return "/var/runtime" }
func (s *namespaced) temporary() string   { return "/tmp" }
func (s *namespaced) freeze(on bool)      { s.each(func(pid int) { freezeGroup(pid, on) }) }

// kill needs to name only the first process of each PID namespace.
func (s *namespaced) kill() {
	s.each(func(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) })
}

func (s *namespaced) starved() bool { return s.group != nil && s.group.starved() }

func (s *namespaced) close() {
	s.kill()
	s.reap()
	if s.group != nil {
		s.group.remove()
	}
	s.thread.leave() // the mounts go with the last one in their namespace
	s.plane.slots.free(s.slot)
}

// builder mounts until something fails, and keeps the failure.
type builder struct {
	root string
	err  error
}

func (b *builder) mount(m mounting) {
	if b.err != nil {
		return
	}
	for attempt := 1; ; attempt++ {
		err := unix.Mount(m.source, m.target, m.kind, m.flags, m.data)
		if errors.Is(err, unix.EBUSY) && attempt < mountAttempts {
			time.Sleep(mountPause)
			continue
		}
		if err != nil {
			b.err = fmt.Errorf("mount %q: %w", m.target, err)
		}
		return
	}
}

// A file that was written into a sandbox is open for a moment in a process that is
// started at the same time for another one, until that has become its program: so long
// nothing can be made read-only.
const (
	mountAttempts = 500
	mountPause    = time.Millisecond
)

// mounting is one mount, as the system call takes it.
type mounting struct {
	source, target, kind string
	flags                uintptr
	data                 string
}

// bind mounts a directory read only.
func (b *builder) bind(source, target string, flags uintptr) {
	b.mount(mounting{source, target, "", unix.MS_BIND, ""})
	b.mount(mounting{"", target, "", unix.MS_BIND | unix.MS_REMOUNT | unix.MS_RDONLY | flags, ""})
}

func (b *builder) dir(name string, mode os.FileMode) {
	if b.err != nil {
		return
	}
	if b.err = os.MkdirAll(b.root+name, 0o755); b.err == nil {
		b.err = os.Chmod(b.root+name, mode)
	}
}

func (b *builder) link(target, name string) {
	if b.err == nil {
		b.err = os.Symlink(target, b.root+name)
	}
}

// show makes a directory of the machine visible where it is, read only.
func (b *builder) show(dir string) {
	i, err := os.Lstat(dir)
	switch {
	case err != nil || b.err != nil: // a machine without it
	case i.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink(dir)
		b.err = err
		b.link(target, dir)
	case i.IsDir():
		b.dir(dir, 0o755)
		b.bind(dir, b.root+dir, unix.MS_NOSUID)
	}
}

func (b *builder) device(name string) {
	b.dir("/dev", 0o755)
	if b.err == nil {
		b.err = os.WriteFile(b.root+name, nil, 0o666)
	}
	b.mount(mounting{name, b.root + name, "", unix.MS_BIND, ""})
}
