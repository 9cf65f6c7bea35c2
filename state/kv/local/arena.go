package local

// arena gives out memory for the keys and values of one transaction. It only
// ever hands out fresh memory until reset, so a slice stays valid as long as
// it is referred to: a full chunk is left to the garbage collector, and a long
// scan holds no more than what its caller keeps.
type arena struct{ free []byte }

const (
	firstChunk = 2 << 10
	laterChunk = 32 << 10
)

func (a *arena) alloc(n int) []byte {
	if n > cap(a.free)-len(a.free) {
		size := laterChunk
		if a.free == nil {
			size = firstChunk
		}
		if n > size/2 {
			return make([]byte, n)
		}
		a.free = make([]byte, 0, size)
	}
	start := len(a.free)
	a.free = a.free[:start+n]
	return a.free[start : start+n : start+n]
}

func (a *arena) copy(b []byte) []byte {
	out := a.alloc(len(b))
	copy(out, b)
	return out
}

// reset makes the current chunk available again.
func (a *arena) reset() { a.free = a.free[:0] }
