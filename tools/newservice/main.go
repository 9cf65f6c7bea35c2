// Newservice lays out the folder of a new service, from its imported model:
//
//	go run ./tools/newservice kinesis
//
// What is left to do is in the files: describe the service, declare its tables,
// add operations with tools/newop, and list it in cloud/services.go.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/brume-cloud/brume/models"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: newservice NAME    (a name from models/services.json)")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal("newservice: ", err)
	}
}

func run(name string) error {
	m, err := models.Load(name)
	if err != nil {
		return fmt.Errorf("%s is not imported: add it to models/services.json and run `make models-update`: %w", name, err)
	}
	dir := filepath.Join("service", name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for file, text := range files {
		path := filepath.Join(dir, strings.ReplaceAll(file, "NAME", name))
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := template.Must(template.New(file).Parse(text)).Execute(f, m); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		fmt.Println(path)
	}
	fmt.Println("Next: go run ./tools/newop", name, "OPERATION…, and list the service in cloud/services.go.")
	return nil
}

var files = map[string]string{
	"NAME.go": `// Package {{.Name}} is {{.Meta.ServiceID}}.
//
// Say here what it is, where its state lives, and what it promises.
package {{.Name}}

import (
	"github.com/brume-cloud/brume/api/{{.Name}}"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Random aws.Random
}

// Service implements the API. What it does not override answers NotImplemented.
type Service struct {
	{{.Name}}.Unimplemented
	Deps
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }
`,
	"tables.go": `package {{.Name}}

// The only file that knows keys: tables, indexes and record types. See
// service/sqs/tables.go.
`,
	"limits.go": `package {{.Name}}

// Quotas and defaults, each a named constant with its page in AWS's documentation.
`,
	"README.md": `# {{.Meta.ServiceID}}

## Covers

## Differs from AWS

## Try it

## Inside
`,
}
