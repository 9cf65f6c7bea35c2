package glacier

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// address is where a vault is.
type address struct {
	kv.Scope
	Name string
}

func addressOf(ctx context.Context, account, name string) address {
	return address{scopeOf(ctx, account), name}
}

const vaultsPrefix = "vaults/"

func (a address) arn() string {
	return aws.NewARN("glacier", a.Region, a.Account, vaultsPrefix+a.Name).String()
}

// path is the vault's URI.
func (a address) path() string { return "/" + string(a.Account) + "/" + vaultsPrefix + a.Name }

func (a address) key() kv.Key { return vaults.Key(a.Scope, kv.String(a.Name)) }

// find returns the vault at an address. It is shared: change one only with
// Service.change.
func (a address) find(tx kv.Tx) (*vault, error) {
	v, ok := vaults.GetShared(tx, a.key(), func(v *vault) { v.at = a })
	if !ok {
		return nil, notFound("Vault not found for ARN: %s", a.arn())
	}
	return v, nil
}

// checkName checks the name of a new vault.
func (a address) checkName() error {
	if a.Name == "" || len(a.Name) > maxVaultName {
		return invalid("Invalid vault name: %s. A name has 1 to %d characters.", a.Name, maxVaultName)
	}
	if strings.ContainsFunc(a.Name, func(r rune) bool { return !strings.ContainsRune(idAlphabet+".", r) }) {
		return invalid("Invalid vault name: %s. Allowed are letters, digits, '_', '-' and '.'.", a.Name)
	}
	return nil
}

// CreateVault makes a vault. One that is there stays as it is, which is no
// error. Limit: 1,000 vaults of an account in a region (LimitExceededException).
func (s *Service) CreateVault(ctx context.Context, in *glacier.CreateVaultInput) (*glacier.CreateVaultOutput, error) {
	a := addressOf(ctx, in.AccountId, in.VaultName)
	if err := a.checkName(); err != nil {
		return nil, err
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if vaults.Has(tx, a.key()) {
			return nil
		}
		n := 0
		for range tx.Scan(kv.Prefix(vaults.Prefix(a.Scope))) {
			if n++; n >= maxVaults {
				return tooMany("The account already has %d vaults in this region.", maxVaults)
			}
		}
		vaults.Put(tx, a.key(), &vault{ID: s.Random.Uint64(), Created: tx.Now()})
		s.sweep().Arm(tx)
		return nil
	})
	return &glacier.CreateVaultOutput{Location: new(a.path())}, err
}

// DescribeVault tells of a vault, what it has as of the last inventory.
func (s *Service) DescribeVault(ctx context.Context, in *glacier.DescribeVaultInput) (*glacier.DescribeVaultOutput, error) {
	out := new(glacier.DescribeVaultOutput)
	err := s.view(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		*out = glacier.DescribeVaultOutput(v.describe())
		return nil
	})
	return out, err
}

func (v *vault) describe() glacier.DescribeVaultOutput_ {
	return glacier.DescribeVaultOutput_{
		VaultARN: new(v.at.arn()), VaultName: new(v.at.Name), CreationDate: date(v.Created), LastInventoryDate: date(v.Inventory.Date),
		NumberOfArchives: new(v.Inventory.Archives), SizeInBytes: new(v.Inventory.Bytes),
	}
}

// ListVaults lists vaults in the order of their names, at most ten at a time.
// The marker is the ARN of the vault to go on at.
func (s *Service) ListVaults(ctx context.Context, in *glacier.ListVaultsInput) (*glacier.ListVaultsOutput, error) {
	sc := scopeOf(ctx, in.AccountId)
	size, err := listLimit(in.Limit, maxListedVaults)
	if err != nil {
		return nil, err
	}
	r := kv.Prefix(vaults.Prefix(sc))
	if marker := deref(in.Marker); marker != "" {
		arn, err := aws.ParseARN(marker)
		name, ok := strings.CutPrefix(arn.Resource, vaultsPrefix)
		if err != nil || !ok {
			return nil, invalid("Invalid marker: %s", marker)
		}
		r.From = address{sc, name}.key()
	}
	out := new(glacier.ListVaultsOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = glacier.ListVaultsOutput{VaultList: []glacier.DescribeVaultOutput_{}}
		for key, v := range vaults.Scan(tx, r) {
			name := vaults.Parts(key)
			v.at = address{sc, name.String()}
			if len(out.VaultList) == size {
				out.Marker = new(v.at.arn())
				return nil
			}
			out.VaultList = append(out.VaultList, v.describe())
		}
		return nil
	})
	return out, err
}

// DeleteVault deletes a vault that has no archives as of its last inventory and
// was not written to since. Deleting one that is not there is no error.
func (s *Service) DeleteVault(ctx context.Context, in *glacier.DeleteVaultInput) (*glacier.DeleteVaultOutput, error) {
	a := addressOf(ctx, in.AccountId, in.VaultName)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		v, err := a.find(tx)
		if err != nil {
			return nil
		}
		if v.Inventory.Archives > 0 || !v.Due.IsZero() {
			return invalid("Vault not empty or recently written to: %s", a.arn())
		}
		v.drop(tx)
		return nil
	})
	return &glacier.DeleteVaultOutput{}, err
}

// drop deletes all rows of a vault that has no archives.
func (v *vault) drop(tx kv.Tx) {
	sc, id := v.at.Scope, kv.Uint(v.ID)
	for _, u := range uploads.Scan(tx, kv.Prefix(uploads.Prefix(sc, id))) {
		place{sc, u.Content}.release(tx)
	}
	for key, r := range retrievals.Scan(tx, kv.Prefix(retrievals.Prefix(sc, id))) {
		r.id = lastPart(retrievals.Parts(key))
		hauls.Delete(tx, r.haulKey(sc))
		r.release(tx, sc)
	}
	archives.DeleteAll(tx, archives.Prefix(sc, id))
	uploads.DeleteAll(tx, uploads.Prefix(sc, id))
	finishes.DeleteAll(tx, finishes.Prefix(sc, id))
	retrievals.DeleteAll(tx, retrievals.Prefix(sc, id))
	counts.DeleteAll(tx, counts.Prefix(sc, id))
	vaults.Delete(tx, v.at.key())
}
