package pattern_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/service/logs/pattern"
)

// access is a line of a web server's log.
const access = `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`

// record is an event in JSON.
const record = `{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],
 "SomeObject":null,"ThisFlag":true,"off":false,"bytes":1.5e3,"latency":-7,"user":{"id":1,"email":"John.Stiles@example.com","cluster.name":"c"},"text":"404"}`

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, message string
		want             bool
	}{
		{"", "anything", true},
		{"  ", "anything", true},
		{`" "`, "nothing-between", true},
		{"ERROR", "[ERROR 400] BAD", true},
		{"ERROR", "error", false},
		{"ERROR ARGUMENTS", "ARGUMENTS with ERROR", true},
		{"ERROR ARGUMENTS", "ERROR", false},
		{`"INTERNAL SERVER ERROR"`, "an INTERNAL SERVER ERROR", true},
		{`"INTERNAL SERVER ERROR"`, "INTERNAL ERROR SERVER", false},
		{`"say \"hi\""`, `they say "hi"`, true},
		{"?ERROR ?WARN", "a WARNING", true},
		{"?ERROR ?WARN", "INFO", false},
		{"?ERROR REQUEST", "REQUEST", true}, // AWS: ? beside others is ignored
		{"?ERROR REQUEST", "ERROR", false},
		{"ERROR -ARGUMENTS", "ERROR in code", true},
		{"ERROR -ARGUMENTS", "ERROR ARGUMENTS", false},
		{`-"exit 0"`, "exit 1", true},
		{"%AUTHORIZED%", "UNAUTHORIZED", true},
		{"%^ERROR [0-9]+$%", "ERROR 12", true},
		{"%^ERROR [0-9]+$%", "an ERROR 12", false},
		{`%10\.10\.0\.[0-9]{1,3}%`, "from 10.10.0.17", true},
		{"Größe", "die Größe", true},

		{`{ $.eventType = "UpdateTrail" }`, record, true},
		{`{$.eventType="Update*"}`, record, true},
		{`{ $.eventType = "*date*" }`, record, true},
		{`{ $.eventType = UpdateTrail }`, record, true},
		{`{ $.eventType = "UpdateTrails" }`, record, false},
		{`{ $.sourceIPAddress != 123.123.* }`, record, true},
		{`{ $.sourceIPAddress != 111.111.* }`, record, false},
		{`{ $.missing != "x" }`, record, false},
		{`{ $.missing NOT EXISTS }`, record, true},
		{`{ $.eventType NOT EXISTS }`, record, false},
		{`{ $.SomeObject NOT EXISTS }`, record, false},
		{`{ $.SomeObject IS NULL }`, record, true},
		{`{ $.ThisFlag IS TRUE }`, record, true},
		{`{ $.ThisFlag is false }`, record, false},
		{`{ $.off IS FALSE }`, record, true},
		{`{ $.arrayKey[0] = "value" }`, record, true},
		{`{ $.arrayKey[2] = "value" }`, record, false},
		{`{ $.arrayKey = "value" }`, record, false},
		{`{ $.arrayKey != "value" }`, record, false},
		{`{ $.objectList[1].id = 2 }`, record, true},
		{`{ $.objectList[*].id = 2 }`, record, true},
		{`{ $.objectList[*].id = 3 }`, record, false},
		{`{ $.user.* = "c" }`, record, true},
		{`{ $.user['cluster.name'] = "c" }`, record, true},
		{`{ $.user.['cluster.name'] = "c" }`, record, true},
		{`{ $.bytes = 1500 }`, record, true},
		{`{ $.bytes = "*" }`, record, true},
		{`{ $.user.id = "1" }`, record, false},
		{`{ $.user.id != "1" }`, record, true},
		{`{ $.missing = "*" }`, record, false},
		{`{ $.arrayKey[*] = %val.{2}% }`, record, true},
		{`{ $.* = %111\.111\.111\.1[0-9]{1,2}% }`, record, true},
		{`%\x28x\x29%`, "f(x)", true},
		{`{ $.bytes > 1499.5 && $.bytes <= 1.5e3 }`, record, true},
		{`{ $.bytes > 1500 }`, record, false},
		{`{ $.latency = -7 }`, record, true},
		{`{ $.latency < 0 }`, record, true},
		{`{ $.bytes != 1500 }`, record, false},
		{`{ $.text = 404 }`, record, true},
		{`{ $.text = 4* }`, record, true},
		{`{ $.text > 400 }`, record, false},
		{`{ $.user.email = %example\.com$% }`, record, true},
		{`{ $.user.email != %example\.com$% }`, record, false},
		{`{ ($.user.id = 2 || $.user.id = 1) && $.eventType != "x" }`, record, true},
		{`{ $.user.id = 2 || $.user.id = 1 && $.eventType = "x" }`, record, false},
		{`{ $.user.id = 1 || $.user.id = 1 && $.eventType = "x" }`, record, true},
		{`{ $.eventType = "UpdateTrail" }`, record + " more", false},
		{`{ $.eventType = "*" }`, "not JSON", false},
		{`{ $[0].a = 1 }`, `[{"a":1}]`, true},

		{"[ip, id, user, timestamp, request, status, size]", access, true},
		{"[ip, id, user, timestamp, request, rest]", access, true},
		{"[ip, id, user, timestamp, request, status=404]", access, false},
		{"[ip, id, user, timestamp, request, status, size, more]", access, false},
		{"[w1=ERROR, w2]", "ERROR 09/25/2014 12:00:02 Failed to process request", true},
		{"[w1=ERROR]", "ERROR 09/25/2014 12:00:02 Failed", false},
		{"[ip, id, user, timestamp, request, status=4*, size]", access, true},
		{"[ip, id, user, timestamp, request, status=404, size > 1000]", access, true},
		{"[ip, id, user, timestamp, request, status=404, size < 1000]", access, false},
		{"[..., status=404, size]", access, true},
		{"[ip=127.0.0.1, ..., size>=1534]", access, true},
		{"[ip, ...]", access, true},
		{`[ip, id, user = frank, ...]`, access, true},
		{`[ip, id, user != frank, ...]`, access, false},
		{`[ip, id, user, timestamp, request = "*.html*" && request != "*.png*", ...]`, access, true},
		{`[ip, id, user, timestamp, request, status = 404 || status = 410, size]`, access, true},
		{`[ip, id, user, timestamp, request, (status = 5* || status = 4*) && status != 404, size]`, access, false},
		{`[ip=%127\.0\.0\.[1-9]%, ...]`, access, true},
		{`[w1=ERROR, w2]`, "ERROR 401", true},
		{`[w1=ERROR, w2]`, "WARN 401", false},
	} {
		p, err := pattern.Parse(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := p.Match(c.message); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.message, got)
		}
	}
}

func TestWhatIsNoPatternIsRefused(t *testing.T) {
	for _, text := range []string{
		"foo-bar", "a.b", "-", "?", `"no end`, "%no end", "%%", "%a(b)%", "%wow!%", "%[a%",
		"{", "{}", "{ $.a }", "{ $.a = }", "{ a = 1 }", "{ $ = 1 }", "{ $.a = 1", "{ $.a = 1 } x", "{ $.a > x }", `{ $.a > "1" }`, "{ $.a[x] = 1 }", "{ $.a[0 = 1 }",
		"{ $.a IS MAYBE }", "{ ($.a = 1 }", "{ $.a = 1 && }", "{ $.*.b[*] = 1 }", "{ $.a[*] = 1 && $.b.* = 1 && $.c.* = 1 && $.d.* = 1 }", "{ $.a = %a% && $.a = %b% && $.a = %c% }", "{ $.a.. = 1 }",
		"[", "[]", "[a", "[a,]", "[a b]", "[..., ...]", "[a=1 && b=2]", "[a=1] x", "[a=%x%, b=%x%, c=%x%]", "[=1]",
		"{ " + strings.Repeat("(", 200) + "$.a = 1" + strings.Repeat(")", 200) + " }", strings.Repeat("a", pattern.MaxLength+1), "\xff",
	} {
		_, err := pattern.Parse(text)
		var e *pattern.Error
		if !errors.As(err, &e) {
			t.Errorf("%.80s: %v", text, err)
		}
	}
}

func TestExtracts(t *testing.T) {
	for _, c := range []struct{ pattern, message, want string }{
		{"[..., size]", access, "map[$1:127.0.0.1 $2:- $3:frank $4:10/Oct/2000:13:25:15 -0700 $5:GET /index.html HTTP/1.0 $6:404 $size:1534]"},
		{"[a, b=2]", "1 2", "map[$a:1 $b:2]"},
		{"[a, rest]", "1 [2] \"3\" ", `map[$a:1 $rest:[2] "3"]`},
		{"[a, rest]", "1 [2]", "map[$a:1 $rest:2]"},
		{`{ $.user.id = 1 && $.user = 1 || $.user.email = "*" }`, record, "map[$.user.email:John.Stiles@example.com $.user.id:1]"},
		{"ERROR", "ERROR", "map[]"},
	} {
		p, err := pattern.Parse(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.Extract(c.message)); got != c.want {
			t.Errorf("%s: %s, want %s", c.pattern, got, c.want)
		}
	}
}

// FuzzPattern looks for patterns and messages that break the parser or the
// matching, and for fields that are matched but not extracted.
func FuzzPattern(f *testing.F) {
	for _, text := range []string{
		`ERROR -"a b" ?c %x+%`, `{ ($.a['b.c'][0] = "x*" || $.d.* IS NULL) && $.e >= 1e3 }`, `[ip, ..., status=4* && status!=404, size > 10]`, `{ $.a NOT EXISTS }`,
	} {
		for _, message := range []string{"", access, record, `{"a":[{"b":1}]}`, "[a \"b"} {
			f.Add(text, message)
		}
	}
	f.Fuzz(func(t *testing.T, text, message string) {
		p, err := pattern.Parse(text)
		if err != nil {
			return
		}
		again, err := pattern.Parse(strings.TrimSpace(text))
		if err != nil {
			t.Fatalf("%q parses only with its spaces: %v", text, err)
		}
		match := p.Match(message)
		if again.Match(message) != match {
			t.Fatalf("%q on %q depends on spaces around the pattern", text, message)
		}
		values := p.Extract(message)
		if match && strings.HasPrefix(strings.TrimSpace(text), "[") && values == nil {
			t.Fatalf("%q matches %q and extracts nothing", text, message)
		}
	})
}
