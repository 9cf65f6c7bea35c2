package glacier

import (
	"context"
	"errors"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// checkPolicy checks a policy that is to be a vault's.
func checkPolicy(doc *string) error {
	if deref(doc) == "" {
		return missing("policy")
	}
	if len(*doc) > maxPolicy {
		return invalid("Invalid policy: it is larger than %d bytes.", maxPolicy)
	}
	_, err := policy.Parse([]byte(*doc), policy.Resource)
	if refused, ok := errors.AsType[*aws.Error](err); ok {
		return invalid("Invalid policy: %s", refused.Message)
	}
	return err
}

// SetVaultAccessPolicy sets the policy that says who else may use the vault, at
// most 20 KB.
func (s *Service) SetVaultAccessPolicy(ctx context.Context, in *glacier.SetVaultAccessPolicyInput) (*glacier.SetVaultAccessPolicyOutput, error) {
	if in.Policy == nil {
		return nil, missing("policy")
	}
	if err := checkPolicy(in.Policy.Policy); err != nil {
		return nil, err
	}
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		v.Policy = *in.Policy.Policy
		return nil
	})
	return &glacier.SetVaultAccessPolicyOutput{}, err
}

// GetVaultAccessPolicy tells the vault's access policy.
func (s *Service) GetVaultAccessPolicy(ctx context.Context, in *glacier.GetVaultAccessPolicyInput) (*glacier.GetVaultAccessPolicyOutput, error) {
	out := new(glacier.GetVaultAccessPolicyOutput)
	err := s.view(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		if v.Policy == "" {
			return notFound("No vault access policy is set for: %s", v.at.arn())
		}
		out.Policy = &glacier.VaultAccessPolicy{Policy: new(v.Policy)}
		return nil
	})
	return out, err
}

// DeleteVaultAccessPolicy removes it. Doing so again is no error.
func (s *Service) DeleteVaultAccessPolicy(ctx context.Context, in *glacier.DeleteVaultAccessPolicyInput) (*glacier.DeleteVaultAccessPolicyOutput, error) {
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		v.Policy = ""
		return nil
	})
	return &glacier.DeleteVaultAccessPolicyOutput{}, err
}
