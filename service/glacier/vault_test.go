package glacier_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

func TestVaultIsCreatedListedAndDeleted(t *testing.T) {
	story(t, func(d *desk) {
		again := must(d, d.CreateVault, &glacier.CreateVaultInput{AccountId: new("000000000000"), VaultName: &d.vault})
		d.want("location", *again.Location, "/000000000000/vaults/photos")
		v := d.describe()
		d.want("ARN", *v.VaultARN, d.arn())
		d.want("archives", v.NumberOfArchives, 0)
		if v.LastInventoryDate != nil {
			d.Errorf("an inventory of %s", *v.LastInventoryDate)
		}
		must(d, d.DeleteVault, &glacier.DeleteVaultInput{AccountId: &d.account, VaultName: &d.vault})
		must(d, d.DeleteVault, &glacier.DeleteVaultInput{AccountId: &d.account, VaultName: &d.vault})
		refused(d, d.DescribeVault, &glacier.DescribeVaultInput{AccountId: &d.account, VaultName: &d.vault}, "ResourceNotFoundException: Vault not found for ARN: "+d.arn())
	})
}

func TestVaultNamesAreChecked(t *testing.T) {
	story(t, func(d *desk) {
		for _, name := range []string{"a b", "a:b", "ä"} {
			refused(d, d.CreateVault, &glacier.CreateVaultInput{AccountId: &d.account, VaultName: &name}, "InvalidParameterValueException: Invalid vault name")
		}
		must(d, d.CreateVault, &glacier.CreateVaultInput{AccountId: &d.account, VaultName: new("A.b_c-9")})
	})
}

func TestVaultsAreListedTenAtATime(t *testing.T) {
	story(t, func(d *desk) {
		for i := range 11 {
			must(d, d.CreateVault, &glacier.CreateVaultInput{AccountId: &d.account, VaultName: new("v" + string(rune('a'+i)))})
		}
		first := must(d, d.ListVaults, &glacier.ListVaultsInput{AccountId: &d.account})
		d.want("vaults", len(first.VaultList), 10)
		d.want("marker", *first.Marker, "arn:aws:glacier:us-east-1:000000000000:vaults/vj")
		rest := must(d, d.ListVaults, &glacier.ListVaultsInput{AccountId: &d.account, Marker: first.Marker})
		d.want("the rest", *rest.VaultList[0].VaultName+" "+*rest.VaultList[1].VaultName, "vj vk")
		if len(rest.VaultList) != 2 || rest.Marker != nil {
			d.Errorf("%d vaults, marker %v", len(rest.VaultList), rest.Marker)
		}
		two := must(d, d.ListVaults, &glacier.ListVaultsInput{AccountId: &d.account, Limit: new(int32(2))})
		d.want("limited", len(two.VaultList), 2)
		refused(d, d.ListVaults, &glacier.ListVaultsInput{AccountId: &d.account, Limit: new(int32(11))}, "InvalidParameterValueException: Invalid limit: 11")
		refused(d, d.ListVaults, &glacier.ListVaultsInput{AccountId: &d.account, Marker: new("x")}, "InvalidParameterValueException: Invalid marker: x")
	})
}

func TestVaultIsDeletedOnlyWhenItsInventoryIsEmpty(t *testing.T) {
	story(t, func(d *desk) {
		remove := func(want string) {
			d.Helper()
			refused(d, d.DeleteVault, &glacier.DeleteVaultInput{AccountId: &d.account, VaultName: &d.vault}, want)
		}
		const no = "InvalidParameterValueException: Vault not empty or recently written to: arn:aws:glacier:us-east-1:000000000000:vaults/photos"
		id := d.upload([]byte("x"), "")
		remove(no)
		d.cloud.Advance(day)
		d.want("archives in the inventory", d.describe().NumberOfArchives, 1)
		remove(no)
		must(d, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &id})
		must(d, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &id})
		d.want("archives in the same inventory", d.describe().NumberOfArchives, 1)
		remove(no)
		d.cloud.Advance(day)
		d.want("archives in the next inventory", d.describe().NumberOfArchives, 0)
		must(d, d.DeleteVault, &glacier.DeleteVaultInput{AccountId: &d.account, VaultName: &d.vault})
	})
}

func TestInventoryDateStaysWhenNothingIsWritten(t *testing.T) {
	story(t, func(d *desk) {
		d.upload([]byte("x"), "")
		d.cloud.Advance(day)
		date := *d.describe().LastInventoryDate
		d.cloud.Advance(10 * day)
		d.want("date", *d.describe().LastInventoryDate, date)
		d.upload([]byte("yz"), "")
		d.cloud.Advance(day)
		v := d.describe()
		if *v.LastInventoryDate == date || v.NumberOfArchives != 2 || v.SizeInBytes != 3 {
			d.Errorf("inventory of %s: %d archives, %d bytes", *v.LastInventoryDate, v.NumberOfArchives, v.SizeInBytes)
		}
	})
}

func TestTagsAreAddedReplacedAndRemoved(t *testing.T) {
	story(t, func(d *desk) {
		add := func(tags map[string]string) *glacier.AddTagsToVaultInput {
			return &glacier.AddTagsToVaultInput{AccountId: &d.account, VaultName: &d.vault, Tags: tags}
		}
		must(d, d.AddTagsToVault, add(map[string]string{"a": "1", "b": "2"}))
		must(d, d.AddTagsToVault, add(map[string]string{"b": "3", "c": ""}))
		must(d, d.RemoveTagsFromVault, &glacier.RemoveTagsFromVaultInput{AccountId: &d.account, VaultName: &d.vault, TagKeys: []string{"a", "x"}})
		out := must(d, d.ListTagsForVault, &glacier.ListTagsForVaultInput{AccountId: &d.account, VaultName: &d.vault})
		d.want("tags", out.Tags, map[string]string{"b": "3", "c": ""})
		many := map[string]string{}
		for i := range 11 {
			many["k"+string(rune('a'+i))] = ""
		}
		refused(d, d.AddTagsToVault, add(many), "InvalidParameterValueException")
		refused(d, d.AddTagsToVault, add(map[string]string{"aws:x": ""}), "InvalidParameterValueException")
		refused(d, d.AddTagsToVault, add(nil), "MissingParameterValueException")
		for i := range 5 {
			ten := map[string]string{}
			for j := range 10 {
				ten[string(rune('A'+i))+string(rune('a'+j))] = ""
			}
			if i < 4 {
				must(d, d.AddTagsToVault, add(ten))
			} else {
				refused(d, d.AddTagsToVault, add(ten), "LimitExceededException")
			}
		}
	})
}

func TestProvisionedCapacityLastsAMonth(t *testing.T) {
	story(t, func(d *desk) {
		buy := &glacier.PurchaseProvisionedCapacityInput{AccountId: &d.account}
		first := must(d, d.PurchaseProvisionedCapacity, buy)
		must(d, d.PurchaseProvisionedCapacity, buy)
		refused(d, d.PurchaseProvisionedCapacity, buy, "LimitExceededException")
		list := func() []types.ProvisionedCapacityDescription {
			return must(d, d.ListProvisionedCapacity, &glacier.ListProvisionedCapacityInput{AccountId: &d.account}).ProvisionedCapacityList
		}
		units := list()
		d.want("units", len(units), 2)
		if *units[0].CapacityId != *first.CapacityId && *units[1].CapacityId != *first.CapacityId {
			d.Errorf("%s is not listed", *first.CapacityId)
		}
		d.cloud.Advance(31 * day)
		d.want("units after a month", len(list()), 0)
		must(d, d.PurchaseProvisionedCapacity, buy)
	})
}
