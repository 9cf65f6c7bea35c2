package s3

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
)

// algorithm is one way to make an additional checksum.
// AWS: "Checking object integrity in Amazon S3".
type algorithm struct {
	name string
	make func() hash.Hash
	// crc is the polynomial, reversed, of a checksum whose value for a whole
	// follows from those of its parts; zero for all others.
	crc uint64
}

// crc64NVME is the reversed polynomial of the NVM Express specification.
const crc64NVME = 0x9A6C9329AC4BC9B5

// algorithms are in the order of the API's members (sums).
func algorithms() [10]algorithm {
	return [10]algorithm{
		{"CRC32", func() hash.Hash { return crc32.NewIEEE() }, crc32.IEEE},
		{"CRC32C", func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }, crc32.Castagnoli},
		{"CRC64NVME", func() hash.Hash { return crc64nvme.New() }, crc64NVME},
		{"SHA1", sha1.New, 0},
		{"SHA256", sha256.New, 0},
		{"SHA512", sha512.New, 0},
		{"MD5", md5.New, 0},
		{"XXHASH64", func() hash.Hash { return xxhash.New() }, 0},
		{"XXHASH3", func() hash.Hash { return xxh3.New() }, 0},
		{"XXHASH128", func() hash.Hash { return wide{xxh3.New()} }, 0},
	}
}

// wide is XXH3 with 128 bits.
type wide struct{ *xxh3.Hasher }

func (wide) Size() int { return 16 }

func (w wide) Sum(b []byte) []byte {
	s := w.Sum128()
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, s.Hi), s.Lo)
}

const (
	defaultAlgorithm = "CRC64NVME" // AWS: of objects whose uploader names none
	checksumHeader   = "x-amz-checksum-"
)

// algorithmNamed returns the algorithm of a name, whatever its case.
func algorithmNamed(name string) (algorithm, bool) {
	for _, a := range algorithms() {
		if strings.EqualFold(a.name, name) {
			return a, true
		}
	}
	return algorithm{}, false
}

// sums are the checksum members of an API structure, in the order of algorithms.
type sums [10]*string

// stated is the one checksum that a request states.
func (s sums) stated() (out sum, err error) {
	for i, a := range algorithms() {
		if s[i] == nil {
			continue
		}
		if out.Algorithm != "" {
			return out, api.ErrInvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		if raw, err := base64.StdEncoding.DecodeString(*s[i]); err != nil || len(raw) != a.make().Size() {
			return out, errChecksumValue(a.name)
		}
		out = sum{Algorithm: a.name, Value: *s[i]}
	}
	return out, nil
}

func errChecksumValue(algorithm string) *aws.Error {
	return api.ErrInvalidRequest("Value for %s header is invalid.", checksumHeader+strings.ToLower(algorithm))
}

// show sets the member of an answer that the checksum belongs to.
func (c sum) show(members [10]**string) {
	for i, a := range algorithms() {
		if a.name == c.Algorithm {
			*members[i] = &c.Value
		}
	}
}

// kind is the checksum's type in answers.
func (c sum) kind() api.ChecksumType {
	switch {
	case c.Algorithm == "":
		return ""
	case c.Composite:
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}

func (c sum) list() []api.ChecksumAlgorithm {
	if c.Algorithm == "" {
		return nil
	}
	return []api.ChecksumAlgorithm{api.ChecksumAlgorithm(c.Algorithm)}
}

// errBadChecksum is the answer to a body that is not what its checksum says.
func errBadChecksum(algorithm string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", algorithm)
}

// composite is the checksum of an object over the checksums of its parts.
func composite(name string, values []string) sum {
	a, _ := algorithmNamed(name)
	h := a.make()
	for _, v := range values {
		raw, _ := base64.StdEncoding.DecodeString(v) // of our own making
		h.Write(raw)
	}
	return sum{Algorithm: a.name, Composite: true, Value: base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(values))}
}

// joint is the checksum of a whole from those of its pieces.
type joint struct {
	a     algorithm
	value uint64
}

// add appends a piece of the given length.
func (j *joint) add(value string, size int64) {
	raw, _ := base64.StdEncoding.DecodeString(value)
	var v uint64
	for _, b := range raw {
		v = v<<8 | uint64(b)
	}
	j.value = combine(j.a.crc, j.value, v, size)
}

func (j *joint) sum() sum {
	raw := binary.BigEndian.AppendUint64(nil, j.value)
	return sum{Algorithm: j.a.name, Value: base64.StdEncoding.EncodeToString(raw[8-j.a.make().Size():])}
}

// combine is the CRC of two pieces from that of each, for a reversed
// polynomial. Appending zero bits to the first is multiplying by a matrix over
// GF(2), which is squared to append many.
func combine(polynomial, first, second uint64, size int64) uint64 {
	bits := 64
	if polynomial <= 1<<32-1 {
		bits = 32
	}
	var odd, even [64]uint64
	odd[0] = polynomial // appends one zero bit
	for i := 1; i < bits; i++ {
		odd[i] = 1 << (i - 1)
	}
	square(&even, &odd, bits) // two
	square(&odd, &even, bits) // four
	for size > 0 {
		square(&even, &odd, bits)
		if size&1 != 0 {
			first = times(&even, first)
		}
		odd, even = even, odd
		size >>= 1
	}
	return first ^ second
}

func times(m *[64]uint64, v uint64) (out uint64) {
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 != 0 {
			out ^= m[i]
		}
	}
	return out
}

func square(to, from *[64]uint64, bits int) {
	for i := range bits {
		to[i] = times(from, from[i])
	}
}
