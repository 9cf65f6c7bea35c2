package main

import (
	"slices"
	"strings"

	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/models"
)

const (
	awsPath       = "github.com/brume-cloud/brume/aws"
	schemaPath    = "github.com/brume-cloud/brume/front/wire/schema"
	attributePath = "github.com/brume-cloud/brume/front/wire/attribute"
	apiPath       = "github.com/brume-cloud/brume/api/"
)

// types writes structures and enums.
func (g *generator) types(p *printer) {
	var body printer
	for _, op := range g.ops {
		o := g.Operations[op]
		body.f("// %sInput is what %s takes.\n", op, op)
		g.structure(&body, op+"Input", g.Shapes[o.Input], false)
		body.f("// %sOutput is what %s answers.\n", op, op)
		g.structure(&body, op+"Output", g.Shapes[o.Output], true)
	}
	for _, name := range g.structs {
		s := g.Shapes[name]
		body.f("// %s is the structure %s.\n", g.goName[name], name)
		g.structure(&body, g.goName[name], s, s.Events)
	}
	for _, name := range g.enums {
		typ := g.goName[name]
		body.f("// %s is one of the constants below.\ntype %s string\n\n// The values of %s.\nconst (\n", typ, typ, typ)
		for _, v := range g.Shapes[name].Enum {
			body.f("%s %s = %q\n", g.declare(constName(typ, v)), typ, v)
		}
		body.f(")\n\n")
	}
	p.f("package %s\n\nimport (\n", g.Name)
	for _, pkg := range []string{"io", "iter", "time"} {
		if strings.Contains(body.String(), " "+pkg+".") || strings.Contains(body.String(), "*"+pkg+".") || strings.Contains(body.String(), "]"+pkg+".") {
			p.f("%q\n", pkg)
		}
	}
	if strings.Contains(body.String(), "attribute.") {
		p.f("\n%q\n", attributePath)
	}
	p.f(")\n\n%s", body.String())
}

func (g *generator) structure(p *printer, name string, s *models.Shape, output bool) {
	if s == nil {
		p.f("type %s struct{}\n\n", name)
		return
	}
	p.f("type %s struct {\n", name)
	for _, m := range s.Members {
		if g.Shapes[m.Shape].Events && !output {
			continue // event streams flow from the service only
		}
		p.f("%s %s\n", schema.FieldName(m.Name), g.fieldType(m, output))
	}
	p.f("}\n\n")
}

// service writes the interface, what answers for operations that are not
// built, and how operations are called.
func (g *generator) service(p *printer) {
	p.f("package %s\n\nimport (\n\"context\"\n\n%q\n%q\n)\n\n", g.Name, awsPath, schemaPath)
	p.f("// Service is the API of %s %s.\ntype Service interface {\n", g.Meta.ServiceID, g.Meta.APIVersion)
	for _, op := range g.ops {
		p.f("%s(ctx context.Context, in *%sInput) (*%sOutput, error)\n", op, op, op)
	}
	p.f("}\n\n// Unimplemented answers NotImplemented to every operation. Embed it, and override what is built.\ntype Unimplemented struct{}\n\nvar _ Service = Unimplemented{}\n\n")
	for _, op := range g.ops {
		p.f("// %s is not built.\nfunc (Unimplemented) %s(context.Context, *%sInput) (*%sOutput, error) {\nreturn nil, aws.NotImplemented(%q, %q)\n}\n\n", op, op, op, op, g.Name, op)
	}
	p.f("// Operations tells how each operation is called on a Service.\nvar Operations = []schema.Dispatch{\n")
	for _, op := range g.ops {
		p.f("{Name: %q, Input: (*%sInput)(nil), Output: (*%sOutput)(nil), Call: func(ctx context.Context, s, in any) (any, error) {\nreturn s.(Service).%s(ctx, in.(*%sInput))\n}},\n", op, op, op, op, op)
	}
	p.f("}\n")
}

// errors writes a constructor for every exception.
func (g *generator) errors(p *printer) {
	var body printer
	for _, name := range g.exceptions() {
		s := g.Shapes[name]
		ctor := g.declare("Err" + schema.FieldName(name))
		detail, doc := "", ""
		if hasDetail(s) {
			detail = "detail *" + g.goName[name] + ", "
			doc = ", with its details"
		}
		status := s.Status
		if status == 0 && s.Fault {
			status = 500
		} else if status == 0 {
			status = 400
		}
		code := name
		if g.queryFamily() && s.Code != "" {
			code = s.Code
		}
		body.f("// %s makes a %s error%s.\nfunc %s(%sformat string, args ...any) *aws.Error {\n", ctor, code, doc, ctor, detail)
		body.f("e := aws.Errorf(%d, %q, format, args...)\n", status, code)
		if s.Fault {
			body.f("e.Receiver = true\n")
		}
		if s.QueryCode != "" {
			body.f("e.QueryCode = %q\n", s.QueryCode)
		}
		body.f("e.Shape = %q\n", name)
		if detail != "" {
			body.f("e.Detail = detail\n")
		}
		body.f("return e\n}\n\n")
	}
	p.f("package %s\n\n", g.Name)
	if body.Len() > 0 {
		p.f("import %q\n\n%s", awsPath, body.String())
	}
}

// queryFamily reports whether error codes may differ from shape names: only
// the XML protocols allow it.
func (g *generator) queryFamily() bool {
	switch g.Meta.Protocols[0] {
	case "query", "ec2", "rest-xml":
		return true
	}
	return false
}

func (g *generator) exceptions() []string {
	var all []string
	for name, s := range g.Shapes {
		if s.Exception {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// client writes the client for calls within the process.
func (g *generator) client(p *printer) {
	p.f("package %s\n\nimport (\n\"context\"\n\n%q\n)\n\n", g.Name, awsPath)
	p.f("// Client calls %s within the process, through the chain.\ntype Client struct{ via aws.Invoker }\n\n", g.Meta.ServiceID)
	p.f("// NewClient returns a client that calls through via.\nfunc NewClient(via aws.Invoker) Client { return Client{via} }\n\n")
	for _, op := range g.ops {
		p.f("// %s calls the operation.\nfunc (c Client) %s(ctx context.Context, in *%sInput) (*%sOutput, error) {\nreturn aws.Invoke[%sOutput](ctx, c.via, %q, %q, in)\n}\n\n", op, op, op, op, op, g.Name, op)
	}
}

// model writes the static description.
func (g *generator) model(p *printer) {
	md := g.Meta
	p.f("// Package %s is the API of %s: types, the Service interface, errors, client and schema.\npackage %s\n\nimport (\n_ \"embed\"\n\n%q\n)\n\n", g.Name, md.ServiceID, g.Name, schemaPath)
	p.f("//go:embed schema.txt\nvar text string\n\n")
	p.f("// Model returns the service's model, not opened yet.\nfunc Model() *schema.Source {\nreturn &schema.Source{\nName: %q,\nID: %q,\nAPIVersion: %q,\nEndpointPrefix: %q,\nSigningName: %q,\nTargetPrefix: %q,\nJSONVersion: %q,\nXMLNamespace: %q,\nErrorNamespace: %q,\nQueryCompatible: %t,\nGlobal: %t,\nText: text,\nProtocols: []schema.Protocol{",
		g.Name, md.ServiceID, md.APIVersion, md.EndpointPrefix, md.SigningName, md.TargetPrefix, md.JSONVersion, md.XMLNamespace, md.ErrorNamespace, md.QueryCompatible, md.Global)
	for _, pr := range md.Protocols {
		p.f("%q, ", pr)
	}
	p.f("},\n}\n}\n")
}

// catalog writes the list of all models.
func catalog(p *printer, services []models.Selection) {
	p.f("// Package catalog lists the models of every service that Brume knows, built or not.\npackage catalog\n\nimport (\n%q\n", schemaPath)
	for _, s := range services {
		p.f("%q\n", apiPath+s.Name)
	}
	p.f(")\n\n// Models returns all models, not opened yet.\nfunc Models() []*schema.Source {\nreturn []*schema.Source{\n")
	for _, s := range services {
		p.f("%s.Model(),\n", s.Name)
	}
	p.f("}\n}\n")
}

// every writes the list of all dispatch tables, for tests of the wire layer.
func every(p *printer, services []models.Selection) {
	p.f("// Package every has the operations of all services, built or not. It links every\n// generated type, so only tests of the wire layer import it.\npackage every\n\nimport (\n%q\n", schemaPath)
	for _, s := range services {
		p.f("%q\n", apiPath+s.Name)
	}
	p.f(")\n\n// Operations returns how the operations of each service are called, by its name in api/.\nfunc Operations() map[string][]schema.Dispatch {\nreturn map[string][]schema.Dispatch{\n")
	for _, s := range services {
		p.f("%q: %s.Operations,\n", s.Name, s.Name)
	}
	p.f("}\n}\n")
}
