package apigatewayv2

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

var domainName = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// CreateDomainName makes a host that leads to APIs, by its mappings.
func (s *Service) CreateDomainName(ctx context.Context, in *apigatewayv2.CreateDomainNameInput) (*apigatewayv2.CreateDomainNameOutput, error) {
	if err := checkDomain(in); err != nil {
		return nil, err
	}
	d := &apigatewayv2.DomainName{ApiMappingSelectionExpression: new("$request.basepath"), RoutingMode: apigatewayv2.RoutingModeAPIMAPPINGONLY}
	carry(d, in)
	sc := scopeOf(ctx)
	if err := settleDomain(sc.Region, d); err != nil {
		return nil, err
	}
	d.DomainName = in.DomainName
	if err := s.AddDomain(ctx, d); err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateDomainNameOutput](d), nil
}

// AddDomain stores a new domain of the caller's, whose one configuration has been
// checked, and says where its name is to lead. It is the same for both generations
// of APIs.
func (s *Service) AddDomain(ctx context.Context, d *apigatewayv2.DomainName) error {
	sc := scopeOf(ctx)
	d.DomainName = strings.ToLower(d.DomainName)
	if !domainName.MatchString(d.DomainName) {
		return bad("Invalid domain name specified: %s", d.DomainName)
	}
	d.DomainNameArn = new(arn(sc.Region, "/domainnames/"+d.DomainName))
	s.point(sc.Region, d)
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if domainPlaces.Has(tx, domainPlaceKey(d.DomainName)) {
			return conflict("The domain name you provided already exists.")
		}
		if domains.count(tx, maxDomains, sc) == maxDomains {
			return tooMany("domain names per region", maxDomains)
		}
		domains.put(tx, d, sc, d.DomainName)
		domainPlaces.Put(tx, domainPlaceKey(d.DomainName), &place{string(sc.Account), string(sc.Region)})
		reroute(tx, sc, d.DomainName)
		return nil
	})
}

// ChangeDomain stores what fn makes of a domain of the caller's.
func (s *Service) ChangeDomain(ctx context.Context, name string, fn func(*apigatewayv2.DomainName) error) (d *apigatewayv2.DomainName, err error) {
	sc := scopeOf(ctx)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if d, err = findDomain(tx, sc, name); err != nil {
			return err
		}
		if err := fn(d); err != nil {
			return err
		}
		s.point(sc.Region, d)
		domains.put(tx, d, sc, d.DomainName)
		return nil
	})
	return d, err
}

func checkDomain(in *apigatewayv2.CreateDomainNameInput) error {
	switch {
	case in.MutualTlsAuthentication != nil:
		return unbuilt("mutual TLS")
	case in.RoutingMode != "" && in.RoutingMode != apigatewayv2.RoutingModeAPIMAPPINGONLY:
		return unbuilt("routing rules")
	}
	return checkTags(in.Tags)
}

// Where aliases of API Gateway's hosts point to: in us-east-1, and of CloudFront.
// AWS: "Amazon API Gateway endpoints and quotas": each region has another.
const (
	hostedZone = "Z1UJRXOUMOOFQ8"
	edgeZone   = "Z2FDTNDATAQYW2"
	edgeHosts  = ".cloudfront.net"
)

// point says where the name of a domain is to lead, unless it was said for its type
// of endpoint before.
func (s *Service) point(r aws.Region, d *apigatewayv2.DomainName) {
	c := &d.DomainNameConfigurations[0]
	c.DomainNameStatus = apigatewayv2.DomainNameStatusAVAILABLE
	edge := c.EndpointType == apigatewayv2.EndpointTypeEDGE
	switch {
	case c.ApiGatewayDomainName != nil && strings.HasSuffix(*c.ApiGatewayDomainName, edgeHosts) == edge:
	case edge:
		c.ApiGatewayDomainName, c.HostedZoneId = new("d"+s.id(edgeLabel)+edgeHosts), new(edgeZone)
	default:
		c.ApiGatewayDomainName, c.HostedZoneId = new("d-"+s.id(apiIDLength)+"."+executeAPI+"."+string(r)+amazonHosts), new(hostedZone)
	}
}

// onlyRegional refuses an edge-optimised domain, which is for REST APIs alone.
func onlyRegional() *aws.Error {
	return bad("Only REGIONAL domain names can be managed through the API Gateway V2 API. For EDGE domain names, please use the API Gateway V1 API. Also note that only REST APIs can be attached to EDGE domain names.")
}

// settleDomain checks and completes what a request says of a domain's host.
func settleDomain(r aws.Region, d *apigatewayv2.DomainName) error {
	if len(d.DomainNameConfigurations) != 1 {
		return bad("A domain name must have exactly one domain name configuration")
	}
	c := &d.DomainNameConfigurations[0]
	if c.EndpointType == "" {
		c.EndpointType = apigatewayv2.EndpointTypeREGIONAL
	}
	if c.SecurityPolicy == "" {
		c.SecurityPolicy = apigatewayv2.SecurityPolicyTLS12
	}
	if c.IpAddressType == "" {
		c.IpAddressType = apigatewayv2.IpAddressTypeIpv4
	}
	switch {
	case c.EndpointType != apigatewayv2.EndpointTypeREGIONAL:
		return onlyRegional()
	case c.SecurityPolicy != apigatewayv2.SecurityPolicyTLS12:
		return bad("Only security policy TLS_1_2 is supported for HTTP and WebSocket APIs")
	case deref(c.CertificateArn) == "":
		return bad("A certificate ARN must be specified")
	}
	if at, err := aws.ParseARN(*c.CertificateArn); err != nil || at.Service != "acm" || at.Region != r {
		return bad("Invalid certificate ARN: %s. Certificate must be in '%s'.", *c.CertificateArn, r)
	}
	return nil
}

func noDomain() error {
	return apigatewayv2.ErrNotFoundException(&apigatewayv2.NotFoundException{}, "Invalid domain name identifier specified")
}

func findDomain(tx kv.Tx, sc kv.Scope, name string) (*apigatewayv2.DomainName, error) {
	if d, ok := domains.get(tx, sc, strings.ToLower(name)); ok {
		return d, nil
	}
	return nil, noDomain()
}

// GetDomainName returns a domain.
func (s *Service) GetDomainName(ctx context.Context, in *apigatewayv2.GetDomainNameInput) (*apigatewayv2.GetDomainNameOutput, error) {
	out := new(apigatewayv2.GetDomainNameOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		d, err := findDomain(tx, scopeOf(ctx), in.DomainName)
		if err == nil {
			carry(out, d)
		}
		return err
	})
	return out, err
}

// GetDomainNames lists domains in the order of their names.
func (s *Service) GetDomainNames(ctx context.Context, in *apigatewayv2.GetDomainNamesInput) (*apigatewayv2.GetDomainNamesOutput, error) {
	p, err := newPage(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(apigatewayv2.GetDomainNamesOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		out.Items, out.NextToken = list(tx, domains, p, domains.key(scopeOf(ctx)))
		return nil
	})
	return out, err
}

// UpdateDomainName changes what a request sets of a domain.
func (s *Service) UpdateDomainName(ctx context.Context, in *apigatewayv2.UpdateDomainNameInput) (*apigatewayv2.UpdateDomainNameOutput, error) {
	if err := checkDomain(&apigatewayv2.CreateDomainNameInput{DomainName: in.DomainName, MutualTlsAuthentication: in.MutualTlsAuthentication, RoutingMode: in.RoutingMode}); err != nil {
		return nil, err
	}
	d, err := s.ChangeDomain(ctx, in.DomainName, func(d *apigatewayv2.DomainName) error {
		if in.DomainNameConfigurations == nil {
			return nil
		}
		before := d.DomainNameConfigurations[0]
		if before.EndpointType == apigatewayv2.EndpointTypeEDGE {
			return onlyRegional()
		}
		d.DomainNameConfigurations = slices.Clone(in.DomainNameConfigurations)
		if err := settleDomain(scopeOf(ctx).Region, d); err != nil {
			return err
		}
		c := &d.DomainNameConfigurations[0]
		c.ApiGatewayDomainName, c.HostedZoneId = before.ApiGatewayDomainName, before.HostedZoneId
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateDomainNameOutput](d), nil
}

// DeleteDomainName deletes a domain and its mappings.
func (s *Service) DeleteDomainName(ctx context.Context, in *apigatewayv2.DeleteDomainNameInput) (*apigatewayv2.DeleteDomainNameOutput, error) {
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d, err := findDomain(tx, sc, in.DomainName)
		if err != nil {
			return err
		}
		mappings.drop(tx, sc, d.DomainName)
		domainPlaces.Delete(tx, domainPlaceKey(d.DomainName))
		domains.delete(tx, sc, d.DomainName)
		unroute(tx, d.DomainName)
		return nil
	})
	return &apigatewayv2.DeleteDomainNameOutput{}, err
}
