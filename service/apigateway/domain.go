package apigateway

import (
	"context"
	"strconv"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Domains are the custom domain names and where they lead: on AWS one resource, which
// the APIs of both generations show. They are the caller's own but where a method says
// otherwise, and errors are the same in both APIs.
type Domains interface {
	// AddDomain stores a new domain, and sets what it is told by: its ARN and its host.
	AddDomain(ctx context.Context, d *apigatewayv2.DomainName) error
	// ChangeDomain stores what change makes of a domain.
	ChangeDomain(ctx context.Context, name string, change func(*apigatewayv2.DomainName) error) (*apigatewayv2.DomainName, error)
	GetDomainName(context.Context, *apigatewayv2.GetDomainNameInput) (*apigatewayv2.GetDomainNameOutput, error)
	GetDomainNames(context.Context, *apigatewayv2.GetDomainNamesInput) (*apigatewayv2.GetDomainNamesOutput, error)
	DeleteDomainName(context.Context, *apigatewayv2.DeleteDomainNameInput) (*apigatewayv2.DeleteDomainNameOutput, error)

	CreateApiMapping(context.Context, *apigatewayv2.CreateApiMappingInput) (*apigatewayv2.CreateApiMappingOutput, error)
	GetApiMappings(context.Context, *apigatewayv2.GetApiMappingsInput) (*apigatewayv2.GetApiMappingsOutput, error)
	UpdateApiMapping(context.Context, *apigatewayv2.UpdateApiMappingInput) (*apigatewayv2.UpdateApiMappingOutput, error)
	DeleteApiMapping(context.Context, *apigatewayv2.DeleteApiMappingInput) (*apigatewayv2.DeleteApiMappingOutput, error)

	TagResource(context.Context, *apigatewayv2.TagResourceInput) (*apigatewayv2.TagResourceOutput, error)
	UntagResource(context.Context, *apigatewayv2.UntagResourceInput) (*apigatewayv2.UntagResourceOutput, error)
	GetTags(context.Context, *apigatewayv2.GetTagsInput) (*apigatewayv2.GetTagsOutput, error)

	// Leads finds a domain that leads to an API, or to a stage of it if one is named.
	Leads(tx kv.Tx, sc kv.Scope, apiID, stage string) (domain string, ok bool)
	// Mapped is where a request goes that came by a host, be it whose it may, and the
	// path that is left below the mapping's key; nil where the host is no domain, or has
	// nothing at the path.
	Mapped(ctx context.Context, host, path string) (to *apigatewayv2.ApiMapping, rest string)
}

// Stages tells of REST APIs' stages to those who map domains to them.
type Stages struct{}

// HasStage reports whether there is a REST API with a stage; with "", whether there is
// the API.
func (Stages) HasStage(tx kv.Tx, sc kv.Scope, apiID, stage string) bool {
	a := address{sc, apiID}
	if stage == "" {
		return restAPIs.rows.Has(tx, a.key())
	}
	return stages.rows.Has(tx, part(a, stages, stage))
}

// CreateDomainName makes a host that leads to APIs, by its base paths.
func (s *Service) CreateDomainName(ctx context.Context, in *api.CreateDomainNameInput) (*api.CreateDomainNameOutput, error) {
	switch {
	case in.MutualTlsAuthentication != nil, in.OwnershipVerificationCertificateArn != nil:
		return nil, unbuilt("mutual TLS")
	case in.RoutingMode != "" && in.RoutingMode != api.RoutingModeBASEPATHMAPPINGONLY:
		return nil, unbuilt("routing rules")
	case in.Policy != nil, in.EndpointAccessMode != "":
		return nil, unbuilt("policies and access modes of domain names")
	case in.CertificateBody != nil, in.CertificatePrivateKey != nil, in.CertificateChain != nil:
		return nil, unbuilt("certificates that are not ACM's")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	v := &api.DomainName{
		CertificateName: in.CertificateName, CertificateArn: in.CertificateArn, RegionalCertificateName: in.RegionalCertificateName,
		RegionalCertificateArn: in.RegionalCertificateArn, EndpointConfiguration: in.EndpointConfiguration, SecurityPolicy: in.SecurityPolicy,
	}
	if v.EndpointConfiguration == nil {
		v.EndpointConfiguration = &api.EndpointConfiguration{}
	}
	if len(v.EndpointConfiguration.Types) == 0 {
		v.EndpointConfiguration.Types = []api.EndpointType{api.EndpointTypeEDGE}
	}
	d := &apigatewayv2.DomainName{
		DomainName: in.DomainName, Tags: in.Tags, ApiMappingSelectionExpression: new("$request.basepath"),
		RoutingMode: apigatewayv2.RoutingModeAPIMAPPINGONLY, DomainNameConfigurations: make([]apigatewayv2.DomainNameConfiguration, 1),
	}
	if err := configure(ctx, &d.DomainNameConfigurations[0], v); err != nil {
		return nil, err
	}
	if err := s.Domains.AddDomain(ctx, d); err != nil {
		return nil, err
	}
	return (*api.CreateDomainNameOutput)(domainOf(d)), nil
}

// edgeRegion is where certificates of edge-optimised domains are.
const edgeRegion = aws.Region("us-east-1")

// configure checks what is said of a domain, and makes it the domain's configuration.
func configure(ctx context.Context, c *apigatewayv2.DomainNameConfiguration, v *api.DomainName) error {
	e, call := v.EndpointConfiguration, aws.CallFrom(ctx)
	switch {
	case len(e.Types) != 1:
		return unbuilt("more than one type of endpoint of a domain name")
	case e.Types[0] == api.EndpointTypePRIVATE:
		return unbuilt("private domain names")
	}
	certificate, name, region := v.RegionalCertificateArn, v.RegionalCertificateName, call.Region
	if e.Types[0] == api.EndpointTypeEDGE {
		certificate, name, region = v.CertificateArn, v.CertificateName, edgeRegion
	}
	if deref(certificate) == "" {
		return invalid("A certificate ARN must be specified for endpoint type %s", e.Types[0])
	}
	if at, err := aws.ParseARN(*certificate); err != nil || at.Service != "acm" || at.Region != region {
		return invalid("Invalid certificate ARN: %s. Certificate must be in '%s'.", *certificate, region)
	}
	switch v.SecurityPolicy {
	case "":
		v.SecurityPolicy = api.SecurityPolicyTLS12
	case api.SecurityPolicyTLS10, api.SecurityPolicyTLS12:
	default:
		return unbuilt("security policies of domain names other than TLS_1_0 and TLS_1_2")
	}
	if deref(c.CertificateArn) != *certificate {
		c.CertificateUploadDate = new(call.Start.UTC())
	}
	c.CertificateArn, c.CertificateName = certificate, name
	c.EndpointType, c.SecurityPolicy = apigatewayv2.EndpointType(e.Types[0]), apigatewayv2.SecurityPolicy(v.SecurityPolicy)
	c.IpAddressType = apigatewayv2.IpAddressTypeIpv4
	if e.IpAddressType != "" {
		c.IpAddressType = apigatewayv2.IpAddressType(e.IpAddressType)
	}
	return nil
}

// domainOf is a domain as this API shows it.
func domainOf(d *apigatewayv2.DomainName) *api.DomainName {
	c := &d.DomainNameConfigurations[0]
	v := &api.DomainName{
		DomainName: &d.DomainName, DomainNameArn: d.DomainNameArn, DomainNameStatus: api.DomainNameStatus(c.DomainNameStatus),
		SecurityPolicy: api.SecurityPolicy(c.SecurityPolicy), Tags: d.Tags, RoutingMode: api.RoutingModeBASEPATHMAPPINGONLY,
		EndpointConfiguration: &api.EndpointConfiguration{Types: []api.EndpointType{api.EndpointType(c.EndpointType)}, IpAddressType: api.IpAddressType(c.IpAddressType)},
	}
	if c.EndpointType == apigatewayv2.EndpointTypeEDGE {
		v.CertificateArn, v.CertificateName, v.CertificateUploadDate = c.CertificateArn, c.CertificateName, c.CertificateUploadDate
		v.DistributionDomainName, v.DistributionHostedZoneId = c.ApiGatewayDomainName, c.HostedZoneId
	} else {
		v.RegionalCertificateArn, v.RegionalCertificateName = c.CertificateArn, c.CertificateName
		v.RegionalDomainName, v.RegionalHostedZoneId = c.ApiGatewayDomainName, c.HostedZoneId
	}
	return v
}

// GetDomainName tells of a domain.
func (s *Service) GetDomainName(ctx context.Context, in *api.GetDomainNameInput) (*api.GetDomainNameOutput, error) {
	d, err := s.Domains.GetDomainName(ctx, &apigatewayv2.GetDomainNameInput{DomainName: in.DomainName})
	if err != nil {
		return nil, err
	}
	return (*api.GetDomainNameOutput)(domainOf(&apigatewayv2.DomainName{
		DomainName: deref(d.DomainName), DomainNameArn: d.DomainNameArn, DomainNameConfigurations: d.DomainNameConfigurations, Tags: d.Tags,
	})), nil
}

// GetDomainNames lists domains in the order of their names.
func (s *Service) GetDomainNames(ctx context.Context, in *api.GetDomainNamesInput) (*api.GetDomainNamesOutput, error) {
	all, err := s.Domains.GetDomainNames(ctx, &apigatewayv2.GetDomainNamesInput{MaxResults: pageSize(in.Limit), NextToken: in.Position})
	if err != nil {
		return nil, err
	}
	out := &api.GetDomainNamesOutput{Position: all.NextToken, Items: []api.DomainName{}}
	for i := range all.Items {
		out.Items = append(out.Items, *domainOf(&all.Items[i]))
	}
	return out, nil
}

// pageSize is the size of a page as the other generation's API is told it.
func pageSize(limit *int32) *string {
	n := int(or(limit, defaultPage))
	if n < 1 {
		n = defaultPage
	}
	return new(strconv.Itoa(min(n, maxPage)))
}

// AWS: "UpdateDomainName", patch operations.
var domainRules = []rule{
	{"replace", "/certificateArn"}, {"replace", "/certificateName"}, {"replace", "/regionalCertificateArn"}, {"replace", "/regionalCertificateName"},
	{"replace", "/endpointConfiguration/ipAddressType"}, {"add remove replace", "/endpointConfiguration/types"}, {"add remove replace", "/endpointConfiguration/types/*"},
	{"replace", "/securityPolicy"},
}

// UpdateDomainName changes a domain.
func (s *Service) UpdateDomainName(ctx context.Context, in *api.UpdateDomainNameInput) (*api.UpdateDomainNameOutput, error) {
	d, err := s.Domains.ChangeDomain(ctx, in.DomainName, func(d *apigatewayv2.DomainName) error {
		v := domainOf(d)
		if err := patch(v, domainRules, in.PatchOperations); err != nil {
			return err
		}
		return configure(ctx, &d.DomainNameConfigurations[0], v)
	})
	if err != nil {
		return nil, err
	}
	return (*api.UpdateDomainNameOutput)(domainOf(d)), nil
}

// DeleteDomainName deletes a domain with its base paths.
func (s *Service) DeleteDomainName(ctx context.Context, in *api.DeleteDomainNameInput) (*api.DeleteDomainNameOutput, error) {
	_, err := s.Domains.DeleteDomainName(ctx, &apigatewayv2.DeleteDomainNameInput{DomainName: in.DomainName})
	return &api.DeleteDomainNameOutput{}, err
}
