package cognitoidp

import (
	"context"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// GetUser returns the user who calls, as far as the client may read.
func (s *Service) GetUser(ctx context.Context, in *cognitoidp.GetUserInput) (*cognitoidp.GetUserOutput, error) {
	out := new(cognitoidp.GetUserOutput)
	err := s.signedIn(ctx, in.AccessToken, func(_ kv.Tx, c *client, u *user) error {
		*out = cognitoidp.GetUserOutput{Username: u.Name, UserAttributes: []cognitoidp.AttributeType{}, UserMFASettingList: u.Factors.Enabled, PreferredMfaSetting: aws.Optional(u.Factors.Preferred)}
		for _, a := range u.list(nil) {
			if c.mayRead(a.Name) {
				out.UserAttributes = append(out.UserAttributes, a)
			}
		}
		return nil
	})
	return out, err
}

// UpdateUserAttributes sets attributes of the user who calls.
func (s *Service) UpdateUserAttributes(ctx context.Context, in *cognitoidp.UpdateUserAttributesInput) (*cognitoidp.UpdateUserAttributesOutput, error) {
	out := new(cognitoidp.UpdateUserAttributesOutput)
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, c *client, u *user) (err error) {
		u.caller.metadata = in.ClientMetadata
		out.CodeDeliveryDetailsList, err = s.write(ctx, tx, u, writing{attributes: in.UserAttributes, client: c})
		return err
	})
	return out, err
}

// DeleteUserAttributes removes attributes of the user who calls.
func (s *Service) DeleteUserAttributes(ctx context.Context, in *cognitoidp.DeleteUserAttributesInput) (*cognitoidp.DeleteUserAttributesOutput, error) {
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, c *client, u *user) error {
		return u.remove(tx, writing{client: c}, in.UserAttributeNames)
	})
	return &cognitoidp.DeleteUserAttributesOutput{}, err
}

// DeleteUser deletes the user who calls.
func (s *Service) DeleteUser(ctx context.Context, in *cognitoidp.DeleteUserInput) (*cognitoidp.DeleteUserOutput, error) {
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) error {
		u.drop(tx)
		return nil
	})
	return &cognitoidp.DeleteUserOutput{}, err
}

// ChangePassword sets another password. It takes the old one, guesses at which
// count like those at signing in.
func (s *Service) ChangePassword(ctx context.Context, in *cognitoidp.ChangePasswordInput) (*cognitoidp.ChangePasswordOutput, error) {
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) error {
		if len(u.Password.Verifier) > 0 {
			if err := u.prove(tx, func() bool { return u.Password.matches(u.identity(), deref(in.PreviousPassword)) }); err != nil {
				return err
			}
		}
		if err := s.setPassword(u, in.ProposedPassword); err != nil {
			return err
		}
		u.put(tx)
		return nil
	})
	return &cognitoidp.ChangePasswordOutput{}, err
}

// GetUserAttributeVerificationCode sends a code to an address of the user who calls.
func (s *Service) GetUserAttributeVerificationCode(ctx context.Context, in *cognitoidp.GetUserAttributeVerificationCodeInput) (*cognitoidp.GetUserAttributeVerificationCodeOutput, error) {
	out := new(cognitoidp.GetUserAttributeVerificationCodeOutput)
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) (err error) {
		via := in.AttributeName
		if err := addressable(via); err != nil {
			return err
		}
		u.caller.metadata = in.ClientMetadata
		to := u.Attributes[via]
		// A changed address that is not the user's yet may be asked for again.
		if c, ok := codes.Get(tx, u.codeKey(forAttribute+via)); ok && u.pool.verifiesFirst(via) {
			to = c.To
		}
		if to == "" {
			return invalid("User does not have the attribute %s.", via)
		}
		out.CodeDeliveryDetails, err = s.sendCode(ctx, tx, u, errand{forAttribute + via, via, to, codeValidity, askedToVerify})
		return err
	})
	return out, err
}

func addressable(attribute string) error {
	if attribute != email && attribute != phone {
		return invalid("Attribute %s cannot be verified.", attribute)
	}
	return nil
}

// VerifyUserAttribute verifies an address with the code that was sent to it.
func (s *Service) VerifyUserAttribute(ctx context.Context, in *cognitoidp.VerifyUserAttributeInput) (*cognitoidp.VerifyUserAttributeOutput, error) {
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) error {
		if err := addressable(in.AttributeName); err != nil {
			return err
		}
		code, err := u.takeCode(tx, forAttribute+in.AttributeName, in.Code)
		if err != nil {
			return err
		}
		if code.To != u.Attributes[code.Via] && !u.pool.verifiesFirst(code.Via) {
			return expiredCode() // the address has changed since
		}
		return u.change(tx, func() {
			if u.Attributes == nil {
				u.Attributes = map[string]string{}
			}
			u.Attributes[code.Via], u.Attributes[code.Via+verifiedSuffix] = code.To, "true"
		})
	})
	return &cognitoidp.VerifyUserAttributeOutput{}, err
}
