package lambda

import (
	"context"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PublishLayerVersion makes the next version of a layer. A layer's first version
// makes the layer.
func (s *Service) PublishLayerVersion(ctx context.Context, in *lambda.PublishLayerVersionInput) (*lambda.PublishLayerVersionOutput, error) {
	a, err := layerAt(aws.CallFrom(ctx), in.LayerName)
	switch {
	case err != nil:
		return nil, err
	case a.Number > 0:
		return nil, invalid("%s is not a layer's name or ARN.", in.LayerName)
	case in.Content == nil:
		return nil, invalid("Please provide a source for layer content.")
	case in.Content.S3ObjectStorageMode == lambda.S3ObjectStorageModeREFERENCE:
		return nil, unbuilt("S3ObjectStorageMode REFERENCE")
	}
	zip, err := s.fetch(ctx, source{in.Content.ZipFile, in.Content.S3Bucket, in.Content.S3Key, in.Content.S3ObjectVersion})
	if err != nil {
		return nil, err
	}
	made := layerVersion{
		ID: s.Random.Uint64(), Description: deref(in.Description), License: deref(in.LicenseInfo),
		Runtimes: in.CompatibleRuntimes, Architectures: in.CompatibleArchitectures,
		CodeSum: zip.sum, CodeSize: int64(len(zip.data)), Unzipped: zip.unzipped,
	}
	var out *lambda.GetLayerVersionOutput
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		l, ok := layers.Get(tx, a.key())
		if !ok {
			l = &layer{}
		}
		l.Last++
		layers.Put(tx, a.key(), l)
		at, v := a, made
		at.Number, v.Created = l.Last, tx.Now()
		layerVersions.Put(tx, at.versionKey(), &v)
		putBytes(tx, &layerCodes, at.codeKey(v.ID), zip.data)
		out = s.describeLayer(tx, at, &v)
		return nil
	})
	return (*lambda.PublishLayerVersionOutput)(out), err
}

// describeLayer tells all of a version of a layer.
func (s *Service) describeLayer(tx kv.Tx, a layerAddress, v *layerVersion) *lambda.GetLayerVersionOutput {
	item := v.item(a)
	return &lambda.GetLayerVersionOutput{
		LayerArn: new(a.arn()), LayerVersionArn: item.LayerVersionArn, Version: item.Version, Description: item.Description, LicenseInfo: item.LicenseInfo,
		CreatedDate: item.CreatedDate, CompatibleRuntimes: item.CompatibleRuntimes, CompatibleArchitectures: item.CompatibleArchitectures,
		Content: &lambda.LayerVersionContentOutput{
			CodeSha256: &v.CodeSum, CodeSize: &v.CodeSize,
			Location: new(s.location(download{a.Scope, "layer", a.Name, a.number()}, v.ID, tx.Now())),
		},
	}
}

// item is the version as listings have it.
func (v *layerVersion) item(a layerAddress) *lambda.LayerVersionsListItem {
	return &lambda.LayerVersionsListItem{
		LayerVersionArn: new(a.versionARN()), Version: new(int64(a.Number)), Description: &v.Description, LicenseInfo: aws.Optional(v.License),
		CreatedDate:        new(v.Created.UTC().Format("2006-01-02T15:04:05.000+0000")),
		CompatibleRuntimes: v.Runtimes, CompatibleArchitectures: v.Architectures,
	}
}

// layerVersion returns a version that was not deleted.
func (a layerAddress) version(tx kv.Tx) (*layerVersion, error) {
	v, ok := layerVersions.Get(tx, a.versionKey())
	if !ok || v.Deleted {
		return nil, noResource("The resource you requested does not exist.")
	}
	return v, nil
}

// GetLayerVersion tells of a version of a layer, and where its content can be fetched for ten minutes.
func (s *Service) GetLayerVersion(ctx context.Context, in *lambda.GetLayerVersionInput) (*lambda.GetLayerVersionOutput, error) {
	a, err := numberedLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	return s.getLayer(ctx, a)
}

func (s *Service) getLayer(ctx context.Context, a layerAddress) (out *lambda.GetLayerVersionOutput, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		v, err := a.version(tx)
		if err == nil {
			out = s.describeLayer(tx, a, v)
		}
		return err
	})
	return out, err
}

// GetLayerVersionByArn is GetLayerVersion of an ARN.
func (s *Service) GetLayerVersionByArn(ctx context.Context, in *lambda.GetLayerVersionByArnInput) (*lambda.GetLayerVersionByArnOutput, error) {
	a, err := layerAt(aws.CallFrom(ctx), in.Arn)
	if err != nil {
		return nil, err
	}
	out, err := s.getLayer(ctx, a)
	return (*lambda.GetLayerVersionByArnOutput)(out), err
}

// DeleteLayerVersion makes a version of a layer impossible to use anew. Functions
// that use it keep it, and its number is never given again. AWS: "DeleteLayerVersion".
func (s *Service) DeleteLayerVersion(ctx context.Context, in *lambda.DeleteLayerVersionInput) (*lambda.DeleteLayerVersionOutput, error) {
	a, err := numberedLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if v, err := a.version(tx); err == nil {
			v.Deleted, v.Policy, v.PolicyRevision = true, "", ""
			a.settle(tx, v)
		}
		return nil
	})
	return &lambda.DeleteLayerVersionOutput{}, err
}

// settle stores a version, or drops it with its content when nothing can need it any more.
func (a layerAddress) settle(tx kv.Tx, v *layerVersion) {
	if !v.Deleted || v.Uses > 0 {
		layerVersions.Put(tx, a.versionKey(), v)
		return
	}
	layerVersions.Delete(tx, a.versionKey())
	layerCodes.DeleteAll(tx, a.codeKey(v.ID))
}

// layerFilter is what listings are asked for.
type layerFilter struct {
	runtime      lambda.Runtime
	architecture lambda.Architecture
}

func (f layerFilter) matches(v *layerVersion) bool {
	return !v.Deleted &&
		(f.runtime == "" || slices.Contains(v.Runtimes, f.runtime)) &&
		(f.architecture == "" || slices.Contains(v.Architectures, f.architecture))
}

// ListLayerVersions lists the versions of a layer, the newest first. The marker is
// the number to go on below.
func (s *Service) ListLayerVersions(ctx context.Context, in *lambda.ListLayerVersionsInput) (*lambda.ListLayerVersionsOutput, error) {
	a, err := layerAt(aws.CallFrom(ctx), in.LayerName)
	if err != nil {
		return nil, err
	}
	size, filter := pageOf(in.MaxItems), layerFilter{in.CompatibleRuntime, in.CompatibleArchitecture}
	out := &lambda.ListLayerVersionsOutput{}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = lambda.ListLayerVersionsOutput{LayerVersions: []lambda.LayerVersionsListItem{}}
		r := kv.Prefix(layerVersions.Prefix(a.Scope, kv.String(a.Name)))
		r.Reverse = true
		if below := number(deref(in.Marker)); below > 0 {
			r.To = layerAddress{a.Scope, a.Name, below}.versionKey()
		}
		for key, v := range layerVersions.Scan(tx, r) {
			if !filter.matches(v) {
				continue
			}
			if len(out.LayerVersions) == size {
				out.NextMarker = new(strings.TrimSpace(layerAddress{Number: uint64(*out.LayerVersions[size-1].Version)}.number()))
				break
			}
			out.LayerVersions = append(out.LayerVersions, *v.item(a.at(key)))
		}
		return nil
	})
	return out, err
}

// ListLayers lists layers by name, each with its newest version that matches. The
// marker is the name to go on after.
func (s *Service) ListLayers(ctx context.Context, in *lambda.ListLayersInput) (*lambda.ListLayersOutput, error) {
	call := aws.CallFrom(ctx)
	sc := kv.Scope{Account: call.Account, Region: call.Region}
	size, filter := pageOf(in.MaxItems), layerFilter{in.CompatibleRuntime, in.CompatibleArchitecture}
	out := &lambda.ListLayersOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = lambda.ListLayersOutput{Layers: []lambda.LayersListItem{}}
		r := kv.Prefix(layers.Prefix(sc))
		if after := deref(in.Marker); after != "" {
			r.From = layerAddress{Scope: sc, Name: after}.key().After()
		}
		for key := range layers.Scan(tx, r) {
			parts := layers.Parts(key)
			a := layerAddress{Scope: sc, Name: parts.String()}
			newest := a.newest(tx, filter)
			if newest == nil {
				continue
			}
			if len(out.Layers) == size {
				out.NextMarker = out.Layers[size-1].LayerName
				break
			}
			out.Layers = append(out.Layers, lambda.LayersListItem{LayerName: &a.Name, LayerArn: new(a.arn()), LatestMatchingVersion: newest})
		}
		return nil
	})
	return out, err
}

func (a layerAddress) newest(tx kv.Tx, filter layerFilter) *lambda.LayerVersionsListItem {
	r := kv.Prefix(layerVersions.Prefix(a.Scope, kv.String(a.Name)))
	r.Reverse = true
	for key, v := range layerVersions.Scan(tx, r) {
		if filter.matches(v) {
			return v.item(a.at(key))
		}
	}
	return nil
}

// pageOf is how many a listing may have.
func pageOf(asked *int32) int {
	if asked == nil {
		return pageSize
	}
	return min(pageSize, int(*asked))
}
