package dynamodb

import (
	"maps"
	"slices"

	"github.com/brume-cloud/brume/front/meter"
)

// Dimensions of usage. Reads are counted in half units, because an eventually
// consistent read is half of one.
// AWS: "Amazon DynamoDB pricing for on-demand capacity".
const (
	dimensionRead  = "ReadRequestHalfUnits"
	dimensionWrite = "WriteRequestUnits"
)

func (u *spent) usage() []meter.Usage {
	reads, writes := u.read, u.write
	if u.onRead {
		reads += u.onIndexes()
	} else {
		writes += u.onIndexes()
	}
	var used []meter.Usage
	if reads > 0 {
		used = append(used, meter.Usage{Dimension: dimensionRead, Amount: int64(reads * 2)})
	}
	if writes > 0 {
		used = append(used, meter.Usage{Dimension: dimensionWrite, Amount: int64(writes)})
	}
	return used
}

func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 { // as with most parameters of most calls
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}
