package dynamodb

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// DynamoDB moves its operations, region by region, to other checks of what the model
// demands, which have other words. The words here are those of us-east-1 as public
// conformance suites recorded them.

const (
	shortest = "Member must have length greater than or equal to "
	longest  = "Member must have length less than or equal to "
	nameRule = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
)

// Invalid says in DynamoDB's words what is wrong with an input.
func Invalid(op *schema.Operation, v *wire.Invalid) *aws.Error {
	all := slices.Clone(v.Violations)
	if op != nil {
		missing := slices.ContainsFunc(all, func(one wire.Violation) bool { return one.Required })
		if text := single(op.Name, &all[0]); text != "" && !missing {
			return detected([]string{text})
		}
		if text := particular(op.Name, &all[0]); text != "" {
			return invalid("%s", text)
		}
		if op.Name == "CreateTable" && all[0].Required && all[0].Path == "tableName" {
			return invalid("The parameter 'TableName' is required but was not present in the request")
		}
	}
	// AWS: global indexes come before local ones, and what is missing comes last.
	slices.SortStableFunc(all, func(a, b wire.Violation) int {
		return strings.Compare(rank(a.Path), rank(b.Path))
	})
	var texts []string
	for i := range all {
		texts = append(texts, textOfViolation(op, &all[i])...)
	}
	return detected(texts)
}

// rank orders what is told of two kinds of indexes; all else stays where it is.
func rank(path string) string {
	switch {
	case path == "returnConsumedCapacity":
		return "a"
	case strings.HasPrefix(path, "localSecondaryIndexes"):
		return "c"
	case path == "key":
		return "d"
	}
	return "b"
}

// particular is what some operations say in words of their own; empty when they do not.
func particular(operation string, v *wire.Violation) string {
	switch operation {
	case "TagResource":
		switch {
		case v.Required && v.Member == "Key":
			return "The Tag Key provided is invalid, Key: null"
		case v.Required && v.Member == "Value":
			return "The Tag Value provided is invalid, Value: null"
		}
	case "UntagResource":
		if strings.HasPrefix(v.Path, "tagKeys.") {
			return "The Tag Key provided is invalid, Key: " + v.Value
		}
	case "DescribeBackup", "DeleteBackup":
		if v.Path == "backupArn" {
			return "Invalid Backup ARN"
		}
	}
	return ""
}

func detected(texts []string) *aws.Error {
	s := "s"
	if len(texts) == 1 {
		s = ""
	}
	return invalid("%d validation error%s detected: %s", len(texts), s, strings.Join(texts, "; "))
}

// single is what an operation with the newer checks says, which stop at the first
// mistake; empty when it has the older ones.
func single(operation string, v *wire.Violation) string {
	if v.Required {
		return ""
	}
	size := strings.HasPrefix(v.Rule, "Member must have")
	switch operation {
	case "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem":
		switch {
		case size && v.Path == "tableName":
			return "Value at 'TableName' failed to satisfy constraint: " + v.Rule
		case size && v.Path == "limit":
			return "Value at 'Limit' failed to satisfy constraint: " + v.Rule
		case operation == "UpdateItem" && v.Path == "returnValues":
			return "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
		}
	}
	table, ofTable := strings.CutPrefix(v.Path, "requestItems.")
	switch {
	case v.Path == "requestItems":
		return "Value at 'RequestItems' failed to satisfy constraint: " + v.Rule
	case operation == "BatchGetItem" && ofTable && size && strings.HasSuffix(table, ".keys"):
		return fmt.Sprintf("Value at 'RequestItems.%s.member.Keys' failed to satisfy constraint: %s", strings.TrimSuffix(table, ".keys"), v.Rule)
	case operation == "BatchWriteItem" && ofTable && size && strings.HasPrefix(v.Value, "["):
		return fmt.Sprintf("Value '{%s=%s}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [%s%d, %s1]", table, v.Value, longest, maxBatchWrite, shortest)
	}
	return ""
}

// enums are the values of enumerations in the order in which AWS lists them, where
// that is not the model's.
var enums = [...][2]string{
	{"attributeType", "[B, N, S]"},
	{"select", "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"},
	{"returnValues", "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"},
	{"conditionalOperator", "[OR, AND]"},
	{"streamViewType", "[OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE]"},
}

// textOfViolation is what the older checks say.
func textOfViolation(op *schema.Operation, v *wire.Violation) []string {
	if v.Required {
		return []string{fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", v.Path)}
	}
	rule := v.Rule
	for _, e := range enums {
		if strings.HasSuffix(v.Path, e[0]) && strings.HasPrefix(rule, "Member must satisfy enum") {
			rule = "Member must satisfy enum value set: " + e[1]
		}
	}
	if v.Path == "tableName" && v.Value == "" && op != nil && !ofItems(op.Name) {
		return []string{violation(v.Value, v.Path, shortest+"3"), violation(v.Value, v.Path, nameRule)}
	}
	return []string{violation(v.Value, v.Path, rule)}
}

// ofItems reports whether an operation is on items, which take shorter names than
// those on tables.
func ofItems(operation string) bool {
	switch operation {
	case "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan":
		return true
	}
	return false
}

func violation(value, path, rule string) string {
	return fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", value, path, rule)
}

// badName is the error for a name that no table can have, nil for others. The
// shortest name that an operation takes differs.
func badName(name, path string, least int) error {
	var texts []string
	switch {
	case len(name) < least:
		texts = append(texts, violation(name, path, shortest+fmt.Sprint(least)))
	case len(name) > maxTableName:
		texts = append(texts, violation(name, path, longest+fmt.Sprint(maxTableName)))
	}
	if !nameOf(name) {
		texts = append(texts, violation(name, path, nameRule))
	}
	if texts == nil {
		return nil
	}
	return detected(texts)
}

// nameOf reports whether a name has the characters that names have.
func nameOf(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.') {
			return false
		}
	}
	return name != ""
}

// badValue is the error for a value that is none, in the words of the newer checks
// and of the older.
type badValue struct{ now, old string }

func (e *badValue) Error() string { return e.now }

// Unwrap is what a client sees of it, unless older or enveloped have a say.
func (e *badValue) Unwrap() error { return invalid("%s", e.now) }

// older gives an error the words of the operations that have the older checks.
func older(err error) error {
	if e, ok := err.(*badValue); ok {
		return aws.Errorf(http.StatusBadRequest, "ValidationException", "%s", e.old)
	}
	return err
}

// enveloped gives an error of PutItem, UpdateItem or DeleteItem that was found
// before the table was looked at the words in front that others have only for what
// the model demands.
func enveloped(err error) error {
	switch e := err.(type) {
	case *badValue:
		return detected([]string{e.now})
	case *aws.Error:
		if e.Code == "ValidationException" {
			return detected([]string{e.Message})
		}
	}
	return err
}

// envelopedValue is enveloped for what was found later: only values that are none
// are told so.
func envelopedValue(err error) error {
	if e, ok := err.(*badValue); ok {
		return enveloped(e)
	}
	return err
}
