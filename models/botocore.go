package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Botocore is the part of botocore's service-2.json that a server needs.
type Botocore struct {
	Metadata struct {
		APIVersion, EndpointPrefix, GlobalEndpoint, JSONVersion, Protocol, ServiceID, SigningName, TargetPrefix, XMLNamespace string
		Protocols                                                                                                             []string
		AWSQueryCompatible                                                                                                    *struct{}
	}
	Operations map[string]sourceOperation
	Shapes     map[string]sourceShape
}

type sourceOperation struct {
	HTTP struct {
		Method, RequestURI string
		ResponseCode       int
	}
	Input struct {
		Shape, LocationName string
		XMLNamespace        XMLNS
	}
	Output               struct{ Shape, ResultWrapper string }
	Errors               []struct{ Shape string }
	Endpoint             struct{ HostPrefix string }
	AuthType             string
	Auth                 []string
	UnsignedPayload      bool
	HTTPChecksumRequired bool
	HTTPChecksum         struct{ RequestChecksumRequired bool }
}

type sourceShape struct {
	Type, Payload, LocationName, TimestampFormat, Pattern     string
	Required, Enum, XMLOrder                                  []string
	Members                                                   ordered[sourceMember]
	Member, Key, Value                                        *sourceMember
	Flattened, Sparse, Wrapper, Streaming, EventStream, Event bool
	Union, Document, Exception, Fault                         bool
	XMLNamespace                                              *XMLNS
	Min, Max                                                  *float64
	Error                                                     struct {
		Code           string
		HTTPStatusCode int
		Fault          bool
	}
}

type sourceMember struct {
	Shape, Location, LocationName, QueryName, TimestampFormat string
	Flattened, XMLAttribute, Streaming, IdempotencyToken      bool
	HostLabel, JSONValue, EventPayload, EventHeader           bool
	XMLNamespace                                              *XMLNS
}

// ordered is a JSON object that remembers the order of its names.
type ordered[T any] struct {
	names []string
	all   map[string]T
}

func (o *ordered[T]) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &o.all); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	for depth, key := 0, true; d.More() || depth > 1; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		default:
			if depth == 1 && key {
				o.names = append(o.names, t.(string))
				key = false
				continue
			}
		}
		key = depth == 1
	}
	return nil
}

// Normalise keeps what a server needs of the selected operations.
func (src *Botocore) Normalise(sel Selection) (*Model, error) {
	md := src.Metadata
	m := &Model{
		Name: sel.Name,
		Meta: Meta{
			ServiceID: md.ServiceID, APIVersion: md.APIVersion, EndpointPrefix: md.EndpointPrefix,
			SigningName: md.SigningName, TargetPrefix: md.TargetPrefix, JSONVersion: md.JSONVersion,
			Protocols: md.Protocols, QueryCompatible: md.AWSQueryCompatible != nil,
			XMLNamespace: md.XMLNamespace, Global: md.GlobalEndpoint != "",
		},
		Operations: map[string]*Operation{},
		Shapes:     map[string]*Shape{},
	}
	if len(md.Protocols) == 0 {
		m.Meta.Protocols = []string{md.Protocol}
	}
	if md.SigningName == "" {
		m.Meta.SigningName = md.EndpointPrefix
	}
	chosen := sel.Operations
	if len(chosen) == 0 {
		for name := range src.Operations {
			chosen = append(chosen, name)
		}
	}
	for _, name := range chosen {
		op, ok := src.Operations[name]
		if !ok {
			return nil, fmt.Errorf("no operation %s", name)
		}
		m.Operations[name] = operation(op)
		reach(m, src, op.Input.Shape)
		reach(m, src, op.Output.Shape)
		for _, e := range op.Errors {
			reach(m, src, e.Shape)
		}
	}
	return m, nil
}

func operation(op sourceOperation) *Operation {
	o := &Operation{
		Method: op.HTTP.Method, URI: op.HTTP.RequestURI, Status: op.HTTP.ResponseCode,
		Input: op.Input.Shape, InputName: op.Input.LocationName, InputXMLNS: op.Input.XMLNamespace.URI,
		Output: op.Output.Shape, Wrapper: op.Output.ResultWrapper, HostPrefix: op.Endpoint.HostPrefix,
		Unsigned:     op.AuthType == "none" || slices.Contains(op.Auth, "smithy.api#noAuth"),
		UnsignedBody: op.UnsignedPayload || op.AuthType == "v4-unsigned-body",
		Checksum:     op.HTTPChecksumRequired || op.HTTPChecksum.RequestChecksumRequired,
	}
	if o.Status == 200 {
		o.Status = 0
	}
	for _, e := range op.Errors {
		o.Errors = append(o.Errors, e.Shape)
	}
	slices.Sort(o.Errors)
	return o
}

// reach adds the shape and all that it refers to.
func reach(m *Model, src *Botocore, name string) {
	if name == "" || m.Shapes[name] != nil {
		return
	}
	s := src.Shapes[name]
	out := &Shape{
		Type: s.Type, Payload: s.Payload, Flat: s.Flattened, Sparse: s.Sparse, Wrapped: s.Wrapper,
		Name: s.LocationName, XMLNS: s.XMLNamespace, Time: s.TimestampFormat, Stream: s.Streaming,
		Events: s.EventStream, Event: s.Event, Union: s.Union, Document: s.Document,
		Enum: s.Enum, Min: s.Min, Max: s.Max, Pattern: s.Pattern,
		Exception: s.Exception, Fault: s.Fault || s.Error.Fault, Code: s.Error.Code, Status: s.Error.HTTPStatusCode,
	}
	m.Shapes[name] = out
	for _, edge := range []struct {
		from *sourceMember
		to   **Member
	}{{s.Member, &out.Elem}, {s.Key, &out.Key}, {s.Value, &out.Value}} {
		if edge.from != nil {
			mm := member("", *edge.from)
			*edge.to = &mm
			reach(m, src, mm.Shape)
		}
	}
	for _, n := range memberOrder(s) {
		mm := member(n, s.Members.all[n])
		mm.Required = slices.Contains(s.Required, n)
		out.Members = append(out.Members, mm)
		reach(m, src, mm.Shape)
	}
}

// memberOrder is the order of members on the wire: xmlOrder's first, then the model's.
func memberOrder(s sourceShape) []string {
	var order []string
	for _, n := range s.XMLOrder {
		if _, ok := s.Members.all[n]; ok {
			order = append(order, n)
		}
	}
	for _, n := range s.Members.names {
		if !slices.Contains(order, n) {
			order = append(order, n)
		}
	}
	return order
}

func member(name string, mm sourceMember) Member {
	return Member{
		Name: name, Shape: mm.Shape, Location: strings.ToLower(mm.Location), Wire: mm.LocationName, Query: mm.QueryName,
		Flat: mm.Flattened, Attr: mm.XMLAttribute, XMLNS: mm.XMLNamespace, Time: mm.TimestampFormat,
		Stream: mm.Streaming, Token: mm.IdempotencyToken, HostName: mm.HostLabel, JSON: mm.JSONValue,
		Payload: mm.EventPayload, Header: mm.EventHeader,
	}
}
