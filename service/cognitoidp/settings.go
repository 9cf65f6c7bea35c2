package cognitoidp

import (
	"cmp"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
)

// fixedSettings are those that a pool keeps for good.
func fixedSettings(in *cognitoidp.CreateUserPoolInput) (*cognitoidp.UserPoolType, error) {
	if len(in.AliasAttributes) > 0 && len(in.UsernameAttributes) > 0 {
		return nil, invalid("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")
	}
	schema, err := newSchema(in.Schema)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UserPoolType{
		SchemaAttributes: schema, AliasAttributes: in.AliasAttributes, UsernameAttributes: in.UsernameAttributes,
		UsernameConfiguration: in.UsernameConfiguration,
	}, nil
}

// updateOf is the part of a new pool's settings that can be changed later.
func updateOf(in *cognitoidp.CreateUserPoolInput) *cognitoidp.UpdateUserPoolInput {
	return &cognitoidp.UpdateUserPoolInput{
		Policies: in.Policies, DeletionProtection: in.DeletionProtection, LambdaConfig: in.LambdaConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, SmsVerificationMessage: in.SmsVerificationMessage,
		EmailVerificationMessage: in.EmailVerificationMessage, EmailVerificationSubject: in.EmailVerificationSubject,
		VerificationMessageTemplate: in.VerificationMessageTemplate, SmsAuthenticationMessage: in.SmsAuthenticationMessage,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings, MfaConfiguration: in.MfaConfiguration,
		DeviceConfiguration: in.DeviceConfiguration, EmailConfiguration: in.EmailConfiguration, SmsConfiguration: in.SmsConfiguration,
		UserPoolTags: in.UserPoolTags, AdminCreateUserConfig: in.AdminCreateUserConfig, UserPoolAddOns: in.UserPoolAddOns,
		DcrConfiguration: in.DcrConfiguration, AccountRecoverySetting: in.AccountRecoverySetting, UserPoolTier: in.UserPoolTier,
		KeyConfiguration: in.KeyConfiguration, IssuerConfiguration: in.IssuerConfiguration, AcrConfiguration: in.AcrConfiguration,
	}
}

// changeableSettings makes a pool's settings of what an update gives, of
// defaults, and of those of before that cannot be changed.
func changeableSettings(in *cognitoidp.UpdateUserPoolInput, fixed *cognitoidp.UserPoolType) (*cognitoidp.UserPoolType, error) {
	if err := checkBuilt(in); err != nil {
		return nil, err
	}
	p := &cognitoidp.UserPoolType{
		SchemaAttributes: fixed.SchemaAttributes, AliasAttributes: fixed.AliasAttributes, UsernameAttributes: fixed.UsernameAttributes,
		UsernameConfiguration: fixed.UsernameConfiguration, Domain: fixed.Domain,

		DeletionProtection: cmp.Or(in.DeletionProtection, cognitoidp.DeletionProtectionTypeINACTIVE),
		LambdaConfig:       orNew(in.LambdaConfig), AutoVerifiedAttributes: in.AutoVerifiedAttributes,
		SmsAuthenticationMessage: in.SmsAuthenticationMessage, UserAttributeUpdateSettings: in.UserAttributeUpdateSettings,
		DeviceConfiguration: in.DeviceConfiguration, SmsConfiguration: in.SmsConfiguration, UserPoolAddOns: in.UserPoolAddOns,
		MfaConfiguration:       cmp.Or(in.MfaConfiguration, cognitoidp.UserPoolMfaTypeOFF),
		AccountRecoverySetting: in.AccountRecoverySetting, UserPoolTags: in.UserPoolTags, KeyConfiguration: in.KeyConfiguration,
		UserPoolTier: cmp.Or(in.UserPoolTier, fixed.UserPoolTier, cognitoidp.UserPoolTierTypeESSENTIALS),
	}
	err := setTriggers(p)
	if err != nil {
		return nil, err
	}
	if p.Policies, err = newPolicies(in.Policies, p.UserPoolTier); err != nil {
		return nil, err
	}
	if err := setMessages(p, in); err != nil {
		return nil, err
	}
	if err := setInvitation(p, in.AdminCreateUserConfig); err != nil {
		return nil, err
	}
	p.EmailConfiguration = orNew(in.EmailConfiguration)
	p.EmailConfiguration.EmailSendingAccount = cmp.Or(p.EmailConfiguration.EmailSendingAccount, cognitoidp.EmailSendingAccountTypeCOGNITODEFAULT)
	if p.EmailConfiguration.EmailSendingAccount == cognitoidp.EmailSendingAccountTypeDEVELOPER && p.EmailConfiguration.SourceArn == nil {
		return nil, invalid("SourceArn is required when EmailSendingAccount is DEVELOPER.")
	}
	return p, checkTogether(p)
}

// setTriggers completes a pool's functions: the one before tokens has two names.
func setTriggers(p *cognitoidp.UserPoolType) error {
	l := p.LambdaConfig
	c := l.PreTokenGenerationConfig
	switch {
	case c == nil && l.PreTokenGeneration == nil:
		return nil
	case c == nil:
		l.PreTokenGenerationConfig = &cognitoidp.PreTokenGenerationVersionConfigType{LambdaArn: *l.PreTokenGeneration, LambdaVersion: cognitoidp.PreTokenGenerationLambdaVersionTypeV10}
	case l.PreTokenGeneration != nil && *l.PreTokenGeneration != c.LambdaArn:
		return invalid("PreTokenGeneration and PreTokenGenerationConfig have different functions.")
	case c.LambdaVersion == cognitoidp.PreTokenGenerationLambdaVersionTypeV30:
		return unbuilt("version V3_0 of the pre token generation trigger")
	case c.LambdaVersion != cognitoidp.PreTokenGenerationLambdaVersionTypeV10 && p.UserPoolTier == cognitoidp.UserPoolTierTypeLITE:
		return cognitoidp.ErrFeatureUnavailableInTierException("Access token customization is not available in the LITE tier.")
	}
	l.PreTokenGeneration = &l.PreTokenGenerationConfig.LambdaArn
	return nil
}

// checkTogether checks settings that depend on each other.
func checkTogether(p *cognitoidp.UserPoolType) error {
	if s := p.UserAttributeUpdateSettings; s != nil {
		for _, a := range s.AttributesRequireVerificationBeforeUpdate {
			if !slices.Contains(p.AutoVerifiedAttributes, a) {
				return invalid("Invalid AttributesRequireVerificationBeforeUpdate given: %s is not auto-verified.", a)
			}
		}
	}
	if r := p.AccountRecoverySetting; r != nil {
		seen := map[int32]bool{}
		for _, m := range r.RecoveryMechanisms {
			if seen[m.Priority] {
				return invalid("Invalid AccountRecoverySetting given: the priority %d is given more than once.", m.Priority)
			}
			if m.Name == cognitoidp.RecoveryOptionNameTypeAdminOnly && len(r.RecoveryMechanisms) > 1 {
				return invalid("Invalid AccountRecoverySetting given: admin_only cannot be combined with other mechanisms.")
			}
			seen[m.Priority] = true
		}
	}
	return nil
}

func orNew[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	own := *p
	return &own
}

// checkBuilt refuses settings that a pool would not act by.
func checkBuilt(in *cognitoidp.UpdateUserPoolInput) error {
	l := orNew(in.LambdaConfig)
	switch {
	case l.CustomSMSSender != nil, l.CustomEmailSender != nil, l.KMSKeyID != nil:
		return unbuilt("custom senders")
	case l.InboundFederation != nil:
		return unbuilt("the inbound federation trigger")
	case in.UserPoolAddOns != nil && in.UserPoolAddOns.AdvancedSecurityMode != cognitoidp.AdvancedSecurityModeTypeOFF:
		return unbuilt("threat protection")
	case in.DcrConfiguration != nil:
		return unbuilt("dynamic client registration")
	case in.IssuerConfiguration != nil:
		return unbuilt("issuer configuration")
	case len(in.AcrConfiguration) > 0:
		return unbuilt("authentication context classes")
	case in.KeyConfiguration != nil && in.KeyConfiguration.KmsKeyArn != nil:
		return unbuilt("customer managed keys")
	}
	return nil
}

// setMessages sets the texts of verification messages, each of which has two names.
func setMessages(p *cognitoidp.UserPoolType, in *cognitoidp.UpdateUserPoolInput) error {
	t := orNew(in.VerificationMessageTemplate)
	for _, text := range []struct {
		name            string
		plain, template **string
	}{
		{"SmsVerificationMessage", &in.SmsVerificationMessage, &t.SmsMessage},
		{"EmailVerificationMessage", &in.EmailVerificationMessage, &t.EmailMessage},
		{"EmailVerificationSubject", &in.EmailVerificationSubject, &t.EmailSubject},
	} {
		switch plain := *text.plain; {
		case plain == nil:
		case *text.template == nil:
			*text.template = plain
		case **text.template != *plain:
			return invalid("%s and VerificationMessageTemplate have different values.", text.name)
		}
	}
	t.DefaultEmailOption = cmp.Or(t.DefaultEmailOption, cognitoidp.DefaultEmailOptionTypeCONFIRMWITHCODE)
	p.VerificationMessageTemplate = t
	p.SmsVerificationMessage, p.EmailVerificationMessage, p.EmailVerificationSubject = t.SmsMessage, t.EmailMessage, t.EmailSubject
	return nil
}

// setInvitation sets how administrators invite users. How long an invitation
// holds is set by the password policy, and formerly here.
func setInvitation(p *cognitoidp.UserPoolType, in *cognitoidp.AdminCreateUserConfigType) error {
	c := orNew(in)
	days := p.Policies.PasswordPolicy.TemporaryPasswordValidityDays
	switch {
	case days != nil && c.UnusedAccountValidityDays != nil && *days != *c.UnusedAccountValidityDays:
		return invalid("Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays.")
	case days == nil:
		days = new(or(c.UnusedAccountValidityDays, defaultTemporaryDays))
	}
	p.Policies.PasswordPolicy.TemporaryPasswordValidityDays, c.UnusedAccountValidityDays = days, days
	c.AllowAdminCreateUserOnly = new(deref(c.AllowAdminCreateUserOnly))
	p.AdminCreateUserConfig = c
	return nil
}
