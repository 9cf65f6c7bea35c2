package glacier

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

// Published: the first in the AWS SDK for Go's tests, the second in an answer of
// the service that its JavaScript SDK's issue 851 shows (of which the beginning).
func TestTreeHashesThatAWSPublished(t *testing.T) {
	for _, k := range []struct {
		size int
		want string
	}{
		{5767168, "154e26c78fd74d0c2c9b3cc4644191619dc4f2cd539ae2a74d5fd07957a3ee6a"},
		{262144, "6faefade5a638cd3545d638dd5754763658e32209e69420cb559"},
	} {
		root := hex.EncodeToString(hashOf(bytes.Repeat([]byte{'0'}, k.size)))
		if root[:len(k.want)] != k.want {
			t.Errorf("%d bytes: %s, want %s", k.size, root, k.want)
		}
	}
}

func hashOf(b []byte) []byte {
	var w treeWriter
	for len(b) > 0 { // in pieces of odd sizes
		n := min(len(b), 77_777)
		_, _ = w.Write(b[:n])
		b = b[n:]
	}
	root, _ := w.sums()
	return root
}

// levels computes a tree hash as the documentation tells it, level by level.
func levels(leaves [][]byte) [][][]byte {
	all := [][][]byte{leaves}
	for len(leaves) > 1 {
		var next [][]byte
		for i := 0; i < len(leaves); i += 2 {
			if i+1 == len(leaves) {
				next = append(next, leaves[i])
				continue
			}
			sum := sha256.Sum256(append(append([]byte(nil), leaves[i]...), leaves[i+1]...))
			next = append(next, sum[:])
		}
		leaves = next
		all = append(all, leaves)
	}
	return all
}

func TestTreeIsBuiltLevelByLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 40; n++ {
		leaves := make([][]byte, n)
		var tr tree
		for i := range leaves {
			leaves[i] = make([]byte, sha256.Size)
			for j := range leaves[i] {
				leaves[i][j] = byte(r.Uint32())
			}
			tr.add(leaves[i])
		}
		all := levels(leaves)
		if want := all[len(all)-1][0]; !bytes.Equal(tr.root(), want) {
			t.Errorf("%d leaves: %x, want %x", n, tr.root(), want)
		}
	}
}

// A range is aligned if and only if its own tree hash is a node of the whole tree.
func TestRangeIsAlignedWhenItIsANodeOfTheTree(t *testing.T) {
	for n := 1; n <= 20; n++ {
		leaves := make([][]byte, n)
		for i := range leaves {
			sum := sha256.Sum256([]byte{byte(n), byte(i)})
			leaves[i] = sum[:]
		}
		nodes := map[string]bool{}
		for _, level := range levels(leaves) {
			for _, node := range level {
				nodes[string(node)] = true
			}
		}
		size := int64(n)*mebibyte - 1000 // the last leaf is not whole
		for from := range n {
			for to := from + 1; to <= n; to++ {
				var tr tree
				for _, l := range leaves[from:to] {
					tr.add(l)
				}
				end := min(int64(to)*mebibyte, size)
				if got := isAligned(int64(from)*mebibyte, end, size); got != nodes[string(tr.root())] {
					t.Errorf("[%d, %d) of %d: %v", from, to, n, got)
				}
			}
		}
		if isAligned(0, size-1, size) && size-1 != mebibyte || isAligned(1, size, size) {
			t.Errorf("a range that is not of whole mebibytes of %d is aligned", n)
		}
	}
}
