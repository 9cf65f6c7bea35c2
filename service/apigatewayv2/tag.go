package apigatewayv2

import "strings"

// checkTags checks the tags of a resource.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return bad("Too many tags: a resource can have at most %d", maxTags)
	}
	for k, v := range tags {
		switch {
		case k == "" || len(k) > 128 || len(v) > 256:
			return bad("Invalid tag %s: keys have 1 to 128 characters, and values at most 256", k)
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return bad("Invalid tag key. aws: prefixed tag key names are not allowed for external use.")
		}
	}
	return nil
}
