package cognitoidp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"math/big"
)

// Secure remote passwords, version 6a, with the group of 3072 bits, as Cognito
// and its clients have it: numbers are hashed as two's complement, which a
// leading zero keeps positive.
// AWS: "USER_SRP_AUTH" names the protocol; the details are those of AWS's open
// source clients.

// groupPrime is the 3072-bit prime of RFC 5054, Appendix A, in hexadecimal.
const groupPrime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

const saltBytes = 16

// field is what the protocol computes in.
type field struct{ n, g, k *big.Int }

func newField() *field {
	n, _ := new(big.Int).SetString(groupPrime, 16)
	g := big.NewInt(2)
	return &field{n: n, g: g, k: hashed(padded(n), padded(g))}
}

// padded is a number's bytes with a zero before a leading bit.
func padded(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return b
}

func hashed(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// identity is who a password is of: it goes into the verifier.
type identity struct{ pool, user string } // the pool's id without its region

// verifier returns what is kept of a password.
func (g *field) verifier(who identity, salt []byte, password string) []byte {
	inner := sha256.Sum256([]byte(who.pool + who.user + ":" + password))
	x := hashed(padded(new(big.Int).SetBytes(salt)), inner[:])
	return new(big.Int).Exp(g.g, x, g.n).Bytes()
}

// newSecret keeps a password.
func (s *Service) newSecret(who identity, password string) secret {
	salt := s.bytes(saltBytes)
	return secret{Salt: salt, Verifier: newField().verifier(who, salt, password)}
}

// matches tells whether a password is the one that was kept, in the same time
// whether it is nearly right or not at all.
func (k *secret) matches(who identity, password string) bool {
	if len(password) > maxPasswordLength {
		return false
	}
	return subtle.ConstantTimeCompare(newField().verifier(who, k.Salt, password), k.Verifier) == 1 && len(k.Verifier) > 0
}

func (u *user) identity() identity { return identity{u.pool.at.short(), u.Name} }

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
