package apigatewayv2

import (
	"context"
	"regexp"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// mappingKey is a path without slashes at its ends. AWS: "Map API stages to a
// custom domain name for HTTP APIs": letters, numbers and $-_.+!*'()/.
var mappingKey = regexp.MustCompile(`^[a-zA-Z0-9$\-_.+!*'()]+(/[a-zA-Z0-9$\-_.+!*'()]+)*$`)

// CreateApiMapping makes the paths below a key of a domain lead to a stage.
func (s *Service) CreateApiMapping(ctx context.Context, in *apigatewayv2.CreateApiMappingInput) (*apigatewayv2.CreateApiMappingOutput, error) {
	m := &apigatewayv2.ApiMapping{ApiMappingKey: new("")}
	carry(m, in)
	err := s.changeMappings(ctx, in.DomainName, func(tx kv.Tx, sc kv.Scope, domain string) error {
		if mappings.count(tx, maxMappings, sc, domain) == maxMappings {
			return tooMany("API mappings per domain name", maxMappings)
		}
		m.ApiMappingId = new(s.id(shortID))
		return s.putMapping(tx, sc, domain, m)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateApiMappingOutput](m), nil
}

// changeMappings runs fn on a domain of the caller's, and makes traffic see the
// mappings that it then has.
func (s *Service) changeMappings(ctx context.Context, name string, fn func(tx kv.Tx, sc kv.Scope, domain string) error) error {
	sc := scopeOf(ctx)
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d, err := findDomain(tx, sc, name)
		if err != nil {
			return err
		}
		if err := fn(tx, sc, d.DomainName); err != nil {
			return err
		}
		reroute(tx, sc, d.DomainName)
		return nil
	})
}

// putMapping checks and stores a mapping.
func (s *Service) putMapping(tx kv.Tx, sc kv.Scope, domain string, m *apigatewayv2.ApiMapping) error {
	key := deref(m.ApiMappingKey)
	if key != "" && !mappingKey.MatchString(key) {
		return bad("API mapping key should not start with a '/', end with a '/' or have multiple '/'s: %s", key)
	}
	a := address{sc, m.ApiId}
	if _, ok := apis.get(tx, sc, m.ApiId); ok {
		if _, err := a.stage(tx, m.Stage); err != nil {
			return bad("Invalid stage identifier specified")
		}
		if d, ok := domains.get(tx, sc, domain); ok && d.DomainNameConfigurations[0].EndpointType != apigatewayv2.EndpointTypeREGIONAL {
			return onlyRegional()
		}
	} else if !s.REST.HasStage(tx, sc, m.ApiId, "") {
		return noThing(apis.what, string(sc.Account)+":"+m.ApiId)
	} else if !s.REST.HasStage(tx, sc, m.ApiId, m.Stage) {
		return bad("Invalid stage identifier specified")
	}
	for _, other := range mappings.all(tx, sc, domain) {
		if deref(other.ApiMappingKey) == key && *other.ApiMappingId != *m.ApiMappingId {
			return conflict("ApiMapping key already exists for this domain name")
		}
	}
	mappings.put(tx, m, sc, domain, *m.ApiMappingId)
	return nil
}

// findMapping returns a mapping of a domain.
func findMapping(tx kv.Tx, sc kv.Scope, domain, id string) (*apigatewayv2.ApiMapping, error) {
	if m, ok := mappings.get(tx, sc, domain, id); ok {
		return m, nil
	}
	return nil, apigatewayv2.ErrNotFoundException(&apigatewayv2.NotFoundException{}, "The api mapping resource specified in the request was not found.")
}

// GetApiMapping returns a mapping.
func (s *Service) GetApiMapping(ctx context.Context, in *apigatewayv2.GetApiMappingInput) (*apigatewayv2.GetApiMappingOutput, error) {
	out := new(apigatewayv2.GetApiMappingOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		d, err := findDomain(tx, scopeOf(ctx), in.DomainName)
		if err != nil {
			return err
		}
		m, err := findMapping(tx, scopeOf(ctx), d.DomainName, in.ApiMappingId)
		if err == nil {
			carry(out, m)
		}
		return err
	})
	return out, err
}

// GetApiMappings lists the mappings of a domain.
func (s *Service) GetApiMappings(ctx context.Context, in *apigatewayv2.GetApiMappingsInput) (*apigatewayv2.GetApiMappingsOutput, error) {
	p, err := newPage(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(apigatewayv2.GetApiMappingsOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		d, err := findDomain(tx, scopeOf(ctx), in.DomainName)
		if err == nil {
			out.Items, out.NextToken = list(tx, mappings, p, mappings.key(scopeOf(ctx), d.DomainName))
		}
		return err
	})
	return out, err
}

// UpdateApiMapping changes what a request sets of a mapping.
func (s *Service) UpdateApiMapping(ctx context.Context, in *apigatewayv2.UpdateApiMappingInput) (*apigatewayv2.UpdateApiMappingOutput, error) {
	out := new(apigatewayv2.UpdateApiMappingOutput)
	err := s.changeMappings(ctx, in.DomainName, func(tx kv.Tx, sc kv.Scope, domain string) error {
		m, err := findMapping(tx, sc, domain, in.ApiMappingId)
		if err != nil {
			return err
		}
		carry(m, in)
		carry(out, m)
		return s.putMapping(tx, sc, domain, m)
	})
	return out, err
}

// DeleteApiMapping deletes a mapping.
func (s *Service) DeleteApiMapping(ctx context.Context, in *apigatewayv2.DeleteApiMappingInput) (*apigatewayv2.DeleteApiMappingOutput, error) {
	err := s.changeMappings(ctx, in.DomainName, func(tx kv.Tx, sc kv.Scope, domain string) error {
		if _, err := findMapping(tx, sc, domain, in.ApiMappingId); err != nil {
			return err
		}
		mappings.delete(tx, sc, domain, in.ApiMappingId)
		return nil
	})
	return &apigatewayv2.DeleteApiMappingOutput{}, err
}

// Mapping is where a custom domain leads. It is the same for both generations of APIs.
type Mapping struct {
	Domain string
	Key    string // the path below the domain, without slashes at its ends; empty for all of it
	API    string // its id
	Stage  string // empty where paths below the key begin with it, as those to REST APIs may
}

// Mapped finds where a request goes that came by a host, by the longest key that
// its path begins with. rest is the path below that key, with its slash. It is nil
// where the host is no custom domain, or the domain has nothing at the path.
func (s *Service) Mapped(ctx context.Context, host, path string) (to *apigatewayv2.ApiMapping, rest string) {
	if !mayBeDomain(host) {
		return nil, ""
	}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		to = nil
		m, below, ok := mappedTo(tx, strings.ToLower(host), path)
		if ok {
			to, rest = &apigatewayv2.ApiMapping{ApiId: m.API, ApiMappingKey: &m.Key, Stage: m.Stage}, below
		}
		return nil
	})
	if err != nil {
		return nil, ""
	}
	return to, rest
}

// mayBeDomain tells a host that may be a custom domain from one that cannot be,
// without a look at the store.
func mayBeDomain(host string) bool {
	return strings.Contains(host, ".") && !strings.HasSuffix(host, amazonHosts) && !isNumber(host)
}

// Leads finds a domain that leads to an API, or to a stage of it if one is named.
func (s *Service) Leads(tx kv.Tx, sc kv.Scope, apiID, stage string) (domain string, ok bool) {
	return address{sc, apiID}.mapped(tx, stage)
}

// isNumber tells an IP address from a name, by its end.
func isNumber(host string) bool {
	last := host[len(host)-1]
	return last >= '0' && last <= '9' || last == ']'
}

// mappedTo is Mapped within a transaction. A domain for all hosts below another
// is found where there is none of the host's own name. Where a domain has nothing at
// the path, only its name is known.
func mappedTo(tx kv.Tx, host, path string) (m Mapping, rest string, ok bool) {
	d, ok := routings.GetShared(tx, routingKey(host), nil)
	if !ok {
		if _, parent, cut := strings.Cut(host, "."); cut {
			d, ok = routings.GetShared(tx, routingKey("*."+parent), nil)
		}
	}
	if !ok {
		return m, "", false
	}
	best := -1
	for i, to := range d.To {
		after, begins := strings.CutPrefix(strings.TrimPrefix(path, "/"), to.Key)
		if begins && (to.Key == "" || after == "" || after[0] == '/') && (best < 0 || len(to.Key) > len(d.To[best].Key)) {
			best, rest = i, "/"+strings.TrimPrefix(after, "/")
		}
	}
	if best < 0 {
		return Mapping{Domain: d.Domain}, "", false
	}
	return Mapping{Domain: d.Domain, Key: d.To[best].Key, API: d.To[best].API, Stage: d.To[best].Stage}, rest, true
}

// reroute makes traffic see a domain's mappings.
func reroute(tx kv.Tx, sc kv.Scope, domain string) {
	r := &routing{Account: string(sc.Account), Region: string(sc.Region), Domain: domain}
	for _, m := range mappings.all(tx, sc, domain) {
		r.To = append(r.To, routed{deref(m.ApiMappingKey), m.ApiId, m.Stage})
	}
	routings.Put(tx, routingKey(domain), r)
}

func unroute(tx kv.Tx, domain string) { routings.Delete(tx, routingKey(domain)) }
