package attribute

import "encoding/binary"

// maxDepth bounds nesting: far more than DynamoDB allows.
const maxDepth = 200

func appendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// count reads a count or length at i, and returns where it ends.
func count(s string, i int) (n, end int) {
	if c := s[i]; c < 0x80 {
		return int(c), i + 1
	}
	var u uint64
	for shift := 0; shift < 63; shift += 7 {
		c := s[i]
		i++
		u |= uint64(c&0x7F) << shift
		if c < 0x80 {
			break
		}
	}
	return int(u), i
}

// text reads what count gives the length of.
func text(s string, i int) (t string, end int) {
	n, i := count(s, i)
	return s[i : i+n], i + n
}

// skip returns where the value at i ends.
func skip(s string, i int) int {
	tag := s[i]
	i++
	switch {
	case tag <= tagBinary:
		n, i := count(s, i)
		return i + n
	case tag > tagMap:
		return i
	}
	n, i := count(s, i)
	for range n {
		switch tag {
		case tagList:
			i = skip(s, i)
		case tagMap:
			_, i = text(s, i)
			i = skip(s, i)
		default:
			_, i = text(s, i)
		}
	}
	return i
}

// Valid reports whether b is the whole of a Map.
func Valid(b []byte) bool {
	end := checkMap(b, 0, 0)
	return end == len(b)
}

const broken = -1

func checkCount(b []byte, i int) (n, end int) {
	u, size := binary.Uvarint(b[i:])
	if size <= 0 || u > uint64(len(b)-i-size) { // everything counted takes a byte at least
		return 0, broken
	}
	return int(u), i + size
}

func checkText(b []byte, i int) (end int) {
	n, i := checkCount(b, i)
	if i == broken {
		return broken
	}
	return i + n
}

func checkMap(b []byte, i, depth int) (end int) {
	n, i := checkCount(b, i)
	for k := 0; k < n && i != broken; k++ {
		if i = checkText(b, i); i != broken {
			i = checkValue(b, i, depth)
		}
	}
	return i
}

func checkValue(b []byte, i, depth int) (end int) {
	if i >= len(b) || depth > maxDepth {
		return broken
	}
	tag := b[i]
	i++
	switch {
	case tag >= tagString && tag <= tagBinary:
		return checkText(b, i)
	case tag == tagMap:
		return checkMap(b, i, depth+1)
	case tag >= tagNull && tag <= tagTrue:
		return i
	case tag < tagString || tag > tagMap:
		return broken
	}
	n, i := checkCount(b, i)
	for k := 0; k < n && i != broken; k++ {
		if tag == tagList {
			i = checkValue(b, i, depth+1)
		} else {
			i = checkText(b, i)
		}
	}
	return i
}
