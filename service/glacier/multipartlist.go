package glacier

import (
	"context"
	"encoding/hex"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// ListParts lists the parts of an upload in progress in their order, at most
// fifty at a time.
func (s *Service) ListParts(ctx context.Context, in *glacier.ListPartsInput) (*glacier.ListPartsOutput, error) {
	p, err := newPage(in.Limit, in.Marker)
	if err != nil {
		return nil, err
	}
	a := addressOf(ctx, in.AccountId, in.VaultName)
	out := new(glacier.ListPartsOutput)
	err = s.view(ctx, a, func(tx kv.Tx, v *vault) error {
		u, err := v.upload(tx, in.UploadId)
		if err != nil {
			return err
		}
		*out = glacier.ListPartsOutput{
			MultipartUploadId: &in.UploadId, VaultARN: new(a.arn()), ArchiveDescription: aws.Optional(u.Description),
			PartSizeInBytes: &u.PartSize, CreationDate: date(u.Created), Parts: []glacier.PartListElement{},
		}
		r := kv.Prefix(place{a.Scope, u.Content}.pieces())
		if err := p.begin(&r); err != nil {
			return err
		}
		for key, part := range pieces.Scan(tx, r) {
			if len(out.Parts) == p.size {
				out.Marker = markerOf(key)
				return nil
			}
			at := offsetOf(pieces.Parts(key))
			out.Parts = append(out.Parts, glacier.PartListElement{
				RangeInBytes: new(formatRange(at, at+part.Blob.Size)), SHA256TreeHash: new(hex.EncodeToString(part.TreeHash)),
			})
		}
		return nil
	})
	return out, err
}

// ListMultipartUploads lists the uploads in progress in no particular order, at
// most fifty at a time.
func (s *Service) ListMultipartUploads(ctx context.Context, in *glacier.ListMultipartUploadsInput) (*glacier.ListMultipartUploadsOutput, error) {
	p, err := newPage(in.Limit, in.Marker)
	if err != nil {
		return nil, err
	}
	a := addressOf(ctx, in.AccountId, in.VaultName)
	out := new(glacier.ListMultipartUploadsOutput)
	err = s.view(ctx, a, func(tx kv.Tx, v *vault) error {
		*out = glacier.ListMultipartUploadsOutput{UploadsList: []glacier.UploadListElement{}}
		r := kv.Prefix(uploads.Prefix(a.Scope, kv.Uint(v.ID)))
		if err := p.begin(&r); err != nil {
			return err
		}
		for key, u := range uploads.Scan(tx, r) {
			if len(out.UploadsList) == p.size {
				out.Marker = markerOf(key)
				return nil
			}
			out.UploadsList = append(out.UploadsList, glacier.UploadListElement{
				MultipartUploadId: new(lastPart(uploads.Parts(key))), VaultARN: new(a.arn()), ArchiveDescription: aws.Optional(u.Description),
				PartSizeInBytes: &u.PartSize, CreationDate: date(u.Created),
			})
		}
		return nil
	})
	return out, err
}
