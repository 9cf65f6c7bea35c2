package apigatewayv2

import (
	"context"
	"regexp"
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
	d.DomainName = strings.ToLower(in.DomainName)
	d.DomainNameArn = new(arn(sc.Region, "/domainnames/"+d.DomainName))
	if err := s.settleDomain(sc.Region, d, nil); err != nil {
		return nil, err
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if domainPlaces.Has(tx, domainPlaceKey(d.DomainName)) {
			return conflict("The domain name you provided already exists.")
		}
		if domains.count(tx, maxDomains, sc) == maxDomains {
			return tooMany("domain names per region", maxDomains)
		}
		domains.put(tx, d, sc, d.DomainName)
		domainPlaces.Put(tx, domainPlaceKey(d.DomainName), &place{string(sc.Account), string(sc.Region)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateDomainNameOutput](d), nil
}

func checkDomain(in *apigatewayv2.CreateDomainNameInput) error {
	switch {
	case !domainName.MatchString(strings.ToLower(in.DomainName)):
		return bad("Invalid domain name specified: %s", in.DomainName)
	case in.MutualTlsAuthentication != nil:
		return unbuilt("mutual TLS")
	case in.RoutingMode != "" && in.RoutingMode != apigatewayv2.RoutingModeAPIMAPPINGONLY:
		return unbuilt("routing rules")
	}
	return checkTags(in.Tags)
}

// hostedZone is where aliases of API Gateway's hosts in us-east-1 point to.
// AWS: "Amazon API Gateway endpoints and quotas": each region has another.
const hostedZone = "Z1UJRXOUMOOFQ8"

// settleDomain checks and completes what is said of a domain's host. What it was
// before is nil for a new one.
func (s *Service) settleDomain(r aws.Region, d *apigatewayv2.DomainName, before []apigatewayv2.DomainNameConfiguration) error {
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
		return bad("Only regional endpoints are supported for HTTP and WebSocket APIs")
	case c.SecurityPolicy != apigatewayv2.SecurityPolicyTLS12:
		return bad("Only security policy TLS_1_2 is supported for HTTP and WebSocket APIs")
	case deref(c.CertificateArn) == "":
		return bad("A certificate ARN must be specified")
	}
	if at, err := aws.ParseARN(*c.CertificateArn); err != nil || at.Service != "acm" || at.Region != r {
		return bad("Invalid certificate ARN: %s. Certificate must be in '%s'.", *c.CertificateArn, r)
	}
	c.DomainNameStatus, c.HostedZoneId = apigatewayv2.DomainNameStatusAVAILABLE, new(hostedZone)
	if before != nil {
		c.ApiGatewayDomainName = before[0].ApiGatewayDomainName
		return nil
	}
	c.ApiGatewayDomainName = new("d-" + s.id(apiIDLength) + "." + hostLabel + "." + string(r) + amazonHosts)
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
	out := new(apigatewayv2.UpdateDomainNameOutput)
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d, err := findDomain(tx, sc, in.DomainName)
		if err != nil {
			return err
		}
		if in.DomainNameConfigurations != nil {
			before := d.DomainNameConfigurations
			d.DomainNameConfigurations = append([]apigatewayv2.DomainNameConfiguration(nil), in.DomainNameConfigurations...)
			if err := s.settleDomain(sc.Region, d, before); err != nil {
				return err
			}
		}
		domains.put(tx, d, sc, d.DomainName)
		carry(out, d)
		return nil
	})
	return out, err
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
