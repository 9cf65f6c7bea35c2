package s3

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv"
)

// Headers of CORS.
const (
	askMethod   = "Access-Control-Request-Method"
	askHeaders  = "Access-Control-Request-Headers"
	allowOrigin = "Access-Control-Allow-Origin"
)

// corsRules are a bucket's, if it has any.
func (s *Service) corsRules(ctx context.Context, name string) (rules []api.CORSRule, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		b, err := reach(tx, aws.CallFrom(ctx).Region, name)
		if err != nil {
			return nil // which the operation will say
		}
		if c, ok := get[api.CORSConfiguration](tx, b, corsSetting); ok {
			rules = c.CORSRules
		}
		return nil
	})
	return rules, err
}

// preflight answers a browser that asks whether a page may make a request.
// AWS: "Using cross-origin resource sharing (CORS)", how S3 evaluates the rules.
func (s *Service) preflight(ctx context.Context, w http.ResponseWriter, req *wire.Request, name string) error {
	origin, method := req.Header.Get("Origin"), req.Header.Get(askMethod)
	if origin == "" || method == "" {
		return aws.Errorf(http.StatusBadRequest, "BadRequest", "Insufficient information. Origin request header needed.")
	}
	rules, err := s.corsRules(ctx, name)
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		return aws.Errorf(http.StatusForbidden, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
	}
	var asked []string
	for h := range strings.SplitSeq(req.Header.Get(askHeaders), ",") {
		if h = strings.ToLower(strings.TrimSpace(h)); h != "" {
			asked = append(asked, h)
		}
	}
	rule := findRule(rules, origin, method, asked)
	if rule == nil {
		return aws.Errorf(http.StatusForbidden, "AccessForbidden", "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
	}
	rule.write(w.Header(), origin)
	if len(asked) > 0 {
		w.Header().Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// allowOrigin lets a page read the answer to its request, where a rule says so.
func (s *Service) allowOrigin(ctx context.Context, w http.ResponseWriter, req *wire.Request, name string) error {
	rules, err := s.corsRules(ctx, name)
	if err != nil {
		return err
	}
	if rule := findRule(rules, req.Header.Get("Origin"), req.Method, nil); rule != nil {
		rule.write(w.Header(), req.Header.Get("Origin"))
	}
	return nil
}

// corsRule is a rule that applies.
type corsRule struct {
	*api.CORSRule
	anybody bool // its origin is any
}

// findRule is the first rule that allows a request.
func findRule(rules []api.CORSRule, origin, method string, headers []string) *corsRule {
	for i := range rules {
		r := &rules[i]
		from := slices.IndexFunc(r.AllowedOrigins, func(o string) bool { return likeOne(o, origin) })
		if from < 0 || !slices.Contains(r.AllowedMethods, method) {
			continue
		}
		allowed := func(h string) bool {
			return slices.ContainsFunc(r.AllowedHeaders, func(a string) bool { return likeOne(strings.ToLower(a), h) })
		}
		if !slices.ContainsFunc(headers, func(h string) bool { return !allowed(h) }) {
			return &corsRule{r, r.AllowedOrigins[from] == "*"}
		}
	}
	return nil
}

// likeOne matches a pattern that holds at most one asterisk.
func likeOne(pattern, s string) bool {
	head, tail, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == s
	}
	return len(s) >= len(head)+len(tail) && strings.HasPrefix(s, head) && strings.HasSuffix(s, tail)
}

func (r *corsRule) write(h http.Header, origin string) {
	if r.anybody {
		h.Set(allowOrigin, "*")
	} else {
		h.Set(allowOrigin, origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(r.AllowedMethods, ", "))
	if len(r.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(r.ExposeHeaders, ", "))
	}
	if r.MaxAgeSeconds != nil {
		h.Set("Access-Control-Max-Age", strconv.Itoa(int(*r.MaxAgeSeconds)))
	}
	h.Set("Vary", "Origin, "+askHeaders+", "+askMethod)
}

// PutBucketCors replaces the bucket's rules.
func (s *Service) PutBucketCors(ctx context.Context, in *api.PutBucketCorsInput) (*api.PutBucketCorsOutput, error) {
	if in.CORSConfiguration == nil || len(in.CORSConfiguration.CORSRules) == 0 || len(in.CORSConfiguration.CORSRules) > maxCORSRules {
		return nil, errMalformedXML()
	}
	for _, r := range in.CORSConfiguration.CORSRules {
		if len(r.AllowedMethods) == 0 || len(r.AllowedOrigins) == 0 {
			return nil, errMalformedXML()
		}
		for _, m := range r.AllowedMethods {
			if !slices.Contains([]string{"GET", "PUT", "POST", "DELETE", "HEAD"}, m) {
				return nil, api.ErrInvalidRequest("Found unsupported HTTP method in CORS config. Unsupported method is %s", m)
			}
		}
		for _, o := range append(slices.Clone(r.AllowedOrigins), r.AllowedHeaders...) {
			if strings.Count(o, "*") > 1 {
				return nil, api.ErrInvalidRequest("AllowedOrigin %q can not have more than one wildcard.", o)
			}
		}
	}
	return &api.PutBucketCorsOutput{}, putSetting(ctx, s, at(corsSetting, in.Bucket, in.ExpectedBucketOwner), in.CORSConfiguration)
}

// GetBucketCors returns them.
func (s *Service) GetBucketCors(ctx context.Context, in *api.GetBucketCorsInput) (*api.GetBucketCorsOutput, error) {
	c, err := getSetting[api.CORSConfiguration](ctx, s, at(corsSetting, in.Bucket, in.ExpectedBucketOwner).orElse(http.StatusNotFound, "NoSuchCORSConfiguration", "The CORS configuration does not exist"))
	if err != nil {
		return nil, err
	}
	return &api.GetBucketCorsOutput{CORSRules: c.CORSRules}, nil
}

// DeleteBucketCors takes them away.
func (s *Service) DeleteBucketCors(ctx context.Context, in *api.DeleteBucketCorsInput) (*api.DeleteBucketCorsOutput, error) {
	return &api.DeleteBucketCorsOutput{}, s.deleteSetting(ctx, at(corsSetting, in.Bucket, in.ExpectedBucketOwner))
}
