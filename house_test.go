// Package brume_test keeps the rules of the house (ARCHITECTURE.md): what a
// review would otherwise have to remember. Each failure says what to do. The
// lists of exceptions only shrink.
package brume_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module        = "github.com/brume-cloud/brume/"
	maxFile       = 600 // lines
	medianFile    = 150
	maxFunction   = 60 // lines
	maxParameters = 4
)

// source is a parsed Go file of the house.
type source struct {
	path  string // with slashes, from the root
	lines int
	*ast.File
	set *token.FileSet
}

func (s *source) dir() string     { return filepath.ToSlash(filepath.Dir(s.path)) }
func (s *source) isTest() bool    { return strings.HasSuffix(s.path, "_test.go") }
func (s *source) generated() bool { return ast.IsGenerated(s.File) }
func (s *source) span(n ast.Node) int {
	return s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line + 1
}

// sources returns every Go file that is written by hand.
func sources(t *testing.T) []*source {
	t.Helper()
	var all []*source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != "." && (name[0] == '.' || name == "testdata" || name == "node_modules" || name == "bin" || path == "api") {
			return filepath.SkipDir
		}
		if d.IsDir() && path != "." {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir // a module of its own
			}
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, b, parser.ParseComments)
		if err != nil {
			return err
		}
		s := &source{path: filepath.ToSlash(path), lines: strings.Count(string(b), "\n"), File: f, set: set}
		if !s.generated() {
			all = append(all, s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("found only %d files: run the test at the root", len(all))
	}
	return all
}

func TestFilesAreShort(t *testing.T) {
	var lengths []int
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		lengths = append(lengths, s.lines)
		if s.lines > maxFile {
			t.Errorf("%s has %d lines, more than %d: split it by resource or behaviour", s.path, s.lines, maxFile)
		}
	}
	slices.Sort(lengths)
	if m := lengths[len(lengths)/2]; m > medianFile {
		t.Errorf("the median file has %d lines, more than %d", m, medianFile)
	}
}

func TestFunctionsAreShort(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.span(f); n > maxFunction && !s.isTest() {
				t.Errorf("%s: %s has %d lines, more than %d: name its parts", s.path, f.Name.Name, n, maxFunction)
			}
			if n := f.Type.Params.NumFields(); n > maxParameters && !s.isTest() {
				if _, ok := manyParameters[s.path+":"+f.Name.Name]; !ok {
					t.Errorf("%s: %s takes %d parameters, more than %d: make a struct of those that belong together", s.path, f.Name.Name, n, maxParameters)
				}
			}
		}
	}
}

// manyParameters are the functions with more parameters than the rule allows.
var manyParameters = map[string]string{
	"aws/invoke.go:Invoke":                    "context, invoker, service, operation, input: each of another kind",
	"front/wire/query.go:appendErrorResponse": "an append-style function: the buffer and what is in the document",
	"service/sqs/receive.go:fifo":             "",
}

func TestPackagesAreDocumented(t *testing.T) {
	docs := map[string]bool{}
	for _, s := range sources(t) {
		if !s.isTest() {
			docs[s.dir()] = docs[s.dir()] || s.Doc != nil
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(docs)) {
		if !docs[dir] {
			t.Errorf("%s has no package comment: say what it is, and what it promises", dir)
		}
	}
}

// layers are the arrows of ARCHITECTURE.md: a package may import those of its
// own layer's prefixes and those that its entry lists.
var layers = []struct {
	prefix string
	may    []string
}{
	{"aws", nil},
	{"models", []string{"models"}},
	{"state/", []string{"aws", "state/"}},
	{"front/wire", []string{"aws", "front/wire"}},
	{"front/sigv4", []string{"aws"}},
	{"front/policy", []string{"aws"}},
	{"front/fault", []string{"aws"}},
	{"front/origin", nil},
	{"front/cors", nil},
	{"front/totp", nil},
	{"front/proxyevent", []string{"aws", "front/wire"}},
	{"front/jwt", []string{"state/memo"}},
	{"front/authorizer", []string{"aws", "front/policy"}},
	{"front/upstream", nil},
	{"front/accesslog", nil},
	{"front/logwriter", []string{"aws", "api/"}},
	{"front/assume", []string{"aws", "api/"}},
	{"front/pace", nil},
	{"front/pattern", nil},
	{"front/meter", []string{"aws", "state/"}},
	{"front/listen", []string{"front/http1"}},
	{"front/gateway", []string{"aws", "state/", "front/"}},
	{"front/control", []string{"aws", "state/", "front/"}},
	{"service/", []string{"aws", "state/", "api/", "front/wire", "front/policy", "front/pattern", "front/sigv4", "front/meter", "front/cors", "front/totp", "front/proxyevent", "front/jwt", "front/authorizer", "front/upstream", "front/accesslog", "front/logwriter", "front/assume"}},
	{"sim/", []string{"sim/"}}, // a model that imports what it checks shares its mistakes; the workloads are tests
	{"plane/", []string{"aws", "state/", "api/", "front/listen", "plane/"}},
}

func TestArrowsPointOneWay(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		own := s.dir()
		i := slices.IndexFunc(layers, func(l struct {
			prefix string
			may    []string
		}) bool {
			return strings.HasPrefix(own+"/", strings.TrimSuffix(l.prefix, "/")+"/")
		})
		for _, imp := range s.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if strings.HasPrefix(path, "github.com/aws/") && !sdkAllowed(own) {
				t.Errorf("%s imports the AWS SDK: only tests, cloudtest, conform, e2e and bench may", s.path)
			}
			to, inside := strings.CutPrefix(path, module)
			if !inside || i < 0 || to == own {
				continue
			}
			if strings.HasPrefix(own, "service/") && strings.HasPrefix(to, "service/") {
				if serviceOf(own) != serviceOf(to) {
					t.Errorf("%s imports %s: services do not know each other; declare an interface and let cloud join them", s.path, to)
				}
				continue
			}
			if !slices.ContainsFunc(layers[i].may, func(p string) bool { return strings.HasPrefix(to+"/", strings.TrimSuffix(p, "/")+"/") }) && !strings.HasPrefix(to, own) {
				t.Errorf("%s imports %s: that arrow is not in ARCHITECTURE.md", s.path, to)
			}
		}
	}
}

// serviceOf is the service that a package below service/ is of.
func serviceOf(dir string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(dir, "service/"), "/")
	return name
}

func sdkAllowed(dir string) bool {
	for _, p := range []string{"cloudtest", "conform", "e2e", "bench"} {
		if strings.HasPrefix(dir, p) {
			return true
		}
	}
	return false
}

func TestServicesKeepNothingInMemory(t *testing.T) {
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.path, "service/") || s.isTest() {
			continue
		}
		for _, imp := range s.Imports {
			switch path, _ := strconv.Unquote(imp.Path.Value); path {
			case "sync", "sync/atomic":
				t.Errorf("%s imports %s: state belongs into rows", s.path, path)
			case "math/rand", "math/rand/v2", "crypto/rand":
				t.Errorf("%s imports %s: take random values from Deps.Random", s.path, path)
			}
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine: write a job", s.path)
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && (n.Sel.Name == "Now" || n.Sel.Name == "Sleep" || n.Sel.Name == "After") {
					t.Errorf("%s calls time.%s: the time is tx.Now's, waiting is the clock's", s.path, n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestNamesSayWhatThingsAre(t *testing.T) {
	banned := []string{"handlers.go", "handler.go", "types.go", "utils.go", "util.go", "models.go", "helpers.go", "helper.go", "consts.go", "common.go", "misc.go"}
	for _, s := range sources(t) {
		if base := filepath.Base(s.path); slices.Contains(banned, base) && s.path != "models/models.go" {
			t.Errorf("%s: name the file after the resource or behaviour that it holds", s.path)
		}
		for _, d := range s.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s has an init function: make it when it is needed", s.path)
			}
		}
	}
}

func TestServiceReadmesHaveTheirHeadings(t *testing.T) {
	dirs, err := filepath.Glob("service/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no services", err)
	}
	for _, dir := range dirs {
		b, err := os.ReadFile(filepath.Join(dir, "README.md"))
		if err != nil {
			t.Errorf("%s has no README.md", dir)
			continue
		}
		for _, h := range []string{"## Covers", "## Differs from AWS", "## Try it", "## Inside"} {
			if !strings.Contains(string(b), "\n"+h+"\n") {
				t.Errorf("%s/README.md has no heading %q", dir, h)
			}
		}
	}
}

func TestGeneratedCodeIsFresh(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "run", "./tools/apigen", "-check").CombinedOutput()
	if err != nil {
		t.Errorf("%s", out)
	}
}

func TestCoverageTableIsFresh(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "run", "./tools/coverage", "-check").CombinedOutput()
	if err != nil {
		t.Errorf("%s", out)
	}
}

// dependencies are the modules that go.mod may require directly, each with the
// reason for which it is there.
var dependencies = map[string]string{
	"github.com/cockroachdb/pebble/v2":                     "the embedded store",
	"github.com/tidwall/btree":                             "ordered maps in memory",
	"github.com/zeebo/xxh3":                                "checksums of blobs",
	"github.com/parquet-go/parquet-go":                     "a format of tables that S3 is asked about",
	"github.com/cespare/xxhash/v2":                         "a checksum that S3's clients may choose",
	"github.com/minio/crc64nvme":                           "S3's own checksum, by the processor's instructions",
	"github.com/alecthomas/kong":                           "the command line",
	"github.com/go-jose/go-jose/v4":                        "web identity tokens",
	"github.com/santhosh-tekuri/jsonschema/v6":             "models of API Gateway's bodies",
	"github.com/klauspost/compress":                        "compressed tables of data",
	"github.com/anishathalye/porcupine":                    "tests: whether a history is linearizable",
	"github.com/fxamacker/cbor/v2":                         "tests: an independent CBOR decoder",
	"github.com/aws/aws-sdk-go-v2":                         "tests and cloudtest",
	"github.com/aws/smithy-go":                             "tests: the SDK's errors",
	"github.com/aws/smithy-go/aws-http-auth":               "tests: an independent signer",
	"github.com/aws/aws-sdk-go-v2/credentials":             "tests and cloudtest",
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams": "tests",
	"github.com/aws/aws-sdk-go-v2/service/iam":             "tests",
	"github.com/aws/aws-sdk-go-v2/service/s3":              "tests",
	"github.com/aws/aws-sdk-go-v2/service/lambda":          "tests",
	"github.com/aws/aws-sdk-go-v2/service/sns":             "tests",
	"github.com/aws/aws-sdk-go-v2/service/sqs":             "tests",
	"github.com/aws/aws-sdk-go-v2/service/sts":             "tests",
	"golang.org/x/sync":                                    "singleflight: many tokens of an issuer ask for its keys once",
	"golang.org/x/sys":                                     "file locks, and the namespaces of functions",
	"go.yaml.in/yaml/v3":                                   "OpenAPI documents in YAML",
	"golang.org/x/term":                                    "is the output a terminal",
	"github.com/gobwas/ws":                                 "frames of WebSockets, without a buffer for each connection",

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2":            "tests",
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi": "tests",
	"github.com/aws/aws-sdk-go-v2/service/glacier":                 "tests",
	"github.com/aws/aws-sdk-go-v2/service/s3control":               "tests",
	"github.com/aws/aws-sdk-go-v2/service/dynamodb":                "tests",

	"github.com/aws/aws-sdk-go-v2/service/apigateway":              "tests",
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs":          "tests",
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider": "tests",
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity":         "tests",
	"github.com/coreos/go-oidc/v3":                                 "tests: an independent OpenID Connect client",
	"golang.org/x/oauth2":                                          "tests: an independent OAuth client",
}

func TestDependenciesAreDeliberate(t *testing.T) {
	b, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) < 2 || !strings.Contains(f[0], ".") || strings.Contains(line, "// indirect") || !strings.HasPrefix(f[1], "v") {
			continue
		}
		if _, ok := dependencies[f[0]]; !ok {
			t.Errorf("go.mod requires %s: add it here with its reason, or do without", f[0])
		}
	}
}
