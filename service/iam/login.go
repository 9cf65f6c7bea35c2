package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
)

// CreateLoginProfile gives a user a password for the console.
func (s *Service) CreateLoginProfile(ctx context.Context, in *api.CreateLoginProfileInput) (*api.CreateLoginProfileOutput, error) {
	if in.Password == nil {
		return nil, invalid("1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null")
	}
	p := s.seal(in.Password)
	var out api.CreateLoginProfileOutput
	err := s.update(ctx, func(t *tx) error {
		u, err := t.subject(aws.CallFrom(ctx), in.UserName)
		if err != nil {
			return err
		}
		if u.Login != nil {
			return api.ErrEntityAlreadyExistsException("Login Profile for User %s already exists.", u.Name)
		}
		rules := t.passwordRules()
		if err := rules.accepts(p.text); err != nil {
			return err
		}
		u.Login = &login{Created: t.Now(), Reset: or(in.PasswordResetRequired, false)}
		u.Login.set(p, t.Now())
		put(t, &users, u)
		out.LoginProfile = showLogin(u)
		return nil
	})
	return &out, err
}

// GetLoginProfile tells whether a user has a password.
func (s *Service) GetLoginProfile(ctx context.Context, in *api.GetLoginProfileInput) (*api.GetLoginProfileOutput, error) {
	var out api.GetLoginProfileOutput
	err := s.view(ctx, func(t *tx) error {
		u, err := t.loginUser(aws.CallFrom(ctx), in.UserName)
		if err == nil {
			out.LoginProfile = showLogin(u)
		}
		return err
	})
	return &out, err
}

// UpdateLoginProfile changes a user's password.
func (s *Service) UpdateLoginProfile(ctx context.Context, in *api.UpdateLoginProfileInput) (*api.UpdateLoginProfileOutput, error) {
	p := s.seal(in.Password)
	return &api.UpdateLoginProfileOutput{}, s.update(ctx, func(t *tx) error {
		u, err := t.loginUser(aws.CallFrom(ctx), &in.UserName)
		if err != nil {
			return err
		}
		if p != nil {
			rules := t.passwordRules()
			if err := rules.accepts(p.text); err != nil {
				return err
			}
			u.Login.set(p, t.Now())
		}
		u.Login.Reset = or(in.PasswordResetRequired, u.Login.Reset)
		put(t, &users, u)
		return nil
	})
}

// DeleteLoginProfile takes the password away.
func (s *Service) DeleteLoginProfile(ctx context.Context, in *api.DeleteLoginProfileInput) (*api.DeleteLoginProfileOutput, error) {
	return &api.DeleteLoginProfileOutput{}, s.update(ctx, func(t *tx) error {
		u, err := t.loginUser(aws.CallFrom(ctx), in.UserName)
		if err != nil {
			return err
		}
		u.Login = nil
		put(t, &users, u)
		return nil
	})
}

// ChangePassword is for the users themselves.
func (s *Service) ChangePassword(ctx context.Context, in *api.ChangePasswordInput) (*api.ChangePasswordOutput, error) {
	call := aws.CallFrom(ctx)
	if call.Caller.Kind != aws.User {
		return nil, api.ErrInvalidUserTypeException("Only IAM Users can change their own password.")
	}
	old, rules, err := s.passwords(ctx)
	if err != nil {
		return nil, err
	}
	if !old.matches(in.OldPassword) {
		return nil, aws.Errorf(403, "AccessDenied", "The old password was incorrect.")
	}
	if err := rules.accepts(in.NewPassword); err != nil {
		return nil, err
	}
	former := append([]login{*old}, old.Old...)
	for _, o := range former[:min(len(former), rules.Remembered)] {
		if o.matches(in.NewPassword) {
			return nil, api.ErrPasswordPolicyViolationException("Password was used before and the account's password policy prevents its reuse.")
		}
	}
	p := s.seal(&in.NewPassword)
	return &api.ChangePasswordOutput{}, s.update(ctx, func(t *tx) error {
		u, err := t.loginUser(call, nil)
		if err != nil {
			return err
		}
		u.Login.set(p, t.Now())
		u.Login.Reset = false
		put(t, &users, u)
		return nil
	})
}

// passwords gives the caller's password and the account's rules.
func (s *Service) passwords(ctx context.Context) (l *login, rules passwordPolicy, err error) {
	err = s.view(ctx, func(t *tx) error {
		u, err := t.loginUser(aws.CallFrom(ctx), nil)
		if err == nil {
			l, rules = u.Login, t.passwordRules()
		}
		return err
	})
	return l, rules, err
}

// loginUser finds a user who has a password.
func (t *tx) loginUser(call *aws.Call, name *string) (*user, error) {
	u, err := t.subject(call, name)
	if err == nil && u.Login == nil {
		return nil, api.ErrNoSuchEntityException("Login Profile for User %s cannot be found.", u.Name)
	}
	return u, err
}

func showLogin(u *user) *api.LoginProfile {
	return &api.LoginProfile{UserName: u.Name, CreateDate: u.Login.Created, PasswordResetRequired: &u.Login.Reset}
}
