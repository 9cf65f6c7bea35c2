package logs

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/brume-cloud/brume/state/kv"
)

// place is a boundary between events: just before the event of the same place.
// Events are ordered by their times, then by their commits.
type place struct {
	At    int64
	Stamp kv.Stamp // of the block
	Index int      // in the block
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.At, q.At), cmp.Compare(p.Stamp.Version, q.Stamp.Version), cmp.Compare(p.Stamp.Seq, q.Stamp.Seq), cmp.Compare(p.Index, q.Index))
}

func (p place) before(q place) bool { return p.compare(q) < 0 }

// next is the boundary behind the event of the place.
func (p place) next() place {
	p.Index++
	return p
}

// Digits of the parts of an id.
const (
	digitsAt      = 18
	digitsVersion = 20
	digitsSeq     = 8
	digitsIndex   = 10
	digitsAll     = digitsAt + digitsVersion + digitsSeq + digitsIndex
)

// id is the place as 56 digits, as many as AWS's event ids have. Ids grow with places.
func (p place) id() string {
	return fmt.Sprintf("%0*d%0*d%0*d%0*d", digitsAt, p.At, digitsVersion, p.Stamp.Version, digitsSeq, p.Stamp.Seq, digitsIndex, p.Index)
}

// placeOfID reads an id.
func placeOfID(id string) (p place, ok bool) {
	if len(id) != digitsAll {
		return p, false
	}
	at, err1 := strconv.ParseInt(id[:digitsAt], 10, 64)
	id = id[digitsAt:]
	version, err2 := strconv.ParseUint(id[:digitsVersion], 10, 64)
	id = id[digitsVersion:]
	seq, err3 := strconv.ParseUint(id[:digitsSeq], 10, 16)
	index, err4 := strconv.ParseUint(id[digitsSeq:], 10, 31)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return p, false
	}
	return place{at, kv.Stamp{Version: version, Seq: uint16(seq)}, int(index)}, at >= 0
}
