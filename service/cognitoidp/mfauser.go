package cognitoidp

import (
	"context"
	"encoding/base32"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// AssociateSoftwareToken gives a user the secret of a device that will make codes.
// It comes from who has signed in, or in the midst of it.
func (s *Service) AssociateSoftwareToken(ctx context.Context, in *cognitoidp.AssociateSoftwareTokenInput) (*cognitoidp.AssociateSoftwareTokenOutput, error) {
	secret := s.bytes(totpSecret)
	out := &cognitoidp.AssociateSoftwareTokenOutput{SecretCode: new(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret))}
	err := s.settingUp(ctx, in.AccessToken, in.Session, func(tx kv.Tx, c *client, u *user) error {
		u.Factors.Pending = secret
		u.save(tx)
		if deref(in.AccessToken) == "" {
			out.Session = new(s.open(tx, c, u, attempt{Step: string(cognitoidp.ChallengeNameTypeMFASETUP)}).text)
		}
		return nil
	})
	return out, err
}

// VerifySoftwareToken takes the first code that a new device has made.
func (s *Service) VerifySoftwareToken(ctx context.Context, in *cognitoidp.VerifySoftwareTokenInput) (*cognitoidp.VerifySoftwareTokenOutput, error) {
	out := &cognitoidp.VerifySoftwareTokenOutput{Status: cognitoidp.VerifySoftwareTokenResponseTypeSUCCESS}
	err := s.settingUp(ctx, in.AccessToken, in.Session, func(tx kv.Tx, c *client, u *user) error {
		f := &u.Factors
		if len(f.Pending) == 0 {
			return invalid("No software token has been associated.")
		}
		if !u.tally(tx, "try:"+byTOTP, maxCodesTried) {
			return attemptLimit()
		}
		step, ok := totpMatch(f.Pending, tx.Now(), in.UserCode)
		if !ok {
			return kept{cognitoidp.ErrEnableSoftwareTokenMFAException("Code mismatch")}
		}
		f.Secret, f.Pending, f.Last, f.Device = f.Pending, nil, step, deref(in.FriendlyDeviceName)
		tallies.Delete(tx, u.tallyKey("try:"+byTOTP))
		u.put(tx)
		if deref(in.AccessToken) == "" {
			out.Session = new(s.open(tx, c, u, attempt{Step: string(cognitoidp.ChallengeNameTypeMFASETUP), SetUp: true}).text)
		}
		return nil
	})
	return out, err
}

// settingUp runs fn for the user of an access token, or of a session that waits for
// MFA_SETUP, in a pool whose users may have devices.
func (s *Service) settingUp(ctx context.Context, token, session *string, fn func(tx kv.Tx, c *client, u *user) error) error {
	check := func(tx kv.Tx, c *client, u *user) error {
		if !slices.Contains(u.pool.factors(), byTOTP) {
			return cognitoidp.ErrSoftwareTokenMFANotFoundException("Software Token MFA has not been enabled by the userPool.")
		}
		return fn(tx, c, u)
	}
	switch {
	case deref(token) != "":
		return s.signedIn(ctx, *token, check)
	case deref(session) == "":
		return invalid("Either AccessToken or Session must be given.")
	}
	return s.settle(ctx, func(tx kv.Tx) error {
		call := aws.CallFrom(ctx)
		t, ok := parseTicket(*session)
		at, found := placed(tx, call.Region, t.pool)
		if !ok || !found {
			return noSession("")
		}
		p, err := at.find(tx)
		if err != nil {
			return noSession("")
		}
		call.Payer = at.Account
		u, ok := p.bySub(tx, t.sub)
		if !ok {
			return noSession("")
		}
		a, t, err := u.resume(tx, nil, *session, cognitoidp.ChallengeNameTypeMFASETUP)
		if err != nil {
			return err
		}
		c, err := p.client(tx, a.Client)
		if err != nil {
			return err
		}
		if err := check(tx, c, u); err != nil {
			return err
		}
		u.use(tx, t, a)
		return nil
	})
}

// wish is what a user is to do about one factor.
type wish struct {
	factor              string
	enabled, preference *bool
}

func wishes(sms *cognitoidp.SMSMfaSettingsType, totp *cognitoidp.SoftwareTokenMfaSettingsType, mail *cognitoidp.EmailMfaSettingsType) (all []wish) {
	if sms != nil {
		all = append(all, wish{bySMS, sms.Enabled, sms.PreferredMfa})
	}
	if totp != nil {
		all = append(all, wish{byTOTP, totp.Enabled, totp.PreferredMfa})
	}
	if mail != nil {
		all = append(all, wish{byEmail, mail.Enabled, mail.PreferredMfa})
	}
	return all
}

// SetUserMFAPreference says by what the user who calls shows who it is after the password.
func (s *Service) SetUserMFAPreference(ctx context.Context, in *cognitoidp.SetUserMFAPreferenceInput) (*cognitoidp.SetUserMFAPreferenceOutput, error) {
	if in.WebAuthnMfaSettings != nil {
		return nil, unbuilt("passkeys")
	}
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) error {
		return u.prefer(tx, wishes(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings))
	})
	return &cognitoidp.SetUserMFAPreferenceOutput{}, err
}

// AdminSetUserMFAPreference says by what a user shows who it is after the password.
func (s *Service) AdminSetUserMFAPreference(ctx context.Context, in *cognitoidp.AdminSetUserMFAPreferenceInput) (*cognitoidp.AdminSetUserMFAPreferenceOutput, error) {
	if in.WebAuthnMfaSettings != nil {
		return nil, unbuilt("passkeys")
	}
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		return u.prefer(tx, wishes(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings))
	})
	return &cognitoidp.AdminSetUserMFAPreferenceOutput{}, err
}

// prefer changes the factors that are given, and keeps the others.
func (u *user) prefer(tx kv.Tx, all []wish) error {
	f, preferred := &u.Factors, 0
	for _, w := range all {
		on := deref(w.enabled)
		switch {
		case !on && deref(w.preference):
			return invalid("%s cannot be preferred without being enabled.", w.factor)
		case on && w.factor == byTOTP && len(f.Secret) == 0:
			return invalid("User has not verified software token mfa")
		case on && !u.reachable(w.factor):
			return invalid("User does not have delivery config set to turn on %s", w.factor)
		}
		f.Enabled = slices.DeleteFunc(f.Enabled, func(name string) bool { return name == w.factor })
		if on {
			f.Enabled = append(f.Enabled, w.factor)
		}
		if f.Preferred == w.factor {
			f.Preferred = ""
		}
		if deref(w.preference) {
			f.Preferred = w.factor
			preferred++
		}
	}
	if preferred > 1 {
		return invalid("Only one of the MFA methods can be preferred.")
	}
	u.put(tx)
	return nil
}

// reachable reports whether the user has what a factor needs.
func (u *user) reachable(factor string) bool {
	switch factor {
	case bySMS:
		return u.Attributes[phone] != ""
	case byEmail:
		return u.Attributes[email] != ""
	}
	return len(u.Factors.Secret) > 0
}
