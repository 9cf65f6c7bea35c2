package apigateway

import (
	"encoding/json"
	"errors"
	"testing"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
)

// patched is a document with something of every kind.
type patched struct {
	Name    *string                 `json:"name,omitempty"`
	On      *bool                   `json:"on,omitempty"`
	Size    *int32                  `json:"size,omitempty"`
	Rate    *float64                `json:"rate,omitempty"`
	Words   map[string]string       `json:"words,omitempty"`
	More    map[string]string       `json:"more,omitempty"`
	Flags   map[string]bool         `json:"flags,omitempty"`
	List    []string                `json:"list,omitempty"`
	Within  *within                 `json:"within,omitempty"`
	Limits  map[string]within       `json:"limits,omitempty"`
	Strange map[string]chan<- error `json:"-"`
}

type within struct {
	Deep *string  `json:"deep,omitempty"`
	List []string `json:"list,omitempty"`
}

func TestPatchOperations(t *testing.T) {
	every := []rule{{"add remove replace copy move test", "/*"}, {"add remove replace copy move test", "/*/*"}, {"add remove replace test", "/*/*/*"}}
	for _, c := range []struct{ before, op, path, value, want string }{
		{`{}`, "replace", "/name", "x", `{"name":"x"}`},
		{`{"name":"x"}`, "remove", "/name", "", `{}`},
		{`{}`, "replace", "/on", "TRUE", `{"on":true}`},
		{`{"on":true}`, "replace", "/on", "whatever", `{"on":false}`},
		{`{}`, "replace", "/size", "7", `{"size":7}`},
		{`{"size":7}`, "replace", "/size", "", `{}`},
		{`{}`, "replace", "/size", "x", `Invalid patch value  'x' specified for op 'replace'. Must be a number`},
		{`{}`, "replace", "/rate", "0.5", `{"rate":0.5}`},
		{`{}`, "add", "/words/a~1b~0c", "x", `{"words":{"a/b~c":"x"}}`},
		{`{"words":{"a":"x","b":"y"}}`, "remove", "/words/a", "", `{"words":{"b":"y"}}`},
		{`{"words":{"a":"x"}}`, "remove", "/words/a", "", `{}`},
		{`{}`, "remove", "/words/a", "", `{}`},
		{`{}`, "replace", "/flags/f", "true", `{"flags":{"f":true}}`},
		{`{}`, "add", "/list/a~1b", "", `{"list":["a/b"]}`},
		{`{"list":["a","b"]}`, "remove", "/list/a", "", `{"list":["b"]}`},
		{`{"list":["a","b"]}`, "replace", "/list/a", "c", `{"list":["c","b"]}`},
		{`{"list":["a","b"]}`, "replace", "/list/1", "c", `{"list":["a","c"]}`},
		{`{"list":["a"]}`, "add", "/list", "b,c", `{"list":["a","b","c"]}`},
		{`{"list":["a"]}`, "add", "/list", "a", `{"list":["a"]}`},
		{`{"list":["a","b"]}`, "remove", "/list", "a", `{"list":["b"]}`},
		{`{"list":["a","b"]}`, "replace", "/list", "c", `{"list":["c"]}`},
		{`{}`, "add", "/within/deep", "x", `{"within":{"deep":"x"}}`},
		{`{"within":{"deep":"x"}}`, "remove", "/within", "", `{}`},
		{`{}`, "remove", "/within/deep", "", `{}`},
		{`{}`, "replace", "/limits/a/deep", "x", `{"limits":{"a":{"deep":"x"}}}`},
		{`{}`, "add", "/limits/a", "", `{"limits":{"a":{}}}`},
		{`{"words":{"a":"x"},"more":{"b":"y"}}`, "copy /words", "/more", "", `{"words":{"a":"x"},"more":{"a":"x","b":"y"}}`},
		{`{"within":{"deep":"x"}}`, "move /within/deep", "/name", "", `{"name":"x","within":{}}`},
		{`{"size":7}`, "copy /size", "/name", "", `Invalid patch path  '/name' specified for op 'copy'. Please choose supported operations`},
		{`{}`, "copy /nothing/here", "/name", "", `Invalid patch path  '/nothing/here' specified for op 'copy'. Please choose supported operations`},
		{`{"name":"x"}`, "test", "/name", "x", `{"name":"x"}`},
		{`{"name":"y"}`, "test", "/name", "x", `The value at path '/name' is not 'x'`},
		{`{}`, "replace", "/nothing", "x", `Invalid patch path  '/nothing' specified for op 'replace'. Please choose supported operations`},
		{`{}`, "replace", "/name/deeper", "x", `Invalid patch path  '/name/deeper' specified for op 'replace'. Please choose supported operations`},
		{`{}`, "replace", "/strange/x", "x", `Invalid patch value  'x' specified for op 'replace'. Must be a string`},
		{`{}`, "replace", "/a/b/c/d", "x", `Invalid patch path  '/a/b/c/d' specified for op 'replace'. Must be one of: [/*, /*/*, /*/*/*]`},
	} {
		var doc patched
		if err := json.Unmarshal([]byte(c.before), &doc); err != nil {
			t.Fatal(err)
		}
		kind, from := c.op, ""
		if at := len("copy"); len(c.op) > at && c.op[at] == ' ' {
			kind, from = c.op[:at], c.op[at+1:]
		}
		err := patch(&doc, every, []api.PatchOperation{{Op: api.Op(kind), Path: &c.path, Value: &c.value, From: &from}})
		got := ""
		if e := (*aws.Error)(nil); errors.As(err, &e) {
			got = e.Message
		} else {
			b, _ := json.Marshal(doc)
			got = string(b)
		}
		if got != c.want {
			t.Errorf("%s, %s %s %q: %s, want %s", c.before, c.op, c.path, c.value, got, c.want)
		}
	}
}
