package sns

import (
	"crypto"
	"errors"
	"io"
	"math/big"
	"math/bits"

	"github.com/brume-cloud/brume/aws"
)

// Every message that is not delivered raw is signed, and an ordinary RSA
// signature costs more than all the rest of publishing. A modulus of many small
// primes makes a private operation a hundred times as fast, and what it makes
// is an ordinary 2048-bit RSA signature to whoever checks it. Such a modulus can
// be factored by anyone who tries; the key lies in a local store for anyone to
// read in the first place, and proves nothing but that the code which checks
// signatures works.

const (
	publicExponent = 65537
	primeCount     = 32
	primeBits      = 64
	modulusBytes   = primeCount * primeBits / 8
)

// fastKey is an RSA key of 32 primes of 64 bits.
type fastKey struct {
	modulus *big.Int
	factors [primeCount]factor
}

// factor is one prime of a key, with all that a signature needs modulo it.
type factor struct {
	prime    uint64
	negInv   uint64   // -1/prime modulo 2^64, for Montgomery's reduction
	square   uint64   // 2^128 modulo prime
	exponent uint64   // 1/publicExponent modulo prime-1
	idempot  *big.Int // 1 modulo prime, 0 modulo all others
}

// newPrimes chooses the primes of a key: distinct, and such that the exponent
// can be inverted. All are near 2^64, so that the modulus has its full length.
func newPrimes(r aws.Random) []uint64 {
	const top = uint64(0xff) << (primeBits - 8)
	seen := map[uint64]bool{}
	var primes []uint64
	for len(primes) < primeCount {
		p := r.Uint64() | top | 1
		if seen[p] || (p-1)%publicExponent == 0 || !new(big.Int).SetUint64(p).ProbablyPrime(8) {
			continue
		}
		seen[p] = true
		primes = append(primes, p)
	}
	return primes
}

// newFastKey prepares a key.
func newFastKey(primes []uint64) *fastKey {
	k := &fastKey{modulus: big.NewInt(1)}
	for _, p := range primes {
		k.modulus.Mul(k.modulus, new(big.Int).SetUint64(p))
	}
	for i, p := range primes {
		prime := new(big.Int).SetUint64(p)
		inverse := p // of p modulo 2^64, by Newton's iteration
		for range 6 {
			inverse *= 2 - p*inverse
		}
		rest := new(big.Int).Div(k.modulus, prime)
		square := new(big.Int).Lsh(big.NewInt(1), 2*primeBits)
		k.factors[i] = factor{
			prime: p, negInv: -inverse, square: square.Mod(square, prime).Uint64(),
			exponent: new(big.Int).ModInverse(big.NewInt(publicExponent), new(big.Int).SetUint64(p-1)).Uint64(),
			idempot:  new(big.Int).Mul(rest, new(big.Int).ModInverse(rest, prime)),
		}
	}
	return k
}

// multiply is a*b/2^64 modulo the prime.
func (f *factor) multiply(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	m := lo * f.negInv
	carryHi, carryLo := bits.Mul64(m, f.prime)
	_, carry := bits.Add64(lo, carryLo, 0)
	out, over := bits.Add64(hi, carryHi, carry)
	if over != 0 || out >= f.prime {
		out -= f.prime
	}
	return out
}

// power is x to the private exponent, modulo the prime.
func (f *factor) power(x uint64) uint64 {
	base := f.multiply(x, f.square)
	out := base
	for bit := bits.Len64(f.exponent) - 2; bit >= 0; bit-- {
		out = f.multiply(out, out)
		if f.exponent>>bit&1 != 0 {
			out = f.multiply(out, base)
		}
	}
	return f.multiply(out, 1)
}

// reduce is the number that bytes are, modulo the prime.
func (f *factor) reduce(words []uint64) (rest uint64) {
	for _, w := range words {
		_, rest = bits.Div64(rest, w, f.prime)
	}
	return rest
}

// Prefixes of a digest in a signature. RFC 8017, section 9.2.
const (
	prefixSHA1   = "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"
	prefixSHA256 = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
)

// Sign implements crypto.Signer: PKCS #1 version 1.5 with SHA-1 or SHA-256.
func (k *fastKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	var prefix string
	switch opts.HashFunc() {
	case crypto.SHA1:
		prefix = prefixSHA1
	case crypto.SHA256:
		prefix = prefixSHA256
	default:
		return nil, errors.New("sns: messages are signed with SHA-1 or SHA-256")
	}
	var padded [modulusBytes]byte
	body := modulusBytes - len(prefix) - len(digest)
	padded[1] = 1
	for i := 2; i < body-1; i++ {
		padded[i] = 0xff
	}
	copy(padded[body:], prefix)
	copy(padded[body+len(prefix):], digest)
	return k.decrypt(&padded), nil
}

// decrypt is the private operation: in each prime's field, and put together
// by the Chinese remainder theorem.
func (k *fastKey) decrypt(in *[modulusBytes]byte) []byte {
	var words [primeCount]uint64
	for i, c := range in {
		words[i/8] = words[i/8]<<8 | uint64(c)
	}
	sum, part, word := new(big.Int), new(big.Int), new(big.Int)
	for i := range k.factors {
		f := &k.factors[i]
		word.SetUint64(f.power(f.reduce(words[:])))
		sum.Add(sum, part.Mul(f.idempot, word))
	}
	return sum.Mod(sum, k.modulus).FillBytes(make([]byte, modulusBytes))
}
