// Newop adds operations to a service: for each a file with the method's frame
// and a test that fails until the operation works.
//
//	go run ./tools/newop sqs SendMessage ReceiveMessage
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
	if len(os.Args) < 3 {
		log.Fatal("usage: newop SERVICE OPERATION…")
	}
	for _, op := range os.Args[2:] {
		if err := add(os.Args[1], op); err != nil {
			log.Fatal("newop: ", err)
		}
	}
}

// operation is what the templates tell.
type operation struct {
	Service, Name string
	Errors        []string
	Required      []string
}

func add(service, name string) error {
	m, err := models.Load(service)
	if err != nil {
		return err
	}
	op, ok := m.Operations[name]
	if !ok {
		return fmt.Errorf("%s has no operation %s", service, name)
	}
	o := operation{Service: service, Name: name, Errors: op.Errors}
	if in := m.Shapes[op.Input]; in != nil {
		for _, member := range in.Members {
			if member.Required {
				o.Required = append(o.Required, member.Name)
			}
		}
	}
	base := filepath.Join("service", service, strings.ToLower(name))
	for path, text := range map[string]string{base + ".go": method, base + "_test.go": story} {
		if _, err := os.Stat(path); err == nil {
			return fmt.Errorf("%s exists", path)
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := template.Must(template.New(path).Parse(text)).Execute(f, o); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}

const method = `package {{.Service}}

import (
	"context"

	"github.com/brume-cloud/brume/api/{{.Service}}"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// {{.Name}} …
//
// Required: {{range .Required}}{{.}} {{end}}
// Errors: {{range .Errors}}{{.}} {{end}}
func (s *Service) {{.Name}}(ctx context.Context, in *{{.Service}}.{{.Name}}Input) (*{{.Service}}.{{.Name}}Output, error) {
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		return aws.NotImplemented("{{.Service}}", "{{.Name}}") // find, check, build the record, put
	})
	if err != nil {
		return nil, err
	}
	return &{{.Service}}.{{.Name}}Output{}, nil
}
`

const story = `package {{.Service}}_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/{{.Service}}"

	"github.com/brume-cloud/brume/cloudtest"
)

func Test{{.Name}}(t *testing.T) {
	c := cloudtest.Start(t)
	client := {{.Service}}.NewFromConfig(c.Config())
	if _, err := client.{{.Name}}(t.Context(), &{{.Service}}.{{.Name}}Input{}); err != nil {
		t.Fatal(err)
	}
}
`
