//go:build unix

package function

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func isolated(t *testing.T) (*Plane, Spec) {
	p := newPlane(t)
	e, err := p.newEnvironment(&found{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.end()
	if e.sandbox.taskRoot() != "/var/task" {
		t.Skip("this machine allows no namespaces")
	}
	return p, testSpec(t)
}

func TestSandboxHidesTheMachine(t *testing.T) {
	p, s := isolated(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ do, path, want string }{
		{"read", secret, "no such file"},
		{"read", "/.brume/code", "permission denied"},
		{"read", "/proc/" + strconv.Itoa(os.Getpid()) + "/environ", "permission denied"},
		{"write", "/var/task/x", "read-only"},
		{"write", "/usr/x", "read-only"},
		{"write", "/x", "read-only"},
		{"write", "/tmp/x", "nil"},
		{"read", "/tmp/x", "nil"},
	} {
		if out := invoke(t, p, s, order{Do: c.do, Text: c.path}); !strings.Contains(string(out.Payload), c.want) {
			t.Errorf("%s %s: %s", c.do, c.path, out.Payload)
		}
	}
	other := s
	other.Key = "g"
	if out := invoke(t, p, other, order{Do: "read", Text: "/tmp/x"}); !strings.Contains(string(out.Payload), "no such file") {
		t.Errorf("another environment's /tmp: %s", out.Payload)
	}
	if out := invoke(t, p, s, order{}); strings.Contains(string(out.Payload), `"uid":0`) {
		t.Error("the function is root")
	}
}

func TestScratchSpaceIsLimited(t *testing.T) {
	p, s := isolated(t)
	s.EphemeralMB = 8
	if out := invoke(t, p, s, order{Do: "fill", N: 9 << 20}); !strings.Contains(string(out.Payload), "no space left") {
		t.Errorf("answer %s", out.Payload)
	}
}

func TestForkBombIsBoundedAndEnds(t *testing.T) {
	p, s := isolated(t)
	out := invoke(t, p, s, order{Do: "forks", N: 1500})
	n, err := strconv.Atoi(string(out.Payload))
	if out.ErrorType == "" && (err != nil || n >= 1024 || n < 500) {
		t.Errorf("%s processes %v", out.Payload, out.ErrorType)
	}
	p.Forget(s.Key)
	nobodyIsLeft(t)
}

// nobodyIsLeft fails when a process of a sandbox's user lives.
func nobodyIsLeft(t *testing.T) {
	t.Helper()
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		i, err := os.Stat(d)
		if err != nil {
			continue
		}
		b, _ := os.ReadFile(d + "/stat")
		if st, ok := i.Sys().(*syscall.Stat_t); ok && st.Uid >= firstUserForTests && st.Uid < firstUserForTests+1000 && !strings.Contains(string(b), ") Z ") && len(b) > 0 && ours(d) {
			t.Errorf("%s lives: %s", d, b)
		}
	}
}

func ours(dir string) bool {
	b, _ := os.ReadFile(dir + "/cmdline")
	return bytes.Contains(b, []byte("bootstrap")) || bytes.Contains(b, []byte("1000"))
}

const firstUserForTests = 61184 + 1_000_000

func TestNothingOutlivesThePlane(t *testing.T) {
	p, s := isolated(t)
	if out := invoke(t, p, s, order{Do: "leave"}); !strings.Contains(string(out.Payload), "nil") {
		t.Fatalf("answer %s", out.Payload)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	nobodyIsLeft(t)
	if _, err := p.Invoke(t.Context(), s, event(order{})); err != ErrClosed {
		t.Errorf("error %v", err)
	}
}

func TestIdleEnvironmentIsFrozenThenReclaimed(t *testing.T) {
	p := newPlane(t)
	var freeze, reclaim func()
	real := p.wall.after
	p.wall.after = func(d time.Duration, f func()) func() bool {
		switch d {
		case freezeAfter:
			freeze = f
		case idleTimeout:
			reclaim = f
		default:
			return real(d, f)
		}
		return func() bool { return true }
	}
	s := testSpec(t)
	invoke(t, p, s, order{})
	var e *environment
	for e = range p.fleets[s.Key].all {
	}
	freeze()
	if !e.frozen {
		t.Error("not frozen")
	}
	if runtime.GOOS == "linux" {
		for { // the signal was sent; the kernel takes its time
			b, err := os.ReadFile("/proc/" + strconv.Itoa(e.main.pid) + "/stat")
			if err != nil || strings.Contains(string(b), ") T ") {
				break
			}
			runtime.Gosched()
		}
	}
	if out := invoke(t, p, s, order{}); out.Cold {
		t.Error("a frozen environment was not woken")
	}
	reclaim()
	<-e.main.exited
	if len(p.fleets) != 0 || p.live != 0 {
		t.Errorf("%d environments are left", p.live)
	}
	if out := invoke(t, p, s, order{}); !out.Cold {
		t.Error("a reclaimed environment had a call")
	}
}

func TestTimeOutGoesByWallTime(t *testing.T) {
	p := newPlane(t)
	s := testSpec(t)
	s.Timeout = 14 * time.Minute
	real := p.wall.after
	p.wall.after = func(d time.Duration, f func()) func() bool {
		if d == s.Timeout && p.busy(s.Key) == 1 {
			go f()
			return func() bool { return false }
		}
		return real(d, f)
	}
	p.config.NoSpares = true
	out, err := p.Invoke(t.Context(), s, event(order{Do: "hang"}))
	if err != nil || out.ErrorType != "Sandbox.Timedout" || !strings.Contains(string(out.Payload), "840.00 seconds") {
		t.Errorf("%v %+v", err, out)
	}
}

func TestArchivesAreNotTrusted(t *testing.T) {
	p := newPlane(t)
	p.code.unpacked = 1 << 20
	for name, files := range map[string][][2]string{
		"climbs":           {{"../x", "text"}},
		"absolute":         {{"/etc/x", "text"}},
		"backslashes":      {{`..\x`, "text"}},
		"link out":         {{"a@", "../../x"}},
		"through a link":   {{"a@", "/tmp"}, {"a/x", "text"}},
		"device":           {{"d!", ""}},
		"larger than told": {{"zeros", strings.Repeat("\x00", 1<<20+1)}},
	} {
		s := testSpec(t)
		s.Code = archiveOf(oddZIP(t, files))
		s.Code.Hash = name
		if _, err := p.Invoke(t.Context(), s, event(order{})); !errors.Is(err, ErrArchive) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	s := testSpec(t)
	s.Code = archiveOf([]byte("no zip"))
	if _, err := p.Invoke(t.Context(), s, event(order{})); !errors.Is(err, ErrArchive) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(p.code.dir); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func oddZIP(t *testing.T, files [][2]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: strings.TrimRight(f[0], "@!"), Method: zip.Deflate}
		h.SetMode(0o644)
		if strings.HasSuffix(f[0], "@") {
			h.SetMode(fs.ModeSymlink | 0o777)
		}
		if strings.HasSuffix(f[0], "!") {
			h.SetMode(fs.ModeDevice | 0o666)
		}
		e, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = e.Write([]byte(f[1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatCannotRunSaysWhatToInstall(t *testing.T) {
	p := newPlane(t)
	for _, c := range []struct{ runtime, arch, want string }{
		{"dotnet8", "", "not dotnet8"},
		{"provided.al2023", map[string]string{"amd64": "arm64", "arm64": "x86_64"}[runtime.GOARCH], "Architectures"},
	} {
		s := testSpec(t)
		s.Runtime, s.Architecture = c.runtime, c.arch
		if _, err := p.Invoke(t.Context(), s, event(order{})); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v", err)
		}
	}
	if p.live != 0 || len(p.fleets) != 0 {
		t.Error("room is taken by what could not start")
	}
}

func TestLayersAndExtensions(t *testing.T) {
	bothWays(t, func(t *testing.T, p *Plane) {
		s := testSpec(t)
		s.Layers = []Archive{
			zipOf(t, map[string]string{"a": "1", "b": "1"}),
			zipOf(t, map[string]string{"b": "2", "extensions/watch*": own()}),
		}
		out := invoke(t, p, s, order{})
		if !strings.Contains(text(out), "EXTENSION\tName: watch\tState: Started") {
			t.Errorf("log:\n%s", text(out))
		}
		var e *environment
		for e = range p.fleets[s.Key].all {
		}
		if opt := e.sandbox.layersRoot(); opt == "/opt" {
			if out := invoke(t, p, s, order{Do: "read", Text: "/opt/a"}); !strings.Contains(string(out.Payload), "nil") {
				t.Errorf("/opt/a: %s", out.Payload)
			}
		} else if b, err := os.ReadFile(opt + "/b"); err != nil || string(b) != "2" {
			t.Errorf("b: %s %v", b, err)
		}
	})
}
