package iam

import (
	"context"
	"regexp"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

func (t *tx) aliasKey(name string) kv.Key {
	return aliases.Key(kv.Scope{Region: t.Region}, kv.String(name))
}

func (t *tx) settings() *settings {
	if a, ok := accounts.Get(t.Tx, accounts.Key(t.Scope)); ok {
		return a
	}
	return &settings{TokenVersion: "1"}
}

// aliasForm is the form of an alias. AWS: "Use an alias for your AWS account ID".
var aliasForm = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])*$`)

// CreateAccountAlias names the account. AWS: it replaces the name before.
func (s *Service) CreateAccountAlias(ctx context.Context, in *api.CreateAccountAliasInput) (*api.CreateAccountAliasOutput, error) {
	if !aliasForm.MatchString(in.AccountAlias) || aws.Account(in.AccountAlias).Valid() {
		return nil, invalid("1 validation error detected: Value at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?$")
	}
	return &api.CreateAccountAliasOutput{}, s.update(ctx, func(t *tx) error {
		if taken, ok := aliases.Get(t.Tx, t.aliasKey(in.AccountAlias)); ok && taken.Account != string(t.Account) {
			return api.ErrEntityAlreadyExistsException("The account alias %s already exists.", in.AccountAlias)
		}
		a := t.settings()
		if a.Alias != "" {
			aliases.Delete(t.Tx, t.aliasKey(a.Alias))
		}
		a.Alias = in.AccountAlias
		aliases.Put(t.Tx, t.aliasKey(a.Alias), &alias{Account: string(t.Account)})
		accounts.Put(t.Tx, accounts.Key(t.Scope), a)
		return nil
	})
}

// DeleteAccountAlias takes the name away.
func (s *Service) DeleteAccountAlias(ctx context.Context, in *api.DeleteAccountAliasInput) (*api.DeleteAccountAliasOutput, error) {
	return &api.DeleteAccountAliasOutput{}, s.update(ctx, func(t *tx) error {
		a := t.settings()
		if a.Alias != in.AccountAlias {
			return api.ErrNoSuchEntityException("The account alias %s cannot be found.", in.AccountAlias)
		}
		aliases.Delete(t.Tx, t.aliasKey(a.Alias))
		a.Alias = ""
		accounts.Put(t.Tx, accounts.Key(t.Scope), a)
		return nil
	})
}

// ListAccountAliases lists the alias, if there is one.
func (s *Service) ListAccountAliases(ctx context.Context, _ *api.ListAccountAliasesInput) (*api.ListAccountAliasesOutput, error) {
	out := api.ListAccountAliasesOutput{AccountAliases: []string{}, IsTruncated: new(false)}
	err := s.view(ctx, func(t *tx) error {
		if a := t.settings(); a.Alias != "" {
			out.AccountAliases = []string{a.Alias}
		}
		return nil
	})
	return &out, err
}

// SetSecurityTokenServicePreferences says which tokens the global endpoint makes.
func (s *Service) SetSecurityTokenServicePreferences(ctx context.Context, in *api.SetSecurityTokenServicePreferencesInput) (*api.SetSecurityTokenServicePreferencesOutput, error) {
	return &api.SetSecurityTokenServicePreferencesOutput{}, s.update(ctx, func(t *tx) error {
		a := t.settings()
		a.TokenVersion = "1"
		if in.GlobalEndpointTokenVersion == api.GlobalEndpointTokenVersionV2Token {
			a.TokenVersion = "2"
		}
		accounts.Put(t.Tx, accounts.Key(t.Scope), a)
		return nil
	})
}

// GetAccountSummary counts what the account has, and tells its quotas.
func (s *Service) GetAccountSummary(ctx context.Context, _ *api.GetAccountSummaryInput) (*api.GetAccountSummaryOutput, error) {
	out := api.GetAccountSummaryOutput{SummaryMap: map[string]int32{
		"UsersQuota": maxUsers, "GroupsQuota": maxGroups, "RolesQuota": maxRoles, "PoliciesQuota": maxPolicies,
		"InstanceProfilesQuota": maxProfiles, "ServerCertificatesQuota": maxCertificates, "GroupsPerUserQuota": maxGroupsPerUser,
		"AccessKeysPerUserQuota": maxAccessKeys, "SigningCertificatesPerUserQuota": maxSigningCerts,
		"UserPolicySizeQuota": maxUserInlineSize, "GroupPolicySizeQuota": maxGroupInlineSize, "RolePolicySizeQuota": maxRoleInlineSize,
		"PolicySizeQuota": maxPolicySize, "AssumeRolePolicySizeQuota": maxTrustSize, "VersionsPerPolicyQuota": maxVersions,
		"AttachedPoliciesPerUserQuota": maxAttached, "AttachedPoliciesPerGroupQuota": maxAttached, "AttachedPoliciesPerRoleQuota": maxAttached,
		"PolicyVersionsInUseQuota": 10000, "AccountPasswordPresent": 1, "AccountSigningCertificatesPresent": 0, "AccountMFAEnabled": 0,
		"AccountAccessKeysPresent": 0,
	}}
	err := s.view(ctx, func(t *tx) error {
		m := out.SummaryMap
		m["Users"], m["Groups"], m["Roles"] = int32(count(t, &users)), int32(count(t, &groups)), int32(count(t, &roles))
		m["Policies"], m["PolicyVersionsInUse"] = int32(count(t, &policies)), int32(count(t, &versions))
		m["InstanceProfiles"], m["ServerCertificates"] = int32(count(t, &profiles)), int32(count(t, &certificates))
		m["Providers"] = int32(count(t, &oidcProviders) + count(t, &samlProviders))
		m["MFADevices"] = int32(count(t, &devices))
		m["MFADevicesInUse"] = 0
		for _, d := range devices.Scan(t.Tx, kv.Prefix(devices.Prefix(t.Scope))) {
			if d.Enabled {
				m["MFADevicesInUse"]++
			}
		}
		if len(t.keysOf("")) > 0 {
			m["AccountAccessKeysPresent"] = 1
		}
		if len(t.devicesOf("")) > 0 {
			m["AccountMFAEnabled"] = 1
		}
		m["GlobalEndpointTokenVersion"] = 1
		if t.settings().TokenVersion == "2" {
			m["GlobalEndpointTokenVersion"] = 2
		}
		return nil
	})
	return &out, err
}
