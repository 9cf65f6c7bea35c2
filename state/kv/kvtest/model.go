package kvtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/brume-cloud/brume/state/kv"
)

// model runs random transactions and compares all that they see with a map.
func model(b *bench) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		b.update(func(tx kv.Tx) { tx.DeleteRange(kv.Range{}) })
		state := map[string]string{}
		for range 40 {
			next := maps.Clone(state)
			dropped := errors.New("dropped")
			err := b.Update(context.Background(), func(tx kv.Tx) error {
				m := &script{b: b, r: r, tx: tx, state: next}
				for range r.IntN(40) {
					m.step()
				}
				if r.IntN(4) == 0 {
					return dropped
				}
				return nil
			})
			if err == nil {
				state = next
			} else if err != dropped {
				b.Fatalf("seed %d: %v", seed, err)
			}
			b.view(func(tx kv.Tx) { (&script{b: b, r: r, tx: tx, state: state}).compare() })
			if b.Failed() {
				b.Fatalf("seed %d", seed)
			}
		}
	}
}

type script struct {
	b     *bench
	r     *rand.Rand
	tx    kv.Tx
	state map[string]string // the tuple's bytes → value
}

func (m *script) key() kv.Key { return kv.NewKey(kv.String(fmt.Sprintf("%02d", m.r.IntN(40)))) }

func (m *script) keys() kv.Range {
	r := kv.Range{From: m.key(), To: m.key(), Reverse: m.r.IntN(2) == 0}
	switch m.r.IntN(8) {
	case 0:
		r.From = nil
	case 1:
		r.To = nil
	}
	return r
}

func (m *script) step() {
	k := m.key()
	switch m.r.IntN(8) {
	case 0, 1:
		v := fmt.Sprint(m.r.Uint32())
		m.tx.Put(k, []byte(v))
		m.state[string(k)] = v
	case 2:
		m.tx.Delete(k)
		delete(m.state, string(k))
	case 3:
		d := m.r.Int64N(10)
		m.tx.Add(k, d)
		m.state[string(k)] = string(kv.Counter(kv.CounterValue([]byte(m.state[string(k)])) + d))
	case 4:
		r := m.keys()
		if m.r.IntN(3) == 0 {
			m.tx.DeleteRange(r)
			maps.DeleteFunc(m.state, func(k, _ string) bool { return r.Contains(kv.Key(k)) })
		}
	case 5:
		v, ok := m.tx.Get(k)
		if want, wantOK := m.state[string(k)]; string(v) != want || ok != wantOK {
			m.b.Errorf("%v is %q %v, want %q %v", k, v, ok, want, wantOK)
		}
	case 6:
		m.compare()
	case 7:
		before, mark := maps.Clone(m.state), m.tx.Mark()
		for range m.r.IntN(5) {
			m.step()
		}
		if m.r.IntN(2) == 0 {
			m.tx.Rollback(mark)
			clear(m.state)
			maps.Copy(m.state, before)
		}
	}
}

// compare scans a random range.
func (m *script) compare() {
	r := m.keys()
	r.Brief, r.Peek = m.r.IntN(2) == 0, m.r.IntN(2) == 0
	var want []string
	for k := range m.state {
		if r.Contains(kv.Key(k)) {
			want = append(want, k)
		}
	}
	slices.Sort(want)
	if r.Reverse {
		slices.Reverse(want)
	}
	var got []string
	for k, v := range m.tx.Scan(r) {
		got = append(got, string(k))
		if string(v) != m.state[string(k)] {
			m.b.Errorf("%v is %q, want %q", k, v, m.state[string(k)])
		}
	}
	if !slices.Equal(got, want) {
		m.b.Errorf("scan of %v–%v (reverse %v): got %q, want %q", r.From, r.To, r.Reverse, got, want)
	}
}
