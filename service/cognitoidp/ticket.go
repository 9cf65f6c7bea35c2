package cognitoidp

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/brume-cloud/brume/state/kv"
)

// ticket is an opaque text that finds its own row: a session, a refresh token or
// an authorization code. It says of which pool and user it is, and only a hash of
// it is kept.
type ticket struct {
	pool, sub string
	hash      string
	text      string // as users have it
}

const ticketSecret = 48 // random bytes

// newTicket makes a ticket of the user's.
func (s *Service) newTicket(u *user) ticket {
	t, _ := parseTicket(base64.RawURLEncoding.EncodeToString([]byte(u.pool.at.ID + "/" + u.Sub + "/" + string(s.bytes(ticketSecret)))))
	return t
}

// parseTicket reads a ticket in either alphabet of base64.
func parseTicket(text string) (ticket, bool) {
	plain := strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	b, err := base64.RawURLEncoding.DecodeString(plain)
	parts := strings.SplitN(string(b), "/", 3)
	if err != nil || len(parts) < 3 {
		return ticket{}, false
	}
	sum := sha256.Sum256(b)
	return ticket{pool: parts[0], sub: parts[1], hash: base64.RawURLEncoding.EncodeToString(sum[:]), text: plain}, true
}

// block is the ticket as the bytes that SRP's clients sign, which they get in base64.
func (t ticket) block() []byte {
	b, _ := base64.RawURLEncoding.DecodeString(t.text)
	return b
}

// bySub finds a user by what never changes of it.
func (p *pool) bySub(tx kv.Tx, sub string) (*user, bool) {
	a, ok := aliases.Get(tx, p.aliasKey("sub", sub))
	if !ok {
		return nil, false
	}
	u, ok := users.Get(tx, p.userKey(a.Name))
	if ok {
		u.pool = p
	}
	return u, ok
}
