package cognitoidp

import (
	"context"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// ForgotPassword sends a code with which a user may set another password.
func (s *Service) ForgotPassword(ctx context.Context, in *cognitoidp.ForgotPasswordInput) (*cognitoidp.ForgotPasswordOutput, error) {
	out, stranger, err := s.forgot(ctx, in)
	if stranger == nil {
		return out, err
	}
	switch done, failed := s.migrate(ctx, newcomer{client: stranger, name: in.Username, metadata: in.ClientMetadata}, forgotten); {
	case done:
		out, _, err = s.forgot(ctx, in)
	case failed != nil && err != nil:
		err = failed
	}
	return out, err
}

// forgot sends the code, or says at which client nobody has that name.
func (s *Service) forgot(ctx context.Context, in *cognitoidp.ForgotPasswordInput) (out *cognitoidp.ForgotPasswordOutput, stranger *client, err error) {
	out = new(cognitoidp.ForgotPasswordOutput)
	err = s.answer(ctx, knock{in.ClientId, in.Username, in.SecretHash, in.ClientMetadata}, func(tx kv.Tx, c *client, u *user) (err error) {
		if stranger = nil; u == nil {
			stranger = c
		}
		switch {
		case u == nil && c.hides():
			out.CodeDeliveryDetails = c.pretend(in.Username)
			return nil
		case u == nil:
			return noSuchUser()
		case u.Disabled:
			return cognitoidp.ErrNotAuthorizedException("User is disabled.")
		case u.Status == forceChange || u.Status == external:
			return notNow()
		}
		out.CodeDeliveryDetails, err = s.sendReset(ctx, tx, u)
		return err
	})
	return out, stranger, err
}

func notNow() error {
	return cognitoidp.ErrNotAuthorizedException("User password cannot be reset in the current state.")
}

// sendReset sends a code for another password to a verified address.
// AWS: AccountRecoverySettingType: where nothing is set, to the phone first.
func (s *Service) sendReset(ctx context.Context, tx kv.Tx, u *user) (*cognitoidp.CodeDeliveryDetailsType, error) {
	order := []string{phone, email}
	if r := u.pool.settings.AccountRecoverySetting; r != nil && len(r.RecoveryMechanisms) > 0 {
		mechanisms := slices.SortedFunc(slices.Values(r.RecoveryMechanisms), func(a, b cognitoidp.RecoveryOptionType) int { return int(a.Priority - b.Priority) })
		order = nil
		for _, m := range mechanisms {
			switch m.Name {
			case cognitoidp.RecoveryOptionNameTypeVerifiedEmail:
				order = append(order, email)
			case cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber:
				order = append(order, phone)
			default:
				return nil, cognitoidp.ErrNotAuthorizedException("Contact administrator to reset password.")
			}
		}
	}
	for _, via := range order {
		if u.Attributes[via] != "" && u.Attributes[via+verifiedSuffix] == "true" {
			return s.sendCode(ctx, tx, u, errand{forPassword, via, u.Attributes[via], resetCodeValidity, forgotten})
		}
	}
	return nil, invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
}

// ConfirmForgotPassword sets another password, with the code that was sent.
func (s *Service) ConfirmForgotPassword(ctx context.Context, in *cognitoidp.ConfirmForgotPasswordInput) (*cognitoidp.ConfirmForgotPasswordOutput, error) {
	var known *user
	err := s.answer(ctx, knock{in.ClientId, in.Username, in.SecretHash, in.ClientMetadata}, func(tx kv.Tx, c *client, u *user) error {
		switch {
		case u == nil && c.hides():
			return expiredCode()
		case u == nil:
			return noSuchUser()
		case u.Disabled:
			return cognitoidp.ErrNotAuthorizedException("User is disabled.")
		}
		if _, err := u.takeCode(tx, forPassword, in.ConfirmationCode); err != nil {
			return err
		}
		if err := s.setPassword(u, in.Password); err != nil {
			return err
		}
		u.Failures = 0
		if u.Status == resetRequired {
			u.Status = confirmed
		}
		u.put(tx)
		known = u
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ConfirmForgotPasswordOutput{}, s.confirmedBy(ctx, known, confirmPassword)
}

// setPassword gives the user a password of its own choice.
func (s *Service) setPassword(u *user, password string) error {
	policy := u.pool.settings.Policies.PasswordPolicy
	if err := checkPassword(policy, password); err != nil {
		return err
	}
	size := int(deref(policy.PasswordHistorySize))
	if size > 0 {
		used := append([]secret{u.Password}, u.History...)
		for i := range used[:min(size, len(used))] {
			if used[i].matches(u.identity(), password) {
				return cognitoidp.ErrPasswordHistoryPolicyViolationException("Password has previously been used.")
			}
		}
		u.History = used[:min(size, len(used))]
	} else {
		u.History = nil
	}
	u.Password = s.newSecret(u.identity(), password)
	return nil
}
