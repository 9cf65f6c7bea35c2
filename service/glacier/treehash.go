package glacier

import (
	"crypto/sha256"
	"hash"
)

// mebibyte is what the leaves of a tree hash are of.
const mebibyte = 1 << 20

// tree computes a SHA-256 tree hash from the hashes of its leaves, in memory
// that grows with the logarithm of their number.
// AWS: "Computing Checksums": neighbours are joined pair by pair, level by
// level; one without a neighbour moves up as it is.
type tree struct{ nodes []node }

// node is the hash of a whole subtree of 1<<level leaves.
type node struct {
	sum   [sha256.Size]byte
	level int
}

// add adds the next leaf. The root of a whole subtree may stand for its leaves
// as long as all but the last one added are of the same size.
func (t *tree) add(leaf []byte) {
	n := node{sum: [sha256.Size]byte(leaf)}
	for len(t.nodes) > 0 && t.nodes[len(t.nodes)-1].level == n.level {
		left := t.nodes[len(t.nodes)-1]
		t.nodes = t.nodes[:len(t.nodes)-1]
		n = node{join(left.sum, n.sum), n.level + 1}
	}
	t.nodes = append(t.nodes, n)
}

// root is the tree hash; nil when there are no leaves.
func (t *tree) root() []byte {
	if len(t.nodes) == 0 {
		return nil
	}
	sum := t.nodes[len(t.nodes)-1].sum
	for i := len(t.nodes) - 2; i >= 0; i-- {
		sum = join(t.nodes[i].sum, sum)
	}
	return sum[:]
}

func join(left, right [sha256.Size]byte) [sha256.Size]byte {
	var both [2 * sha256.Size]byte
	copy(both[:], left[:])
	copy(both[sha256.Size:], right[:])
	return sha256.Sum256(both[:])
}

// treeWriter hashes what is written to it.
type treeWriter struct {
	tree
	leaves []byte // all leaves' hashes, one after the other
	part   hash.Hash
	n      int // bytes in part
}

// Write implements io.Writer. It never fails.
func (w *treeWriter) Write(p []byte) (int, error) {
	total := len(p)
	if w.part == nil {
		w.part = sha256.New()
	}
	for len(p) > 0 {
		k := min(len(p), mebibyte-w.n)
		w.part.Write(p[:k])
		w.n += k
		p = p[k:]
		if w.n == mebibyte {
			w.close()
		}
	}
	return total, nil
}

// close ends a leaf.
func (w *treeWriter) close() {
	if w.n == 0 {
		return
	}
	at := len(w.leaves)
	w.leaves = w.part.Sum(w.leaves)
	w.add(w.leaves[at:])
	w.part.Reset()
	w.n = 0
}

// sums ends the writing, and returns the tree hash and those of the leaves.
func (w *treeWriter) sums() (root, leaves []byte) {
	w.close()
	return w.root(), w.leaves
}

// isAligned reports whether [from, to) of size bytes is a node of their tree,
// so that it has a tree hash of its own which the whole vouches for.
// AWS: "Receiving Checksums When Downloading Data".
func isAligned(from, to, size int64) bool {
	if from%mebibyte != 0 || to%mebibyte != 0 && to != size || from >= to || to > size {
		return false
	}
	first, end, total := from/mebibyte, (to+mebibyte-1)/mebibyte, (size+mebibyte-1)/mebibyte
	for width := int64(1); ; width *= 2 {
		if first%width != 0 {
			return false
		}
		if min(first+width, total) == end {
			return true
		}
		if first+width >= total {
			return false
		}
	}
}
