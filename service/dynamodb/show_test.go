package dynamodb_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// show writes an item in one line, by the names of its attributes.
func show(r row) string {
	if r == nil {
		return "none"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, name+"="+showValue(r[name]))
	}
	return strings.Join(parts, " ")
}

func showValue(v av) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberB:
		return fmt.Sprintf("%x", v.Value)
	case *types.AttributeValueMemberSS:
		return "{" + strings.Join(slices.Sorted(slices.Values(v.Value)), " ") + "}"
	case *types.AttributeValueMemberNS:
		return "{" + strings.Join(slices.Sorted(slices.Values(v.Value)), " ") + "}"
	case *types.AttributeValueMemberBS:
		return fmt.Sprintf("%x", v.Value)
	case *types.AttributeValueMemberBOOL:
		return fmt.Sprint(v.Value)
	case *types.AttributeValueMemberNULL:
		return "null"
	case *types.AttributeValueMemberL:
		var parts []string
		for _, e := range v.Value {
			parts = append(parts, showValue(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *types.AttributeValueMemberM:
		return "<" + show(v.Value) + ">"
	}
	return "?"
}

// showAll writes items one after the other.
func showAll(rows []row) string {
	var parts []string
	for _, r := range rows {
		parts = append(parts, show(r))
	}
	return strings.Join(parts, "; ")
}
