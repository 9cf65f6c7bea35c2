package dynamodb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/state/kv"
)

// plan is how a SELECT finds its items: the ranges of rows that it reads, one
// after the other.
type plan struct {
	table  *table
	index  *index
	ranges []kv.Range
}

// plan finds the partitions and rows that a SELECT is about. One whose condition
// names no partition reads all.
func (st *statement) plan(t *table, consistent bool) (*plan, error) {
	x, err := st.open(t, consistent)
	if err != nil {
		return nil, err
	}
	p, k := &plan{table: t, index: x}, t.Keys
	if x != nil {
		k = x.Keys
	}
	hashes, keyed := st.hashes(st.Where, k.Hash)
	if err := st.checkOrder(k, keyed, len(hashes)); err != nil {
		return nil, err
	}
	if !keyed {
		p.ranges = []kv.Range{kv.Prefix(t.prefix(x))}
		return p, nil
	}
	backwards := false
	for _, o := range st.Order {
		if o.Name == k.Range {
			backwards = o.Descending
		} else {
			slices.SortFunc(hashes, func(a, b value) int { c, _ := compare(a, b); return c })
			if o.Descending {
				slices.Reverse(hashes)
			}
		}
	}
	for _, hash := range hashes {
		c := st.sortCondition(k)
		c.hash = []value{hash}
		if err := c.check(t, k); err != nil {
			return nil, err
		}
		r := c.within(t.prefix(x, partitionOf(hash).parts()...))
		r.Reverse = backwards
		p.ranges = append(p.ranges, r)
	}
	return p, nil
}

// hashes returns the values of the partition key of which one must be an item's
// for c to hold; ok is false when it may be any.
func (st *statement) hashes(c *expression.Condition, name string) (all []value, ok bool) {
	if c == nil {
		return nil, false
	}
	switch {
	case c.Op == "AND":
		for _, of := range c.Of {
			if all, ok = st.hashes(of, name); ok {
				return all, true
			}
		}
	case c.Op == "OR":
		for _, of := range c.Of {
			some, ok := st.hashes(of, name)
			if !ok {
				return nil, false
			}
			all = append(all, some...)
		}
		return distinctValues(all), true
	case (c.Op == "=" || c.Op == "IN") && about(c, name):
		for _, a := range c.Args[1:] {
			all = append(all, st.values[a.Value])
		}
		return distinctValues(all), true
	}
	return nil, false
}

func distinctValues(all []value) []value {
	var out []value
	for _, v := range all {
		if !slices.ContainsFunc(out, func(o value) bool { return equal(o, v) }) {
			out = append(out, v)
		}
	}
	return out
}

// sortCondition is the first condition on the sort key that a range of rows can
// serve. What it leaves is in the filter, which has the whole WHERE clause.
func (st *statement) sortCondition(k keys) *keyCondition {
	c := &keyCondition{sort: k.Range}
	for _, of := range conjuncts(st.Where) {
		if k.Range == "" || !about(of, k.Range) || !slices.Contains([]string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}, of.Op) {
			continue
		}
		c.op = of.Op
		for _, a := range of.Args[1:] {
			c.sorts = append(c.sorts, st.values[a.Value])
		}
		break
	}
	return c
}

// open finds the index of the FROM clause and checks that it has what is asked.
func (st *statement) open(t *table, consistent bool) (*index, error) {
	if st.Index == "" {
		return nil, nil
	}
	x := t.index(st.Index)
	switch {
	case x == nil:
		return nil, invalid("The table does not have the specified index")
	case x.Keys.many():
		return nil, invalid(noManyKeys)
	case x.Global && consistent:
		return nil, invalid("Strongly consistent read is not supported on Global Secondary Indexes")
	case x.Filling:
		return nil, invalid("Cannot read from backfilling global secondary index: %s", x.Name)
	}
	if missing := t.lacking(x, columnNames(st.Columns)); x.Global && len(missing) > 0 {
		return nil, invalidParameter("Global secondary index %s does not project [%s]", x.Name, strings.Join(missing, ", "))
	}
	for _, c := range conjuncts(st.Where) {
		if _, keyed := st.hashes(c, x.Keys.Hash); !keyed || c.Op == "OR" {
			continue
		}
		if missing := t.lacking(x, attributesOf(conjuncts(st.Where))); len(missing) > 0 {
			return nil, invalidParameter("Secondary index %s does not project one or more filter attributes: [%s]", x.Name, strings.Join(missing, ", "))
		}
	}
	return x, nil
}

// noManyKeys is the refusal of an index with keys of several attributes. AWS: it
// follows the index, whatever it says of tables.
const noManyKeys = "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."

// lacking returns those of the attributes that an index does not project.
func (t *table) lacking(x *index, names []string) []string {
	if x.Projection == projectAll {
		return nil
	}
	has := append(t.keyNames(x), x.Include...)
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(has, name) })
}

// attributesOf returns the attributes that conditions look at, each once. AWS: what
// is in an OR is not counted.
func attributesOf(all []*expression.Condition) []string {
	var names []string
	for _, c := range all {
		if c.Op == "NOT" {
			names = append(names, attributesOf(c.Of)...)
		}
		for _, o := range c.Args {
			for _, p := range append([]*expression.Operand{o}, o.Args...) {
				if p.Path != nil && !slices.Contains(names, p.Path[0].Name) {
					names = append(names, p.Path[0].Name)
				}
			}
		}
	}
	return names
}

// checkOrder refuses an ORDER BY that the keys do not serve.
func (st *statement) checkOrder(k keys, keyed bool, partitions int) error {
	if len(st.Order) == 0 {
		return nil
	}
	if st.Where == nil {
		return invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
	}
	if !keyed {
		return invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
	}
	for i, o := range st.Order {
		switch {
		case !k.has(o.Name):
			return invalid("Variable reference %s in ORDER BY clause must be part of the primary key", o.Name)
		case i == 0 && o.Name == k.Range && partitions > 1:
			return invalid("ORDER BY must begin with the partition key %s when the WHERE clause has several values of it", k.Hash)
		}
	}
	return nil
}

// columnNames returns the top-level attributes of columns, each once.
func columnNames(columns []expression.Path) []string {
	var names []string
	for _, p := range columns {
		if !slices.Contains(names, p[0].Name) {
			names = append(names, p[0].Name)
		}
	}
	return names
}

// columns returns the columns that were selected of an item, under the last part
// of their paths.
func (st *statement) columns(it item) item {
	if st.Columns == nil {
		return it
	}
	fields := map[string]value{}
	for _, p := range st.Columns {
		v, ok := lookup(it, p)
		if !ok {
			continue
		}
		last := len(p) - 1
		suffix := ""
		for ; p[last].List; last-- {
			suffix = fmt.Sprintf("[%d]%s", p[last].Index, suffix)
		}
		fields[p[last].Name+suffix] = v
	}
	return attribute.Make(fields)
}

// run reads a page: from where the token says, up to the limit.
func (st *statement) run(tx kv.Tx, p *plan, l *listing, from *pageToken) (*listed, *pageToken, error) {
	out := &listed{spent: &spent{table: p.table, onRead: true}}
	most := l.limit
	for i := from.Range; i < len(p.ranges); i++ {
		r := p.ranges[i]
		l.start = ""
		if i == from.Range {
			l.start = item(from.Key)
		}
		if err := l.begin(p.table, p.index, &r); err != nil {
			return nil, nil, invalid("NextToken does not match request")
		}
		page := l.run(tx, p.table, p.index, r)
		out.items = append(out.items, page.items...)
		out.scanned += page.scanned
		out.size += page.size
		out.spent.add(page.spent)
		if l.limit = most - int(out.scanned); page.last != "" {
			out.last = page.last
			return out, &pageToken{Statement: from.Statement, Range: i, Key: []byte(page.last)}, nil
		}
		if i+1 < len(p.ranges) && (most > 0 && l.limit <= 0 || out.size >= maxPage) {
			return out, &pageToken{Statement: from.Statement, Range: i + 1}, nil
		}
	}
	return out, nil, nil
}
