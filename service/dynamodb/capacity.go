package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
)

// spent is the capacity that an operation took of one table, in units.
type spent struct {
	table   *table
	read    float64
	write   float64 // of the table itself
	indexes map[string]float64
	onRead  bool // the units of indexes are read units
}

// units is how many units of that size hold so many bytes; at least one.
func units(bytes, size int) float64 { return float64(max(1, (bytes+size-1)/size)) }

// readUnits is what reading so many bytes takes.
// AWS: an eventually consistent read takes half.
func readUnits(bytes int, consistent bool) float64 {
	n := units(bytes, readUnit)
	if !consistent {
		n /= 2
	}
	return n
}

func (u *spent) onIndex(x *index, n float64) {
	if u.indexes == nil {
		u.indexes = map[string]float64{}
	}
	u.indexes[x.Name] += n
}

// add adds what another operation took of the same table.
func (u *spent) add(other *spent) {
	u.read += other.read
	u.write += other.write
	u.onRead = u.onRead || other.onRead
	for name, n := range other.indexes {
		if u.indexes == nil {
			u.indexes = map[string]float64{}
		}
		u.indexes[name] += n
	}
}

// times multiplies it: what a transaction does takes twice the capacity.
func (u *spent) times(n float64) *spent {
	u.read *= n
	u.write *= n
	for name := range u.indexes {
		u.indexes[name] *= n
	}
	return u
}

func (u *spent) onIndexes() (n float64) {
	for _, of := range u.indexes {
		n += of
	}
	return n
}

// answer is the ConsumedCapacity of an answer, nil when none is wanted.
func (u *spent) answer(wanted dynamodb.ReturnConsumedCapacity) *dynamodb.ConsumedCapacity {
	if u == nil || wanted == "" || wanted == dynamodb.ReturnConsumedCapacityNONE {
		return nil
	}
	c := &dynamodb.ConsumedCapacity{TableName: ptr(u.table.at.Name), CapacityUnits: ptr(u.read + u.write + u.onIndexes())}
	if wanted != dynamodb.ReturnConsumedCapacityINDEXES {
		return c
	}
	c.Table = &dynamodb.Capacity{CapacityUnits: ptr(u.read + u.write)}
	for name, n := range u.indexes {
		to := &c.GlobalSecondaryIndexes
		if x := u.table.index(name); x != nil && !x.Global {
			to = &c.LocalSecondaryIndexes
		}
		if *to == nil {
			*to = map[string]dynamodb.Capacity{}
		}
		(*to)[name] = dynamodb.Capacity{CapacityUnits: ptr(n)}
	}
	return c
}

// spending is what an operation took of several tables.
type spending map[string]*spent

// of returns the account of a table.
func (s spending) of(t *table) *spent {
	if s[t.at.Name] == nil {
		s[t.at.Name] = &spent{table: t}
	}
	return s[t.at.Name]
}

func (s spending) answer(wanted dynamodb.ReturnConsumedCapacity) []dynamodb.ConsumedCapacity {
	var all []dynamodb.ConsumedCapacity
	for _, name := range sortedKeys(s) {
		if c := s[name].answer(wanted); c != nil {
			all = append(all, *c)
		}
	}
	return all
}

// transacted is answer for a transaction, which tells reads and writes apart.
func (s spending) transacted(wanted dynamodb.ReturnConsumedCapacity) []dynamodb.ConsumedCapacity {
	all := s.answer(wanted)
	for i := range all {
		c := &all[i]
		u := s[*c.TableName]
		c.ReadCapacityUnits, c.WriteCapacityUnits = amountOf(u.read), amountOf(u.write+u.onIndexes())
		if c.Table != nil {
			c.Table.ReadCapacityUnits, c.Table.WriteCapacityUnits = amountOf(u.read), amountOf(u.write)
		}
	}
	return all
}

// amountOf is ptr for an amount that is left out when it is none.
func amountOf(n float64) *float64 {
	if n == 0 {
		return nil
	}
	return &n
}

// meter counts what was taken, after the transaction.
func (s *Service) meter(ctx context.Context, taken ...*spent) {
	if s.Meter == nil {
		return
	}
	for _, u := range taken {
		if u != nil {
			s.Meter.Add(aws.CallFrom(ctx), u.usage())
		}
	}
}
