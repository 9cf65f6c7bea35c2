package apigateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// maxCached is the size of an answer that is cached.
// AWS: "Cache settings for REST APIs in API Gateway".
const maxCached = 1 << 20

// cachedReply is an answer in a stage's cache.
type cachedReply struct {
	Status int       `kv:"1"`
	Header []byte    `kv:"2"` // JSON
	Body   []byte    `kv:"3"`
	Until  time.Time `kv:"4"`
}

// cached answers a request by the stage's cache, or asks and remembers.
func (s *Service) cached(ctx context.Context, v *visit, ask func() (*reply, error)) (*reply, error) {
	m := v.cacheSetting()
	if m == nil {
		return ask()
	}
	key, fresh, warn := v.cacheKey(), false, false
	if hasMaxAgeZero(v.request.Header) {
		if fresh = !deref(m.RequireAuthorizationForCacheControl) || v.mayInvalidate(); !fresh {
			switch m.UnauthorizedCacheControlHeaderStrategy {
			case api.UnauthorizedCacheControlHeaderStrategyFAILWITH403:
				return nil, fails(api.GatewayResponseTypeACCESSDENIED, "AccessDeniedException", "User is not authorized to access this resource")
			case api.UnauthorizedCacheControlHeaderStrategySUCCEEDWITHRESPONSEHEADER:
				warn = true
			}
		}
	}
	r, err := s.findCached(ctx, v, key, fresh)
	if err == nil && r == nil {
		if r, err = ask(); err == nil && r.status < http.StatusMultipleChoices && len(r.body) <= maxCached {
			err = s.keepCached(ctx, v, key, r)
		}
	}
	if err == nil && warn {
		r.header.Set("Warning", `199 "Unauthorized cache invalidation: the request's Cache-Control header was ignored"`)
	}
	return r, err
}

// cacheSetting is how answers of the method are cached; nil where they are not.
// AWS: "Cache settings for REST APIs in API Gateway": a stage's setting is for GET;
// other methods need one of their own.
func (v *visit) cacheSetting() *api.MethodSetting {
	if v.stage == nil || !deref(v.stage.CacheClusterEnabled) || v.canary && !deref(v.stage.CanarySettings.UseStageCache) {
		return nil
	}
	m := v.setting()
	if m == nil || !deref(m.CachingEnabled) || deref(m.CacheTtlInSeconds) == 0 {
		return nil
	}
	if v.request.Method != http.MethodGet {
		for key := range v.stage.MethodSettings {
			if strings.HasSuffix(key, "/"+v.method.name) {
				return m
			}
		}
		return nil
	}
	return m
}

// cacheKey names what a request asks for: the integration's namespace, and the values
// of the parameters that it has as keys.
func (v *visit) cacheKey() kv.Key {
	h := sha256.New()
	write := func(s string) { h.Write([]byte(s + "\x00")) }
	write(deref(v.method.CacheNamespace) + " " + v.request.Method)
	for _, at := range v.method.cacheKeys {
		write(at.where + "." + at.name + "=" + strings.Join(v.parameter(at), ","))
	}
	return cacheEntries.Key(v.Scope, kv.String(v.API), kv.String(v.stageName), kv.String(hex.EncodeToString(h.Sum(nil))))
}

// hasMaxAgeZero reports whether a client wants an answer that is not cached.
func hasMaxAgeZero(h http.Header) bool {
	return strings.Contains(strings.ReplaceAll(h.Get("Cache-Control"), " ", ""), "max-age=0")
}

// mayInvalidate reports whether who calls may have a cached answer replaced: the
// account itself.
func (v *visit) mayInvalidate() bool {
	c := &v.call.Caller
	return c.Kind == aws.Root && c.Account == v.Account
}

func (s *Service) findCached(ctx context.Context, v *visit, key kv.Key, fresh bool) (r *reply, err error) {
	if fresh {
		return nil, nil
	}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		r = nil
		c, ok := cacheEntries.Get(tx, key)
		if !ok || !tx.Now().Before(c.Until) {
			return nil
		}
		r = &reply{status: c.Status, body: c.Body, header: http.Header{}}
		return json.Unmarshal(c.Header, &r.header)
	})
	return r, err
}

// keepCached remembers an answer, and that it is to be forgotten.
func (s *Service) keepCached(ctx context.Context, v *visit, key kv.Key, r *reply) error {
	header, err := json.Marshal(r.header)
	if err != nil {
		return err
	}
	ttl := time.Duration(deref(v.setting().CacheTtlInSeconds)) * time.Second
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		until := tx.Now().Add(ttl)
		cacheEntries.Put(tx, key, &cachedReply{r.status, header, r.body, until})
		job.Put(tx, &job.Job{Kind: expireKind, Scope: v.Scope, ID: hex.EncodeToString(key), Due: until, Payload: key})
		return nil
	})
}

// expireKind forgets an answer whose time is over.
const expireKind = "apigateway.expire"

// Jobs are the kinds of jobs that the service owns.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{{Name: expireKind, Run: func(_ context.Context, tx kv.Tx, j *job.Job) error {
		if c, ok := cacheEntries.Get(tx, j.Payload); ok && !tx.Now().Before(c.Until) {
			cacheEntries.Delete(tx, j.Payload)
		}
		return nil
	}}}
}

// FlushStageCache forgets all answers of a stage.
func (s *Service) FlushStageCache(ctx context.Context, in *api.FlushStageCacheInput) (*api.FlushStageCacheOutput, error) {
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if _, err := a.stage(tx, in.StageName); err != nil {
			return err
		}
		cacheEntries.DeleteAll(tx, cacheEntries.Prefix(a.Scope, kv.String(a.API), kv.String(in.StageName)))
		return nil
	})
	return &api.FlushStageCacheOutput{}, err
}

// FlushStageAuthorizersCache forgets what authorizers said of a stage's callers.
func (s *Service) FlushStageAuthorizersCache(ctx context.Context, in *api.FlushStageAuthorizersCacheInput) (*api.FlushStageAuthorizersCacheOutput, error) {
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		_, err := a.stage(tx, in.StageName)
		return err
	})
	if err == nil {
		s.Decisions.Forget(in.RestApiId + "/" + in.StageName + "/")
	}
	return &api.FlushStageAuthorizersCacheOutput{}, err
}
