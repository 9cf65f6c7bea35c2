package function

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed bootstrap/bootstrap.py
var pythonBootstrap string

//go:embed bootstrap/bootstrap.cjs
var nodeBootstrap string

// found is a runtime as this machine has it.
type found struct {
	name      string // the interpreter's, "python3.11"; of a spare
	version   string // for the log
	path      string // the interpreter; empty for the function's own bootstrap
	bin       string // its directory
	prefix    string // what has to be visible for it to run
	libraries []string
	flags     []string
	bootstrap string // the source of the runtime's client
	file      string // that the source is written to
	warning   string // another version stands in
	noSpare   bool   // a worker has to know the function when it starts
}

// command is what starts the runtime in a sandbox, for a function with so much memory.
func (f *found) command(s sandbox, memoryMB int) (command, error) {
	switch {
	case f.bootstrap == "":
		return f.ownBootstrap(s)
	case strings.HasPrefix(f.name, "java"):
		return f.javaCommand(s, memoryMB), nil
	}
	args := append(append([]string{f.path}, f.flags...), filepath.Join(s.runtimeRoot(), f.file))
	return command{path: f.path, args: args, dir: s.temporary()}, nil
}

// ownBootstrap finds the function's own.
//
// AWS: Lambda, "Building a custom runtime": bootstrap lies in the code, or in a
// layer.
func (f *found) ownBootstrap(s sandbox) (command, error) {
	for _, dir := range []string{s.taskRoot(), s.layersRoot()} {
		p := filepath.Join(dir, "bootstrap")
		if s.executable(p) {
			return command{path: p, args: []string{p}}, nil
		}
	}
	return command{}, errNoBootstrap
}

var errNoBootstrap = errors.New("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]") // in AWS's words

// searchPaths sets the variables by which the runtime finds layers: made for the
// version that was asked for, the one that stands in, or any.
//
// AWS: "Packaging your layer content", layer paths for each Lambda runtime.
func (f *found) searchPaths(v map[string]string, asked, task, opt string) {
	versions := unique(asked, f.name)
	var paths []string
	switch {
	case strings.HasPrefix(f.name, "python"):
		for _, name := range versions {
			paths = append(paths, opt+"/python/lib/"+name+"/site-packages")
		}
		v["BRUME_PYTHONPATH"] = strings.Join(append(append(paths, opt+"/python"), f.libraries...), ":")
	case strings.HasPrefix(f.name, "ruby"):
		f.rubyPaths(v, asked, task, opt)
	case strings.HasPrefix(f.name, "node"):
		for _, name := range versions {
			paths = append(paths, opt+"/nodejs/node"+strings.TrimSuffix(strings.TrimPrefix(name, "nodejs"), ".x")+"/node_modules")
		}
		v["NODE_PATH"] = strings.Join(append(paths, opt+"/nodejs/node_modules", task), ":")
	}
}

// finder looks for runtimes when they are first asked for, and remembers those
// that it found.
type finder struct {
	mu    sync.Mutex
	known map[string]*found
}

// find finds a runtime. What is interpreted runs whatever the architecture that it
// was made for: most code does not know, and x86_64 is what functions are for
// when nobody says.
func (r *finder) find(name, architecture string) (*found, error) {
	if isBinary(name) {
		if err := architectureFits(architecture); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.known[name]; f != nil {
		return f, nil
	}
	f, err := look(name)
	if err != nil {
		return nil, err
	}
	if r.known == nil {
		r.known = map[string]*found{}
	}
	r.known[name] = f
	return f, nil
}

func architectureFits(a string) error {
	here := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	if a != "" && a != here {
		return fmt.Errorf("%w: the function is for %s and this machine is %s: create it with Architectures=[%q]", ErrUnsupported, a, runtime.GOARCH, here)
	}
	return nil
}

// isBinary reports whether functions of a runtime are programs for a processor.
func isBinary(runtime string) bool {
	return strings.HasPrefix(runtime, "provided") || runtime == "go1.x"
}

func look(name string) (*found, error) {
	switch {
	case isBinary(name):
		return &found{name: name, version: name}, nil
	case strings.HasPrefix(name, "python3."):
		return lookPython(name)
	case strings.HasPrefix(name, "nodejs"):
		return lookNode(name)
	case strings.HasPrefix(name, "java"):
		return lookJava(name)
	case strings.HasPrefix(name, "ruby"):
		return lookRuby(name)
	}
	return nil, fmt.Errorf("%w: Brume runs python3.x, nodejs, java, ruby and provided.al2/al2023 functions, not %s: package the function as provided.al2023 with a bootstrap of its own", ErrUnsupported, name)
}

// pythonFacts asks a Python about the one that it is at heart: where it was found
// may be a virtual environment, which is a link to it that functions do not see.
const pythonFacts = `import os,sys,site
print('%d.%d.%d' % sys.version_info[:3]); print(os.path.realpath(sys._base_executable)); print(sys.base_prefix)
for p in site.getsitepackages([sys.base_prefix]): print(p)`

func lookPython(name string) (*found, error) {
	candidates := nearest(name, "python3.", installed("python3.[0-9]*"))
	for _, c := range append(candidates, "python3", "python") {
		out, err := ask(c, "-c", pythonFacts)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if err != nil || len(lines) < 3 || !strings.HasPrefix(lines[0], "3.") {
			continue
		}
		v := strings.Split(lines[0], ".")
		f := &found{
			name: "python3." + v[1], version: "python:3." + v[1] + " (" + lines[0] + ")", path: lines[1],
			bin: filepath.Dir(lines[1]), prefix: lines[2], libraries: lines[3:],
			flags: []string{"-E", "-S", "-u"}, bootstrap: pythonBootstrap, file: "bootstrap.py",
		}
		return f.standIn(name), nil
	}
	return nil, fmt.Errorf("%w: no Python is installed: install %s so that it is on the PATH", ErrUnsupported, name)
}

func lookNode(name string) (*found, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: no Node.js is installed: install version %s so that node is on the PATH", ErrUnsupported, strings.TrimSuffix(strings.TrimPrefix(name, "nodejs"), ".x"))
	}
	out, err := ask(path, "-p", "process.version+'\\n'+process.execPath")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err != nil || len(lines) < 2 {
		return nil, fmt.Errorf("%w: %s does not run: %v", ErrUnsupported, path, err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(lines[0], "v"), ".")
	f := &found{
		name: "nodejs" + major + ".x", version: "nodejs:" + major + " (" + lines[0] + ")", path: lines[1],
		bin: filepath.Dir(lines[1]), prefix: filepath.Dir(filepath.Dir(lines[1])),
		bootstrap: nodeBootstrap, file: "bootstrap.cjs",
	}
	return f.standIn(name), nil
}

// standIn notes when the runtime is not the one that was asked for.
func (f *found) standIn(asked string) *found {
	if f.name != asked {
		f.warning = fmt.Sprintf("%s is not installed on this machine: %s stands in for it", asked, f.name)
	}
	return f
}

// ask runs a program that should answer at once.
func ask(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).Output()
	return string(out), err
}

// installed returns the names on the PATH that match the pattern.
func installed(pattern string) []string {
	var names []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		m, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, p := range m {
			names = append(names, filepath.Base(p))
		}
	}
	return names
}

// nearest returns the wanted name and then the others by their distance, newer
// ones before older ones.
func nearest(want, prefix string, have []string) []string {
	minor := func(s string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(s, prefix))
		if err != nil {
			return -1
		}
		return n
	}
	out := []string{want}
	w := minor(want)
	for d := 1; d < 32; d++ {
		for _, n := range []int{w + d, w - d} {
			for _, h := range have {
				if n >= 0 && minor(h) == n {
					out = append(out, h)
					break
				}
			}
		}
	}
	return out
}
