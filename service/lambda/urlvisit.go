package lambda

import (
	"context"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
)

// visit is a request to a function's URL.
type visit struct {
	url     *functionURL
	at      address
	request *wire.Request
}

// visiting is the operation that such a request is. AWS: "Actions, resources, and
// condition keys for AWS Lambda".
const visiting = "InvokeFunctionUrl"

// Site claims the hosts of functions' URLs.
func (s *Service) Site(_ context.Context, req *wire.Request) bool {
	_, _, ok := urlHost(req.Host)
	return ok
}

// Front takes requests to functions' URLs out of the API's.
func (s *Service) Front(ctx context.Context, w http.ResponseWriter, req *wire.Request) (http.ResponseWriter, error) {
	id, region, ok := urlHost(req.Host)
	if !ok {
		return w, nil
	}
	req.As = &wire.Guise{Codec: &urlCodec{}, BodyLimit: maxPayload, Operation: schema.Beside(schema.Dispatch{Name: visiting})}
	var u *functionURL
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		u, ok = urls.Get(tx, urlKey(region, id))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !ok { // AWS does not tell a URL that is not there from one that is forbidden
		return nil, forbidden()
	}
	if req.Method == http.MethodOptions && u.Shared {
		u.rules().Preflight(w, req.Request, http.StatusOK)
		return nil, nil
	}
	if u.Shared {
		u.rules().Share(w.Header(), req.Request)
	}
	v := &visit{u, address{kv.Scope{Account: u.Account, Region: region}, u.Function, u.Qualifier}, req}
	req.As = &wire.Guise{
		Codec: &urlCodec{v}, BodyLimit: maxPayload, Anonymous: u.Auth == lambda.FunctionUrlAuthTypeNONE,
		Operation: schema.Beside(schema.Dispatch{Name: visiting, Call: func(ctx context.Context, _, _ any) (any, error) { return s.receive(ctx, v) }}),
	}
	return w, nil
}

// urlHost reads ID.lambda-url.REGION.….
func urlHost(host string) (id string, region aws.Region, ok bool) {
	id, rest, _ := strings.Cut(host, ".")
	name, rest, _ := strings.Cut(rest, ".")
	label, _, ok := strings.Cut(rest, ".")
	return strings.ToLower(id), aws.Region(label), ok && name == "lambda-url"
}

// access is what a request needs. AWS: "Control access to Lambda function URLs":
// since October 2025 both permissions are needed.
func (v *visit) access(policy string) []aws.Access {
	keys := func(key string) ([]string, bool) {
		switch key {
		case "lambda:functionurlauthtype":
			return []string{string(v.url.Auth)}, true
		case "lambda:invokedviafunctionurl":
			return []string{"true"}, true
		}
		return nil, false
	}
	access := aws.Access{Action: "lambda:" + visiting, Resource: v.at.qualified(), Owner: v.at.Account, Policy: policy, Keys: keys}
	invoke := access
	invoke.Action = "lambda:InvokeFunction"
	return []aws.Access{access, invoke}
}

// urlAccess is the part of Access that is about URLs.
func (s *Service) urlAccess(ctx context.Context, v *visit) (all []aws.Access, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		policy := ""
		if f, err := v.at.find(tx); err == nil {
			policy, _ = f.policy(tx)
		}
		all = v.access(policy)
		return nil
	})
	return all, err
}

// receive calls the function.
func (s *Service) receive(ctx context.Context, v *visit) (*urlAnswer, error) {
	call := aws.CallFrom(ctx)
	event := v.event(call)
	if len(event) > maxPayload {
		return nil, tooLong()
	}
	var t target
	roll := s.roll()
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		f, c, err := v.at.version(tx)
		if err == nil {
			t = f.aim(tx, c, roll)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r := Request{ID: call.RequestID, FunctionARN: v.at.qualified(), Payload: event}
	if v.url.Mode == lambda.InvokeModeRESPONSESTREAM {
		stream, err := s.begin(ctx, t, r)
		if err != nil {
			return nil, s.refusal(t, err)
		}
		return streamed(stream)
	}
	out, err := s.runNow(ctx, t, r)
	if err != nil {
		return nil, s.refusal(t, err)
	}
	return whole(out), nil
}
