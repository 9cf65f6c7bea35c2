package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// malformedVector is an operation of Smithy's protocol tests with requests that
// a server must refuse (smithy.test#httpMalformedRequestTests), taken once from
// the JSON form of its model that "smithy ast --flatten" prints. NOTICE tells
// the version; of its protocols only restJson1 has such cases.
type malformedVector struct {
	Operation, Schema string
	Cases             []malformedCase
}

// malformedCase is one such request, or many that differ in their parameters.
type malformedCase struct {
	ID, Method, URI, Body string
	Query                 []string
	Headers               map[string]string
	Parameters            map[string][]string
	Status                int
	Code                  string
	Invalid               []string // JSON pointers of the members that break their constraints
}

// expand returns the requests of a case: $NAME:L stands for a parameter, and
// $NAME:S for it as a JSON string.
func (c malformedCase) expand() []malformedCase {
	n := 1
	for _, values := range c.Parameters {
		n = len(values)
	}
	all := make([]malformedCase, n)
	for i := range all {
		var pairs []string
		for name, values := range c.Parameters {
			quoted, _ := json.Marshal(values[i])
			pairs = append(pairs, "$"+name+":L", values[i], "$"+name+":S", string(quoted))
		}
		fill := strings.NewReplacer(pairs...).Replace
		one := c
		one.URI, one.Body, one.Query, one.Headers = fill(c.URI), fill(c.Body), slices.Clone(c.Query), map[string]string{}
		for j, q := range one.Query {
			one.Query[j] = fill(q)
		}
		for k, v := range c.Headers {
			one.Headers[k] = fill(v)
		}
		all[i] = one
	}
	return all
}

func (c malformedCase) request() (*Request, error) {
	uri := c.URI
	if len(c.Query) > 0 {
		uri += "?" + strings.Join(c.Query, "&")
	}
	path, query, _ := strings.Cut(uri, "?")
	params, err := ParseQuery(query)
	if err != nil {
		return nil, err
	}
	h := &http.Request{Method: c.Method, Header: http.Header{}}
	for k, v := range c.Headers {
		h.Header.Set(k, v)
	}
	return &Request{Request: h, Path: path, Params: params, Body: []byte(c.Body)}, nil
}

// refused reports how the answer to the case differs from the published one: in
// its status, its code, or the members that it calls invalid. The published
// wording is not AWS's own.
func (c malformedCase) refused(svc *schema.Service, op *schema.Operation) error {
	req, err := c.request()
	if err != nil {
		return err
	}
	found, labels := NewRoutes(svc).Find(req)
	if found != op {
		return fmt.Errorf("%s %s does not route to %s", c.Method, c.URI, op.URI)
	}
	req.Labels = labels
	in, err := For(schema.RESTJSON).Decode(op, req)
	var public *aws.Error
	var invalid *Invalid
	switch {
	case err == nil:
		return fmt.Errorf("accepted as %+v", in)
	case errors.As(err, &invalid):
		public = invalid.WithCode("ValidationException")
	case !errors.As(err, &public):
		return err
	}
	if public.Status != c.Status || public.Code != c.Code {
		return fmt.Errorf("%d %s (%s), want %d %s", public.Status, public.Code, public.Message, c.Status, c.Code)
	}
	if invalid == nil {
		return nil
	}
	var paths []string
	for _, v := range invalid.Violations {
		paths = append(paths, v.Path)
	}
	for i, p := range c.Invalid {
		c.Invalid[i] = pathOfPointer(p)
	}
	if !slices.Equal(slices.Compact(paths), c.Invalid) {
		return fmt.Errorf("%v breaks constraints, want %v: %s", paths, c.Invalid, public.Message)
	}
	return nil
}

// pathOfPointer writes a JSON pointer as AWS's services write a path.
func pathOfPointer(pointer string) string {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, s := range steps {
		if n, err := strconv.Atoi(s); err == nil {
			steps[i] = fmt.Sprintf("%d.member", n+1)
		}
	}
	return strings.Join(steps, ".")
}

// excepted returns which requests of each case are exceptions: by their numbers,
// or all of them. The file names them as ID#1,2 and as ID.
func excepted(t *testing.T, prefix string) map[string][]string {
	all := map[string][]string{}
	for name := range exceptions(t) {
		if id, ok := strings.CutPrefix(name, prefix); ok {
			id, numbers, _ := strings.Cut(id, "#")
			all[id] = strings.Split(numbers, ",")
		}
	}
	return all
}

// TestRefusalsInAWSsWords are those that no published case has.
func TestRefusalsInAWSsWords(t *testing.T) {
	v := vector{Operation: "Op", Schema: "op Op POST / in=In\nstructure In\n.blob Blob\n.one One\n.map Map\n.none One\nblob Blob\nmap Map\n.[key] String\n.[value] String\nstructure One union\n.a String\n.b String\nstring String\n"}
	const union = "Union one must have exactly one of its members set"
	for _, k := range []struct {
		protocol   schema.Protocol
		body, want string
	}{
		{schema.JSON, `{"blob":"23456"}`, "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
		{schema.JSON, `{"blob":"+/+="}`, "Invalid last non-pad Base64 character dectected"},
		{schema.JSON, `{"blob":"YmxvYg=="}`, ""},
		{schema.JSON, `{"map":{"k":null}}`, "Null is not allowed in a map"},
		{schema.JSON, `{"one":{"a":"x","b":null},"none":null,"map":null}`, ""},
		{schema.JSON, `{"one":{"__type":"One","a":"x"}}`, ""},
		{schema.JSON, `{"one":{"a":"x","b":"y"}}`, union},
		{schema.JSON, `{"one":{"b":"y","c":1}}`, union},
		{schema.JSON, `{"one":{}}`, union},
		{schema.CBOR, "\xa1cone\xa0", union},
		{schema.CBOR, "\xa1cone\xa1acax", union},
		{schema.CBOR, "\xa1cone\xa2aaaxabay", union},
		{schema.CBOR, "\xa1cone\xa2aaaxab\xf6", ""},
		{schema.CBOR, "\xa1cone\xa2aaaxf__typeax", ""},
		{schema.CBOR, "\xa1cmap\xa1ak\xf6", "Null is not allowed in a map"},
	} {
		v.Meta.Protocols = []schema.Protocol{k.protocol}
		_, op := v.service()
		_, err := For(k.protocol).Decode(op, &Request{Body: []byte(k.body)})
		var refusal *aws.Error
		if errors.As(err, &refusal) != (k.want != "") || refusal != nil && refusal.Message != k.want {
			t.Errorf("%s %q: %v, want %q", k.protocol, k.body, err, k.want)
		}
	}
}

func TestPublishedMalformedRequestsAreRefused(t *testing.T) {
	const name = "malformed-rest-json"
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []malformedVector
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	skip := excepted(t, name+"/")
	for _, m := range all {
		v := vector{Operation: m.Operation, Schema: m.Schema}
		v.Meta.Protocols = []schema.Protocol{schema.RESTJSON}
		svc, op := v.service()
		for _, c := range m.Cases {
			for i, one := range c.expand() {
				t.Run(fmt.Sprintf("%s/%s#%d", name, c.ID, i), func(t *testing.T) {
					err := one.refused(svc, op)
					skip := slices.Contains(skip[c.ID], "") || slices.Contains(skip[c.ID], strconv.Itoa(i))
					switch {
					case err != nil && !skip:
						t.Errorf("%v\n%s %s %q %v %s", err, one.Method, one.URI, one.Query, one.Headers, one.Body)
					case err == nil && skip:
						t.Errorf("passes: take %s#%d off testdata/exceptions.txt", c.ID, i)
					}
				})
			}
		}
	}
}
