package dynamodb

import (
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/state/kv"
)

// listing is what Query and Scan have in common.
type listing struct {
	*request
	table      string
	index      *string
	selected   dynamodb.Select
	limit      int // 0: none
	consistent bool
	start      item
	projection *projection
	filter     *expression.Condition
}

// listed is a page of a listing.
type listed struct {
	items          []item
	count, scanned int32
	size           int // bytes that were read
	last           item
	*spent
}

// listingInput are the parameters that both have and that need reading.
type listingInput struct {
	projection, filter *string
	attributes         []string
	old                map[string]dynamodb.Condition // the filter of old
	by                 dynamodb.ConditionalOperator
	oldName            string
}

// expressions names the expressions that the request has.
func (in listingInput) expressions() string {
	var all []string
	if in.projection != nil {
		all = append(all, "ProjectionExpression")
	}
	if in.filter != nil {
		all = append(all, "FilterExpression")
	}
	return strings.Join(all, ", ")
}

// read reads projection, filter and what is to be selected.
func (l *listing) read(in listingInput) error {
	var err error
	if l.projection, err = l.request.projection(in.projection); err != nil {
		return err
	}
	if l.filter, err = l.condition("FilterExpression", in.filter); err != nil {
		return err
	}
	if in.attributes != nil {
		if l.projection != nil {
			return mixed("AttributesToGet", "ProjectionExpression")
		}
		l.projection = topLevel(in.attributes)
	}
	if err := l.done(); err != nil {
		return err
	}
	if in.old != nil {
		if has := in.expressions(); has != "" {
			return mixed(in.oldName, has)
		}
		if l.filter, err = l.request.filter(in.old, in.by); err != nil {
			return err
		}
	}
	return l.checkSelect()
}

func (l *listing) checkSelect() error {
	if l.selected == "" {
		return nil
	}
	specific := l.selected == dynamodb.SelectSPECIFICATTRIBUTES
	switch {
	case specific && l.projection == nil:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case !specific && l.projection != nil:
		return invalid("Cannot specify the ProjectionExpression when choosing to get %s", l.selected)
	case l.selected == dynamodb.SelectALLPROJECTEDATTRIBUTES && l.index == nil:
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	}
	return nil
}

// open finds the index that is listed, nil for the table itself, and checks that
// it can be.
func (l *listing) open(t *table) (*index, error) {
	if l.index == nil {
		return nil, nil
	}
	x := t.index(*l.index)
	switch {
	case x == nil:
		return nil, invalid("The table does not have the specified index: %s", *l.index)
	case x.Global && l.consistent:
		return nil, invalid("Consistent reads are not supported on global secondary indexes")
	case x.Filling:
		return nil, invalid("Cannot read from backfilling global secondary index: %s", x.Name)
	case !x.Global || x.Projection == projectAll:
		return x, nil
	case l.selected == dynamodb.SelectALLATTRIBUTES:
		return nil, invalidParameter("Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", x.Name)
	}
	for _, name := range t.lacks(x, l.projection) {
		return nil, invalidParameter("Global secondary index %s does not project [%s]", x.Name, name)
	}
	return x, nil
}

// lacks returns the attributes that a projection has and an index has not.
func (t *table) lacks(x *index, p *projection) []string {
	if p == nil || x.Projection == projectAll {
		return nil
	}
	has := append(t.keyNames(x), x.Include...)
	return slices.DeleteFunc(sortedKeys(p.names), func(name string) bool { return slices.Contains(has, name) })
}

// prefix is the key before all rows that are listed.
func (t *table) prefix(x *index, parts ...kv.Part) kv.Key {
	if x == nil {
		return items.Prefix(t.at.Scope, append([]kv.Part{kv.Uint(t.ID)}, parts...)...)
	}
	return entries.Prefix(t.at.Scope, append([]kv.Part{kv.Uint(t.ID), kv.Uint(x.ID)}, parts...)...)
}

// begin moves the beginning of r, or its end when it is walked backwards, to
// behind the start key.
func (l *listing) begin(t *table, x *index, r *kv.Range) error {
	if l.start == "" {
		return nil
	}
	start, err := checkedItem(l.start)
	if err != nil {
		return err
	}
	names := t.keyNames(x)
	if start.Len() != len(names) {
		return invalid("The provided starting key is invalid")
	}
	for _, name := range names {
		if !start.Value(name).Is(t.typeOfKey(name)) {
			return invalid("The provided starting key is invalid")
		}
	}
	at := t.itemKey(start)
	if x != nil {
		at = t.entryKey(x, start)
	}
	if !r.Contains(at) {
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	if r.Reverse {
		r.To = at
	} else {
		r.From = at.After()
	}
	return nil
}

// run reads a page of the rows in r.
func (l *listing) run(tx kv.Tx, t *table, x *index, r kv.Range) *listed {
	out := &listed{spent: &spent{table: t, onRead: true}}
	fetch := x != nil && !x.Global && (l.selected == dynamodb.SelectALLATTRIBUTES && x.Projection != projectAll || len(t.lacks(x, l.projection)) > 0)
	fetched := 0.0
	r.Brief = true
	for key, b := range t.rows(tx, x, r, l.consistent) {
		own := glimpse(key, b)
		out.size += itemSize(own)
		out.scanned++
		it := own
		if fetch {
			it, _ = t.glance(tx, own, l.consistent)
			fetched += readUnits(itemSize(it), l.consistent)
		}
		if l.holds(l.filter, it) {
			out.count++
			if l.selected != dynamodb.SelectCOUNT {
				out.items = append(out.items, l.projection.of(item(strings.Clone(string(it)))))
			}
		}
		if int(out.scanned) == l.limit || out.size >= maxPage {
			out.last = topLevel(t.keyNames(x)).of(own)
			break
		}
	}
	if x == nil {
		out.spent.read = readUnits(out.size, l.consistent)
	} else {
		out.onIndex(x, readUnits(out.size, l.consistent))
		out.spent.read = fetched
	}
	return out
}

// answerItems is the Items of an answer, which is empty rather than absent unless
// only a count is wanted.
func (l *listing) answerItems(out *listed) []item {
	if l.selected != dynamodb.SelectCOUNT && out.items == nil {
		return []item{}
	}
	return out.items
}
