// Coverage writes the coverage table of README.md: which operations of which
// services are built. An operation is built when the service's package has a
// method of its name; all others answer NotImplemented.
//
//	go run ./tools/coverage          write the table
//	go run ./tools/coverage -check   fail when the table is stale
package main

import (
	"bytes"
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
	t, err := table()
	if err != nil {
		return err
	}
	fresh := slices.Concat(head, []byte(begin), []byte(t), []byte(end), tail)
	if !check {
		return os.WriteFile(readme, fresh, 0o644)
	}
	if !bytes.Equal(old, fresh) {
		return fmt.Errorf("the table in %s is stale: run `go run ./tools/coverage`", readme)
	}
	return nil
}

func table() (string, error) {
	services, err := models.Services()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var waiting []string
	b.WriteString("\n| service | operations built | not built yet |\n|---|---|---|\n")
	for _, s := range services {
		m, err := models.Load(s.Name)
		if err != nil {
			return "", err
		}
		at := homeOf(s.Name)
		built, err := methods(at)
		if err != nil {
			return "", err
		}
		var missing []string
		n := 0
		for _, op := range slices.Sorted(maps.Keys(m.Operations)) {
			if built[op] {
				n++
			} else {
				missing = append(missing, op)
			}
		}
		if n == 0 {
			waiting = append(waiting, m.Meta.ServiceID)
			continue
		}
		rest := "–"
		if len(missing) > 0 {
			rest = "`" + strings.Join(missing, "` `") + "`"
		}
		fmt.Fprintf(&b, "| [%s](service/%s) | %d of %d | %s |\n", m.Meta.ServiceID, at.folder, n, n+len(missing), rest)
	}
	fmt.Fprintf(&b, "\nRouted, signed and checked, and answering `NotImplemented` so far: %s.\n\n", strings.Join(waiting, ", "))
	return b.String(), nil
}

// home is where a service is built: a type in a folder below service.
type home struct{ folder, receiver string }

// homeOf is mostly the type Service in the folder of the service's name.
func homeOf(service string) home {
	if service == "s3control" { // a second API of S3, which reads what it keeps
		return home{"s3", "Control"}
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
