package glacier

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// InitiateMultipartUpload begins an archive that comes in parts of one size,
// the last one excepted: a mebibyte times a power of two, up to 4 GiB.
func (s *Service) InitiateMultipartUpload(ctx context.Context, in *glacier.InitiateMultipartUploadInput) (*glacier.InitiateMultipartUploadOutput, error) {
	if err := checkDescription(in.ArchiveDescription); err != nil {
		return nil, err
	}
	if in.PartSize == nil {
		return nil, missing("x-amz-part-size")
	}
	size, err := strconv.ParseInt(*in.PartSize, 10, 64)
	if err != nil || size < minPartSize || size > maxPartSize || size&(size-1) != 0 {
		return nil, invalid("Invalid part size: %s. Part size must not be null, must be a power of two and be between %d and %d bytes.", *in.PartSize, minPartSize, maxPartSize)
	}
	a := addressOf(ctx, in.AccountId, in.VaultName)
	id := s.newID(jobIDLength)
	err = s.update(ctx, a, func(tx kv.Tx, v *vault) error {
		uploads.Put(tx, v.uploadKey(id), &upload{
			Content: s.newContent(tx, a.Scope).id, PartSize: size, Description: deref(in.ArchiveDescription), Created: tx.Now(),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &glacier.InitiateMultipartUploadOutput{UploadId: &id, Location: new(a.path() + "/multipart-uploads/" + id)}, nil
}

// upload finds a multipart upload in progress.
func (v *vault) upload(tx kv.Tx, id string) (*upload, error) {
	u, ok := uploads.Get(tx, v.uploadKey(id))
	if !ok {
		return nil, notFound("The upload ID was not found: %s", id)
	}
	return u, nil
}

// UploadMultipartPart keeps the part at a range of the archive, in the place of
// one that was there. Parts may come in any order, and side by side.
func (s *Service) UploadMultipartPart(ctx context.Context, in *glacier.UploadMultipartPartInput) (*glacier.UploadMultipartPartOutput, error) {
	a := addressOf(ctx, in.AccountId, in.VaultName)
	if in.Range == nil {
		return nil, missing("Content-Range")
	}
	from, to, ok := parseContentRange(*in.Range)
	if !ok {
		return nil, invalid("Invalid Content-Range: %s", *in.Range)
	}
	var u *upload
	find := func(tx kv.Tx, v *vault) (err error) {
		u, err = v.upload(tx, in.UploadId)
		return err
	}
	if err := s.view(ctx, a, find); err != nil {
		return nil, err
	}
	if from%u.PartSize != 0 || to-from > u.PartSize || from/u.PartSize >= maxParts {
		return nil, invalid("Invalid Content-Range: %s. Parts begin at multiples of the part size, %d bytes, are no larger, and at most %d.", *in.Range, u.PartSize, maxParts)
	}
	body, err := s.receive(ctx, in.Body, promise{treeHash: in.Checksum, size: to - from, most: u.PartSize})
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, a, func(tx kv.Tx, v *vault) error {
		if err := find(tx, v); err != nil { // completed or aborted meanwhile
			return err
		}
		place{a.Scope, u.Content}.put(tx, from, body)
		return nil
	})
	if err != nil {
		s.discard(body)
		return nil, err
	}
	return &glacier.UploadMultipartPartOutput{Checksum: new(hex.EncodeToString(body.treeHash))}, nil
}

// parseContentRange reads bytes FROM-LAST/*; to is the byte after the last.
func parseContentRange(s string) (from, to int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	s, _, _ = strings.Cut(s, "/")
	if !ok {
		return 0, 0, false
	}
	return parseRange(s)
}

// parseRange reads FROM-LAST; to is the byte after the last.
func parseRange(s string) (from, to int64, ok bool) {
	first, last, ok := strings.Cut(s, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || !ok {
		return 0, 0, false
	}
	end, err := strconv.ParseInt(last, 10, 64)
	if err != nil || from < 0 || end < from || end+1 < 0 {
		return 0, 0, false
	}
	return from, end + 1, true
}

func formatRange(from, to int64) string { return fmt.Sprintf("%d-%d", from, to-1) }

// CompleteMultipartUpload makes an archive of all parts. They must be there
// without a gap, and the size and the tree hash of the whole must be as stated.
// For a while it can be called again, and answers the same.
func (s *Service) CompleteMultipartUpload(ctx context.Context, in *glacier.CompleteMultipartUploadInput) (*glacier.CompleteMultipartUploadOutput, error) {
	if in.Checksum == nil {
		return nil, missing("x-amz-sha256-tree-hash")
	}
	if in.ArchiveSize == nil {
		return nil, missing("x-amz-archive-size")
	}
	size, err := strconv.ParseInt(*in.ArchiveSize, 10, 64)
	if err != nil || size < 1 {
		return nil, invalid("Invalid x-amz-archive-size: %s", *in.ArchiveSize)
	}
	a := addressOf(ctx, in.AccountId, in.VaultName)
	var f finished
	err = s.update(ctx, a, func(tx kv.Tx, v *vault) error {
		if done, ok := finishes.Get(tx, v.finishedKey(in.UploadId)); ok && done.Archive != "" {
			f = *done
			return f.agrees(*in.Checksum, size)
		}
		u, err := v.upload(tx, in.UploadId)
		if err != nil {
			return err
		}
		if f, err = u.assemble(tx, a.Scope); err != nil {
			return err
		}
		if err := f.agrees(*in.Checksum, size); err != nil {
			return err
		}
		f.Archive = s.newID(archiveIDLength)
		v.addArchive(tx, f.Archive, &archive{Content: u.Content, Size: f.Size, TreeHash: f.TreeHash, Description: u.Description})
		v.finish(tx, in.UploadId, &f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &glacier.CompleteMultipartUploadOutput{ArchiveId: &f.Archive, Checksum: new(hex.EncodeToString(f.TreeHash)), Location: a.archivePath(f.Archive)}, nil
}

// agrees holds an archive against what its client says that it should be.
func (f *finished) agrees(treeHash string, size int64) error {
	if size != f.Size {
		return invalid("Invalid x-amz-archive-size: %d. The parts have %d bytes.", size, f.Size)
	}
	if treeHash != hex.EncodeToString(f.TreeHash) {
		return invalid("Invalid x-amz-sha256-tree-hash: %s", treeHash)
	}
	return nil
}

// assemble checks that the parts make a whole, and says which.
func (u *upload) assemble(tx kv.Tx, sc kv.Scope) (finished, error) {
	var f finished
	var t tree
	for key, p := range pieces.Scan(tx, kv.Prefix(place{sc, u.Content}.pieces())) {
		// Parts of the full size end where the next one may begin.
		if at := offsetOf(pieces.Parts(key)); at != f.Size {
			return f, invalid("The upload has no bytes from %d to %d.", f.Size, at-1)
		}
		f.Size += p.Blob.Size
		t.add(p.TreeHash)
	}
	f.TreeHash = t.root()
	if f.TreeHash == nil {
		return f, invalid("The upload has no parts.")
	}
	return f, nil
}

// finish ends an upload, and remembers for a while how it ended.
func (v *vault) finish(tx kv.Tx, id string, f *finished) {
	uploads.Delete(tx, v.uploadKey(id))
	finishes.Put(tx, v.finishedKey(id), f)
	job.Put(tx, v.errandFor(kindRepeat, id, tx.Now().Add(repeatTime)))
}

// forgetUpload is the job that forgets how an upload ended.
func (s *Service) forgetUpload(_ context.Context, tx kv.Tx, j *job.Job) error {
	if v, ok := findErrand(tx, j); ok {
		finishes.Delete(tx, v.finishedKey(j.ID))
	}
	return nil
}

// AbortMultipartUpload gives up an upload and its parts. For a while it can be
// called again; to abort a completed upload is an error.
func (s *Service) AbortMultipartUpload(ctx context.Context, in *glacier.AbortMultipartUploadInput) (*glacier.AbortMultipartUploadOutput, error) {
	a := addressOf(ctx, in.AccountId, in.VaultName)
	err := s.update(ctx, a, func(tx kv.Tx, v *vault) error {
		if done, ok := finishes.Get(tx, v.finishedKey(in.UploadId)); ok && done.Archive == "" {
			return nil
		}
		u, err := v.upload(tx, in.UploadId)
		if err != nil {
			return err
		}
		place{a.Scope, u.Content}.release(tx)
		v.finish(tx, in.UploadId, new(finished))
		return nil
	})
	return &glacier.AbortMultipartUploadOutput{}, err
}
