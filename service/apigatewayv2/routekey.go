package apigatewayv2

import (
	"regexp"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// anyMethod is the method of routes that take all.
const anyMethod = "ANY"

// Routes of WebSockets that are not a client's to choose.
const (
	connectRoute    = "$connect"
	disconnectRoute = "$disconnect"
)

// routeKey is a route key of an HTTP API, taken apart. That of $default is empty.
type routeKey struct {
	method string
	parts  []string // of the path, without slashes: pets, {id}, {proxy+}; none is /
}

// greedy is the name of a path part that stands for all that is left.
func greedy(part string) (name string, ok bool) {
	name, ok = strings.CutSuffix(part, "+}")
	return strings.TrimPrefix(name, "{"), ok && strings.HasPrefix(part, "{")
}

// variable is the name of a path part that stands for any one part.
func variable(part string) (name string, ok bool) {
	if _, all := greedy(part); all || !strings.HasPrefix(part, "{") || !strings.HasSuffix(part, "}") {
		return "", false
	}
	return part[1 : len(part)-1], true
}

// parseRouteKey takes the key of an HTTP API's route apart. ok is false for one that is none.
func parseRouteKey(key string) (k routeKey, ok bool) {
	if key == defaultRoute {
		return k, true
	}
	method, path, ok := strings.Cut(key, " ")
	if !ok || !slices.Contains([]string{anyMethod, "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}, method) || !strings.HasPrefix(path, "/") {
		return k, false
	}
	k.method = method
	if path = strings.Trim(path, "/"); path != "" {
		k.parts = strings.Split(path, "/")
	}
	return k, true
}

var (
	plainPart    = regexp.MustCompile(`^[a-zA-Z0-9._~:@!$&'()*+,;=%-]+$`)
	variablePart = regexp.MustCompile(`^\{[a-zA-Z0-9._-]+\+?\}$`)
)

// checkRouteKey checks the form of a route's key.
func checkRouteKey(p apigatewayv2.ProtocolType, key string) error {
	if p == apigatewayv2.ProtocolTypeWEBSOCKET {
		if key == "" || len(key) > maxName {
			return bad("Invalid route key specified: it must have between 1 and %d characters", maxName)
		}
		return nil
	}
	k, ok := parseRouteKey(key)
	if !ok {
		return bad(`The provided route key is not formatted properly for HTTP protocol. Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"`)
	}
	names := map[string]bool{}
	for i, part := range k.parts {
		if !plainPart.MatchString(part) && !variablePart.MatchString(part) {
			return bad("One or more path parts appear to be invalid")
		}
		name, all := greedy(part)
		one, isVariable := variable(part)
		if all && i != len(k.parts)-1 {
			return bad("The greedy path variable must be the last path part of the route key")
		}
		if name += one; (all || isVariable) && names[name] {
			return bad("The path variable %s is used more than once in the route key", name)
		}
		names[name] = true
	}
	return nil
}

// clash refuses a key that another route of the API has, or that names a variable
// otherwise where both stand for the same.
func (a address) clash(tx kv.Tx, r *apigatewayv2.Route) error {
	own, _ := parseRouteKey(r.RouteKey)
	for _, other := range routes.all(tx, a.Scope, a.ID) {
		if *other.RouteId == *r.RouteId {
			continue
		}
		if other.RouteKey == r.RouteKey {
			return conflict("Route with key %s already exists for this API", r.RouteKey)
		}
		if k, _ := parseRouteKey(other.RouteKey); own.method == k.method && diverge(own.parts, k.parts) {
			return conflict(`The provided route key "%s" has a conflicting variable on the same hierarchical level as "%s"`, r.RouteKey, other.RouteKey)
		}
	}
	return nil
}

// diverge reports whether two paths are the same up to a variable that has different names.
func diverge(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		_, one := variable(a[i])
		_, other := variable(b[i])
		_, all := greedy(a[i])
		_, allOther := greedy(b[i])
		return one && other || all && allOther
	}
	return false
}
