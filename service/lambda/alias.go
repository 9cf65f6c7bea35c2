package lambda

import (
	"context"
	"strconv"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateAlias names a version.
func (s *Service) CreateAlias(ctx context.Context, in *lambda.CreateAliasInput) (*lambda.CreateAliasOutput, error) {
	if _, err := strconv.ParseUint(in.Name, 10, 64); err == nil {
		return nil, invalid("An alias must not be a number: %s.", in.Name)
	}
	var out *lambda.AliasConfiguration
	revision := aws.UUID(s.Random)
	err := s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, _ *configuration) error {
		if aliases.Has(tx, f.aliasKey(in.Name)) {
			return lambda.ErrResourceConflictException(&lambda.ResourceConflictException{Type: new(user)}, "Alias already exists: %s:%s", f.at.arn(), in.Name)
		}
		al := &alias{Revision: revision, Description: deref(in.Description)}
		if err := al.point(tx, f, &in.FunctionVersion, in.RoutingConfig); err != nil {
			return err
		}
		aliases.Put(tx, f.aliasKey(in.Name), al)
		out = al.describe(f, in.Name)
		return nil
	})
	return (*lambda.CreateAliasOutput)(out), err
}

// point sets the versions of an alias.
func (al *alias) point(tx kv.Tx, f *function, version *string, routing *lambda.AliasRoutingConfiguration) (err error) {
	if version != nil {
		if al.Number, err = f.numbered(tx, *version); err != nil {
			return err
		}
	}
	if routing != nil {
		if len(routing.AdditionalVersionWeights) > 1 {
			return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
		}
		al.Other, al.Weight = 0, 0
		for other, weight := range routing.AdditionalVersionWeights {
			if al.Other, err = f.numbered(tx, other); err != nil {
				return err
			}
			al.Weight = weight
		}
	}
	switch {
	case al.Other == 0:
		return nil
	case al.Number == 0:
		return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
	case al.Number == al.Other:
		return invalid("Invalid function version %d. Function version %d is already included in routing configuration.", al.Other, al.Other)
	}
	return nil
}

func (al *alias) describe(f *function, name string) *lambda.AliasConfiguration {
	out := &lambda.AliasConfiguration{
		AliasArn: new(f.at.arn() + ":" + name), Name: &name, Description: &al.Description, RevisionId: &al.Revision,
		FunctionVersion: new((&configuration{Number: al.Number}).version()),
	}
	if al.Other > 0 {
		other := strconv.FormatUint(al.Other, 10)
		out.RoutingConfig = &lambda.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{other: al.Weight}}
	}
	return out
}

// alias returns an alias of the function.
func (f *function) alias(tx kv.Tx, name string) (*alias, error) {
	al, ok := aliases.Get(tx, f.aliasKey(name))
	if !ok {
		return nil, noResource("Cannot find alias arn: %s:%s", f.at.arn(), name)
	}
	return al, nil
}

// GetAlias tells of an alias.
func (s *Service) GetAlias(ctx context.Context, in *lambda.GetAliasInput) (*lambda.GetAliasOutput, error) {
	var out *lambda.AliasConfiguration
	err := s.view(ctx, in.FunctionName, nil, func(tx kv.Tx, f *function, _ *configuration) error {
		al, err := f.alias(tx, in.Name)
		if err == nil {
			out = al.describe(f, in.Name)
		}
		return err
	})
	return (*lambda.GetAliasOutput)(out), err
}

// UpdateAlias points an alias to other versions.
func (s *Service) UpdateAlias(ctx context.Context, in *lambda.UpdateAliasInput) (*lambda.UpdateAliasOutput, error) {
	var out *lambda.AliasConfiguration
	revision := aws.UUID(s.Random)
	err := s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, _ *configuration) error {
		al, err := f.alias(tx, in.Name)
		if err != nil {
			return err
		}
		if in.RevisionId != nil && *in.RevisionId != al.Revision {
			return stale()
		}
		if err := al.point(tx, f, in.FunctionVersion, in.RoutingConfig); err != nil {
			return err
		}
		put(&al.Description, in.Description)
		al.Revision = revision
		aliases.Put(tx, f.aliasKey(in.Name), al)
		out = al.describe(f, in.Name)
		return nil
	})
	return (*lambda.UpdateAliasOutput)(out), err
}

// DeleteAlias deletes an alias, if there is one.
func (s *Service) DeleteAlias(ctx context.Context, in *lambda.DeleteAliasInput) (*lambda.DeleteAliasOutput, error) {
	err := s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, _ *configuration) error {
		aliases.Delete(tx, f.aliasKey(in.Name))
		policies.Delete(tx, f.policyKey(in.Name))
		f.unprovision(tx, in.Name)
		f.dropURL(tx, in.Name)
		return nil
	})
	return &lambda.DeleteAliasOutput{}, err
}

// ListAliases lists aliases by name. The marker is the name to go on after.
func (s *Service) ListAliases(ctx context.Context, in *lambda.ListAliasesInput) (*lambda.ListAliasesOutput, error) {
	size := pageSize
	if in.MaxItems != nil {
		size = min(size, int(*in.MaxItems))
	}
	out := &lambda.ListAliasesOutput{}
	err := s.view(ctx, in.FunctionName, nil, func(tx kv.Tx, f *function, _ *configuration) error {
		*out = lambda.ListAliasesOutput{Aliases: []lambda.AliasConfiguration{}}
		r := kv.Prefix(aliases.Prefix(f.at.Scope, kv.Uint(f.ID)))
		if after := deref(in.Marker); after != "" {
			r.From = f.aliasKey(after).After()
		}
		for key, al := range aliases.Scan(tx, r) {
			d := al.describe(f, aliasName(key))
			if in.FunctionVersion != nil && *in.FunctionVersion != *d.FunctionVersion {
				continue
			}
			if len(out.Aliases) == size {
				out.NextMarker = out.Aliases[size-1].Name
				break
			}
			out.Aliases = append(out.Aliases, *d)
		}
		return nil
	})
	return out, err
}
