package cognitoidp

import (
	"context"
	"maps"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// SignUp makes a user who has yet to confirm an address with the code sent to it.
func (s *Service) SignUp(ctx context.Context, in *cognitoidp.SignUpInput) (*cognitoidp.SignUpOutput, error) {
	out := new(cognitoidp.SignUpOutput)
	err := s.answer(ctx, knock{in.ClientId, in.Username, in.SecretHash}, func(tx kv.Tx, c *client, _ *user) error {
		p := c.pool
		if *p.settings.AdminCreateUserConfig.AllowAdminCreateUserOnly {
			return cognitoidp.ErrNotAuthorizedException("SignUp is not permitted for this user pool")
		}
		if err := checkPassword(p.settings.Policies.PasswordPolicy, deref(in.Password)); err != nil {
			return err
		}
		attributes, err := writing{attributes: in.UserAttributes, client: c, fresh: true}.read(p)
		if err != nil {
			return err
		}
		u, err := s.newUser(tx, p, in.Username, attributes)
		if err != nil {
			return err
		}
		u.Status, u.Password = unconfirmed, s.newSecret(u.identity(), *in.Password)
		if err := u.enrol(tx, false); err != nil {
			return err
		}
		out.UserSub = u.Sub
		if via := u.automatic(); via != "" {
			out.CodeDeliveryDetails, err = s.sendCode(ctx, tx, u, errand{forSignUp, via, u.Attributes[via], codeValidity})
		}
		return err
	})
	return out, err
}

// newUser makes a user, under a name that nobody has. Its attributes are known
// to be good one by one.
func (s *Service) newUser(tx kv.Tx, p *pool, name string, attributes map[string]string) (*user, error) {
	u := &user{pool: p, Name: name, Sub: aws.UUID(s.Random), Created: tx.Now(), Attributes: attributes}
	by := p.settings.UsernameAttributes
	switch {
	case len(by) > 0:
		// AWS: "Customizing sign-in attributes": the name is an address, and the
		// user's own name is the sub.
		attribute, err := addressed(by, name)
		if err != nil {
			return nil, err
		}
		u.Name, attributes[attribute] = u.Sub, name
		for _, a := range by {
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
	p.count(tx, countUsers, 1)
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
	err := s.answer(ctx, knock{in.ClientId, in.Username, in.SecretHash}, func(tx kv.Tx, c *client, u *user) error {
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
		return nil
	})
	return &cognitoidp.ConfirmSignUpOutput{}, err
}

// ResendConfirmationCode sends another code to who has signed up.
func (s *Service) ResendConfirmationCode(ctx context.Context, in *cognitoidp.ResendConfirmationCodeInput) (*cognitoidp.ResendConfirmationCodeOutput, error) {
	out := new(cognitoidp.ResendConfirmationCodeOutput)
	err := s.answer(ctx, knock{in.ClientId, in.Username, in.SecretHash}, func(tx kv.Tx, c *client, u *user) (err error) {
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
		out.CodeDeliveryDetails, err = s.sendCode(ctx, tx, u, errand{forSignUp, via, u.Attributes[via], codeValidity})
		return err
	})
	return out, err
}
