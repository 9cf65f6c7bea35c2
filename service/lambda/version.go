package lambda

import (
	"context"
	"fmt"
	"reflect"
	"strconv"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/state/kv"
)

// PublishVersion keeps $LATEST as it is under the next number.
func (s *Service) PublishVersion(ctx context.Context, in *lambda.PublishVersionInput) (*lambda.PublishVersionOutput, error) {
	if in.PublishTo != "" {
		return nil, unbuilt("PublishTo")
	}
	var out *lambda.FunctionConfiguration
	err := s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, c *configuration) error {
		if err := c.expect(in.RevisionId); err != nil {
			return err
		}
		if sum := deref(in.CodeSha256); sum != "" && sum != c.CodeSum {
			return invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", sum, c.CodeSum)
		}
		description := c.Description
		put(&description, in.Description)
		out = f.publish(tx, c, description)
		return nil
	})
	return (*lambda.PublishVersionOutput)(out), err
}

// publish makes a version of c, which is $LATEST, unless the last one is the
// same but for its description. The caller stores f.
func (f *function) publish(tx kv.Tx, c *configuration, description string) *lambda.FunctionConfiguration {
	at := *f
	if last, ok := versions.Get(tx, f.versionKey(f.Last)); ok && f.Last > 0 && last.same(c) {
		at.at.Qualifier = last.version()
		return last.describe(&at)
	}
	f.Last++
	v := *c
	v.Number, v.Description, v.Modified = f.Last, description, tx.Now()
	versions.Put(tx, f.versionKey(v.Number), &v)
	v.hold(tx, 1)
	at.at.Qualifier = v.version()
	return v.describe(&at)
}

// same reports whether two versions do the same.
func (c configuration) same(other *configuration) bool {
	o := *other
	o.Number, o.Description, o.Modified, o.Revision = c.Number, c.Description, c.Modified, c.Revision
	if len(o.Variables)+len(c.Variables) == 0 {
		o.Variables = c.Variables
	}
	if c.sameLayers(&o) {
		o.Layers = c.Layers
	}
	return reflect.DeepEqual(c, o)
}

// release deletes code that no version has any more.
func (f *function) release(tx kv.Tx, sum string) {
	for _, c := range versions.Scan(tx, kv.Prefix(versions.Prefix(f.at.Scope, kv.Uint(f.ID)))) {
		if c.CodeSum == sum {
			return
		}
	}
	codes.DeleteAll(tx, f.codeKey(sum))
}

// dropVersion deletes one version, to which no alias may point.
func (f *function) dropVersion(tx kv.Tx, c *configuration) error {
	if f.at.Qualifier != c.version() {
		return invalid("The qualifier of a deletion must be the number of a version.")
	}
	for key, al := range aliases.Scan(tx, kv.Prefix(aliases.Prefix(f.at.Scope, kv.Uint(f.ID)))) {
		if al.Number == c.Number || al.Other == c.Number {
			return lambda.ErrResourceConflictException(&lambda.ResourceConflictException{Type: new(user)},
				"Unable to delete version because the following aliases reference it: [%s]", aliasName(key))
		}
	}
	versions.Delete(tx, f.versionKey(c.Number))
	policies.Delete(tx, f.policyKey(c.version()))
	f.unprovision(tx, c.version())
	c.hold(tx, -1)
	f.release(tx, c.CodeSum)
	return nil
}

// ListVersionsByFunction lists $LATEST and the versions in order. The marker is
// the number to go on at.
func (s *Service) ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionInput) (*lambda.ListVersionsByFunctionOutput, error) {
	from, err := strconv.ParseUint("0"+deref(in.Marker), 10, 64)
	if err != nil {
		return nil, invalid("The marker is invalid.")
	}
	size := pageSize
	if in.MaxItems != nil {
		size = min(size, int(*in.MaxItems))
	}
	out := &lambda.ListVersionsByFunctionOutput{}
	err = s.view(ctx, in.FunctionName, nil, func(tx kv.Tx, f *function, _ *configuration) error {
		*out = lambda.ListVersionsByFunctionOutput{Versions: []lambda.FunctionConfiguration{}}
		r := kv.Prefix(versions.Prefix(f.at.Scope, kv.Uint(f.ID)))
		r.From = f.versionKey(from)
		for _, c := range versions.Scan(tx, r) {
			if len(out.Versions) == size {
				out.NextMarker = new(fmt.Sprint(c.Number))
				break
			}
			at := *f
			at.at.Qualifier = c.version()
			out.Versions = append(out.Versions, *c.describe(&at))
		}
		return nil
	})
	return out, err
}

// roll decides which of an alias's versions gets a call: from 0 up to 1.
func (s *Service) roll() float64 { return float64(s.Random.Uint64()>>11) / (1 << 53) }

// aim is where a call goes that found version c.
func (f *function) aim(tx kv.Tx, c *configuration, roll float64) target {
	t := target{f: f, c: f.route(tx, c, roll)}
	t.admit(tx)
	return t
}

// route is the version that gets a call: c, or the other one of the alias that
// the function was found by.
func (f *function) route(tx kv.Tx, c *configuration, roll float64) *configuration {
	al, ok := aliases.Get(tx, f.aliasKey(f.at.Qualifier))
	if !ok || al.Other == 0 || roll >= al.Weight {
		return c
	}
	if other, ok := versions.Get(tx, f.versionKey(al.Other)); ok {
		return other
	}
	return c
}

func aliasName(key kv.Key) string {
	parts := aliases.Parts(key)
	parts.Skip(1)
	return parts.String()
}

// numbered is a version as aliases name it; 0 is $LATEST.
func (f *function) numbered(tx kv.Tx, version string) (uint64, error) {
	n := uint64(0)
	if version != latest {
		var err error
		if n, err = strconv.ParseUint(version, 10, 64); err != nil || n == 0 {
			return 0, invalid("%s is not a version.", version)
		}
	}
	if !versions.Has(tx, f.versionKey(n)) {
		at := f.at
		at.Qualifier = version
		return 0, notFound(at.qualified())
	}
	return n, nil
}
