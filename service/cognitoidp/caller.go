package cognitoidp

import (
	"context"
	"crypto/hmac"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// knock is what users send who have not signed in: a client's id, a name, and
// the hash that shows that the client's secret is known.
type knock struct {
	client, name string
	hash         *string
	metadata     map[string]string
}

// answer runs fn for an unsigned call, in a transaction. u is nil where there is
// no such user.
func (s *Service) answer(ctx context.Context, k knock, fn func(tx kv.Tx, c *client, u *user) error) error {
	var u *user
	err := s.settle(ctx, func(tx kv.Tx) error {
		c, err := clientAnywhere(ctx, tx, k.client)
		if err != nil {
			return err
		}
		if err := c.checkHash(k.name, k.hash); err != nil {
			return err
		}
		if u, _ = c.pool.user(tx, k.name); u != nil {
			u.caller = caller{client: c.ID, metadata: k.metadata}
		}
		return fn(tx, c, u)
	})
	if err != nil {
		return err
	}
	return s.deliver(ctx, u)
}

// checkHash checks the secret hash of a name.
// AWS: "Computing secret hash values": HMAC-SHA-256 of name and client id.
func (c *client) checkHash(name string, hash *string) error {
	if c.Secret == "" && deref(hash) == "" {
		return nil
	}
	if deref(hash) == "" {
		return cognitoidp.ErrNotAuthorizedException("Client %s is configured with secret but SECRET_HASH was not received", c.ID)
	}
	if c.Secret == "" || !hmac.Equal([]byte(c.hash(name)), []byte(*hash)) {
		return cognitoidp.ErrNotAuthorizedException("Unable to verify secret hash for client %s", c.ID)
	}
	return nil
}

// checkSecret checks a client's secret itself.
func (c *client) checkSecret(given *string) error {
	if !hmac.Equal([]byte(c.Secret), []byte(deref(given))) {
		return cognitoidp.ErrNotAuthorizedException("Invalid client secret")
	}
	return nil
}

// hides reports whether the client must not tell which users there are.
func (c *client) hides() bool {
	return c.settings.PreventUserExistenceErrors == cognitoidp.PreventUserExistenceErrorTypesENABLED
}

// pretend is where a code to a user who does not exist would have gone: always
// to the same place for the same name.
// AWS: "Managing user existence error responses".
func (c *client) pretend(name string) *cognitoidp.CodeDeliveryDetailsType {
	letter := func(i int) string {
		return string('a' + rune(mac(c.pool.Secret, []byte("delivery"), []byte(c.pool.fold(name)))[i]%26))
	}
	return delivery(email, letter(0)+"@"+letter(1))
}

func noSuchUser() error {
	return cognitoidp.ErrUserNotFoundException("Username/client id combination not found.")
}
