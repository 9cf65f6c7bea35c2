package cognitoidp

import (
	"context"
	"maps"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// SignUp makes a user who has yet to confirm an address with the code sent to it,
// unless the pool's function says otherwise.
func (s *Service) SignUp(ctx context.Context, in *cognitoidp.SignUpInput) (*cognitoidp.SignUpOutput, error) {
	k := knock{client: in.ClientId, name: in.Username, hash: in.SecretHash}
	sub := aws.UUID(s.Random)
	var u *user
	err := s.answer(ctx, k, func(tx kv.Tx, c *client, _ *user) (err error) {
		u, err = s.candidate(tx, c, in, sub)
		return err
	})
	if err != nil {
		return nil, err
	}
	v, err := s.preSignUp(ctx, u, atSignUp, in.ValidationData)
	if err != nil {
		return nil, err
	}
	var kept secret
	if in.Password != nil {
		kept = s.newSecret(u.identity(), *in.Password)
	}
	out := new(cognitoidp.SignUpOutput)
	err = s.answer(ctx, k, func(tx kv.Tx, c *client, _ *user) (err error) {
		if u, err = s.candidate(tx, c, in, sub); err != nil {
			return err
		}
		u.Password = kept
		v.apply(u)
		if err := u.enrol(tx, false); err != nil {
			return err
		}
		c.pool.count(tx, countUsers, 1)
		out.UserSub, out.UserConfirmed = u.Sub, u.Status == confirmed
		if via := u.automatic(); via != "" && !out.UserConfirmed {
			out.CodeDeliveryDetails, err = s.sendCode(ctx, tx, u, errand{forSignUp, via, u.Attributes[via], codeValidity, atSignUp})
		}
		return err
	})
	if err == nil {
		err = s.deliver(ctx, u)
	}
	if err == nil && out.UserConfirmed {
		err = s.confirmedBy(ctx, u, confirmSignUp)
	}
	return out, err
}

// candidate is who signs up, before it is a user.
func (s *Service) candidate(tx kv.Tx, c *client, in *cognitoidp.SignUpInput, sub string) (*user, error) {
	p := c.pool
	if *p.settings.AdminCreateUserConfig.AllowAdminCreateUserOnly {
		return nil, cognitoidp.ErrNotAuthorizedException("SignUp is not permitted for this user pool")
	}
	if passwordless := in.Password == nil && (p.first(cognitoidp.AuthFactorTypeEMAILOTP) || p.first(cognitoidp.AuthFactorTypeSMSOTP)); !passwordless {
		if err := checkPassword(p.settings.Policies.PasswordPolicy, deref(in.Password)); err != nil {
			return nil, err
		}
	}
	attributes, err := writing{attributes: in.UserAttributes, client: c, fresh: true}.read(p)
	if err != nil {
		return nil, err
	}
	u, err := s.newUser(tx, p, named{in.Username, sub}, attributes)
	if err == nil {
		u.Status, u.caller = unconfirmed, caller{client: c.ID, metadata: in.ClientMetadata}
	}
	return u, err
}

// named is what a new user is called: by people, and by the pool.
type named struct{ name, sub string }

// newUser makes a user, under a name that nobody has. Its attributes are known
// to be good one by one.
func (s *Service) newUser(tx kv.Tx, p *pool, by named, attributes map[string]string) (*user, error) {
	name := by.name
	u := &user{pool: p, Name: name, Sub: by.sub, Created: tx.Now(), Attributes: attributes}
	addresses := p.settings.UsernameAttributes
	switch {
	case len(addresses) > 0:
		// AWS: "Customizing sign-in attributes": the name is an address, and the
		// user's own name is the sub.
		attribute, err := addressed(addresses, name)
		if err != nil {
			return nil, err
		}
		u.Name, attributes[attribute] = u.Sub, name
		for _, a := range addresses {
			if v := attributes[string(a)]; v != "" && aliases.Has(tx, p.aliasKey(string(a), v)) {
				return nil, cognitoidp.ErrUsernameExistsException("An account with the given %s already exists.", a)
			}
		}
	case slices.Contains(p.settings.AliasAttributes, email) && isEmail(name):
		return nil, invalid("Username cannot be of email format, since user pool is configured for email alias.")
	case slices.Contains(p.settings.AliasAttributes, phone) && isPhone(name):
		return nil, invalid("Username cannot be of phone number format, since user pool is configured for phone number alias.")
	}
	if err := p.complete(attributes); err != nil {
		return nil, err
	}
	if users.Has(tx, u.key()) {
		return nil, cognitoidp.ErrUsernameExistsException("User already exists")
	}
	return u, nil
}

// addressed tells which of a pool's username attributes a name is.
func addressed(by []cognitoidp.UsernameAttributeType, name string) (string, error) {
	mails, phones := slices.Contains(by, email), slices.Contains(by, phone)
	switch {
	case mails && isEmail(name):
		return email, nil
	case phones && isPhone(name):
		return phone, nil
	case mails && phones:
		return "", invalid("Username should be either an email or a phone number.")
	case mails:
		return "", invalid("Username should be an email.")
	}
	return "", invalid("Username should be a phone number.")
}

// enrol stores a new user with its aliases.
func (u *user) enrol(tx kv.Tx, force bool) error {
	if err := u.realias(tx, nil, force); err != nil {
		return err
	}
	u.put(tx)
	return nil
}

// automatic is the attribute that the pool verifies of its own: a phone number
// before a mail address; empty for none.
// AWS: "Verifying contact information at sign-up".
func (u *user) automatic() string {
	for _, via := range []string{phone, email} {
		if slices.Contains(u.pool.settings.AutoVerifiedAttributes, cognitoidp.VerifiedAttributeType(via)) && u.Attributes[via] != "" {
			return via
		}
	}
	return ""
}

// ConfirmSignUp confirms a user, whose address is then verified.
func (s *Service) ConfirmSignUp(ctx context.Context, in *cognitoidp.ConfirmSignUpInput) (*cognitoidp.ConfirmSignUpOutput, error) {
	var known *user
	err := s.answer(ctx, knock{in.ClientId, in.Username, in.SecretHash, in.ClientMetadata}, func(tx kv.Tx, c *client, u *user) error {
		switch {
		case u == nil && c.hides():
			return expiredCode()
		case u == nil:
			return noSuchUser()
		case u.Status != unconfirmed:
			return cognitoidp.ErrNotAuthorizedException("User cannot be confirmed. Current status is %s", u.Status)
		}
		code, err := u.takeCode(tx, forSignUp, in.ConfirmationCode)
		if err != nil {
			return err
		}
		before := maps.Clone(u.Attributes)
		u.Status = confirmed
		if u.Attributes[code.Via] == code.To {
			u.Attributes[code.Via+verifiedSuffix] = "true"
		}
		if err := u.realias(tx, before, deref(in.ForceAliasCreation)); err != nil {
			return err
		}
		u.put(tx)
		known = u
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ConfirmSignUpOutput{}, s.confirmedBy(ctx, known, confirmSignUp)
}

// ResendConfirmationCode sends another code to who has signed up.
func (s *Service) ResendConfirmationCode(ctx context.Context, in *cognitoidp.ResendConfirmationCodeInput) (*cognitoidp.ResendConfirmationCodeOutput, error) {
	out := new(cognitoidp.ResendConfirmationCodeOutput)
	err := s.answer(ctx, knock{in.ClientId, in.Username, in.SecretHash, in.ClientMetadata}, func(tx kv.Tx, c *client, u *user) (err error) {
		switch {
		case u == nil && c.hides():
			out.CodeDeliveryDetails = c.pretend(in.Username)
			return nil
		case u == nil:
			return noSuchUser()
		case u.Status != unconfirmed:
			return invalid("User is already confirmed.")
		}
		via := u.automatic()
		if via == "" {
			return invalid("Cannot resend codes. Auto verification not turned on.")
		}
		out.CodeDeliveryDetails, err = s.sendCode(ctx, tx, u, errand{forSignUp, via, u.Attributes[via], codeValidity, resend})
		return err
	})
	return out, err
}
