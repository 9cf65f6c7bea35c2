package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/state/kv"
)

// seen are the items that a request has named, to find one that it names twice.
type seen map[string]bool

// twice reports whether the item with the key was named before.
func (s seen) twice(t *table, key item) bool {
	k := string(t.itemKey(key))
	was := s[k]
	s[k] = true
	return was
}

func duplicates() error { return invalid("Provided list of item keys contains duplicates") }

// BatchWriteItem puts and deletes items of several tables. AWS does each alone;
// here they are one transaction, of which only what is throttled is left unprocessed.
func (s *Service) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
	all, err := s.batched(in.RequestItems)
	if err != nil {
		return nil, err
	}
	var taken spending
	var p *pacing
	var left map[string][]dynamodb.WriteRequest
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		named := seen{}
		taken, left, p = spending{}, map[string][]dynamodb.WriteRequest{}, s.pacing(tx)
		var throttled error
		for _, m := range all {
			t, err := findTable(ctx, tx, m.table)
			if err != nil {
				return err
			}
			if m.put && !t.hasKey(m.key) {
				return wrongKey()
			}
			if err := m.check(t); err != nil {
				return older(err)
			}
			if named.twice(t, m.key) {
				return duplicates()
			}
			if err := p.admitWrite(ctx, tx, m); err != nil {
				throttled = err
				left[m.table] = append(left[m.table], m.again())
				continue
			}
			if t.held(tx, m.key) {
				left[m.table] = append(left[m.table], m.again())
				continue
			}
			o, err := m.run(ctx, tx)
			if err != nil {
				return err
			}
			p.wrote(m.key, o.spent)
			taken.of(t).add(o.spent)
		}
		if len(taken) == 0 {
			return throttled // AWS: it is an error only if nothing could be done
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.charge(ctx)
	s.meterAll(ctx, taken)
	return &dynamodb.BatchWriteItemOutput{UnprocessedItems: left, ConsumedCapacity: taken.answer(in.ReturnConsumedCapacity)}, nil
}

// again is the request of a batch that the mutation was made from.
func (m *mutation) again() dynamodb.WriteRequest {
	if m.put {
		return dynamodb.WriteRequest{PutRequest: &dynamodb.PutRequest{Item: m.key}}
	}
	return dynamodb.WriteRequest{DeleteRequest: &dynamodb.DeleteRequest{Key: m.key}}
}

// batched reads the requests of a BatchWriteItem.
func (s *Service) batched(requests map[string][]dynamodb.WriteRequest) ([]*mutation, error) {
	var all []*mutation
	for _, name := range sortedKeys(requests) {
		for _, r := range requests[name] {
			m := mutation{table: name}
			switch {
			case r.PutRequest != nil && r.DeleteRequest != nil:
				return nil, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
			case r.PutRequest != nil:
				m.key, m.put = r.PutRequest.Item, true
			case r.DeleteRequest != nil:
				m.key, m.delete = r.DeleteRequest.Key, true
			default:
				return nil, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
			}
			made, err := s.newMutation(m, clauses{})
			if err != nil {
				return nil, older(err)
			}
			all = append(all, made)
		}
	}
	if len(all) > maxBatchWrite {
		return nil, invalid("Too many items requested for the BatchWriteItem call")
	}
	return all, nil
}

// meterAll counts what was taken of several tables.
func (s *Service) meterAll(ctx context.Context, taken spending) {
	for _, u := range taken {
		s.meter(ctx, u)
	}
}

// batchTable is what a BatchGetItem wants of one table.
type batchTable struct {
	dynamodb.KeysAndAttributes
	name       string
	projection *projection
}

// BatchGetItem returns items of several tables, up to 16 MB of them. The rest is
// left unprocessed.
func (s *Service) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
	all, err := s.batchTables(in.RequestItems)
	if err != nil {
		return nil, err
	}
	out := new(dynamodb.BatchGetItemOutput)
	var taken spending
	var p *pacing
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = dynamodb.BatchGetItemOutput{Responses: map[string][]item{}, UnprocessedKeys: map[string]dynamodb.KeysAndAttributes{}}
		taken, p = spending{}, s.pacing(tx)
		left := maxBatchBytes
		var throttled error
		for _, b := range all {
			t, err := findTable(ctx, tx, b.name)
			if err != nil {
				return err
			}
			if err := b.run(tx, batchReading{t, out, taken.of(t), &left, p, &throttled}); err != nil {
				return err
			}
		}
		if !anyRead(taken) {
			return throttled
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.charge(ctx)
	s.meterAll(ctx, taken)
	out.ConsumedCapacity = taken.answer(in.ReturnConsumedCapacity)
	return out, nil
}

// anyRead reports whether an item was read.
func anyRead(taken spending) bool {
	for _, u := range taken {
		if u.read > 0 {
			return true
		}
	}
	return false
}

// batchReading is where the items of one table go.
type batchReading struct {
	*table
	out  *dynamodb.BatchGetItemOutput
	took *spent
	left *int // bytes
	*pacing
	throttled *error // the last one
}

func (b batchTable) run(tx kv.Tx, to batchReading) error {
	named, found, rest := seen{}, []item{}, []item(nil)
	for _, key := range b.Keys {
		key, err := to.checkedKey(key)
		if err != nil {
			return err
		}
		if named.twice(to.table, key) {
			return duplicates()
		}
		err = to.admit(to.useOf(key, false))
		if err != nil {
			*to.throttled = err
		}
		if err != nil || *to.left <= 0 {
			rest = append(rest, key)
			continue
		}
		it, ok := to.table.glance(tx, key, deref(b.ConsistentRead))
		size := itemSize(it)
		*to.left -= size
		read := readUnits(size, deref(b.ConsistentRead))
		to.took.read += read
		to.spend(to.useOf(key, false), read)
		if ok {
			found = append(found, b.projection.of(it))
		}
	}
	to.out.Responses[b.name] = found
	if rest != nil {
		b.KeysAndAttributes.Keys = rest
		to.out.UnprocessedKeys[b.name] = b.KeysAndAttributes
	}
	return nil
}

// batchTables reads the requests of a BatchGetItem.
func (s *Service) batchTables(requests map[string]dynamodb.KeysAndAttributes) ([]batchTable, error) {
	var all []batchTable
	n := 0
	for _, name := range sortedKeys(requests) {
		b := batchTable{KeysAndAttributes: requests[name], name: name}
		r, err := newRequest(s.parsed, b.ExpressionAttributeNames, "")
		if err != nil {
			return nil, err
		}
		if b.projection, err = r.projection(b.ProjectionExpression); err != nil {
			return nil, err
		}
		if err := r.done(); err != nil {
			return nil, err
		}
		if b.AttributesToGet != nil {
			b.projection = topLevel(b.AttributesToGet)
		}
		all = append(all, b)
		n += len(b.Keys)
	}
	if n > maxBatchGet {
		return nil, invalid("Too many items requested for the BatchGetItem call")
	}
	return all, nil
}
