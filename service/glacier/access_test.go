package glacier_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

// as returns the desk of another account, which names the vault's in its requests.
func (d *desk) as(account string) *desk {
	other := *d
	other.Client, other.account = glacier.NewFromConfig(d.cloud.As(account, "secret", "")), "000000000000"
	return &other
}

func statement(effect, principal, action, more string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"` + effect + `","Principal":{"AWS":"` + principal + `"},"Action":"glacier:` + action + `","Resource":"arn:aws:glacier:us-east-1:000000000000:vaults/photos"` + more + `}]}`
}

func (d *desk) setPolicy(doc string) *glacier.SetVaultAccessPolicyInput {
	return &glacier.SetVaultAccessPolicyInput{AccountId: &d.account, VaultName: &d.vault, Policy: &types.VaultAccessPolicy{Policy: &doc}}
}

func TestAccessPolicyLetsAnotherAccountIn(t *testing.T) {
	story(t, func(d *desk) {
		other := d.as("111122223333")
		get := func(d *desk) *glacier.DescribeVaultInput {
			return &glacier.DescribeVaultInput{AccountId: &d.account, VaultName: &d.vault}
		}
		refused(other, other.DescribeVault, get(other), "AccessDeniedException", "not authorized to perform: glacier:DescribeVault on resource: "+d.arn())
		must(d, d.SetVaultAccessPolicy, d.setPolicy(statement("Allow", "111122223333", "DescribeVault", "")))
		d.want("vault", *must(other, other.DescribeVault, get(other)).VaultARN, d.arn())
		refused(other, other.DeleteVault, &glacier.DeleteVaultInput{AccountId: &other.account, VaultName: &d.vault}, "AccessDeniedException")
		refused(other, other.ListVaults, &glacier.ListVaultsInput{AccountId: &other.account}, "AccessDeniedException")
		refused(other, other.DescribeVault, &glacier.DescribeVaultInput{AccountId: new("-"), VaultName: &d.vault}, "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/photos")
		must(d, d.DeleteVaultAccessPolicy, &glacier.DeleteVaultAccessPolicyInput{AccountId: &d.account, VaultName: &d.vault})
		refused(other, other.DescribeVault, get(other), "AccessDeniedException")
		refused(d, d.GetVaultAccessPolicy, &glacier.GetVaultAccessPolicyInput{AccountId: &d.account, VaultName: &d.vault}, "ResourceNotFoundException")
	})
}

func TestPoliciesAreChecked(t *testing.T) {
	story(t, func(d *desk) {
		refused(d, d.SetVaultAccessPolicy, d.setPolicy("{}"), "InvalidParameterValueException: Invalid policy")
		refused(d, d.SetVaultAccessPolicy, d.setPolicy(""), "MissingParameterValueException")
		refused(d, d.InitiateVaultLock, &glacier.InitiateVaultLockInput{AccountId: &d.account, VaultName: &d.vault, Policy: &types.VaultLockPolicy{Policy: new("x")}}, "InvalidParameterValueException")
		doc := statement("Allow", "*", "*", "")
		must(d, d.SetVaultAccessPolicy, d.setPolicy(doc))
		d.want("policy", *must(d, d.GetVaultAccessPolicy, &glacier.GetVaultAccessPolicyInput{AccountId: &d.account, VaultName: &d.vault}).Policy.Policy, doc)
	})
}

// retention denies the deletion of archives that are younger than 365 days.
var retention = statement("Deny", "*", "DeleteArchive", `,"Condition":{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}`)

func (d *desk) lock(doc string) string {
	d.Helper()
	return *must(d, d.InitiateVaultLock, &glacier.InitiateVaultLockInput{AccountId: &d.account, VaultName: &d.vault, Policy: &types.VaultLockPolicy{Policy: &doc}}).LockId
}

func (d *desk) lockState() *glacier.GetVaultLockOutput {
	d.Helper()
	return must(d, d.GetVaultLock, &glacier.GetVaultLockInput{AccountId: &d.account, VaultName: &d.vault})
}

func TestLockDeniesEvenTheRootUserForGood(t *testing.T) {
	story(t, func(d *desk) {
		id := d.upload([]byte("x"), "")
		remove := &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &id}
		lockID := d.lock(retention)
		d.want("state", *d.lockState().State, "InProgress")
		refused(d, d.DeleteArchive, remove, "AccessDeniedException", "explicit deny")
		complete := func(id string) *glacier.CompleteVaultLockInput {
			return &glacier.CompleteVaultLockInput{AccountId: &d.account, VaultName: &d.vault, LockId: &id}
		}
		refused(d, d.CompleteVaultLock, complete("wrong"), "InvalidParameterValueException")
		must(d, d.CompleteVaultLock, complete(lockID))
		must(d, d.CompleteVaultLock, complete(lockID))
		refused(d, d.CompleteVaultLock, complete("wrong"), "AccessDeniedException")
		state := d.lockState()
		d.want("state", *state.State, "Locked")
		d.want("policy", *state.Policy, retention)
		if state.ExpirationDate != nil {
			t.Errorf("expires %s", *state.ExpirationDate)
		}
		abort := &glacier.AbortVaultLockInput{AccountId: &d.account, VaultName: &d.vault}
		refused(d, d.AbortVaultLock, abort, "AccessDeniedException")
		refused(d, d.InitiateVaultLock, &glacier.InitiateVaultLockInput{AccountId: &d.account, VaultName: &d.vault, Policy: &types.VaultLockPolicy{Policy: &retention}}, "AccessDeniedException")
		d.cloud.Advance(364 * day)
		refused(d, d.DeleteArchive, remove, "AccessDeniedException")
		d.cloud.Advance(day)
		must(d, d.DeleteArchive, remove)
	})
}

func TestLockThatIsNotCompletedGoesAfterADay(t *testing.T) {
	story(t, func(d *desk) {
		id := d.upload([]byte("x"), "")
		lockID := d.lock(retention)
		d.cloud.Advance(day)
		refused(d, d.GetVaultLock, &glacier.GetVaultLockInput{AccountId: &d.account, VaultName: &d.vault}, "ResourceNotFoundException")
		refused(d, d.CompleteVaultLock, &glacier.CompleteVaultLockInput{AccountId: &d.account, VaultName: &d.vault, LockId: &lockID}, "ResourceNotFoundException")
		must(d, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &id})
	})
}

func TestLockIsAborted(t *testing.T) {
	story(t, func(d *desk) {
		d.lock(retention)
		refused(d, d.InitiateVaultLock, &glacier.InitiateVaultLockInput{AccountId: &d.account, VaultName: &d.vault, Policy: &types.VaultLockPolicy{Policy: &retention}}, "AccessDeniedException")
		abort := &glacier.AbortVaultLockInput{AccountId: &d.account, VaultName: &d.vault}
		must(d, d.AbortVaultLock, abort)
		must(d, d.AbortVaultLock, abort)
		d.lock(retention)
	})
}

func TestLockAndAccessPolicyDecideTogether(t *testing.T) {
	story(t, func(d *desk) {
		must(d, d.SetVaultAccessPolicy, d.setPolicy(statement("Allow", "111122223333", "*", "")))
		must(d, d.AddTagsToVault, &glacier.AddTagsToVaultInput{AccountId: &d.account, VaultName: &d.vault, Tags: map[string]string{"LegalHold": "true"}})
		d.lock(statement("Deny", "*", "DeleteArchive", `,"Condition":{"StringLike":{"glacier:ResourceTag/LegalHold":["true",""]}}`))
		other := d.as("111122223333")
		id := other.upload([]byte("x"), "theirs")
		remove := &glacier.DeleteArchiveInput{AccountId: &other.account, VaultName: &d.vault, ArchiveId: &id}
		refused(other, other.DeleteArchive, remove, "AccessDeniedException")
		must(d, d.RemoveTagsFromVault, &glacier.RemoveTagsFromVaultInput{AccountId: &d.account, VaultName: &d.vault, TagKeys: []string{"LegalHold"}})
		must(other, other.DeleteArchive, remove)
	})
}
