package sns

import (
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"math/bits"
	"slices"

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
	publicExponent = 2140000007 // a prime, as large as crypto/rsa takes
	exponentBits   = 34         // of a private exponent
	exponentChoice = 16         // of these, the lowest, are random
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
	padded   [len(paddings)]uint64
}

// newPrimes chooses the primes of a key so that their private exponents are
// short: a prime of this form has just its exponent. All are near 2^64, so that
// the modulus has its full length.
func newPrimes(r aws.Random) []uint64 {
	seen := map[uint64]bool{}
	var primes []uint64
	for len(primes) < primeCount {
		exponent := 1<<exponentBits | r.Uint64()%(1<<exponentChoice) | 1
		hi, lo := bits.Mul64(exponent, publicExponent)
		lo, carry := bits.Add64(lo, 1, 0) // twice the prime
		p := (hi+carry)<<63 | lo>>1
		if seen[p] || lo&2 == 0 || !new(big.Int).SetUint64(p).ProbablyPrime(8) {
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
		for kind := range paddings {
			k.factors[i].padded[kind] = k.factors[i].reduce(paddings[kind].number())
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

// abreast is how many primes are worked on side by side: a product has to wait
// for the one before it, but not for another prime's.
const abreast = 4

// power raises each x to the private exponent, modulo its prime.
func power(f []factor, x []uint64) {
	var base, out [abreast]uint64
	all := uint64(0)
	for i := range abreast {
		base[i] = f[i].multiply(x[i], f[i].square)
		out[i] = f[i].multiply(1, f[i].square)
		all |= f[i].exponent
	}
	for bit := bits.Len64(all) - 1; bit >= 0; bit-- {
		for i := range abreast {
			out[i] = f[i].multiply(out[i], out[i])
		}
		if all>>bit&1 == 0 {
			continue
		}
		for i := range abreast {
			if product := f[i].multiply(out[i], base[i]); f[i].exponent>>bit&1 != 0 {
				out[i] = product
			}
		}
	}
	for i := range abreast {
		x[i] = f[i].multiply(out[i], 1)
	}
}

// add is a+b modulo the prime.
func (f *factor) add(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 || sum >= f.prime {
		sum -= f.prime
	}
	return sum
}

// reduce is the number that words are, modulo the prime.
func (f *factor) reduce(words []uint64) (rest uint64) {
	for _, w := range words {
		_, rest = bits.Div64(rest, w, f.prime)
	}
	return rest
}

// padding is what surrounds a digest in a signature, of which only the digest
// differs from message to message. RFC 8017, section 9.2.
type padding struct {
	hash   crypto.Hash
	prefix string // in front of the digest: the hash's name, in DER
}

var paddings = [...]padding{
	{crypto.SHA1, "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"},
	{crypto.SHA256, "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"},
}

// number is the padding around a digest of zeros, as words of a large number.
func (p *padding) number() []uint64 {
	var padded [modulusBytes]byte
	body := modulusBytes - len(p.prefix) - p.hash.Size()
	padded[1] = 1
	for i := 2; i < body-1; i++ {
		padded[i] = 0xff
	}
	copy(padded[body:], p.prefix)
	return wordsOf(padded[:])
}

// wordsOf is a number of full words, the most significant first.
func wordsOf(b []byte) []uint64 {
	words := make([]uint64, len(b)/8)
	for i := range words {
		words[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return words
}

// Sign implements crypto.Signer: PKCS #1 version 1.5 with SHA-1 or SHA-256. The
// private operation is done in each prime's field, and put together by the
// Chinese remainder theorem.
func (k *fastKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	kind := slices.IndexFunc(paddings[:], func(p padding) bool { return p.hash == opts.HashFunc() })
	if kind < 0 || len(digest) > sha256.Size {
		return nil, errors.New("sns: messages are signed with SHA-1 or SHA-256")
	}
	var full [sha256.Size]byte
	copy(full[len(full)-len(digest):], digest)
	words := wordsOf(full[:])
	var rests [primeCount]uint64
	for i := range k.factors {
		rests[i] = k.factors[i].add(k.factors[i].padded[kind], k.factors[i].reduce(words))
	}
	for i := 0; i < primeCount; i += abreast {
		power(k.factors[i:i+abreast], rests[i:i+abreast])
	}
	sum, part, word := new(big.Int), new(big.Int), new(big.Int)
	for i := range k.factors {
		sum.Add(sum, part.Mul(k.factors[i].idempot, word.SetUint64(rests[i])))
	}
	return sum.Mod(sum, k.modulus).FillBytes(make([]byte, modulusBytes)), nil
}
