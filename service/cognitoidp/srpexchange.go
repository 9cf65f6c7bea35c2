package cognitoidp

import (
	"crypto/hmac"
	"math/big"
)

// Both sides derive the key that proves the password with HKDF, whose
// information is this label and a counter.
const (
	keyLabel       = "Caldera Derived Key\x01"
	sessionKeySize = 16
	maxSRPHex      = 3072 / 4 // hexadecimal digits of a number of the group
	privateBytes   = 128      // of the server's private number, as clients have it
)

// exchange is one run of the protocol, on the server's side.
type exchange struct {
	*field
	secret
	a    *big.Int // the client's public number, A
	own  *big.Int // the server's private number, b
	open *big.Int // the server's public number, B
}

// newExchange begins a run. ok is false for a public number that would give the
// key away: a multiple of the group's prime, or none.
func newExchange(kept secret, publicHex string, private []byte) (*exchange, bool) {
	if len(publicHex) > maxSRPHex+2 { // clients may pad
		return nil, false
	}
	a, ok := new(big.Int).SetString(publicHex, 16)
	if !ok || a.Sign() < 0 {
		return nil, false
	}
	x := &exchange{field: newField(), secret: kept, a: a, own: new(big.Int).SetBytes(private)}
	if new(big.Int).Mod(a, x.n).Sign() == 0 {
		return nil, false
	}
	v := new(big.Int).SetBytes(kept.Verifier)
	x.open = new(big.Int).Mul(x.k, v)
	x.open.Add(x.open, new(big.Int).Exp(x.g, x.own, x.n)).Mod(x.open, x.n)
	return x, x.open.Sign() != 0
}

// key is the key that both sides have come to.
func (x *exchange) key() []byte {
	u := hashed(padded(x.a), padded(x.open))
	v := new(big.Int).SetBytes(x.Verifier)
	base := new(big.Int).Mul(x.a, new(big.Int).Exp(v, u, x.n))
	shared := new(big.Int).Exp(base.Mod(base, x.n), x.own, x.n)
	extract := mac(padded(u), padded(shared))
	return mac(extract, []byte(keyLabel))[:sessionKeySize]
}

// proves tells whether a signature shows that the client knows the password.
func (x *exchange) proves(who identity, block []byte, timestamp string, signature []byte) bool {
	want := mac(x.key(), []byte(who.pool), []byte(who.user), block, []byte(timestamp))
	return hmac.Equal(want, signature)
}
