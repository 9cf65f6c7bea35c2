// Coverage writes the coverage table of README.md, how much of which services is
// built, and docs/coverage.md, which names what is not. An operation is built when the service's package has a
// method of its name; all others answer NotImplemented.
//
//	go run ./tools/coverage          write both
//	go run ./tools/coverage -check   fail when one is stale
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/models"
)

const (
	readme = "README.md"
	names  = "docs/coverage.md"
	begin  = "<!-- coverage: written by tools/coverage -->\n"
	end    = "<!-- end of coverage -->\n"
)

func main() {
	log.SetFlags(0)
	check := flag.Bool("check", false, "compare instead of writing")
	flag.Parse()
	if err := run(*check); err != nil {
		log.Fatal("coverage: ", err)
	}
}

func run(check bool) error {
	old, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(old, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the markers of the coverage table", readme)
	}
	services, err := survey()
	if err != nil {
		return err
	}
	fresh := map[string][]byte{
		readme: slices.Concat(head, []byte(begin), []byte(table(services)), []byte(end), tail),
		names:  []byte(missing(services)),
	}
	for path, content := range fresh {
		if !check {
			err = errors.Join(err, os.WriteFile(path, content, 0o644))
		} else if old, _ := os.ReadFile(path); !bytes.Equal(old, content) {
			err = errors.Join(err, fmt.Errorf("%s is stale: run `go run ./tools/coverage`", path))
		}
	}
	return err
}

// service is what is built of a service.
type service struct {
	name, folder string
	built        int
	missing      []string
}

func survey() (all []service, err error) {
	services, err := models.Services()
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		m, err := models.Load(s.Name)
		if err != nil {
			return nil, err
		}
		at := homeOf(s.Name)
		built, err := methods(at)
		if err != nil {
			return nil, err
		}
		one := service{name: m.Meta.ServiceID, folder: at.folder}
		for _, op := range slices.Sorted(maps.Keys(m.Operations)) {
			if built[op] {
				one.built++
			} else {
				one.missing = append(one.missing, op)
			}
		}
		all = append(all, one)
	}
	return all, nil
}

// table is the README's: how much of what is built.
func table(services []service) string {
	var b strings.Builder
	var waiting []string
	b.WriteString("\n| service | operations |\n|---|---|\n")
	for _, s := range services {
		if s.built == 0 {
			waiting = append(waiting, s.name)
			continue
		}
		fmt.Fprintf(&b, "| [%s](service/%s) | %d of %d |\n", s.name, s.folder, s.built, s.built+len(s.missing))
	}
	fmt.Fprintf(&b, "\n[Which operations are missing](%s). Routed, signed and checked, and answering `NotImplemented` so far: %s.\n\n", names, strings.Join(waiting, ", "))
	return b.String()
}

// missing lists what is not built of services of which something is.
func missing(services []service) string {
	var b strings.Builder
	b.WriteString("# Operations that are not built yet\n\nThey answer `NotImplemented`. Written by `go run ./tools/coverage`.\n")
	for _, s := range services {
		if s.built > 0 && len(s.missing) > 0 {
			fmt.Fprintf(&b, "\n## %s\n\n`%s`\n", s.name, strings.Join(s.missing, "`\n`"))
		}
	}
	return b.String()
}

// home is where a service is built: a type in a folder below service.
type home struct{ folder, receiver string }

// homeOf is mostly the type Service in the folder of the service's name.
func homeOf(service string) home {
	switch service {
	case "s3control": // a second API of S3, which reads what it keeps
		return home{"s3", "Control"}
	case "dynamodbstreams": // likewise
		return home{"dynamodb", "Streams"}
	}
	return home{service, "Service"}
}

// methods returns the exported methods of a service's type.
func methods(at home) (map[string]bool, error) {
	all := map[string]bool{}
	paths, err := filepath.Glob(filepath.Join("service", at.folder, "*.go"))
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	for _, path := range paths {
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && receiver(fn) == at.receiver {
				all[fn.Name.Name] = true
			}
		}
	}
	return all, nil
}

func receiver(fn *ast.FuncDecl) string {
	t := fn.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}
