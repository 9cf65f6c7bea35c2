package accesslog_test

import (
	"testing"

	"github.com/brume-cloud/brume/front/accesslog"
)

func TestLines(t *testing.T) {
	values := map[string]string{"requestId": "r1", "identity.sourceIp": "192.0.2.1", "authorizer.claims.cognito:groups": "[a]", "status": "200"}
	for format, want := range map[string]string{
		`$context.requestId`: "r1",
		`{ "id":"$context.requestId","ip": "$context.identity.sourceIp" }`:         `{ "id":"r1","ip": "192.0.2.1" }`,
		`$context.identity.sourceIp $context.identity.caller [x] $context.status.`: "192.0.2.1 - [x] 200.",
		`<a>$context.requestId</a>`:                 "<a>r1</a>",
		`$context.`:                                 "$context.",
		`$context.$context.status`:                  "$context.200",
		`$context.authorizer.claims.cognito:groups`: "[a]",
		`plain $5`:                                  "plain $5",
		``:                                          "",
	} {
		if got := accesslog.Compile(format).Line(func(name string) string { return values[name] }); got != want {
			t.Errorf("%s gives %s, want %s", format, got, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("$context.requestId $context.")
	f.Fuzz(func(t *testing.T, format string) {
		if got := accesslog.Compile(format).Line(func(name string) string { return "$context." + name }); got != format {
			t.Errorf("%q became %q", format, got)
		}
	})
}
