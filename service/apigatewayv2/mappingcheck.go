package apigatewayv2

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
)

// checkMappings checks the parameter mappings of an HTTP API's integration.
// AWS: "Transforming API requests and responses" (HTTP APIs).
func checkMappings(i *apigatewayv2.Integration) error {
	if i.IntegrationSubtype == nil {
		for destination, value := range i.RequestParameters {
			if err := checkDestination(destination, "querystring."); err != nil && destination != "overwrite:path" {
				return err
			}
			if err := checkSource("request", destination, value); err != nil {
				return err
			}
		}
	}
	for status, m := range i.ResponseParameters {
		if n, err := strconv.Atoi(status); err != nil || n < 200 || n > 599 {
			return bad("Invalid status code specified in response parameters: %s. It must be between 200 and 599", status)
		}
		for destination, value := range m {
			if err := checkDestination(destination, ""); err != nil && destination != "overwrite:statuscode" {
				return err
			}
			if err := checkSource("response", destination, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDestination checks OPERATION:header.NAME, or another place than header.
func checkDestination(destination, other string) error {
	operation, place, ok := strings.Cut(destination, ":")
	if !ok || !slices.Contains([]string{"append", "overwrite", "remove"}, operation) {
		return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", destination)
	}
	name, isHeader := strings.CutPrefix(place, "header.")
	if isHeader && name != "" {
		if isReserved(name) {
			return bad("Operations on header %s are restricted", name)
		}
		return nil
	}
	if name, ok := strings.CutPrefix(place, other); other != "" && ok && name != "" {
		return nil
	}
	return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", destination)
}

// isReserved reports whether a header is not for mappings to change.
// AWS: "Transforming API requests and responses": reserved headers.
func isReserved(header string) bool {
	header = strings.ToLower(header)
	for _, p := range []string{"access-control-", "apigw-", "x-amz-", "x-amzn-"} {
		if strings.HasPrefix(header, p) {
			return true
		}
	}
	return slices.Contains([]string{
		"authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded", "keep-alive", "origin",
		"proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding", "upgrade", "x-forwarded-for", "x-forwarded-host",
		"x-forwarded-proto", "via",
	}, header)
}

// sources are the forms of what a mapping takes from a request or a response:
// $request.header.NAME and so on, by the first word.
var sources = map[string]*regexp.Regexp{
	"request":  regexp.MustCompile(`^(request\.(header|querystring|path)\.[^\s.{}]+|request\.path|request\.body(\..+|\[.+)?|context\.[\w.-]+|stageVariables\.\w+)$`),
	"response": regexp.MustCompile(`^(response\.header\.[^\s.{}]+|response\.body(\..+|\[.+)?|context\.[\w.-]+|stageVariables\.\w+)$`),
}

// checkSource checks the value of a mapping: a static text, or one with references.
func checkSource(side, destination, value string) error {
	if strings.HasPrefix(destination, "remove:") || value == "" {
		return nil
	}
	if reference, ok := strings.CutPrefix(value, "$"); ok && !strings.HasPrefix(value, "${") {
		if !sources[side].MatchString(reference) {
			return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", value)
		}
		return nil
	}
	for rest := value; ; {
		_, after, ok := strings.Cut(rest, "${")
		if !ok {
			return nil
		}
		reference, tail, closed := strings.Cut(after, "}")
		if !closed || !sources[side].MatchString(strings.TrimPrefix(reference, "$")) {
			return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", value)
		}
		rest = tail
	}
}

var (
	webSocketDestination = regexp.MustCompile(`^integration\.request\.(header|querystring|path)\.[^\s]+$`)
	webSocketSource      = regexp.MustCompile(`^('[^']*'|route\.request\.(header|querystring|multivalueheader|multivaluequerystring)\.[^\s]+|route\.request\.body(\..+)?|context\.[\w.-]+|stageVariables\.\w+)$`)
)

// checkWebSocketMapping checks a parameter mapping of a WebSocket API's integration.
// AWS: "Request and response data mapping reference" (WebSocket APIs).
func checkWebSocketMapping(destination, value string) error {
	if !webSocketDestination.MatchString(destination) || !webSocketSource.MatchString(value) {
		return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s=%s]", destination, value)
	}
	return nil
}
