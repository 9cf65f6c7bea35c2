package cognitoidp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
)

// Prefixes of attributes that a pool has added.
const (
	customPrefix    = "custom:"
	developerPrefix = "dev:" // AWS: "developer-only", a legacy that nobody but administrators can change
)

// standardAttributes are what every pool has.
// AWS: "Working with user attributes", from OpenID Connect Core, 5.1.
func standardAttributes() []cognitoidp.SchemaAttributeType {
	text := func(name string, least, most int) cognitoidp.SchemaAttributeType {
		return cognitoidp.SchemaAttributeType{
			Name: &name, AttributeDataType: cognitoidp.AttributeDataTypeString, DeveloperOnlyAttribute: new(false), Mutable: new(true), Required: new(false),
			StringAttributeConstraints: &cognitoidp.StringAttributeConstraintsType{MinLength: new(strconv.Itoa(least)), MaxLength: new(strconv.Itoa(most))},
		}
	}
	flag := func(name string) cognitoidp.SchemaAttributeType {
		return cognitoidp.SchemaAttributeType{
			Name: &name, AttributeDataType: cognitoidp.AttributeDataTypeBoolean, DeveloperOnlyAttribute: new(false), Mutable: new(true), Required: new(false),
		}
	}
	sub := text("sub", 1, maxAttributeLength)
	sub.Mutable, sub.Required = new(false), new(true)
	all := []cognitoidp.SchemaAttributeType{sub}
	for _, name := range []string{"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "email"} {
		all = append(all, text(name, 0, maxAttributeLength))
	}
	const dateLength = 10 // YYYY-MM-DD
	all = append(all, flag("email_verified"), text("gender", 0, maxAttributeLength), text("birthdate", dateLength, dateLength))
	for _, name := range []string{"zoneinfo", "locale", "phone_number"} {
		all = append(all, text(name, 0, maxAttributeLength))
	}
	all = append(all, flag("phone_number_verified"), text("address", 0, maxAttributeLength), cognitoidp.SchemaAttributeType{
		Name: new("updated_at"), AttributeDataType: cognitoidp.AttributeDataTypeNumber, DeveloperOnlyAttribute: new(false), Mutable: new(true), Required: new(false),
		NumberAttributeConstraints: &cognitoidp.NumberAttributeConstraintsType{MinValue: new("0")},
	})
	identities := text("identities", 0, 0)
	identities.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{}
	return append(all, identities)
}

// newSchema is the standard attributes with a new pool's wishes.
func newSchema(wishes []cognitoidp.SchemaAttributeType) ([]cognitoidp.SchemaAttributeType, error) {
	all := standardAttributes()
	for i := range wishes {
		w := &wishes[i]
		if w.Name == nil {
			return nil, invalid("1 validation error detected: Value at 'schema.%d.member.name' failed to satisfy constraint: Member must not be null", i+1)
		}
		std := find(all, *w.Name)
		if std == nil {
			if err := addCustom(&all, *w); err != nil {
				return nil, err
			}
			continue
		}
		if w.AttributeDataType != "" && w.AttributeDataType != std.AttributeDataType {
			return nil, invalid("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", *w.Name)
		}
		std.Required, std.Mutable = new(or(w.Required, *std.Required)), new(or(w.Mutable, *std.Mutable))
		if w.StringAttributeConstraints != nil && std.StringAttributeConstraints != nil {
			std.StringAttributeConstraints = w.StringAttributeConstraints
		}
		if w.NumberAttributeConstraints != nil && std.NumberAttributeConstraints != nil {
			std.NumberAttributeConstraints = w.NumberAttributeConstraints
		}
	}
	return all, nil
}

// find returns the attribute of a name, or nil.
func find(all []cognitoidp.SchemaAttributeType, name string) *cognitoidp.SchemaAttributeType {
	i := slices.IndexFunc(all, func(a cognitoidp.SchemaAttributeType) bool { return *a.Name == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// isCustom reports whether a name is of an attribute that the pool has added.
func isCustom(name string) bool {
	return strings.HasPrefix(name, customPrefix) || strings.HasPrefix(name, developerPrefix)
}

// addCustom adds an attribute to a schema, under its prefixed name.
func addCustom(all *[]cognitoidp.SchemaAttributeType, a cognitoidp.SchemaAttributeType) error {
	if a.Name == nil {
		return invalid("The attribute name is missing.")
	}
	prefix := customPrefix
	if deref(a.DeveloperOnlyAttribute) {
		prefix = developerPrefix + customPrefix
	}
	name := prefix + *a.Name
	a.Name = &name
	a.AttributeDataType = cmp.Or(a.AttributeDataType, cognitoidp.AttributeDataTypeString)
	a.DeveloperOnlyAttribute, a.Mutable = new(deref(a.DeveloperOnlyAttribute)), new(deref(a.Mutable))
	switch {
	case deref(a.Required):
		return invalid("Required custom attributes are not supported currently.")
	case find(*all, name) != nil:
		return invalid("Existing attribute already has name %s.", name)
	}
	custom := 0
	for i := range *all {
		if isCustom(*(*all)[i].Name) {
			custom++
		}
	}
	if custom == maxCustomAttributes {
		return invalid("A user pool can have at most %d custom attributes.", maxCustomAttributes)
	}
	a.Required = new(false)
	switch a.AttributeDataType {
	case cognitoidp.AttributeDataTypeString:
		a.StringAttributeConstraints = orNew(a.StringAttributeConstraints)
	case cognitoidp.AttributeDataTypeNumber:
		a.NumberAttributeConstraints = orNew(a.NumberAttributeConstraints)
	}
	*all = append(*all, a)
	return checkConstraints(&a)
}

// checkConstraints checks that the bounds of an attribute are numbers in order.
func checkConstraints(a *cognitoidp.SchemaAttributeType) error {
	var least, most *string
	if c := a.StringAttributeConstraints; c != nil {
		least, most = c.MinLength, c.MaxLength
	}
	if c := a.NumberAttributeConstraints; c != nil {
		least, most = c.MinValue, c.MaxValue
	}
	low, errLow := strconv.ParseInt(or(least, "0"), 10, 64)
	high, errHigh := strconv.ParseInt(or(most, strconv.FormatInt(low, 10)), 10, 64)
	if errLow != nil || errHigh != nil || low > high {
		return invalid("The constraints of the attribute %s are not valid.", *a.Name)
	}
	return nil
}
