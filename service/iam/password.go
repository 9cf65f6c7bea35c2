package iam

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
)

// defaultPasswords is the policy of an account that has none.
// AWS: "Set an account password policy for IAM users", default password policy.
var defaultPasswords = passwordPolicy{MinLength: 8}

// UpdateAccountPasswordPolicy replaces the policy: what is left out gets its default.
func (s *Service) UpdateAccountPasswordPolicy(ctx context.Context, in *api.UpdateAccountPasswordPolicyInput) (*api.UpdateAccountPasswordPolicyOutput, error) {
	p := &passwordPolicy{
		MinLength: int(or(in.MinimumPasswordLength, 6)), Symbols: or(in.RequireSymbols, false), Numbers: or(in.RequireNumbers, false),
		Uppercase: or(in.RequireUppercaseCharacters, false), Lowercase: or(in.RequireLowercaseCharacters, false),
		MayChange: or(in.AllowUsersToChangePassword, false), MaxAge: int(or(in.MaxPasswordAge, 0)),
		Remembered: int(or(in.PasswordReusePrevention, 0)), HardExpiry: or(in.HardExpiry, false),
	}
	return &api.UpdateAccountPasswordPolicyOutput{}, s.update(ctx, func(t *tx) error {
		passwordPolicies.Put(t.Tx, passwordPolicies.Key(t.Scope), p)
		return nil
	})
}

// GetAccountPasswordPolicy gives the policy that was set.
func (s *Service) GetAccountPasswordPolicy(ctx context.Context, _ *api.GetAccountPasswordPolicyInput) (*api.GetAccountPasswordPolicyOutput, error) {
	var out api.GetAccountPasswordPolicyOutput
	err := s.view(ctx, func(t *tx) error {
		p, ok := passwordPolicies.Get(t.Tx, passwordPolicies.Key(t.Scope))
		if !ok {
			return noPasswordPolicy(t.Account)
		}
		out.PasswordPolicy = &api.PasswordPolicy{
			MinimumPasswordLength: new(int32(p.MinLength)), RequireSymbols: &p.Symbols, RequireNumbers: &p.Numbers,
			RequireUppercaseCharacters: &p.Uppercase, RequireLowercaseCharacters: &p.Lowercase, AllowUsersToChangePassword: &p.MayChange,
			ExpirePasswords: new(p.MaxAge > 0), HardExpiry: &p.HardExpiry,
		}
		if p.MaxAge > 0 {
			out.PasswordPolicy.MaxPasswordAge = new(int32(p.MaxAge))
		}
		if p.Remembered > 0 {
			out.PasswordPolicy.PasswordReusePrevention = new(int32(p.Remembered))
		}
		return nil
	})
	return &out, err
}

// DeleteAccountPasswordPolicy goes back to the default.
func (s *Service) DeleteAccountPasswordPolicy(ctx context.Context, _ *api.DeleteAccountPasswordPolicyInput) (*api.DeleteAccountPasswordPolicyOutput, error) {
	return &api.DeleteAccountPasswordPolicyOutput{}, s.update(ctx, func(t *tx) error {
		key := passwordPolicies.Key(t.Scope)
		if !passwordPolicies.Has(t.Tx, key) {
			return noPasswordPolicy(t.Account)
		}
		passwordPolicies.Delete(t.Tx, key)
		return nil
	})
}

func noPasswordPolicy(account aws.Account) *aws.Error {
	return api.ErrNoSuchEntityException("The Password Policy with domain name %s cannot be found.", account)
}

// passwordRules are those in force.
func (t *tx) passwordRules() passwordPolicy {
	if p, ok := passwordPolicies.Get(t.Tx, passwordPolicies.Key(t.Scope)); ok {
		return *p
	}
	return defaultPasswords
}

// passwordSymbols are what counts as one.
// AWS: "UpdateAccountPasswordPolicy", RequireSymbols.
const passwordSymbols = "!@#$%^&*()_+-=[]{}|'"

// accepts checks a new password for a user.
func (p *passwordPolicy) accepts(password string) error {
	has := func(from, to rune) bool {
		return strings.ContainsFunc(password, func(r rune) bool { return from <= r && r <= to })
	}
	var lacks string
	switch {
	case len(password) < p.MinLength:
		return api.ErrPasswordPolicyViolationException("Password should have a minimum length of %d", p.MinLength)
	case p.Symbols && !strings.ContainsAny(password, passwordSymbols):
		lacks = "symbol"
	case p.Numbers && !has('0', '9'):
		lacks = "number"
	case p.Uppercase && !has('A', 'Z'):
		lacks = "uppercase character"
	case p.Lowercase && !has('a', 'z'):
		lacks = "lowercase character"
	}
	if lacks != "" {
		return api.ErrPasswordPolicyViolationException("Password should have at least one %s", lacks)
	}
	return nil
}

const (
	saltLength  = 22
	hashLength  = 32
	maxOldSaved = 24 // AWS: "UpdateAccountPasswordPolicy", PasswordReusePrevention
)

func hash(password, salt string) []byte {
	sum, err := pbkdf2.Key(sha256.New, password, []byte(salt), passwordRounds, hashLength)
	if err != nil {
		panic("iam: " + err.Error()) // only for lengths that FIPS forbids
	}
	return sum
}

func (l *login) matches(password string) bool {
	return subtle.ConstantTimeCompare(hash(password, l.Salt), l.Hash) == 1
}

// set changes the password. sum is its hash with salt, made outside of the
// transaction because it takes long.
func (l *login) set(p *sealed, now time.Time) {
	if l.Hash != nil {
		old := append([]login{{Salt: l.Salt, Hash: l.Hash}}, l.Old...)
		l.Old = old[:min(len(old), maxOldSaved)]
	}
	l.Salt, l.Hash, l.Changed = p.salt, p.hash, now
}

// sealed is a new password and its hash.
type sealed struct {
	text, salt string
	hash       []byte
}

func (s *Service) seal(password *string) *sealed {
	if password == nil {
		return nil
	}
	p := &sealed{text: *password, salt: aws.Text(s.Random, aws.AlphaNumeric, saltLength)}
	p.hash = hash(p.text, p.salt)
	return p
}
