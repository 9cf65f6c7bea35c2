package sns

import (
	"errors"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/front/pattern"
)

// text makes attributes of name, type and value.
func text(parts ...string) (out []attribute) {
	for i := 0; i < len(parts); i += 3 {
		out = append(out, attribute{Name: parts[i], Type: parts[i+1], Text: parts[i+2]})
	}
	return out
}

func TestFilterOnAttributes(t *testing.T) {
	str := func(v string) []attribute { return text("k", "String", v) }
	num := func(v string) []attribute { return text("k", "Number", v) }
	list := func(v string) []attribute { return text("k", "String.Array", v) }
	for _, c := range []struct {
		policy string
		given  []attribute
		want   bool
	}{
		{`{"k":["a","b"]}`, str("b"), true},
		{`{"k":["a","b"]}`, str("B"), false},
		{`{"k":["a"]}`, nil, false},
		{`{"k":[1]}`, num("1.0"), true},
		{`{"k":[1]}`, str("1"), false},
		{`{"k":["1"]}`, num("1"), false},
		{`{"k":[0.00001]}`, num("0.00002"), false},
		{`{"k":[true]}`, list(`["x",true]`), true},
		{`{"k":[null]}`, list(`[null]`), true},
		{`{"k":[null]}`, str("x"), false},
		{`{"k":["x"]}`, list(`["y","x"]`), true},
		{`{"k":[3]}`, list(`[1,2,3]`), true},
		{`{"k":["x"]}`, list(`not json`), false},
		{`{"k":["x"]}`, []attribute{{Name: "k", Type: "Binary", Binary: []byte("x")}}, false},
		{`{"k":[{"exists":false}]}`, []attribute{{Name: "k", Type: "Binary", Binary: []byte("x")}}, true},
		{`{"k":[{"exists":true}]}`, str("x"), true},
		{`{"k":[{"exists":true}]}`, nil, false},
		{`{"k":[{"exists":false}]}`, nil, true},
		{`{"k":[{"exists":false}]}`, str("x"), false},
		{`{"k":[{"exists":true}]}`, list(`["x"]`), true},
		{`{"k":[{"exists":false}, "x"]}`, str("x"), true},
		{`{"k":[{"anything-but":"x"}]}`, str("y"), true},
		{`{"k":[{"anything-but":["x","y"]}]}`, str("y"), false},
		{`{"k":[{"anything-but":[1,2]}]}`, num("3"), true},
		{`{"k":[{"anything-but":"x"}]}`, nil, false},
		{`{"k":[{"anything-but":["x"]}]}`, list(`["x","y"]`), true},
		{`{"k":[{"anything-but":{"prefix":"or"}}]}`, str("order"), false},
		{`{"k":[{"anything-but":{"prefix":"or"}}]}`, str("reorder"), true},
		{`{"k":[{"anything-but":{"suffix":["er","ed"]}}]}`, str("ordered"), false},
		{`{"k":[{"anything-but":{"equals-ignore-case":["A","B"]}}]}`, str("b"), false},
		{`{"k":[{"anything-but":{"wildcard":"a*z"}}]}`, str("abcz"), false},
		{`{"k":[{"anything-but":{"wildcard":"a*z"}}]}`, str("abc"), true},
		{`{"k":[{"prefix":"bas"}]}`, str("basket"), true},
		{`{"k":[{"prefix":"bas"}]}`, str("Basket"), false},
		{`{"k":[{"prefix":{"equals-ignore-case":"bas"}}]}`, str("Basket"), true},
		{`{"k":[{"suffix":"ball"}]}`, str("football"), true},
		{`{"k":[{"suffix":{"equals-ignore-case":"ball"}}]}`, str("footBALL"), true},
		{`{"k":[{"equals-ignore-case":"tennis"}]}`, str("TENNIS"), true},
		{`{"k":[{"wildcard":"*.png"}]}`, str("a.b.png"), true},
		{`{"k":[{"wildcard":"a*b*c"}]}`, str("abbbcbc"), true},
		{`{"k":[{"wildcard":"a*b*c"}]}`, str("acb"), false},
		{`{"k":[{"wildcard":"a\\*b"}]}`, str("a*b"), true},
		{`{"k":[{"wildcard":"a\\*b"}]}`, str("axb"), false},
		{`{"k":[{"numeric":["=",301.5]}]}`, num("3.015e2"), true},
		{`{"k":[{"numeric":[">",0,"<=",100]}]}`, num("0"), false},
		{`{"k":[{"numeric":[">",0,"<=",100]}]}`, num("100"), true},
		{`{"k":[{"numeric":["<",-1]}]}`, num("-5"), true},
		{`{"k":[{"numeric":[">=",1]}]}`, str("5"), false},
		{`{"k":[{"cidr":"10.0.0.0/24"}]}`, str("10.0.0.255"), true},
		{`{"k":[{"cidr":"10.0.0.0/24"}]}`, str("10.0.1.0"), false},
		{`{"k":[{"cidr":"2001:db8::/32"}]}`, str("2001:db8::1"), true},
		{`{"k":[{"cidr":"10.0.0.0/24"}]}`, str("nonsense"), false},
		{`{"k":["x"],"l":["y"]}`, text("k", "String", "x", "l", "String", "z"), false},
		{`{"$or":[{"k":["x"]},{"l":["y"]}]}`, text("l", "String", "y"), true},
		{`{"$or":[{"k":["x"]},{"l":["y"]}],"m":["z"]}`, text("l", "String", "y"), false},
		{`{"$or":[{"k":["x"]},{"$or":[{"l":["y"]},{"m":["z"]}]}]}`, text("m", "String", "z"), true},
		{`{"$or":["x"]}`, text("$or", "String", "x"), true},
	} {
		f, err := parseFilter(c.policy, scopeAttributes)
		if err != nil {
			t.Errorf("%s: %v", c.policy, err)
			continue
		}
		if got := matchAttributes(f, c.given); got != c.want {
			t.Errorf("%s on %v: got %v", c.policy, c.given, got)
		}
	}
}

func TestFilterOnTheBody(t *testing.T) {
	for _, c := range []struct {
		policy, body string
		want         bool
	}{
		{`{"a":{"b":["x"]}}`, `{"a":{"b":"x"}}`, true},
		{`{"a":{"b":["x"]}}`, `{"a":[{"c":1},{"b":["y","x"]}]}`, true},
		{`{"a":{"b":["x"]}}`, `{"a":{"b":{"c":"x"}}}`, false},
		{`{"a":{"b":[{"exists":false}]}}`, `{"a":{"c":1}}`, true},
		{`{"a":[{"exists":true}]}`, `{"a":null}`, true},
		{`{"a":[{"exists":true}]}`, `{"a":{"b":1}}`, false},
		{`{"a":[null]}`, `{"a":null}`, true},
		{`{"a":[true]}`, `{"a":true}`, true},
		{`{"a":["true"]}`, `{"a":true}`, false},
		{`{"a":[1e2]}`, `{"a":100}`, true},
		{`{"a":[{"numeric":["<",10]}]}`, `{"a":"9"}`, false},
		{`{"a.b":["x"]}`, `{"a":{"b":"x"}}`, true},
		{`{"a":{"b":["x"]}}`, `{"a.b":"x"}`, true},
		{`{"a":{"$or":[{"b":["x"]},{"c":["y"]}]}}`, `{"a":{"c":"y"}}`, true},
		{`{"a":["é"]}`, `{"a":"\u00e9"}`, true},
		{`{"a":["x"],"b":["y"]}`, `{"b":"y","a":"x","z":[{"q":{}}]}`, true},
	} {
		f, err := parseFilter(c.policy, scopeBody)
		if err != nil {
			t.Errorf("%s: %v", c.policy, err)
			continue
		}
		body, ok := pattern.ParseNode(c.body)
		if !ok {
			t.Fatal(c.body)
		}
		if got := f.Match(body); got != c.want {
			t.Errorf("%s on %s: got %v", c.policy, c.body, got)
		}
	}
}

// The words, and the places in the text, are those that AWS answers with.
func TestFilterMistakes(t *testing.T) {
	many := strings.Repeat(`"x",`, 150) + `"x"`
	for _, c := range []struct{ policy, want string }{
		{`{"key":[["value"]]}`, "FilterPolicy: Match value must be String, number, true, false, or null|10"},
		{`{"key":[{"wrong-operator":true}]}`, "FilterPolicy: Unrecognized match type wrong-operator|31"},
		{`{"key":[{"suffix":"value","prefix":"value2"}]}`, "FilterPolicy: Only one key allowed in match expression|37"},
		{`{"key":[{"suffix":100}]}`, "FilterPolicy: suffix match pattern must be a string|22"},
		{`{"key":[{"suffix":null}]}`, "FilterPolicy: suffix match pattern must be a string|23"},
		{`{"key":[{"suffix":[]}]}`, "FilterPolicy: suffix match pattern must be a string|20"},
		{`{"key":{"suffix":"value"}}`, `FilterPolicy: "suffix" must be an object or an array|19`},
		{`{"key_a":"value_one"}`, `FilterPolicy: "key_a" must be an object or an array|11`},
		{`{"key":[{"numeric":[]}]}`, "FilterPolicy: Invalid member in numeric match: ]|22"},
		{`{"key":[{"numeric":["operator"]}]}`, "FilterPolicy: Unrecognized numeric range operator: operator|32"},
		{`{"key":[{"numeric":[1,"<="]}]}`, "FilterPolicy: Invalid member in numeric match: 1|22"},
		{`{"key":[{"numeric":["=","000"]}]}`, "FilterPolicy: Value of equals must be numeric|26"},
		{`{"key":[{"numeric":[">="]}]}`, "FilterPolicy: Value of >= must be numeric|26"},
		{`{"key":[{"numeric":["<",100,">",10]}]}`, "FilterPolicy: Too many elements in numeric expression|30"},
		{`{"key":[{"numeric":[">=",1,">",2]}]}`, "FilterPolicy: Bad numeric range operator: >|31"},
		{`{"key":[{"numeric":[">",3,"<",1]}]}`, "FilterPolicy: Bottom must be less than top|33"},
		{`{"key":[{"numeric":[">",20,"<="]}]}`, "FilterPolicy: Value of <= must be numeric|33"},
		{`{"key":[{"numeric":[">",20,30]}]}`, "FilterPolicy: Bad value in numeric range: 30|30"},
		{`{"key":[{"numeric":[">",20,"test"]}]}`, "FilterPolicy: Bad numeric range operator: test|34"},
		{`{"key":[{"numeric":[">","20","<","30"]}]}`, "FilterPolicy: Value of > must be numeric|26"},
		{`{"key":[{"numeric":[">",20,"<","30"]}]}`, "FilterPolicy: Value of < must be numeric|33"},
		{`{"key":[{"numeric":[">",20,"<",30,"<",50]}]}`, "FilterPolicy: Too many terms in numeric range expression|36"},
		{`{"key":[{"exists":null}]}`, "FilterPolicy: exists match pattern must be either true or false.|23"},
		{`{"key":[{"exists":"no"}]}`, "FilterPolicy: exists match pattern must be either true or false.|20"},
		{`{"key":[]}`, "FilterPolicy: Empty arrays are not allowed|10"},
		{`{nonsense`, "FilterPolicy: failed to parse JSON."},
		{`{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`, "FilterPolicy: Filter policy can not have more than 5 keys"},
		{`{"a":[` + many + `]}`, "FilterPolicy: Filter policy is too complex"},
	} {
		want, column, placed := strings.Cut(c.want, "|")
		if placed {
			want += "\n at [Source: (String)\"" + c.policy + "\"; line: 1, column: " + column + "]"
		}
		if _, err := parseFilter(c.policy, scopeBody); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", c.policy, err, want)
		}
	}
	if _, err := parseFilter(`{"a":{"b":["x"]}}`, scopeAttributes); !errors.Is(err, pattern.ErrNested) {
		t.Errorf("nested: got %v", err)
	}
}

func FuzzFilter(f *testing.F) {
	f.Add(`{"a":[{"numeric":[">",1,"<=",2]},{"anything-but":{"wildcard":"a*"}}],"$or":[{"b":[1]},{"c":{"d":[null]}}]}`, `{"a":[1,{"c":"x"}]}`)
	f.Add(`{"a.b":[{"cidr":"10.0.0.0/8"},{"prefix":{"equals-ignore-case":"q"}}]}`, `{"a":{"b":"10.1.1.1"}}`)
	f.Add(`{"a":[{"exists":false}]}`, `[]`)
	f.Fuzz(func(t *testing.T, policy, body string) {
		for _, scope := range []string{scopeAttributes, scopeBody} {
			p, err := parseFilter(policy, scope)
			if err != nil {
				continue
			}
			matchAttributes(p, text("a", "String.Array", body, "b", "String", body, "c", "Number", "1"))
			if n, ok := pattern.ParseNode(body); ok {
				p.Match(n)
			}
		}
	})
}

func BenchmarkFilterOnAttributes(b *testing.B) {
	f, err := parseFilter(`{"kind":["book",{"prefix":"news"}],"price":[{"numeric":[">",10,"<=",20]}]}`, scopeAttributes)
	if err != nil {
		b.Fatal(err)
	}
	given := text("kind", "String", "newspaper", "price", "Number", "15")
	b.ReportAllocs()
	for b.Loop() {
		matchAttributes(f, given)
	}
}

func BenchmarkFilterParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseFilter(`{"kind":["book",{"prefix":"news"}],"price":[{"numeric":[">",10,"<=",20]}]}`, scopeAttributes); err != nil {
			b.Fatal(err)
		}
	}
}
