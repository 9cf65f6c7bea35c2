package function

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed bootstrap/BrumeBootstrap.java
var javaBootstrap string

const javaClass = "BrumeBootstrap"

// javaFacts makes the virtual machine tell its version and its place.
var javaFacts = []string{"-XshowSettings:properties", "-version"}

// lookJava finds a JDK, and compiles the runtime's client with it, once. The class
// runs on the machine that it was compiled by.
func lookJava(name string) (*found, error) {
	wanted := strings.TrimSuffix(strings.TrimPrefix(name, "java"), ".al2")
	missing := func(what string) error {
		return fmt.Errorf("%w: %s: install a JDK, best of version %s, so that java and javac are on the PATH", ErrUnsupported, what, wanted)
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, missing("no Java is installed")
	}
	out, err := exec.Command(java, javaFacts...).CombinedOutput()
	if err != nil {
		return nil, missing("java does not run")
	}
	home, version := property(string(out), "java.home"), property(string(out), "java.specification.version")
	compiler := filepath.Join(home, "bin", "javac")
	if !isExecutable(compiler) {
		return nil, missing("the Java that is installed has no compiler")
	}
	class, err := compileJava(compiler)
	if err != nil {
		return nil, err
	}
	f := &found{
		name: "java" + version, version: "java:" + version, path: filepath.Join(home, "bin", "java"), bin: filepath.Join(home, "bin"),
		prefix: home, bootstrap: class, file: javaClass + ".class", noSpare: true,
	}
	if version == wanted {
		f.name = name // java8.al2 and java8 are the same here
	}
	return f.standIn(name), nil
}

func property(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func compileJava(compiler string) (class string, err error) {
	dir, err := os.MkdirTemp("", "brume-java-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, javaClass+".java")
	if err := os.WriteFile(source, []byte(javaBootstrap), 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command(compiler, "-nowarn", "-d", dir, source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: Brume's client for Java cannot be compiled: %s", ErrUnsupported, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, javaClass+".class"))
	return string(b), err
}

// javaCommand is what starts a function in Java. The heap gets what the function has
// less what a virtual machine takes besides; the rest is for a start in little time.
//
// AWS: "Customize Java runtime startup behavior for Lambda functions": the code and
// the jars in lib are the class path, with those of layers.
func (f *found) javaCommand(s sandbox, memoryMB int) command {
	var path []string
	for _, dir := range []string{s.runtimeRoot(), s.taskRoot(), filepath.Join(s.taskRoot(), "lib", "*"), filepath.Join(s.layersRoot(), "java", "lib", "*")} {
		path = append(path, dir)
	}
	heap := max(memoryMB*85/100-javaOverheadMB, 16)
	args := []string{
		f.path, "-Xmx" + strconv.Itoa(heap) + "m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData",
		"-XX:MaxMetaspaceSize=256m", "-XX:ReservedCodeCacheSize=32m", "-Djava.io.tmpdir=" + s.temporary(),
		"-cp", strings.Join(path, string(os.PathListSeparator)), javaClass,
	}
	return command{path: f.path, args: args, dir: s.temporary()}
}

// javaOverheadMB is what a virtual machine needs that is not heap, at least.
const javaOverheadMB = 40
