package jwt

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

// Limits on asking issuers.
const (
	// Patience is how long an issuer may take. AWS: "Control access to HTTP APIs
	// with JWT authorizers": 1,500 milliseconds for each of its documents.
	Patience   = 3 * time.Second
	kept       = 5 * time.Minute // by the clock that people move; AWS: up to two hours
	keptLeast  = 5 * time.Second // before an unknown key makes us ask again
	maxKeys    = 1 << 20         // bytes
	maxIssuers = 1024
)

// keySet is the keys of an issuer as they were at a time.
type keySet struct {
	jose.JSONWebKeySet
	text  []byte
	at    time.Time
	local bool
}

// Issuers asks issuers for their keys.
type Issuers struct {
	Local  Local
	Client *http.Client // to those that are not of this cloud
}

// keys knows issuers' keys.
type keys struct {
	Issuers
	mu     sync.RWMutex
	all    map[string]*keySet
	asking singleflight.Group // many tokens of an issuer ask once
}

// of returns the keys of an issuer.
func (k *keys) of(ctx context.Context, issuer string, now time.Time) (*keySet, error) {
	k.mu.RLock()
	set := k.all[issuer]
	k.mu.RUnlock()
	if set != nil && now.Sub(set.at).Abs() < kept {
		return set, nil
	}
	return k.ask(ctx, issuer, now)
}

// again returns the keys of an issuer who may have a new one.
func (k *keys) again(ctx context.Context, issuer string, now time.Time) (*keySet, error) {
	set, err := k.of(ctx, issuer, now)
	if err != nil || !set.local && now.Sub(set.at).Abs() < keptLeast {
		return set, err
	}
	return k.ask(ctx, issuer, now)
}

func (k *keys) ask(ctx context.Context, issuer string, now time.Time) (*keySet, error) {
	answer := k.asking.DoChan(issuer, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Patience)
		defer cancel()
		set, err := k.fetch(ctx, issuer)
		if err != nil {
			return nil, fmt.Errorf("jwt: the keys of %s: %w", issuer, err)
		}
		set.at = now
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(k.all) >= maxIssuers {
			clear(k.all)
		}
		k.all[issuer] = set
		return set, nil
	})
	select {
	case a := <-answer:
		if a.Err != nil {
			return nil, a.Err
		}
		return a.Val.(*keySet), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (k *keys) fetch(ctx context.Context, issuer string) (*keySet, error) {
	set := &keySet{}
	var err error
	if set.text, set.local, err = k.Fetch(ctx, issuer); err != nil {
		return nil, err
	}
	return set, json.Unmarshal(set.text, &set.JSONWebKeySet)
}

// Fetch returns the JSON Web Key Set of an issuer as it is now, and whether the issuer
// is of this cloud. It waits for the issuer as long as ctx allows.
func (i *Issuers) Fetch(ctx context.Context, issuer string) (jwks []byte, local bool, err error) {
	if jwks, local, err = i.Local(ctx, issuer); err != nil || local {
		return jwks, local, err
	}
	jwks, err = i.discover(ctx, issuer)
	return jwks, false, err
}

// discover asks an issuer as OpenID Connect Discovery 1.0 says.
func (i *Issuers) discover(ctx context.Context, issuer string) ([]byte, error) {
	text, err := i.get(ctx, issuer+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	var configuration struct {
		Keys string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(text, &configuration); err != nil {
		return nil, err
	}
	return i.get(ctx, configuration.Keys)
}

func (i *Issuers) get(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := i.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxKeys))
}

// same reports whether another issuer is the one that is wanted by another name: a
// user pool of this cloud has its own address and AWS's.
func (k *keys) same(ctx context.Context, issuer string, want Want) bool {
	wanted, err := k.of(ctx, want.Issuer, want.Now)
	if err != nil || !wanted.local {
		return false
	}
	if _, ok, err := k.Local(ctx, issuer); err != nil || !ok {
		return false
	}
	set, err := k.of(ctx, issuer, want.Now)
	return err == nil && set.local && bytes.Equal(set.text, wanted.text)
}

// Check asks for the keys of an issuer, as API Gateway does before it takes one.
func (v *Verifier) Check(ctx context.Context, issuer string, now time.Time) error {
	_, err := v.keys.ask(ctx, issuer, now)
	return err
}
