package vtl

import (
	"errors"
	"strings"
	"testing"
)

const photos = `{"photos": {"page": 1, "pages": "1234", "photo": [
	{"id": "12345678901", "first": "Saanvi", "last": "Sarkar", "title": "Sample photo 1", "ispublic": true, "isfriend": false},
	{"id": "23456789012", "first": "Richard", "last": "Roe", "title": "Sample photo 2", "ispublic": true, "isfriend": false}]}}`

func mapped(t *testing.T, source string, m Message) string {
	t.Helper()
	template, err := Compile(source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	out, err := template.Render(m.Scope())
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return out
}

// AWS: "Additional mapping template example for REST APIs in API Gateway".
func TestPhotoAlbum(t *testing.T) {
	got := mapped(t, `#set($inputRoot = $input.path('$'))
{"photos": [
#foreach($elem in $inputRoot.photos.photo)
  {"id": "$elem.id", "by": "$elem.first $elem.last", "ispublic": $elem.ispublic}#if($foreach.hasNext),#end

#end
]}`, Message{Body: photos})
	want := `{"photos": [
  {"id": "12345678901", "by": "Saanvi Sarkar", "ispublic": true},
  {"id": "23456789012", "by": "Richard Roe", "ispublic": true}
]}`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// AWS: "Examples using variables for mapping template transformations".
func TestAllParametersPassThrough(t *testing.T) {
	got := mapped(t, `#set($allParams = $input.params())
{"params" : {
#foreach($type in $allParams.keySet())
#set($params = $allParams.get($type))
"$type" : {
#foreach($paramName in $params.keySet())
"$paramName" : "$util.escapeJavaScript($params.get($paramName))"#if($foreach.hasNext),#end

#end
}#if($foreach.hasNext),#end

#end
}, "stage": "$context.stage", "caller": "$context.identity.caller", "v": "$stageVariables.v"}`, Message{
		Path:           StringMap(map[string]string{"id": "1"}),
		Query:          StringMap(map[string]string{"q": `it's "x"/y`}),
		Header:         StringMap(map[string]string{"A": "é", "B": ""}),
		Context:        NewMap(map[string]any{"stage": "prod"}),
		StageVariables: StringMap(map[string]string{"v": "7"}),
	})
	want := `{"params" : {
"path" : {
"id" : "1"
},
"querystring" : {
"q" : "it\'s \"x\"\/y"
},
"header" : {
"A" : "\u00E9",
"B" : ""
}
}, "stage": "prod", "caller": "", "v": "7"}`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// AWS: "Override your API's request and response parameters and status codes".
func TestOverrides(t *testing.T) {
	context := &Map{}
	mapped(t, `#set($context.responseOverride.status = 404)#set($context.requestOverride.header.x-name = "a$input.params('q')")`+
		`#set($context.requestOverride.path['id'] = $input.body)#set($context.requestOverride.querystring.n = "$context.responseOverride.status")`,
		Message{Body: "b", Query: StringMap(map[string]string{"q": "1"}), Context: context})
	r := &run{out: &strings.Builder{}}
	want := "{header={x-name=a1}, path={id=b}, querystring={n=404}} {header={}, status=404}"
	if got := r.text(context.Get("requestOverride")) + " " + r.text(context.Get("responseOverride")); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestVariables(t *testing.T) {
	for source, want := range map[string]string{
		"$input.body":             `{"a": {"b": [1, 2.5, "x/é<"]}, "n": null, "long": 12345678901234567890}`,
		"$input.json('$')":        `{"a":{"b":[1,2.5,"x/é<"]},"n":null,"long":12345678901234567890}`,
		"$input.json('$.a.b[2]')": `"x/é<"`, "$input.json('$.missing')": `""`, "$input.json('$.a.b')": `[1,2.5,"x/é<"]`,
		"$input.path('$.a')": "{b=[1, 2.5, x/é<]}", "$input.path('$.a.b').size()": "3", "$input.path('$.missing')|": "|",
		"$input.path('$').a.b[0]": "1", "$input.params('p') $input.params('h')|$input.params('none')|": "path head||",
		"$input.params().path.p": "path", "$input.params().header['h']": "head", "$nothing|$input.nothing()|$context.a.b|": "|||",
		"$util.urlEncode('a b~*é&')": "a+b%7E*%C3%A9%26", "$util.urlDecode('a+b%26')": "a b&", "$util.base64Encode('hé')": "aMOp",
		"$util.base64Decode('aMOp')": "hé", "$util.escapeJavaScript(\"a'b\n\t😀\")": `a\'b\n\t\uD83D\uDE00`,
		`#set($e = $util.parseJson('{"errorMessage": {"key": [1]}}'))$e.errorMessage.key[0]`: "1",
	} {
		got := mapped(t, source, Message{
			Body: `{"a": {"b": [1, 2.5, "x/é<"]}, "n": null, "long": 12345678901234567890}`,
			Path: StringMap(map[string]string{"p": "path"}), Header: StringMap(map[string]string{"p": "hidden", "h": "head"}),
		})
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
	if got := mapped(t, "$input.json('$')", Message{}); got != "{}" {
		t.Errorf("an empty body: got %s", got)
	}
}

func TestJSONPath(t *testing.T) {
	body := `{"store": {"book": [
		{"author": "Rees", "price": 8.95, "tags": ["a", "b"]}, {"author": "Waugh", "price": 12.99},
		{"author": "Melville", "isbn": "0-553", "price": 8.99}], "bicycle": {"price": 19.95, "col or": "red"}}, "max": 10}`
	for path, want := range map[string]string{
		"$.store.book[0].author": `"Rees"`, "store.book[-1].author": `"Melville"`, "$['store']['bicycle']['col or']": `"red"`,
		"$.store.book[*].author": `["Rees","Waugh","Melville"]`, "$..price": "[8.95,12.99,8.99,19.95]", "$.store..author": `["Rees","Waugh","Melville"]`,
		"$.store.book[1:].price": "[12.99,8.99]", "$.store.book[:-2].price": "[8.95]", "$.store.book[0,2].price": "[8.95,8.99]",
		"$.store.bicycle.*": `[19.95,"red"]`, "$.store.book[9]": `""`, "$.store.book.length()": "3", "$.none[*]": "[]",
		"$.store.book[?(@.isbn)].author": `["Melville"]`, "$.store.book[?(@.price < $.max)].author": `["Rees","Melville"]`,
		"$.store.book[?(@.author == 'Waugh' || @.isbn == '0-553')].price": "[12.99,8.99]", "$..book[?(!(@.isbn) && @.price > 10)].author": `["Waugh"]`,
		"$.store.book[?(@.author in ['Rees'])].price": "[8.95]", "$.store.book[?(@.author nin ['Rees'])].price": "[12.99,8.99]",
		"$..book[2]['author','isbn']": `["Melville","0-553"]`, "$..tags[0]": `["a"]`,
	} {
		if got := mapped(t, "$input.json('"+strings.ReplaceAll(path, "'", "''")+"')", Message{Body: body}); got != want {
			t.Errorf("%s\n got %s\nwant %s", path, got, want)
		}
	}
	for _, wrong := range []string{"$.", "$[", "$[?(", "$.a[x]", "$[?(@.a == )]", "$.a b", "$['a", strings.Repeat("[0]", 5000)} {
		template, err := Compile("$input.json('" + strings.ReplaceAll(wrong, "'", "''") + "')")
		if err != nil {
			t.Fatal(err)
		}
		var bad *RenderError
		if _, err := template.Render(Message{}.Scope()); !errors.As(err, &bad) {
			t.Errorf("%.20s: got %v, want a *RenderError", wrong, err)
		}
	}
}

func TestBodiesThatAreNotJSON(t *testing.T) {
	template, err := Compile("$input.json('$')")
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"{", "{} {}", `{"a": }`, "[1,]", "text"} {
		var bad *RenderError
		if _, err := template.Render(Message{Body: body}.Scope()); !errors.As(err, &bad) || !bad.BadBody {
			t.Errorf("%s: got %v, want a bad body", body, err)
		}
	}
}
