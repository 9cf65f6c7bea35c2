package meter

import (
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Place is whose usage it is, and of what.
type Place struct {
	Account   aws.Account
	Region    aws.Region
	Service   string
	Dimension string // of a Keep, in units times hours, such as TimedStorage-ByteHrs
}

// Keep changes, as part of tx, how much of a dimension is used for as long as it
// is there: by a positive amount when something comes, by the same negative one
// when it goes. Read accrues it by the hour, exactly to the second of the virtual
// clock. It reads nothing, so that concurrent calls do not conflict.
//
// The usage up to a time t is the sum over all changes of amount × (t − when),
// which is t × Σ amount − Σ amount × when: three counters tell it, however many
// changes there were. Moments are kept in two, as hours and the seconds within,
// because one could overflow.
func Keep(tx kv.Tx, p Place, amount int64) {
	if amount == 0 {
		return
	}
	hours, seconds := moment(tx.Now())
	for i, delta := range [...]int64{amount, amount * hours, amount * seconds} {
		if delta != 0 {
			tx.Add(p.row(uint64(i)), delta)
		}
	}
}

// Count adds to the usage of a dimension as part of tx: what a service uses up
// outside of calls.
func Count(tx kv.Tx, p Place, amount int64) {
	if amount != 0 {
		tx.Add(key{p.Account, p.Region, p.Service, p.Dimension}.row(), amount)
	}
}

// kept holds three counters by account, region, service and dimension: the
// amount, and the sums of amounts times the hours and the seconds within the
// hour in which they came.
var kept = kv.Table[struct{}]{Name: "meter.kept"}

func (p Place) row(i uint64) kv.Key {
	return kept.Key(kv.Scope{}, kv.String(p.Account), kv.String(p.Region), kv.String(p.Service), kv.String(p.Dimension), kv.Uint(i))
}

func moment(t time.Time) (hours, seconds int64) {
	u := t.Unix()
	return u / 3600, u % 3600
}

// accrued returns what is kept, as used up to now.
func accrued(tx kv.Tx) (lines []Line) {
	sums := map[Place]*[3]int64{}
	var order []Place
	for k, v := range tx.Scan(kv.Prefix(kept.Prefix(kv.Scope{}))) {
		r := kept.Parts(k)
		p := Place{aws.Account(r.String()), aws.Region(r.String()), r.String(), r.String()}
		if sums[p] == nil {
			sums[p] = new([3]int64)
			order = append(order, p)
		}
		sums[p][r.Uint()] = kv.CounterValue(v)
	}
	hours, seconds := moment(tx.Now())
	for _, p := range order {
		s := sums[p]
		// The counters may have wrapped around; the differences have not.
		rest := s[0]*seconds - s[2]
		whole := rest / 3600
		if rest%3600 < 0 {
			whole-- // rounded down, whatever its sign
		}
		if n := s[0]*hours - s[1] + whole; n > 0 {
			lines = append(lines, Line{p.Account, p.Region, p.Service, p.Dimension, n})
		}
	}
	return lines
}
