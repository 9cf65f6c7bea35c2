package dynamodb

import (
	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/state/kv"
)

// keyCondition says which items a Query is about.
type keyCondition struct {
	hash  []value // one for each attribute of the partition key
	equal []value // of the first attributes of the sort key, of several
	sort  string  // the attribute of the sort key that op is on
	op    string  // empty: none
	sorts []value
}

// partition is where the items are.
func (c *keyCondition) partition() partition { return partitionOfAll(c.hash) }

// keyConditionOf makes a key condition of an expression.
func (r *request) keyConditionOf(c *expression.Condition, t *table, k keys) (*keyCondition, error) {
	byName, err := r.byKey(c, map[string]*expression.Condition{})
	if err != nil {
		return nil, err
	}
	out := &keyCondition{sort: k.Range}
	for _, name := range k.hashes() {
		hash := byName[name]
		if hash == nil {
			return nil, invalid("Query condition missed key schema element: %s", name)
		}
		if hash.Op != "=" {
			return nil, invalid("Query key condition not supported")
		}
		out.hash = append(out.hash, r.values[hash.Args[1].Value])
	}
	if k.many() {
		if err := r.manySorts(out, byName, k); err != nil {
			return nil, err
		}
		return out, out.check(t, k)
	}
	if len(byName) > 1 {
		sort := byName[k.Range]
		switch {
		case len(byName) > len(k.names()) && k.Range != "":
			return nil, invalid("The number of query conditions (%d) exceeds the number of key attributes defined in the schema (%d)", len(byName), len(k.names()))
		case k.Range == "":
			return nil, invalid("Query key condition not supported")
		case sort == nil:
			return nil, invalid("Query condition missed key schema element: %s", k.Range)
		}
		out.op = sort.Op
		for _, a := range sort.Args[1:] {
			out.sorts = append(out.sorts, r.values[a.Value])
		}
	}
	return out, out.check(t, k)
}

// manySorts reads the conditions on a sort key of several attributes: equality from
// the first to the one before the last that is named.
// AWS: "Multi-attribute keys pattern".
func (r *request) manySorts(out *keyCondition, byName map[string]*expression.Condition, k keys) error {
	for name := range byName {
		if !k.has(name) {
			return invalid("Query key condition not supported")
		}
	}
	open := "" // the first attribute without equality
	for _, name := range k.ranges() {
		c := byName[name]
		switch {
		case c != nil && open != "":
			return invalid("RANGE key attributes %s must have equality conditions specified in the query because a condition is present on key attribute %s", open, name)
		case c == nil || c.Op != "=":
			open = name
		}
		if c == nil {
			continue
		}
		if out.op != "" {
			out.equal = append(out.equal, out.sorts...)
		}
		out.sort, out.op, out.sorts = name, c.Op, nil
		for _, a := range c.Args[1:] {
			out.sorts = append(out.sorts, r.values[a.Value])
		}
	}
	return nil
}

// byKey collects the conditions on single attributes.
func (r *request) byKey(c *expression.Condition, into map[string]*expression.Condition) (map[string]*expression.Condition, error) {
	switch c.Op {
	case "AND":
		for _, of := range c.Of {
			if _, err := r.byKey(of, into); err != nil {
				return nil, err
			}
		}
		return into, nil
	case "=", "<", "<=", ">", ">=", "BETWEEN", "begins_with":
	default:
		return nil, invalid("Invalid operator used in KeyConditionExpression: %s", c.Op)
	}
	path := c.Args[0].Path
	if path == nil {
		return nil, invalid("Query key condition not supported")
	}
	if len(path) != 1 {
		return nil, invalid("KeyConditionExpressions cannot have conditions on nested attributes")
	}
	for _, a := range c.Args[1:] {
		if a.Value == "" {
			return nil, invalid("Query key condition not supported")
		}
	}
	if into[path[0].Name] != nil {
		return nil, invalid("Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key")
	}
	into[path[0].Name] = c
	return into, nil
}

// check checks the values against the schema.
func (c *keyCondition) check(t *table, k keys) error {
	for i, name := range k.hashes() {
		if !c.hash[i].Is(t.typeOfKey(name)) {
			return invalidParameter("Condition parameter type does not match schema type")
		}
		if keySize(c.hash[i]) == 0 {
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
		}
	}
	for i, v := range c.equal {
		if !v.Is(t.typeOfKey(k.ranges()[i])) {
			return invalidParameter("Condition parameter type does not match schema type")
		}
	}
	for _, v := range c.sorts {
		if !v.Is(t.typeOfKey(c.sort)) {
			return invalidParameter("Condition parameter type does not match schema type")
		}
	}
	return nil
}

// within returns the rows that the condition is about, below the key of its
// partition.
func (c *keyCondition) within(p kv.Key) kv.Range {
	for _, v := range c.equal {
		p = p.With(sortPart(v))
	}
	r := kv.Prefix(p)
	if c.op == "" {
		return r
	}
	first := p.With(sortPart(c.sorts[0]))
	switch c.op {
	case "=":
		return kv.Prefix(first)
	case "<":
		r.To = first
	case "<=":
		r.To = first.End()
	case ">":
		r.From = first.End()
	case ">=":
		r.From = first
	case "BETWEEN":
		r.From, r.To = first, p.With(sortPart(c.sorts[1])).End()
	case "begins_with":
		return kv.TextPrefix(p, keyBytes(c.sorts[0]))
	}
	return r
}

// legacyKeys turns the parameter KeyConditions into an expression.
func (r *request) legacyKeys(conditions map[string]dynamodb.Condition) (*expression.Condition, error) {
	c, err := r.filter(conditions, "")
	if err == nil && c == nil {
		err = invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	return c, err
}
