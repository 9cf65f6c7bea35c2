package kv

import "encoding/binary"

// Counter returns the value that Add keeps for n.
func Counter(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n))
}

// CounterValue returns the number in a value kept by Add. A value of another
// shape, such as an absent one, is 0.
func CounterValue(value []byte) int64 {
	if len(value) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(value))
}
