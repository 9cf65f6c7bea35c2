package cognitoidp

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/brume-cloud/brume/api/cognitoidp"
)

// writing is attributes, and who writes them.
type writing struct {
	attributes []cognitoidp.AttributeType
	client     *client // nil: an administrator, who may write all
	fresh      bool    // the user is being made, so that immutable attributes can be set
}

// read checks the attributes against the pool's schema.
func (w writing) read(p *pool) (map[string]string, error) {
	out := make(map[string]string, len(w.attributes))
	for _, a := range w.attributes {
		rule := find(p.settings.SchemaAttributes, a.Name)
		switch {
		case rule == nil || a.Name == "identities":
			return nil, invalid("Attributes did not conform to the schema: Type for attribute {%s} could not be determined", a.Name)
		case a.Name == "sub":
			return nil, invalid("Cannot modify the non-mutable attribute sub")
		case !*rule.Mutable && !w.fresh:
			return nil, invalid("user.%s: Attribute cannot be updated.", a.Name)
		case w.client != nil && !w.client.mayWrite(a.Name):
			return nil, cognitoidp.ErrNotAuthorizedException("A client attempted to write unauthorized attribute")
		}
		if _, twice := out[a.Name]; twice {
			return nil, invalid("The attribute %s is given more than once.", a.Name)
		}
		value := deref(a.Value)
		if err := conforms(rule, value); err != nil {
			return nil, err
		}
		out[a.Name] = value
	}
	return out, nil
}

// complete checks that a new user has all that the pool requires.
func (p *pool) complete(attributes map[string]string) error {
	for i := range p.settings.SchemaAttributes {
		rule := &p.settings.SchemaAttributes[i]
		if name := *rule.Name; *rule.Required && name != "sub" && attributes[name] == "" {
			return invalid("Attributes did not conform to the schema: %s: The attribute is required", name)
		}
	}
	return nil
}

// mayWrite reports whether users may set an attribute through the client.
func (c *client) mayWrite(name string) bool {
	if strings.HasSuffix(name, verifiedSuffix) && !isCustom(name) || strings.HasPrefix(name, developerPrefix) {
		return false
	}
	return len(c.settings.WriteAttributes) == 0 || slices.Contains(c.settings.WriteAttributes, name)
}

// mayRead reports whether users see an attribute through the client.
func (c *client) mayRead(name string) bool {
	if strings.HasPrefix(name, developerPrefix) {
		return false
	}
	return name == "sub" || len(c.settings.ReadAttributes) == 0 || slices.Contains(c.settings.ReadAttributes, name)
}

// conforms checks a value. An empty one is that of an attribute that is not there.
func conforms(rule *cognitoidp.SchemaAttributeType, value string) error {
	name := *rule.Name
	wrong := func(what string) error {
		return invalid("Attributes did not conform to the schema: %s: %s", name, what)
	}
	if utf8.RuneCountInString(value) > maxAttributeLength {
		return wrong("String must be no longer than 2048 characters")
	}
	if value == "" {
		return nil
	}
	switch {
	case name == "email" && !isEmail(value):
		return invalid("Invalid email address format.")
	case name == "phone_number" && !isPhone(value):
		return invalid("Invalid phone number format.")
	}
	switch rule.AttributeDataType {
	case cognitoidp.AttributeDataTypeBoolean:
		if value != "true" && value != "false" {
			return wrong("Attribute value must be a boolean")
		}
	case cognitoidp.AttributeDataTypeDateTime:
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return wrong("Attribute value must be a date")
		}
	case cognitoidp.AttributeDataTypeNumber:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return wrong("Attribute value must be a number")
		}
		if c := rule.NumberAttributeConstraints; c != nil && !within(n, c.MinValue, c.MaxValue) {
			return wrong("Number is out of its range")
		}
	default:
		if c := rule.StringAttributeConstraints; c != nil && !within(int64(utf8.RuneCountInString(value)), c.MinLength, c.MaxLength) {
			return wrong("String length is out of its range")
		}
	}
	return nil
}

func within(n int64, least, most *string) bool {
	low, errLow := strconv.ParseInt(deref(least), 10, 64)
	high, errHigh := strconv.ParseInt(deref(most), 10, 64)
	return (errLow != nil || n >= low) && (errHigh != nil || n <= high)
}

func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && !strings.ContainsAny(s, " \t\r\n<>,;") && !strings.Contains(domain, "@")
}

// isPhone reports whether s is a number with its country, as E.164 writes it.
func isPhone(s string) bool {
	ok, err := regexp.MatchString(`^\+[0-9]{4,15}$`, s)
	return ok && err == nil
}
