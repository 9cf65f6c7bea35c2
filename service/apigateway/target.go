package apigateway

import (
	"strings"

	"github.com/brume-cloud/brume/aws"
)

// target is what the URI of an integration with an AWS service names.
// AWS: "PutIntegration", uri.
type target struct {
	region   aws.Region
	service  string
	host     string // before the service: a bucket, say; mostly empty
	action   string // of …:action/NAME&PARAMETERS
	path     string // of …:path/PATH, with the slash
	function string // ARN or name of a Lambda function to invoke
}

// readTarget reads arn:aws:apigateway:REGION:[SUBDOMAIN.]SERVICE:path|action/….
func readTarget(uri string) (t target, ok bool) {
	e := strings.SplitN(uri, ":", 6)
	if len(e) != 6 || e[0] != "arn" || e[2] != "apigateway" {
		return t, false
	}
	kind, rest, ok := strings.Cut(e[5], "/")
	t.region, t.service = aws.Region(e[3]), e[4]
	if at := strings.LastIndexByte(t.service, '.'); at >= 0 {
		t.host, t.service = t.service[:at], t.service[at+1:]
	}
	switch {
	case !ok || t.service == "":
		return t, false
	case kind == "action":
		t.action = rest
	case kind == "path":
		t.path = "/" + strings.TrimPrefix(rest, "/")
	default:
		return t, false
	}
	if name, ok := strings.CutPrefix(t.path, "/2015-03-31/functions/"); ok && t.service == "lambda" {
		t.function = strings.TrimSuffix(strings.TrimSuffix(name, "/invocations"), "/response-streaming-invocations")
	}
	return t, true
}
