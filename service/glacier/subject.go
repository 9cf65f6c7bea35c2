package glacier

import "github.com/brume-cloud/brume/api/glacier"

// subject is the account and the vault that an input names; without a vault, it
// is about the account.
func subject(input any) (account, vault string) {
	switch in := input.(type) {
	case *glacier.AbortVaultLockInput:
		return in.AccountId, in.VaultName
	case *glacier.AddTagsToVaultInput:
		return in.AccountId, in.VaultName
	case *glacier.CompleteVaultLockInput:
		return in.AccountId, in.VaultName
	case *glacier.CreateVaultInput:
		return in.AccountId, in.VaultName
	case *glacier.DeleteVaultInput:
		return in.AccountId, in.VaultName
	case *glacier.DeleteVaultAccessPolicyInput:
		return in.AccountId, in.VaultName
	case *glacier.DeleteVaultNotificationsInput:
		return in.AccountId, in.VaultName
	case *glacier.DescribeVaultInput:
		return in.AccountId, in.VaultName
	case *glacier.GetVaultAccessPolicyInput:
		return in.AccountId, in.VaultName
	case *glacier.GetVaultLockInput:
		return in.AccountId, in.VaultName
	case *glacier.GetVaultNotificationsInput:
		return in.AccountId, in.VaultName
	case *glacier.InitiateVaultLockInput:
		return in.AccountId, in.VaultName
	case *glacier.ListTagsForVaultInput:
		return in.AccountId, in.VaultName
	case *glacier.RemoveTagsFromVaultInput:
		return in.AccountId, in.VaultName
	case *glacier.SetVaultAccessPolicyInput:
		return in.AccountId, in.VaultName
	case *glacier.SetVaultNotificationsInput:
		return in.AccountId, in.VaultName
	}
	return vaultContent(input)
}

// vaultContent is subject for what is in a vault.
func vaultContent(input any) (account, vault string) {
	switch in := input.(type) {
	case *glacier.AbortMultipartUploadInput:
		return in.AccountId, in.VaultName
	case *glacier.CompleteMultipartUploadInput:
		return in.AccountId, in.VaultName
	case *glacier.DeleteArchiveInput:
		return in.AccountId, in.VaultName
	case *glacier.DescribeJobInput:
		return in.AccountId, in.VaultName
	case *glacier.GetJobOutputInput:
		return in.AccountId, in.VaultName
	case *glacier.InitiateJobInput:
		return in.AccountId, in.VaultName
	case *glacier.InitiateMultipartUploadInput:
		return in.AccountId, in.VaultName
	case *glacier.ListJobsInput:
		return in.AccountId, in.VaultName
	case *glacier.ListMultipartUploadsInput:
		return in.AccountId, in.VaultName
	case *glacier.ListPartsInput:
		return in.AccountId, in.VaultName
	case *glacier.UploadArchiveInput:
		return in.AccountId, in.VaultName
	case *glacier.UploadMultipartPartInput:
		return in.AccountId, in.VaultName
	}
	return wholeAccount(input), ""
}

// wholeAccount is the account of an input that is about no vault.
func wholeAccount(input any) string {
	switch in := input.(type) {
	case *glacier.GetDataRetrievalPolicyInput:
		return in.AccountId
	case *glacier.SetDataRetrievalPolicyInput:
		return in.AccountId
	case *glacier.ListProvisionedCapacityInput:
		return in.AccountId
	case *glacier.PurchaseProvisionedCapacityInput:
		return in.AccountId
	case *glacier.ListVaultsInput:
		return in.AccountId
	}
	return ownAccount
}
