package cognitoidp

import (
	"context"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// The factors, by the names of their challenges.
const (
	bySMS   = string(cognitoidp.ChallengeNameTypeSMSMFA)
	byTOTP  = string(cognitoidp.ChallengeNameTypeSOFTWARETOKENMFA)
	byEmail = string(cognitoidp.ChallengeNameTypeEMAILOTP)
)

// factors are those that the pool has, whether or not it uses them.
func (p *pool) factors() (names []string) {
	if p.settings.SmsConfiguration != nil || p.mfa.SmsMfaConfiguration != nil {
		names = append(names, bySMS)
	}
	if t := p.mfa.SoftwareTokenMfaConfiguration; t != nil && deref(t.Enabled) {
		names = append(names, byTOTP)
	}
	if p.mfa.EmailMfaConfiguration != nil {
		names = append(names, byEmail)
	}
	return names
}

func (p *pool) checkMFA() error {
	if p.settings.MfaConfiguration != cognitoidp.UserPoolMfaTypeOFF && len(p.factors()) == 0 {
		return invalid("SMS configuration and Auto verification for phone_number are required when MFA is required/optional")
	}
	return nil
}

// SetUserPoolMfaConfig says whether users need a second factor, and which there are.
func (s *Service) SetUserPoolMfaConfig(ctx context.Context, in *cognitoidp.SetUserPoolMfaConfigInput) (*cognitoidp.SetUserPoolMfaConfigOutput, error) {
	t := in.SoftwareTokenMfaConfiguration
	switch {
	case in.WebAuthnConfiguration != nil:
		return nil, unbuilt("passkeys")
	case in.MfaConfiguration == cognitoidp.UserPoolMfaTypeOFF && (in.SmsMfaConfiguration != nil || t != nil && deref(t.Enabled) || in.EmailMfaConfiguration != nil):
		return nil, invalid("Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
	}
	var out *cognitoidp.GetUserPoolMfaConfigOutput
	err := s.change(ctx, here(ctx, in.UserPoolId), func(_ kv.Tx, p *pool) error {
		if in.EmailMfaConfiguration != nil && p.settings.UserPoolTier == cognitoidp.UserPoolTierTypeLITE {
			return cognitoidp.ErrFeatureUnavailableInTierException("Email MFA is not available in the LITE tier.")
		}
		p.mfa.SmsMfaConfiguration, p.mfa.SoftwareTokenMfaConfiguration, p.mfa.EmailMfaConfiguration = in.SmsMfaConfiguration, t, in.EmailMfaConfiguration
		if sms := in.SmsMfaConfiguration; sms != nil { // what a pool's settings have as well is kept there alone
			p.settings.SmsAuthenticationMessage = sms.SmsAuthenticationMessage
			if sms.SmsConfiguration != nil {
				p.settings.SmsConfiguration = sms.SmsConfiguration
			}
			p.mfa.SmsMfaConfiguration = new(cognitoidp.SmsMfaConfigType)
		}
		if in.MfaConfiguration != "" {
			p.settings.MfaConfiguration = in.MfaConfiguration
		}
		out = p.describeMFA()
		return p.checkMFA()
	})
	if err != nil {
		return nil, err
	}
	return (*cognitoidp.SetUserPoolMfaConfigOutput)(out), nil
}

func (p *pool) describeMFA() *cognitoidp.GetUserPoolMfaConfigOutput {
	d := *p.mfa
	d.MfaConfiguration = p.settings.MfaConfiguration
	if d.SmsMfaConfiguration != nil || p.settings.SmsConfiguration != nil {
		d.SmsMfaConfiguration = &cognitoidp.SmsMfaConfigType{SmsAuthenticationMessage: p.settings.SmsAuthenticationMessage, SmsConfiguration: p.settings.SmsConfiguration}
	}
	return &d
}

// GetUserPoolMfaConfig tells whether users need a second factor, and which there are.
func (s *Service) GetUserPoolMfaConfig(ctx context.Context, in *cognitoidp.GetUserPoolMfaConfigInput) (out *cognitoidp.GetUserPoolMfaConfigOutput, err error) {
	err = s.view(ctx, in.UserPoolId, func(_ kv.Tx, p *pool) error {
		out = p.describeMFA()
		return nil
	})
	return out, err
}
