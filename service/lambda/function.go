package lambda

import (
	"context"
	"iter"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// GetFunction tells of a function, and where its code can be fetched for ten minutes.
func (s *Service) GetFunction(ctx context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) {
	out := &lambda.GetFunctionOutput{}
	err := s.view(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function, c *configuration) error {
		out.Configuration, out.Tags = c.describe(f), f.Tags
		code := download{f.at.Scope, "function", f.at.Name, c.version()}
		out.Code = &lambda.FunctionCodeLocation{RepositoryType: new("S3"), Location: new(s.location(code, f.ID, tx.Now()))}
		if f.Limited {
			out.Concurrency = &lambda.Concurrency{ReservedConcurrentExecutions: new(int32(f.Reserved))}
		}
		return nil
	})
	return out, err
}

// GetFunctionConfiguration tells of a function's settings.
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput) (*lambda.GetFunctionConfigurationOutput, error) {
	var out *lambda.FunctionConfiguration
	err := s.view(ctx, in.FunctionName, in.Qualifier, func(_ kv.Tx, f *function, c *configuration) error {
		out = c.describe(f)
		return nil
	})
	return (*lambda.GetFunctionConfigurationOutput)(out), err
}

// ListFunctions lists functions by name, or, with FunctionVersion, all their
// versions. The marker is the function, and the version, to go on after.
func (s *Service) ListFunctions(ctx context.Context, in *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error) {
	if in.MasterRegion != nil && *in.MasterRegion != "ALL" {
		return nil, unbuilt("MasterRegion in the listing")
	}
	call := aws.CallFrom(ctx)
	sc := kv.Scope{Account: call.Account, Region: call.Region}
	all := in.FunctionVersion == lambda.FunctionVersionALL
	name, version, _ := strings.Cut(deref(in.Marker), ":")
	size := pageOf(in.MaxItems)
	out := &lambda.ListFunctionsOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = lambda.ListFunctionsOutput{Functions: []lambda.FunctionConfiguration{}}
		last := ""
		for f, c := range listed(tx, sc, name, all) {
			if f.at.Name == name && (!all || version == latest && c.Number == 0 || version != latest && c.Number <= number(version)) {
				continue // told before
			}
			if len(out.Functions) == size {
				out.NextMarker = &last
				break
			}
			out.Functions = append(out.Functions, *c.describe(f))
			last = f.at.Name + ":" + c.version()
		}
		return nil
	})
	return out, err
}

// listed are the functions from a name on: their $LATEST, or all versions of each.
func listed(tx kv.Tx, sc kv.Scope, from string, all bool) iter.Seq2[*function, *configuration] {
	return func(yield func(*function, *configuration) bool) {
		r := kv.Prefix(functions.Prefix(sc))
		if from != "" {
			r.From = functions.Key(sc, kv.String(from))
		}
		for key, f := range functions.Scan(tx, r) {
			parts := functions.Parts(key)
			f.at = address{Scope: sc, Name: parts.String()}
			if !all {
				if c, ok := versions.Get(tx, f.versionKey(0)); ok && !yield(f, c) {
					return
				}
				continue
			}
			for _, c := range versions.Scan(tx, kv.Prefix(versions.Prefix(sc, kv.Uint(f.ID)))) {
				f.at.Qualifier = c.version()
				if !yield(f, c) {
					return
				}
			}
		}
	}
}

// DeleteFunction deletes a function with all that it has. Calls of it go on.
func (s *Service) DeleteFunction(ctx context.Context, in *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionOutput, error) {
	a, err := addressOf(aws.CallFrom(ctx), in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if a.Qualifier == latest {
		return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, c, err := a.version(tx)
		if err != nil {
			return err
		}
		if a.Qualifier != "" {
			return f.dropVersion(tx, c)
		}
		f.drop(tx)
		return nil
	})
	return &lambda.DeleteFunctionOutput{StatusCode: new(int32(204))}, err
}
