package dynamodb

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/kv/local"
)

// past is a store with a table whose changes are kept.
type past struct {
	*testing.T
	store *local.Store
	now   time.Time
	table *table
}

func newPast(t *testing.T) *past {
	p := &past{T: t, now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	p.store = local.Memory(local.Options{Now: func() time.Time { return p.now }})
	t.Cleanup(func() { p.store.Close() })
	p.table = &table{
		at: address{kv.Scope{Account: "1", Region: "r"}, "t"}, ID: 1, Keys: keys{Hash: "h", Range: "r"}, Recovery: &recovery{Since: p.now, Days: 2},
		Attributes: []definition{{"h", "N"}, {"r", "S"}},
	}
	p.update(func(tx kv.Tx) { tables.Put(tx, p.table.at.key(), p.table) })
	return p
}

func (p *past) update(fn func(tx kv.Tx)) {
	p.Helper()
	if err := kv.Update(p.Context(), p.store, func(tx kv.Tx) error { fn(tx); return nil }); err != nil {
		p.Fatal(err)
	}
}

// put gives an item a value; an empty one is none.
func (p *past) put(n int, v string) {
	it := attribute.Make(map[string]value{"h": attribute.Number(fmt.Sprint(n % 3)), "r": attribute.String(fmt.Sprint(n)), "v": attribute.String(v)})
	p.update(func(tx kv.Tx) {
		c := change{}
		c.was, _ = p.table.read(tx, it)
		if v != "" {
			c.is = it
		}
		p.table.write(tx, c)
	})
}

// at reads the table at a moment, some items at a time.
func (p *past) at(m moment) map[string]string {
	all := map[string]string{}
	var after []byte
	for more := true; more; {
		more = false
		p.update(func(tx kv.Tx) {
			n := 0
			for st := range p.table.asOf(tx, after, m) {
				if len(st.was[0]) > 0 {
					it := decode(nil, st.was[0])
					all[it.Value("r").Text()] = it.Value("v").Text()
				}
				after = []byte(st.place)
				if n++; n == 3 {
					more = true
					return
				}
			}
		})
	}
	return all
}

func TestEveryMomentCanBeRead(t *testing.T) {
	for seed := range uint64(20) {
		p, random := newPast(t), rand.New(rand.NewPCG(seed, 1))
		type seen struct {
			moment
			is map[string]string
		}
		is, moments := map[string]string{}, []seen{}
		for range 60 {
			n, v := random.IntN(12), ""
			if random.IntN(3) > 0 {
				v = fmt.Sprint(random.Int())
			}
			if p.put(n, v); v == "" {
				delete(is, fmt.Sprint(n))
			} else {
				is[fmt.Sprint(n)] = v
			}
			switch random.IntN(4) {
			case 0: // a copy begins; the clock stands
				p.table.Epoch++
				moments = append(moments, seen{moment{Epoch: p.table.Epoch}, maps.Clone(is)})
			case 1:
				moments = append(moments, seen{moment{At: p.now}, maps.Clone(is)})
				p.now = p.now.Add(time.Second)
			}
		}
		for _, s := range moments {
			if got := p.at(s.moment); !maps.Equal(got, s.is) {
				t.Fatalf("seed %d, %+v:\n got  %v\n want %v", seed, s.moment, got, s.is)
			}
		}
	}
}

func TestWhatRecoveryNoLongerReachesIsDropped(t *testing.T) {
	p := newPast(t)
	kept := func() (n int) {
		p.update(func(tx kv.Tx) {
			n = 0
			for range undos.Scan(tx, kv.Prefix(undos.Prefix(p.table.at.Scope, kv.Uint(1)))) {
				n++
			}
		})
		return n
	}
	trim := func() {
		p.update(func(tx kv.Tx) {
			w := &trimming{Table: 1, Since: p.table.Recovery.Since}
			if err := new(Service).trim(p.Context(), tx, &job.Job{Scope: p.table.at.Scope, ID: "t", Payload: kv.Append(nil, w)}); err != nil {
				t.Fatal(err)
			}
		})
	}
	p.put(1, "a")
	p.put(2, "b")
	p.now = p.now.Add(36 * time.Hour)
	p.put(1, "c")
	trim()
	if n := kept(); n != 3 {
		t.Errorf("%d changes are kept after a day and a half, want 3", n)
	}
	p.now = p.now.Add(24 * time.Hour)
	trim()
	if n := kept(); n != 1 {
		t.Errorf("%d changes are kept after two days and a half, want 1", n)
	}
	if got := p.at(moment{At: p.now.Add(-25 * time.Hour)}); got["1"] != "a" || got["2"] != "b" {
		t.Errorf("a day ago it was %v", got)
	}
}
