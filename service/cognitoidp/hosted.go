package cognitoidp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
)

// visit is a request to a pool's domain.
type visit struct {
	at      address
	request *wire.Request
	query   url.Values // of the path's query string
	form    url.Values // of the body
}

// reply is what a domain answers.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// endpoint is one of a domain's paths.
type endpoint struct {
	name string
	call func(ctx context.Context, v *visit) (*reply, error)
}

// endpoints finds what a domain answers to, by method and path.
// AWS: "User pool endpoints and managed login reference".
func (s *Service) endpoints(method, path string) (endpoint, bool) {
	e, ok := map[string]endpoint{
		"GET /oauth2/authorize": {"Authorize_GET", s.authorize},
		"POST /oauth2/token":    {"Token_POST", s.tokens},
		"GET /oauth2/userInfo":  {"UserInfo_GET", s.userInfo},
		"POST /oauth2/userInfo": {"UserInfo_POST", s.userInfo},
		"POST /oauth2/revoke":   {"Revoke_POST", s.revoke},
		"GET " + idpPath:        {"IdpResponse_GET", s.arrive},
		"GET /login":            {"Login_GET", s.showLogin},
		"POST /login":           {"Login_POST", s.takeLogin},
		"GET /signup":           {"SignUp_GET", s.showSignUp},
		"POST /signup":          {"SignUp_POST", s.takeLogin},
		"GET /forgotPassword":   {"ForgotPassword_GET", s.showForgot},
		"POST /forgotPassword":  {"ForgotPassword_POST", s.takeLogin},
		"GET /confirmUser":      {"ConfirmUser_GET", s.confirmUser},
		"GET /logout":           {"Logout_GET", s.logOut},
		"GET /error":            {"Error_GET", showError},
	}[method+" "+path]
	return e, ok
}

// maxForm is the most that a browser sends, in bytes.
const maxForm = 64 << 10

// frontDomain makes of a request to a pool's domain an operation that no model has.
func (s *Service) frontDomain(ctx context.Context, req *wire.Request) error {
	v := &visit{request: req, query: url.Values{}}
	e, known := s.endpoints(req.Method, req.Path)
	if !known {
		e.name = "Domain_" + req.Method
	}
	req.As = &wire.Guise{Codec: pageCodec{v}, BodyLimit: maxForm, Anonymous: true, Operation: schema.Beside(schema.Dispatch{
		Name: e.name, Call: func(ctx context.Context, _, _ any) (any, error) { return e.call(ctx, v) },
	})}
	for _, p := range req.Params {
		v.query.Add(p.Name, p.Value)
	}
	prefix, region, _ := domainHost(req.Host)
	var found, hosted bool
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		var d *domain
		if d, found = domains.Get(tx, domainKey(region, prefix)); found {
			v.at = address{kv.Scope{Account: aws.Account(d.Account), Region: region}, d.Pool}
			_, err := v.at.find(tx)
			hosted = err == nil
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !found || !hosted || !known:
		return aws.Errorf(http.StatusNotFound, "NotFound", "There is nothing at %s%s.", req.Host, req.Path)
	}
	return nil
}

// letRead lets every page call what programs call, and read the answers. It reports
// whether it has answered a browser that asks whether it may.
func letRead(w http.ResponseWriter, req *wire.Request) bool {
	if !strings.HasPrefix(req.Path, "/oauth2/") || req.Path == "/oauth2/authorize" || req.Header.Get("Origin") == "" {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	if req.Method != http.MethodOptions {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET,POST")
	h.Set("Access-Control-Allow-Headers", "Authorization,Content-Type")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// on runs fn on the visited pool, in a transaction.
func (s *Service) on(ctx context.Context, v *visit, fn func(tx kv.Tx, p *pool) error) error {
	return s.settle(ctx, func(tx kv.Tx) error {
		p, err := v.at.find(tx)
		if err != nil {
			return err
		}
		aws.CallFrom(ctx).Payer = v.at.Account
		return fn(tx, p)
	})
}

// pageCodec speaks HTTP as domains do.
type pageCodec struct{ visit *visit }

// Decode implements wire.Codec.
func (c pageCodec) Decode(_ *schema.Operation, req *wire.Request) (any, error) {
	form, err := url.ParseQuery(string(req.Body))
	if err != nil {
		form = url.Values{} // what does not parse is no parameter
	}
	c.visit.form = form
	return c.visit, nil
}

// Encode implements wire.Codec.
func (c pageCodec) Encode(_ *schema.Operation, out any, res *wire.Response) {
	r := out.(*reply)
	res.Status = r.status
	for name, values := range r.header {
		res.Header[name] = values
	}
	res.Header.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	res.Header.Set("X-Content-Type-Options", "nosniff")
	res.Body = append(res.Body, r.body...)
}

// EncodeError implements wire.Codec.
func (c pageCodec) EncodeError(_ *schema.Service, e *aws.Error, res *wire.Response) {
	said := map[string]string{"error": "server_error", "error_description": e.Message}
	if e.Status < http.StatusInternalServerError {
		said["error"] = "invalid_request"
	}
	r := inJSON(e.Status, said)
	c.Encode(nil, r, res)
}

// inJSON is an answer to a program.
func inJSON(status int, body any) *reply {
	b, err := json.Marshal(body)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	return &reply{status, http.Header{"Content-Type": {"application/json;charset=UTF-8"}}, b}
}

// refused is the answer of RFC 6749, 5.2.
func refused(code string) *reply {
	return inJSON(http.StatusBadRequest, map[string]string{"error": code})
}

// sentTo sends a browser elsewhere.
func sentTo(location string) *reply {
	return &reply{status: http.StatusFound, header: http.Header{"Location": {location}}}
}
