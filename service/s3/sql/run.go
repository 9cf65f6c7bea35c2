// Package sql is the SQL of S3 Select: it parses a query, and evaluates it
// record by record.
//
// AWS: "SQL reference for Amazon S3 Select".
package sql

import "time"

// Run is a query under way.
type Run struct {
	q     *Query
	now   time.Time // what UTCNOW is for all records
	left  int64     // rows that LIMIT leaves; negative: any number
	state []total
}

// total is what an aggregate function has seen.
type total struct {
	count int64
	value Value
}

// Run begins a query at a time.
func (q *Query) Run(now time.Time) *Run {
	return &Run{q: q, now: now.UTC(), left: q.limit, state: make([]total, len(q.aggregates))}
}

// Done reports that no record can change the result any more.
func (r *Run) Done() bool { return r.left == 0 }

// Record evaluates the query on a record, and calls emit for each row of the
// result, which is a Struct.
func (r *Run) Record(record Value, emit func(Value) error) error {
	return r.expand(record, r.q.from, emit)
}

// expand walks the path of the FROM clause.
func (r *Run) expand(v Value, steps []step, emit func(Value) error) error {
	for i, s := range steps {
		switch {
		case s.all && v.Kind == List:
			for _, x := range v.List {
				if err := r.expand(x, steps[i+1:], emit); err != nil {
					return err
				}
			}
			return nil
		case s.all && v.Kind == Struct:
			for _, f := range v.Fields {
				if err := r.expand(f.Value, steps[i+1:], emit); err != nil {
					return err
				}
			}
			return nil
		case s.all:
			return nil
		case s.name != "":
			v = v.field(s.name, s.exact)
		case v.Kind == List && s.index < len(v.List):
			v = v.List[s.index]
		default:
			v = Value{}
		}
	}
	return r.row(v, emit)
}

func (r *Run) row(record Value, emit func(Value) error) error {
	if r.left == 0 {
		return nil
	}
	e := &env{record: record, run: r}
	if r.q.where != nil {
		v, err := r.q.where.eval(e)
		if err != nil || !v.isTrue() {
			return err
		}
	}
	if len(r.q.aggregates) > 0 {
		for _, a := range r.q.aggregates {
			if err := a.take(e); err != nil {
				return err
			}
		}
		return nil
	}
	if r.left > 0 {
		r.left--
	}
	if !r.q.star {
		return r.emit(e, emit)
	}
	if record.Kind != Struct {
		record = Value{Kind: Struct, Fields: []Field{{"_1", record}}}
	}
	return emit(record)
}

func (r *Run) emit(e *env, emit func(Value) error) error {
	row := Value{Kind: Struct, Fields: make([]Field, len(r.q.items))}
	for i, it := range r.q.items {
		v, err := it.expr.eval(e)
		if err != nil {
			return err
		}
		row.Fields[i] = Field{it.name, v}
	}
	return emit(row)
}

// End emits the row of a query that aggregates.
func (r *Run) End(emit func(Value) error) error {
	if len(r.q.aggregates) == 0 || r.left == 0 {
		return nil
	}
	return r.emit(&env{run: r}, emit)
}

// aggregate is a call of an aggregate function.
type aggregate struct {
	name  string
	of    node
	index int
}

func (*aggregate) varies() bool { return false }

// eval is the result for all records.
func (a *aggregate) eval(e *env) (Value, error) {
	t := e.run.state[a.index]
	switch {
	case a.name == "COUNT":
		return integer(t.count), nil
	case t.count == 0:
		return Value{Kind: Null}, nil
	case a.name == "AVG":
		return floating(t.value.float() / float64(t.count)), nil
	}
	return t.value, nil
}

// take adds a record.
func (a *aggregate) take(e *env) error {
	v, err := a.of.eval(e)
	if err != nil || v.absent() {
		return err
	}
	t := &e.run.state[a.index]
	if t.count++; a.name == "COUNT" {
		return nil
	}
	n, ok := v.number()
	if !ok && (a.name == "SUM" || a.name == "AVG" || v.Kind != Time) {
		return errorf("InvalidDataType", "The SQL expression contains an invalid data type: %s needs numbers", a.name)
	}
	if ok {
		v = n
	}
	if t.count == 1 {
		t.value = v
		return nil
	}
	if a.name == "SUM" || a.name == "AVG" {
		t.value, err = (&arithmetic{"+", constant{t.value}, constant{v}}).eval(e)
		return err
	}
	if order, ok := compare(v, t.value); ok && (order < 0) == (a.name == "MIN") && order != 0 {
		t.value = v
	}
	return nil
}
