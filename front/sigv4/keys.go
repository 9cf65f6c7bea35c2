package sigv4

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/maphash"
	"math/big"
	"sync/atomic"
)

// key is what signatures of one scope are checked with.
type key struct {
	mac    [sha256.Size]byte // V4
	public *ecdsa.PublicKey  // V4a
}

// keyID is all that a key is derived from. V4 leaves accessKey empty, V4a the
// other fields but the secret.
type keyID struct{ secret, date, region, service, accessKey string }

// keyCache is a bounded cache of derived keys: deriving one costs four hashes for
// V4, and a multiplication on the curve for V4a. Each slot holds the key that
// was last derived for it, so there is no lock and nothing to evict.
type keyCache struct {
	seed  maphash.Seed
	slots [1024]atomic.Pointer[keySlot]
}

type keySlot struct {
	id  keyID
	key key
}

func (k *keyCache) get(id keyID) (key, error) {
	var h maphash.Hash
	h.SetSeed(k.seed)
	for _, part := range [...]string{id.secret, id.date, id.region, id.service, id.accessKey} {
		h.WriteString(part)
		h.WriteByte(0)
	}
	slot := &k.slots[h.Sum64()%uint64(len(k.slots))]
	if s := slot.Load(); s != nil && s.id == id {
		return s.key, nil
	}
	derived, err := derive(id)
	if err != nil {
		return key{}, err
	}
	slot.Store(&keySlot{id, derived})
	return derived, nil
}

func derive(id keyID) (key, error) {
	if id.accessKey != "" {
		public, err := publicKey(id.accessKey, id.secret)
		return key{public: public}, err
	}
	return key{mac: signingKey(id)}, nil
}

// signingKey derives V4's key: date, region, service and terminator, hashed
// one over the other.
func signingKey(id keyID) [sha256.Size]byte {
	var buf []byte
	mac, buf := hmacSHA256(buf, append([]byte("AWS4"), id.secret...), []byte(id.date))
	mac, buf = hmacSHA256(buf, mac[:], []byte(id.region))
	mac, buf = hmacSHA256(buf, mac[:], []byte(id.service))
	mac, _ = hmacSHA256(buf, mac[:], []byte(terminator))
	return mac
}

// hmacSHA256 is crypto/hmac without its allocations: buf is the memory that it
// works in, and is returned to be used again.
func hmacSHA256(buf, key, message []byte) ([sha256.Size]byte, []byte) {
	var block [sha256.BlockSize]byte
	if len(key) > len(block) {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	copy(block[:], key)
	for i := range block {
		block[i] ^= 0x36
	}
	buf = append(append(buf[:0], block[:]...), message...)
	inner := sha256.Sum256(buf)
	for i := range block {
		block[i] ^= 0x36 ^ 0x5c
	}
	buf = append(append(buf[:0], block[:]...), inner[:]...)
	return sha256.Sum256(buf), buf
}

// signs reports whether signature, in hexadecimal, is this key's over toSign.
func (k *key) signs(s *scratch, toSign, signature []byte) bool {
	if k.public != nil {
		der := make([]byte, hex.DecodedLen(len(signature)))
		if _, err := hex.Decode(der, signature); err != nil {
			return false
		}
		digest := sha256.Sum256(toSign)
		return ecdsa.VerifyASN1(k.public, digest[:], der)
	}
	var mac [sha256.Size]byte
	mac, s.mac = hmacSHA256(s.mac, k.mac[:], toSign)
	hex.Encode(s.hex[:], mac[:])
	return subtle.ConstantTimeCompare(s.hex[:], signature) == 1
}

// publicKey derives V4a's public key.
// AWS: "Create a signed AWS API request", signing key of SigV4a: the key
// derivation of NIST SP 800-108 in counter mode, tried with a growing counter
// until the result lies on the curve's order (FIPS 186-4, B.4.2).
func publicKey(accessKey, secret string) (*ecdsa.PublicKey, error) {
	const lastCounter = 254
	inKey := append([]byte("AWS4A"), secret...)
	limit := new(big.Int).Sub(elliptic.P256().Params().N, big.NewInt(2))
	for counter := byte(1); counter <= lastCounter; counter++ {
		input := binary.BigEndian.AppendUint32(nil, 1)
		input = append(input, algorithmV4a...)
		input = append(input, 0)
		input = append(input, accessKey...)
		input = append(input, counter)
		input = binary.BigEndian.AppendUint32(input, 8*sha256.Size)
		candidate, _ := hmacSHA256(nil, inKey, input)
		d := new(big.Int).SetBytes(candidate[:])
		if d.Cmp(limit) > 0 {
			continue
		}
		d.Add(d, big.NewInt(1))
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(candidate[:]))
		if err != nil {
			return nil, err
		}
		return &private.PublicKey, nil
	}
	return nil, errors.New("sigv4: no SigV4a key for this secret")
}
