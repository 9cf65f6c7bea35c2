package apigatewayv2

import (
	"strings"

	"github.com/brume-cloud/brume/state/kv"
)

// pathForm is where this cloud has APIs below its own host, for clients that
// cannot resolve names below localhost: /_aws/execute-api/ID/STAGE/PATH.
const pathForm = "/_aws/execute-api/"

// target is what a request says of where it goes.
type target struct {
	api, stage string
	domain     string // the custom domain; "" for the API's own host
	path       string // below the stage, as it came, with its slash
	whole      string // with the stage, as functions see it
}

// located finds where a request goes.
func located(tx kv.Tx, host, path string) (p target, ok bool) {
	if rest, ok := strings.CutPrefix(path, pathForm); ok {
		id, rest, _ := strings.Cut(rest, "/")
		return staged(tx, id, "/"+rest)
	}
	if id, ok := apiHost(host); ok {
		return staged(tx, id, path)
	}
	m, rest, ok := mappedTo(tx, strings.ToLower(host), path)
	return target{api: m.API, stage: m.Stage, domain: m.Domain, path: rest, whole: path}, ok
}

// staged parts the stage's name from the path of an API. What is no stage is the
// default stage's.
func staged(tx kv.Tx, id, path string) (p target, ok bool) {
	p = target{api: id, stage: defaultStage, path: path, whole: path}
	name, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if name == defaultStage {
		return p, true
	}
	if _, ok := serves(tx, id, name); name != "" && ok {
		p.stage, p.path = name, "/"+rest
	}
	return p, true
}
