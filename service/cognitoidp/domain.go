package cognitoidp

import (
	"context"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateUserPoolDomain gives a pool the host at which browsers sign users in.
func (s *Service) CreateUserPoolDomain(ctx context.Context, in *cognitoidp.CreateUserPoolDomainInput) (*cognitoidp.CreateUserPoolDomainOutput, error) {
	if err := checkDomain(in.Domain, in.CustomDomainConfig, in.Routing); err != nil {
		return nil, err
	}
	version := or(in.ManagedLoginVersion, hostedUI)
	err := s.change(ctx, here(ctx, in.UserPoolId), func(tx kv.Tx, p *pool) error {
		key := domainKey(p.at.Region, in.Domain)
		switch {
		case p.settings.Domain != nil:
			return invalid("User pool already has a domain configured.")
		case domains.Has(tx, key):
			return invalid("Domain already associated with another user pool.")
		}
		p.settings.Domain = &in.Domain
		domains.Put(tx, key, &domain{Account: string(p.at.Account), Pool: p.at.ID, Version: version})
		return nil
	})
	return &cognitoidp.CreateUserPoolDomainOutput{ManagedLoginVersion: &version}, err
}

// Versions of the pages that a domain shows.
const (
	hostedUI     int32 = 1
	managedLogin int32 = 2
)

// checkDomain checks a domain's prefix.
// AWS: "Using the Amazon Cognito domain": small letters, digits and hyphens, and
// none of these words.
func checkDomain(prefix string, custom *cognitoidp.CustomDomainConfigType, routing *cognitoidp.RoutingType) error {
	if custom != nil || strings.Contains(prefix, ".") {
		return unbuilt("custom domains")
	}
	if routing != nil {
		return unbuilt("the routing of domains")
	}
	for _, word := range []string{"aws", "amazon", "cognito"} {
		if strings.Contains(prefix, word) {
			return invalid("Domain cannot contain reserved word: %s", word)
		}
	}
	if ok, err := regexp.MatchString(`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`, prefix); !ok || err != nil {
		return invalid("Invalid domain prefix: %s", prefix)
	}
	return nil
}

// DescribeUserPoolDomain tells of a domain. AWS describes one that does not exist, too: by nothing.
func (s *Service) DescribeUserPoolDomain(ctx context.Context, in *cognitoidp.DescribeUserPoolDomainInput) (*cognitoidp.DescribeUserPoolDomainOutput, error) {
	out := new(cognitoidp.DescribeUserPoolDomainOutput)
	sc := scopeOf(ctx)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		out.DomainDescription = new(cognitoidp.DomainDescriptionType)
		d, ok := domains.Get(tx, domainKey(sc.Region, in.Domain))
		if !ok || d.Account != string(sc.Account) {
			return nil
		}
		out.DomainDescription = &cognitoidp.DomainDescriptionType{
			UserPoolId: &d.Pool, AWSAccountId: &d.Account, Domain: &in.Domain, Status: cognitoidp.DomainStatusTypeACTIVE,
			CustomDomainConfig: new(cognitoidp.CustomDomainConfigType), ManagedLoginVersion: &d.Version,
		}
		return nil
	})
	return out, err
}

// UpdateUserPoolDomain changes the version of a domain's pages.
func (s *Service) UpdateUserPoolDomain(ctx context.Context, in *cognitoidp.UpdateUserPoolDomainInput) (*cognitoidp.UpdateUserPoolDomainOutput, error) {
	if err := checkDomain(in.Domain, in.CustomDomainConfig, in.Routing); err != nil {
		return nil, err
	}
	out := new(cognitoidp.UpdateUserPoolDomainOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		d, err := p.domain(tx, in.Domain)
		if err != nil {
			return err
		}
		d.Version = or(in.ManagedLoginVersion, d.Version)
		domains.Put(tx, domainKey(p.at.Region, in.Domain), d)
		out.ManagedLoginVersion = &d.Version
		return nil
	})
	return out, err
}

// domain returns the pool's domain of that prefix.
func (p *pool) domain(tx kv.Tx, prefix string) (*domain, error) {
	d, ok := domains.Get(tx, domainKey(p.at.Region, prefix))
	if !ok || d.Pool != p.at.ID {
		return nil, invalid("No such domain or user pool exists.")
	}
	return d, nil
}

// DeleteUserPoolDomain takes a pool's host away.
func (s *Service) DeleteUserPoolDomain(ctx context.Context, in *cognitoidp.DeleteUserPoolDomainInput) (*cognitoidp.DeleteUserPoolDomainOutput, error) {
	err := s.change(ctx, here(ctx, in.UserPoolId), func(tx kv.Tx, p *pool) error {
		if _, err := p.domain(tx, in.Domain); err != nil {
			return err
		}
		domains.Delete(tx, domainKey(p.at.Region, in.Domain))
		p.settings.Domain = nil
		return nil
	})
	return &cognitoidp.DeleteUserPoolDomainOutput{}, err
}

// domainHost reads PREFIX.auth.REGION.localhost, or AWS's own PREFIX.auth.REGION.amazoncognito.com.
func domainHost(host string) (prefix string, region aws.Region, ok bool) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	parts := strings.SplitN(strings.ToLower(host), ".", 4)
	if len(parts) < 4 || parts[1] != "auth" {
		return "", "", false
	}
	return parts[0], aws.Region(parts[2]), !strings.Contains(parts[3], ".") || "."+parts[3] == amazonDomain
}

// domainURL is the pool's domain in its local form, or in AWS's for who called by
// AWS's host; empty where the pool has none.
func (s *Service) domainURL(ctx context.Context, p *pool) string {
	if p.settings.Domain == nil {
		return ""
	}
	host := *p.settings.Domain + ".auth." + string(p.at.Region)
	if called := aws.CallFrom(ctx).Host; strings.HasSuffix(called, amazonDomain) || called == amazonHost(p.at.Region) {
		return "https://" + host + amazonDomain
	}
	host += ".localhost"
	at, err := url.Parse(s.Endpoint(p.at.Region))
	if err != nil {
		return "http://" + host
	}
	if port := at.Port(); port != "" {
		host = net.JoinHostPort(host, port)
	}
	return at.Scheme + "://" + host
}

// amazonDomain ends the domains of pools on AWS.
const amazonDomain = ".amazoncognito.com"
