package lambda

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"net"
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateFunctionUrlConfig gives a function, or an alias, an HTTP address.
func (s *Service) CreateFunctionUrlConfig(ctx context.Context, in *lambda.CreateFunctionUrlConfigInput) (*lambda.CreateFunctionUrlConfigOutput, error) {
	id := s.urlID()
	var out *lambda.FunctionUrlConfig
	err := s.changeURL(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function) error {
		if urlRefs.Has(tx, f.urlRefKey(f.at.Qualifier)) {
			return lambda.ErrResourceConflictException(&lambda.ResourceConflictException{Type: new(user)},
				"Failed to create function url config for [functionArn = %s]. Error message:  FunctionUrlConfig exists for this Lambda function", f.at.qualified())
		}
		u := &functionURL{
			ID: id, Account: f.at.Account, Function: f.at.Name, Qualifier: f.at.Qualifier,
			Auth: in.AuthType, Mode: lambda.InvokeModeBUFFERED, Created: tx.Now(), Modified: tx.Now(),
		}
		if in.InvokeMode != "" {
			u.Mode = in.InvokeMode
		}
		u.share(in.Cors)
		urls.Put(tx, urlKey(f.at.Region, id), u)
		urlRefs.Put(tx, f.urlRefKey(f.at.Qualifier), &urlRef{id})
		out = s.describeURL(f, u)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.CreateFunctionUrlConfigOutput{
		FunctionUrl: out.FunctionUrl, FunctionArn: out.FunctionArn, AuthType: out.AuthType, Cors: out.Cors, CreationTime: out.CreationTime, InvokeMode: out.InvokeMode,
	}, nil
}

// urlID is a new id, in the form of AWS's: 32 letters and digits.
func (s *Service) urlID() string {
	var b []byte
	for range 3 {
		b = binary.BigEndian.AppendUint64(b, s.Random.Uint64())
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:20]))
}

// changeURL runs fn on the function or the alias that has, or is to have, a URL.
func (s *Service) changeURL(ctx context.Context, name string, qualifier *string, fn func(tx kv.Tx, f *function) error) error {
	a, err := addressOf(aws.CallFrom(ctx), name, qualifier)
	if err != nil {
		return err
	}
	if a.Qualifier == latest || number(a.Qualifier) > 0 {
		return invalid("Value '%s' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)", a.Qualifier)
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, _, err := a.version(tx)
		if err != nil {
			return err
		}
		return fn(tx, f)
	})
}

// url returns the URL of what the function was found by.
func (f *function) url(tx kv.Tx) (*functionURL, error) {
	if ref, ok := urlRefs.Get(tx, f.urlRefKey(f.at.Qualifier)); ok {
		if u, ok := urls.Get(tx, urlKey(f.at.Region, ref.ID)); ok {
			return u, nil
		}
	}
	return nil, noResource("The resource you requested does not exist.")
}

func (f *function) dropURL(tx kv.Tx, qualifier string) {
	if ref, ok := urlRefs.Get(tx, f.urlRefKey(qualifier)); ok {
		urls.Delete(tx, urlKey(f.at.Region, ref.ID))
		urlRefs.Delete(tx, f.urlRefKey(qualifier))
	}
}

// address is the URL in its local form: on AWS its host is ID.lambda-url.REGION.on.aws,
// which this cloud answers to as well.
func (s *Service) address(u *functionURL, r aws.Region) string {
	host := u.ID + ".lambda-url." + string(r) + ".localhost"
	at, err := url.Parse(s.Endpoint(r))
	if err != nil {
		return "http://" + host + "/"
	}
	if port := at.Port(); port != "" {
		host = net.JoinHostPort(host, port)
	}
	return at.Scheme + "://" + host + "/"
}

func (s *Service) describeURL(f *function, u *functionURL) *lambda.FunctionUrlConfig {
	const form = "2006-01-02T15:04:05.000000Z"
	at := f.at
	at.Qualifier = u.Qualifier
	return &lambda.FunctionUrlConfig{
		FunctionUrl: s.address(u, f.at.Region), FunctionArn: at.qualified(), AuthType: u.Auth, Cors: u.cors(), InvokeMode: u.Mode,
		CreationTime: u.Created.UTC().Format(form), LastModifiedTime: u.Modified.UTC().Format(form),
	}
}

// GetFunctionUrlConfig tells of a URL.
func (s *Service) GetFunctionUrlConfig(ctx context.Context, in *lambda.GetFunctionUrlConfigInput) (*lambda.GetFunctionUrlConfigOutput, error) {
	var out *lambda.FunctionUrlConfig
	err := s.view(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function, _ *configuration) error {
		u, err := f.url(tx)
		if err == nil {
			out = s.describeURL(f, u)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &lambda.GetFunctionUrlConfigOutput{
		FunctionUrl: out.FunctionUrl, FunctionArn: out.FunctionArn, AuthType: out.AuthType, Cors: out.Cors, InvokeMode: out.InvokeMode,
		CreationTime: out.CreationTime, LastModifiedTime: out.LastModifiedTime,
	}, nil
}

// UpdateFunctionUrlConfig changes what a request sets. The address stays.
func (s *Service) UpdateFunctionUrlConfig(ctx context.Context, in *lambda.UpdateFunctionUrlConfigInput) (*lambda.UpdateFunctionUrlConfigOutput, error) {
	var out *lambda.FunctionUrlConfig
	err := s.changeURL(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function) error {
		u, err := f.url(tx)
		if err != nil {
			return err
		}
		if in.AuthType != "" {
			u.Auth = in.AuthType
		}
		if in.InvokeMode != "" {
			u.Mode = in.InvokeMode
		}
		if in.Cors != nil {
			u.share(in.Cors)
		}
		u.Modified = tx.Now()
		urls.Put(tx, urlKey(f.at.Region, u.ID), u)
		out = s.describeURL(f, u)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.UpdateFunctionUrlConfigOutput{
		FunctionUrl: out.FunctionUrl, FunctionArn: out.FunctionArn, AuthType: out.AuthType, Cors: out.Cors, InvokeMode: out.InvokeMode,
		CreationTime: out.CreationTime, LastModifiedTime: out.LastModifiedTime,
	}, nil
}

// DeleteFunctionUrlConfig takes an address away. A new one will be another.
func (s *Service) DeleteFunctionUrlConfig(ctx context.Context, in *lambda.DeleteFunctionUrlConfigInput) (*lambda.DeleteFunctionUrlConfigOutput, error) {
	err := s.changeURL(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function) error {
		if _, err := f.url(tx); err != nil {
			return err
		}
		f.dropURL(tx, f.at.Qualifier)
		return nil
	})
	return &lambda.DeleteFunctionUrlConfigOutput{}, err
}

// ListFunctionUrlConfigs lists the URLs of a function and its aliases. The marker is
// the qualifier to go on at.
func (s *Service) ListFunctionUrlConfigs(ctx context.Context, in *lambda.ListFunctionUrlConfigsInput) (*lambda.ListFunctionUrlConfigsOutput, error) {
	size := pageOf(in.MaxItems)
	out := &lambda.ListFunctionUrlConfigsOutput{}
	err := s.view(ctx, in.FunctionName, nil, func(tx kv.Tx, f *function, _ *configuration) error {
		*out = lambda.ListFunctionUrlConfigsOutput{FunctionUrlConfigs: []lambda.FunctionUrlConfig{}}
		r := kv.Prefix(urlRefs.Prefix(f.at.Scope, kv.Uint(f.ID)))
		if in.Marker != nil {
			r.From = f.urlRefKey(*in.Marker)
		}
		for _, ref := range urlRefs.Scan(tx, r) {
			u, ok := urls.Get(tx, urlKey(f.at.Region, ref.ID))
			if !ok {
				continue
			}
			if len(out.FunctionUrlConfigs) == size {
				out.NextMarker = &u.Qualifier
				break
			}
			out.FunctionUrlConfigs = append(out.FunctionUrlConfigs, *s.describeURL(f, u))
		}
		return nil
	})
	return out, err
}
