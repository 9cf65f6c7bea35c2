package dynamodb

import "github.com/brume-cloud/brume/api/dynamodb"

// warmth is warm throughput: what a table or an index can serve at once. It never
// gets less. AWS: "Understanding DynamoDB warm throughput".
type warmth struct {
	Read  int64 `kv:"1"`
	Write int64 `kv:"2"`
}

func (w warmth) most(other warmth) warmth {
	return warmth{max(w.Read, other.Read), max(w.Write, other.Write)}
}

// initial is the warm throughput that capacity alone gives a table or an index.
func (t *table) initial(p throughput) warmth {
	if t.provisioned() {
		return warmth{p.Read, p.Write}
	}
	return warmth{onDemandReads, onDemandWrites}
}

// warm is the warm throughput of an index, or of the table when it is nil.
func (t *table) warm(x *index) warmth {
	if x != nil {
		return x.Warm.most(t.initial(x.Throughput))
	}
	return t.Warm.most(t.initial(t.Throughput))
}

// raise lets warm throughput be at least w.
func (t *table) raise(x *index, w warmth) {
	w = t.warm(x).most(w)
	if x != nil {
		x.Warm = w
	} else {
		t.Warm = w
	}
}

// stayWarm keeps what the table and its indexes have, before capacity may be less.
func (t *table) stayWarm() {
	t.raise(nil, warmth{})
	for i := range t.Indexes {
		if t.Indexes[i].Global {
			t.raise(&t.Indexes[i], warmth{})
		}
	}
}

// warmUp is what a request says of the warm throughput of an index, or of the table
// when it is nil. A new one may have less than another could have by now.
func (t *table) warmUp(x *index, w *dynamodb.WarmThroughput, made bool) error {
	if w == nil {
		return nil
	}
	what := "table"
	if x != nil {
		what = "index " + x.Name
	}
	if x != nil && w.ReadUnitsPerSecond == nil && w.WriteUnitsPerSecond == nil {
		return invalidParameter("WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for index: %s", x.Name)
	}
	had := t.warm(x)
	for _, m := range []struct {
		wanted     *int64
		had        int64
		name, unit string
	}{{w.ReadUnitsPerSecond, had.Read, "Read", "ReadCapacityUnits"}, {w.WriteUnitsPerSecond, had.Write, "Write", "WriteCapacityUnits"}} {
		if m.wanted == nil {
			continue
		}
		than := "current WarmThroughput, decreasing WarmThroughput is not supported"
		switch {
		case made && t.provisioned():
			than = m.unit + " of ProvisionedThroughput"
		case made:
			than = "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
		}
		if *m.wanted < m.had {
			return invalidParameter("Requested %sUnitsPerSecond for WarmThroughput for %s is lower than %s", m.name, what, than)
		}
		if *m.wanted > maxTableUnits {
			return dynamodb.ErrLimitExceededException("Subscriber limit exceeded: Requested %sUnitsPerSecond for WarmThroughput for %s exceeds TableMax%s of the account in region %s", m.name, what, m.unit, t.at.Region)
		}
	}
	t.raise(x, warmth{deref(w.ReadUnitsPerSecond), deref(w.WriteUnitsPerSecond)})
	return nil
}

// warmUpAll is warmUp for a new table and its indexes.
func (t *table) warmUpAll(in *dynamodb.CreateTableInput) error {
	if err := t.warmUp(nil, in.WarmThroughput, true); err != nil {
		return err
	}
	for i := range in.GlobalSecondaryIndexes {
		g := &in.GlobalSecondaryIndexes[i]
		if err := t.warmUp(t.index(g.IndexName), g.WarmThroughput, true); err != nil {
			return err
		}
	}
	return nil
}

// describeWarm tells the warm throughput of the table.
func (t *table) describeWarm() *dynamodb.TableWarmThroughputDescription {
	w := t.warm(nil)
	return &dynamodb.TableWarmThroughputDescription{ReadUnitsPerSecond: &w.Read, WriteUnitsPerSecond: &w.Write, Status: dynamodb.TableStatusACTIVE}
}

// describeWarmIndex tells the warm throughput of an index.
func (t *table) describeWarmIndex(x *index) *dynamodb.GlobalSecondaryIndexWarmThroughputDescription {
	w := t.warm(x)
	return &dynamodb.GlobalSecondaryIndexWarmThroughputDescription{ReadUnitsPerSecond: &w.Read, WriteUnitsPerSecond: &w.Write, Status: dynamodb.IndexStatusACTIVE}
}
