package iam

import (
	"fmt"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// Invalid says in IAM's words what is wrong with an input.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	if len(v.Violations) == 1 {
		if text := specific(&v.Violations[0]); text != "" {
			return invalid("%s", text)
		}
	}
	var b strings.Builder
	s := "s"
	if len(v.Violations) == 1 {
		s = ""
	}
	fmt.Fprintf(&b, "%d validation error%s detected: ", len(v.Violations), s)
	for i, one := range v.Violations {
		if i > 0 {
			b.WriteString("; ")
		}
		// AWS: IAM does not repeat the value.
		if one.Required {
			fmt.Fprintf(&b, "Value null at '%s' failed to satisfy constraint: Member must not be null", lower(one.Path))
			continue
		}
		fmt.Fprintf(&b, "Value at '%s' failed to satisfy constraint: %s", lower(one.Path), one.Rule)
	}
	return invalid("%s", b.String())
}

// lower begins a path as IAM's messages do.
func lower(path string) string {
	if path == "" {
		return path
	}
	return strings.ToLower(path[:1]) + path[1:]
}

// specific is the message that IAM has of its own for a value of the wrong form.
func specific(v *wire.Violation) string {
	if !strings.HasPrefix(v.Rule, "Member must satisfy regular expression pattern") {
		return ""
	}
	name := lower(v.Member)
	switch {
	case strings.HasSuffix(name, "ame") && name != "sAMLProviderName":
		return "The specified value for " + name + " is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
	case name == "path" || name == "newPath":
		return "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
	case name == "pathPrefix":
		return "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric characters and/or / characters."
	case name == "policyDocument" || name == "assumeRolePolicyDocument":
		return "The specified value for " + name + " is invalid. It must contain only printable ASCII characters."
	}
	return ""
}
