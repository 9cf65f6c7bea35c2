// Package models holds AWS's API models in a normalised form, and reads them.
//
// The JSON files beside this one are made by tools/modelimport from botocore's
// data (Apache-2.0, see NOTICE): documentation and client-only facts are
// dropped, shapes that no operation reaches are dropped, everything is sorted
// but the members of structures, whose order counts on the wire. They are
// committed, so that generating needs no network and an update is a readable
// diff. Corrections to what AWS publishes live in patches.json, one reason each.
package models

//go:generate go run ../tools/apigen -out ../api

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
)

// Model is one service's API.
type Model struct {
	Name       string                `json:"name"` // the folder in api/ and service/
	Meta       Meta                  `json:"metadata"`
	Operations map[string]*Operation `json:"operations"`
	Shapes     map[string]*Shape     `json:"shapes"`
}

// Meta is what the requests of a service have in common.
type Meta struct {
	ServiceID       string   `json:"serviceId"`
	APIVersion      string   `json:"apiVersion"`
	EndpointPrefix  string   `json:"endpointPrefix"`
	SigningName     string   `json:"signingName"`
	TargetPrefix    string   `json:"targetPrefix,omitempty"`
	JSONVersion     string   `json:"jsonVersion,omitempty"`
	Protocols       []string `json:"protocols"` // preferred first
	QueryCompatible bool     `json:"queryCompatible,omitempty"`
	ErrorNamespace  string   `json:"errorNamespace,omitempty"`
	XMLNamespace    string   `json:"xmlNamespace,omitempty"`
	Global          bool     `json:"global,omitempty"` // one endpoint per partition
}

// Operation is one call.
type Operation struct {
	Method       string   `json:"method"`
	URI          string   `json:"uri"`
	Status       int      `json:"status,omitempty"` // of success; 0 is 200
	Input        string   `json:"input,omitempty"`  // shape
	InputName    string   `json:"inputName,omitempty"`
	InputXMLNS   string   `json:"inputXmlns,omitempty"`
	Output       string   `json:"output,omitempty"` // shape
	Wrapper      string   `json:"wrapper,omitempty"`
	Errors       []string `json:"errors,omitempty"`
	HostPrefix   string   `json:"hostPrefix,omitempty"`
	Unsigned     bool     `json:"unsigned,omitempty"`        // may be called without a signature
	UnsignedBody bool     `json:"unsignedPayload,omitempty"` // the body is never signed
	Unwrapped    bool     `json:"unwrapped,omitempty"`       // REST-XML: the output's one member is the root element
	Checksum     bool     `json:"checksum,omitempty"`        // a body checksum is required
}

// Shape is a type.
type Shape struct {
	Type     string   `json:"type"`
	Members  []Member `json:"members,omitempty"` // of a structure, in wire order
	Elem     *Member  `json:"member,omitempty"`  // of a list
	Key      *Member  `json:"key,omitempty"`     // of a map
	Value    *Member  `json:"value,omitempty"`   // of a map
	Payload  string   `json:"payload,omitempty"`
	Flat     bool     `json:"flattened,omitempty"`
	Sparse   bool     `json:"sparse,omitempty"`
	Wrapped  bool     `json:"wrapper,omitempty"`
	Name     string   `json:"locationName,omitempty"`
	XMLNS    *XMLNS   `json:"xmlNamespace,omitempty"`
	Time     string   `json:"timestampFormat,omitempty"`
	Stream   bool     `json:"streaming,omitempty"`
	Events   bool     `json:"eventstream,omitempty"`
	Event    bool     `json:"event,omitempty"`
	Union    bool     `json:"union,omitempty"`
	Document bool     `json:"document,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Min      *float64 `json:"min,omitempty"`
	Max      *float64 `json:"max,omitempty"`
	Pattern  string   `json:"pattern,omitempty"`

	Exception bool   `json:"exception,omitempty"`
	Fault     bool   `json:"fault,omitempty"` // the service's, not the caller's
	Code      string `json:"errorCode,omitempty"`
	QueryCode string `json:"queryCode,omitempty"` // of an awsQueryCompatible service
	Status    int    `json:"status,omitempty"`
}

// Member is a structure's member, or a list's or map's element.
type Member struct {
	Name     string `json:"name,omitempty"`
	Shape    string `json:"shape"`
	Required bool   `json:"required,omitempty"`
	Location string `json:"location,omitempty"`
	Wire     string `json:"locationName,omitempty"`
	Query    string `json:"queryName,omitempty"`
	Flat     bool   `json:"flattened,omitempty"`
	Attr     bool   `json:"xmlAttribute,omitempty"`
	XMLNS    *XMLNS `json:"xmlNamespace,omitempty"`
	Time     string `json:"timestampFormat,omitempty"`
	Stream   bool   `json:"streaming,omitempty"`
	Token    bool   `json:"idempotencyToken,omitempty"`
	HostName bool   `json:"hostLabel,omitempty"`
	JSON     bool   `json:"jsonvalue,omitempty"`
	Payload  bool   `json:"eventpayload,omitempty"`
	Header   bool   `json:"eventheader,omitempty"`
}

// XMLNS is an XML namespace.
type XMLNS struct {
	URI    string `json:"uri"`
	Prefix string `json:"prefix,omitempty"`
}

// Patch corrects a model: Set is merged into the named shape, member or
// operation; a name that the model lacks is added. Null removes an operation.
type Patch struct {
	Service   string          `json:"service"`
	Operation string          `json:"operation,omitempty"`
	Shape     string          `json:"shape,omitempty"`
	Member    string          `json:"member,omitempty"`
	Set       json.RawMessage `json:"set"`
	Why       string          `json:"why"`
}

//go:embed *.json
var files embed.FS

// Selection is an entry of services.json: what to import.
type Selection struct {
	Name       string   `json:"name"`
	Source     string   `json:"source,omitempty"`     // botocore's folder, where it is not Name
	Operations []string `json:"operations,omitempty"` // all when empty
}

// Services returns the imported services in the order of services.json.
func Services() ([]Selection, error) {
	var s []Selection
	return s, read("services.json", &s)
}

// Load returns the patched model of a service.
func Load(service string) (*Model, error) {
	m := new(Model)
	if err := read(service+".json", m); err != nil {
		return nil, err
	}
	var patches []Patch
	if err := read("patches.json", &patches); err != nil {
		return nil, err
	}
	for _, p := range patches {
		if p.Service != service {
			continue
		}
		if err := m.apply(p); err != nil {
			return nil, fmt.Errorf("patches.json: %s %s%s.%s: %w", p.Service, p.Operation, p.Shape, p.Member, err)
		}
	}
	return m, nil
}

func (m *Model) apply(p Patch) error {
	switch {
	case p.Why == "":
		return fmt.Errorf("a patch needs a reason")
	case p.Operation != "" && string(p.Set) == "null":
		delete(m.Operations, p.Operation)
		return nil
	case p.Operation != "":
		return merge(m.Operations, p.Operation, p.Set)
	case p.Shape == "":
		return json.Unmarshal(p.Set, &m.Meta)
	case p.Member == "":
		return merge(m.Shapes, p.Shape, p.Set)
	}
	s, ok := m.Shapes[p.Shape]
	if !ok {
		return fmt.Errorf("no such shape")
	}
	for _, edge := range []struct {
		name string
		to   *Member
	}{{"[member]", s.Elem}, {"[key]", s.Key}, {"[value]", s.Value}} {
		if edge.name == p.Member && edge.to != nil {
			return json.Unmarshal(p.Set, edge.to)
		}
	}
	i := slices.IndexFunc(s.Members, func(mm Member) bool { return mm.Name == p.Member })
	if i < 0 {
		s.Members = append(s.Members, Member{Name: p.Member})
		i = len(s.Members) - 1
	}
	return json.Unmarshal(p.Set, &s.Members[i])
}

func merge[T any](all map[string]*T, name string, set json.RawMessage) error {
	if all[name] == nil {
		all[name] = new(T)
	}
	return json.Unmarshal(set, all[name])
}

func read(name string, into any) error {
	b, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("models/%s: %w", name, err)
	}
	return nil
}

// UnmarshalJSON accepts the bare URI that some models write for the whole.
func (x *XMLNS) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &x.URI) == nil {
		return nil
	}
	type plain XMLNS
	return json.Unmarshal(b, (*plain)(x))
}
