package dynamodb

import (
	"encoding/base64"
	"strconv"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/service/dynamodb/partiql"
)

// detail is what of a request the condition keys are about.
type detail struct {
	query      *dynamodb.QueryInput
	scan       bool
	projection *string
	names      map[string]string
	attributes []string
	selected   string // Select
	values     string // ReturnValues
	statement  *statement
}

// conditionKeys gives the values of DynamoDB's own condition keys.
// AWS: "Using IAM policy conditions for fine-grained access control".
func (s *subject) conditionKeys(t *table) func(string) ([]string, bool) {
	return func(key string) ([]string, bool) {
		switch key {
		case "dynamodb:leadingkeys":
			all := s.leading(t)
			return all, len(all) > 0
		case "dynamodb:attributes":
			all := s.read()
			return all, len(all) > 0
		case "dynamodb:select":
			return []string{s.selected}, s.selected != ""
		case "dynamodb:returnvalues":
			return []string{s.values}, s.values != ""
		case "dynamodb:fulltablescan":
			if s.statement != nil && s.statement.Kind == partiql.Select {
				return []string{strconv.FormatBool(len(s.leading(t)) == 0)}, true
			}
			return []string{"true"}, s.scan
		}
		return nil, false
	}
}

// leading returns the partition keys that the request names.
func (s *subject) leading(t *table) []string {
	var all []string
	for _, key := range s.keys {
		if v, ok := key.Get(t.Keys.Hash); ok {
			all = append(all, keyText(v))
		}
	}
	hash := t.Keys.Hash
	if s.index != nil {
		if x := t.index(*s.index); x != nil {
			hash = x.Keys.Hash
		}
	}
	if s.statement != nil {
		for _, v := range s.statement.leading(hash) {
			all = append(all, keyText(v))
		}
	}
	if s.query == nil {
		return all
	}
	if v, ok := s.queried(hash); ok {
		all = append(all, keyText(v))
	}
	return all
}

// queried is the value of the partition key in a Query. One that cannot be read
// has none: the operation refuses it.
func (s *subject) queried(hash string) (value, bool) {
	if c, ok := s.query.KeyConditions[hash]; ok && len(c.AttributeValueList) == 1 {
		return c.AttributeValueList[0], true
	}
	r, err := newRequest(nil, s.query.ExpressionAttributeNames, s.query.ExpressionAttributeValues)
	if err != nil {
		return "", false
	}
	where, err := r.condition("KeyConditionExpression", s.query.KeyConditionExpression)
	if err != nil || where == nil {
		return "", false
	}
	byName, err := r.byKey(where, map[string]*expression.Condition{})
	if err != nil || byName[hash] == nil {
		return "", false
	}
	v, ok := r.values[byName[hash].Args[1].Value]
	return v, ok
}

// keyText is a key's value as policies write it.
func keyText(v value) string {
	if v.Is(attribute.B) {
		return base64.StdEncoding.EncodeToString([]byte(v.Text()))
	}
	return v.Text()
}

// read returns the attributes that the request asks for, none when it asks for all.
func (s *subject) read() []string {
	if s.projection == nil {
		return s.attributes
	}
	r, err := newRequest(nil, s.names, "")
	if err != nil {
		return nil
	}
	p, err := r.projection(s.projection)
	if err != nil {
		return nil
	}
	return sortedKeys(p.names)
}
