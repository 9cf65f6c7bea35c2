package cognitoidp

import (
	"context"
	"slices"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// administer runs fn on a user of the caller's, in a transaction.
func (s *Service) administer(ctx context.Context, poolID, name string, fn func(tx kv.Tx, u *user) error) error {
	_, err := s.administered(ctx, poolID, name, fn)
	return err
}

// administered is administer for who needs the user afterwards.
func (s *Service) administered(ctx context.Context, poolID, name string, fn func(tx kv.Tx, u *user) error) (u *user, err error) {
	err = s.update(ctx, poolID, func(tx kv.Tx, p *pool) error {
		if u, err = p.mustUser(tx, name); err != nil {
			return err
		}
		u.caller.client = unknownClient
		return fn(tx, u)
	})
	if err != nil {
		return nil, err
	}
	return u, s.deliver(ctx, u)
}

// AdminCreateUser makes a user with a temporary password, and invites it; or
// invites one again.
func (s *Service) AdminCreateUser(ctx context.Context, in *cognitoidp.AdminCreateUserInput) (*cognitoidp.AdminCreateUserOutput, error) {
	out := new(cognitoidp.AdminCreateUserOutput)
	sub := aws.UUID(s.Random)
	v, err := s.approve(ctx, in, sub)
	if err != nil {
		return nil, err
	}
	var u *user
	err = s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) (err error) {
		if u, err = s.invited(tx, p, in, sub); err != nil {
			return err
		}
		policy := p.settings.Policies.PasswordPolicy
		password := or(in.TemporaryPassword, "")
		if password == "" {
			password = newPassword(s.Random, policy)
		}
		if err := checkPassword(policy, password); err != nil {
			return err
		}
		s.setTemporary(tx, u, password)
		v.apply(u)
		if err := u.enrol(tx, deref(in.ForceAliasCreation)); err != nil {
			return err
		}
		if in.MessageAction != cognitoidp.MessageActionTypeRESEND {
			p.count(tx, countUsers, 1)
		}
		if in.MessageAction != cognitoidp.MessageActionTypeSUPPRESS {
			letter := *in
			letter.TemporaryPassword = &password
			s.invite(ctx, tx, u, &letter)
		}
		out.User = u.describe(nil)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, s.deliver(ctx, u)
}

// approve asks the pool's function about a user who is to be made.
func (s *Service) approve(ctx context.Context, in *cognitoidp.AdminCreateUserInput, sub string) (v verdict, err error) {
	var u *user
	err = s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) (err error) {
		if u = nil; p.triggers().PreSignUp != nil && in.MessageAction != cognitoidp.MessageActionTypeRESEND {
			u, err = s.invited(tx, p, in, sub)
		}
		return err
	})
	if err != nil || u == nil {
		return v, err
	}
	return s.preSignUp(ctx, u, invitation, in.ValidationData)
}

// invited is the user who is to be made or to be invited again.
func (s *Service) invited(tx kv.Tx, p *pool, in *cognitoidp.AdminCreateUserInput, sub string) (u *user, err error) {
	if in.MessageAction == cognitoidp.MessageActionTypeRESEND {
		if u, err = p.mustUser(tx, in.Username); err == nil && u.Status != forceChange {
			err = cognitoidp.ErrUnsupportedUserStateException("Resend not possible. %s status is not FORCE_CHANGE_PASSWORD", in.Username)
		}
		return u, err
	}
	attributes, err := writing{attributes: in.UserAttributes, fresh: true}.read(p)
	if err != nil {
		return nil, err
	}
	if users.Has(tx, p.userKey(in.Username)) {
		return nil, cognitoidp.ErrUsernameExistsException("User account already exists")
	}
	if u, err = s.newUser(tx, p, named{in.Username, sub}, attributes); err == nil {
		u.caller = caller{client: unknownClient, metadata: in.ClientMetadata}
	}
	return u, err
}

// setTemporary gives the user a password that is good for setting another.
func (s *Service) setTemporary(tx kv.Tx, u *user, password string) {
	days := *u.pool.settings.Policies.PasswordPolicy.TemporaryPasswordValidityDays
	u.Status, u.Password = forceChange, s.newSecret(u.identity(), password)
	u.Temporary = tx.Now().Add(time.Duration(days) * 24 * time.Hour)
}

// invite sends the temporary password.
// AWS: AdminCreateUser, "DesiredDeliveryMediums": SMS unless said otherwise.
func (s *Service) invite(ctx context.Context, tx kv.Tx, u *user, in *cognitoidp.AdminCreateUserInput) {
	password := *in.TemporaryPassword
	t := orNew(u.pool.settings.AdminCreateUserConfig.InviteMessageTemplate)
	const standard = "Your username is {username} and temporary password is {####}."
	media := in.DesiredDeliveryMediums
	if (len(media) == 0 || slices.Contains(media, cognitoidp.DeliveryMediumTypeSMS)) && u.Attributes[phone] != "" {
		s.send(ctx, tx, u, draft{Letter: Letter{SMS: true, To: u.Attributes[phone], Body: or(t.SMSMessage, standard)}, code: password, why: invitation})
	}
	if slices.Contains(media, cognitoidp.DeliveryMediumTypeEMAIL) && u.Attributes[email] != "" {
		l := Letter{To: u.Attributes[email], Subject: or(t.EmailSubject, "Your temporary password"), Body: or(t.EmailMessage, standard)}
		s.send(ctx, tx, u, draft{Letter: l, code: password, why: invitation})
	}
}

// AdminGetUser returns a user.
func (s *Service) AdminGetUser(ctx context.Context, in *cognitoidp.AdminGetUserInput) (*cognitoidp.AdminGetUserOutput, error) {
	out := new(cognitoidp.AdminGetUserOutput)
	err := s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		u, err := p.mustUser(tx, in.Username)
		if err != nil {
			return err
		}
		d := u.describe(nil)
		*out = cognitoidp.AdminGetUserOutput{
			Username: u.Name, UserAttributes: d.Attributes, UserCreateDate: d.UserCreateDate, UserLastModifiedDate: d.UserLastModifiedDate,
			Enabled: d.Enabled, UserStatus: d.UserStatus,
			UserMFASettingList: u.Factors.Enabled, PreferredMfaSetting: aws.Optional(u.Factors.Preferred),
		}
		return nil
	})
	return out, err
}

// AdminConfirmSignUp confirms a user without a code, and verifies nothing.
func (s *Service) AdminConfirmSignUp(ctx context.Context, in *cognitoidp.AdminConfirmSignUpInput) (*cognitoidp.AdminConfirmSignUpOutput, error) {
	u, err := s.administered(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		if u.Status != unconfirmed {
			return cognitoidp.ErrNotAuthorizedException("User cannot be confirmed. Current status is %s", u.Status)
		}
		u.caller.metadata = in.ClientMetadata
		return u.change(tx, func() { u.Status = confirmed })
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminConfirmSignUpOutput{}, s.confirmedBy(ctx, u, confirmSignUp)
}

// AdminUpdateUserAttributes sets attributes, those among them that say that
// others were verified.
func (s *Service) AdminUpdateUserAttributes(ctx context.Context, in *cognitoidp.AdminUpdateUserAttributesInput) (*cognitoidp.AdminUpdateUserAttributesOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		u.caller.metadata = in.ClientMetadata
		_, err := s.write(ctx, tx, u, writing{attributes: in.UserAttributes})
		return err
	})
	return &cognitoidp.AdminUpdateUserAttributesOutput{}, err
}

// AdminDeleteUserAttributes removes attributes.
func (s *Service) AdminDeleteUserAttributes(ctx context.Context, in *cognitoidp.AdminDeleteUserAttributesInput) (*cognitoidp.AdminDeleteUserAttributesOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		return u.remove(tx, writing{}, in.UserAttributeNames)
	})
	return &cognitoidp.AdminDeleteUserAttributesOutput{}, err
}

// AdminDeleteUser deletes a user.
func (s *Service) AdminDeleteUser(ctx context.Context, in *cognitoidp.AdminDeleteUserInput) (*cognitoidp.AdminDeleteUserOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		u.drop(tx)
		return nil
	})
	return &cognitoidp.AdminDeleteUserOutput{}, err
}

// AdminDisableUser keeps a user from signing in, and signs it out.
func (s *Service) AdminDisableUser(ctx context.Context, in *cognitoidp.AdminDisableUserInput) (*cognitoidp.AdminDisableUserOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		u.Disabled = true
		u.signOut(tx)
		u.put(tx)
		return nil
	})
	return &cognitoidp.AdminDisableUserOutput{}, err
}

// AdminEnableUser lets a user sign in again.
func (s *Service) AdminEnableUser(ctx context.Context, in *cognitoidp.AdminEnableUserInput) (*cognitoidp.AdminEnableUserOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		u.Disabled = false
		u.put(tx)
		return nil
	})
	return &cognitoidp.AdminEnableUserOutput{}, err
}

// AdminSetUserPassword sets a password, for good or to be changed at the next sign-in.
func (s *Service) AdminSetUserPassword(ctx context.Context, in *cognitoidp.AdminSetUserPasswordInput) (*cognitoidp.AdminSetUserPasswordOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		if !deref(in.Permanent) {
			if err := checkPassword(u.pool.settings.Policies.PasswordPolicy, in.Password); err != nil {
				return err
			}
			s.setTemporary(tx, u, in.Password)
			u.put(tx)
			return nil
		}
		if err := s.setPassword(u, in.Password); err != nil {
			return err
		}
		return u.change(tx, func() { u.Status = confirmed })
	})
	return &cognitoidp.AdminSetUserPasswordOutput{}, err
}

// AdminResetUserPassword sends the user a code, without which it cannot sign in
// any more.
func (s *Service) AdminResetUserPassword(ctx context.Context, in *cognitoidp.AdminResetUserPasswordInput) (*cognitoidp.AdminResetUserPasswordOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		if u.Status == forceChange || u.Status == unconfirmed {
			return notNow()
		}
		u.caller.metadata = in.ClientMetadata
		if _, err := s.sendReset(ctx, tx, u); err != nil {
			return err
		}
		u.Status = resetRequired
		u.put(tx)
		return nil
	})
	return &cognitoidp.AdminResetUserPasswordOutput{}, err
}
