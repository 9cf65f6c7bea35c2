package glacier

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/state/kv"
)

// UploadArchive keeps a body of 1 byte to 4 GiB as an archive. The client must
// state its tree hash.
func (s *Service) UploadArchive(ctx context.Context, in *glacier.UploadArchiveInput) (*glacier.UploadArchiveOutput, error) {
	a := addressOf(ctx, in.AccountId, in.VaultName)
	if err := checkDescription(in.ArchiveDescription); err != nil {
		return nil, err
	}
	// A body is not read for nothing.
	if err := s.view(ctx, a, func(kv.Tx, *vault) error { return nil }); err != nil {
		return nil, err
	}
	body, err := s.receive(ctx, in.Body, promise{treeHash: in.Checksum, most: maxUpload})
	if err != nil {
		return nil, err
	}
	id := s.newID(archiveIDLength)
	err = s.update(ctx, a, func(tx kv.Tx, v *vault) error {
		c := s.newContent(tx, a.Scope)
		c.put(tx, 0, body)
		v.addArchive(tx, id, &archive{Content: c.id, Size: body.blob.Size, TreeHash: body.treeHash, Description: deref(in.ArchiveDescription)})
		return nil
	})
	if err != nil {
		s.discard(body)
		return nil, err
	}
	return &glacier.UploadArchiveOutput{ArchiveId: &id, Checksum: new(hex.EncodeToString(body.treeHash)), Location: a.archivePath(id)}, nil
}

// archivePath is an archive's URI.
func (a address) archivePath(id string) *string { return new(a.path() + "/archives/" + id) }

// checkDescription checks the description of an archive or a job.
// AWS: "Upload Archive": printable ASCII, up to 1,024 characters.
func checkDescription(d *string) error {
	if d != nil && (len(*d) > maxDescription || !isPrintable(*d)) {
		return invalid("Invalid description. A description has up to %d printable ASCII characters.", maxDescription)
	}
	return nil
}

// addArchive puts a new archive, whose content the caller holds, into the vault.
func (v *vault) addArchive(tx kv.Tx, id string, a *archive) {
	a.Vault, a.Created, a.Born = v.ID, tx.Now(), v.Inventory.Number
	archives.Put(tx, v.archiveKey(id), a)
	v.count(tx, 1, a.Size)
	v.wroteTo(tx)
}

// archive finds an archive that is not deleted.
func (v *vault) archive(tx kv.Tx, id string) (*archive, error) {
	a, ok := archives.Get(tx, v.archiveKey(id))
	if !ok || a.Deleted {
		return nil, notFound("The archive ID was not found: %s", id)
	}
	a.id = id
	return a, nil
}

// DeleteArchive deletes an archive. Doing so again is no error. The last
// inventory still has it; jobs that have prepared it for download keep it.
func (s *Service) DeleteArchive(ctx context.Context, in *glacier.DeleteArchiveInput) (*glacier.DeleteArchiveOutput, error) {
	if !isArchiveID(in.ArchiveId) {
		return nil, invalid("Invalid archive ID: %s", in.ArchiveId)
	}
	err := s.update(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(tx kv.Tx, v *vault) error {
		a, err := v.archive(tx, in.ArchiveId)
		if err != nil {
			return nil
		}
		if a.isIn(&v.Inventory) {
			a.Deleted, a.Died = true, v.Inventory.Number
			archives.Put(tx, v.archiveKey(a.id), a)
		} else {
			archives.Delete(tx, v.archiveKey(a.id))
		}
		place{v.at.Scope, a.Content}.release(tx)
		v.count(tx, -1, -a.Size)
		v.wroteTo(tx)
		return nil
	})
	return &glacier.DeleteArchiveOutput{}, err
}

// isArchiveID reports whether s could be the id of an archive that is gone.
func isArchiveID(s string) bool {
	return len(s) == archiveIDLength && strings.Trim(s, idAlphabet) == ""
}
