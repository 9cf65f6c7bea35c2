package apigatewayv2

import (
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// Timeouts of integrations, in milliseconds. AWS: CreateIntegration, timeoutInMillis.
const (
	minTimeout          = 50
	maxHTTPTimeout      = 30000
	maxWebSocketTimeout = 29000
)

// checkIntegration checks and completes an integration of the API.
func (a address) checkIntegration(tx kv.Tx, d *apigatewayv2.Api, i *apigatewayv2.Integration) error {
	if i.IntegrationType == "" {
		return bad("IntegrationType must be specified")
	}
	most := int32(maxHTTPTimeout)
	if d.ProtocolType == apigatewayv2.ProtocolTypeWEBSOCKET {
		most = maxWebSocketTimeout
	}
	if i.TimeoutInMillis == nil {
		i.TimeoutInMillis = &most
	}
	if t := *i.TimeoutInMillis; t < minTimeout || t > most {
		return bad("Timeout should be between %d ms and %d ms", minTimeout, most)
	}
	if err := a.checkConnection(tx, d, i); err != nil {
		return err
	}
	if d.ProtocolType == apigatewayv2.ProtocolTypeWEBSOCKET {
		return checkWebSocketIntegration(i)
	}
	switch i.IntegrationType {
	case apigatewayv2.IntegrationTypeAWSPROXY, apigatewayv2.IntegrationTypeHTTPPROXY:
	default:
		return bad("Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)")
	}
	if i.PassthroughBehavior != "" || len(i.RequestTemplates) > 0 || i.TemplateSelectionExpression != nil || i.ContentHandlingStrategy != "" {
		return bad("Templates, passthrough behavior and content handling are only supported for WebSocket APIs")
	}
	if err := checkMappings(i); err != nil {
		return err
	}
	if i.IntegrationType == apigatewayv2.IntegrationTypeHTTPPROXY {
		return checkHTTPProxy(i)
	}
	return checkAWSProxy(i)
}

// checkConnection checks what a private integration goes by.
func (a address) checkConnection(tx kv.Tx, d *apigatewayv2.Api, i *apigatewayv2.Integration) error {
	if i.ConnectionType != apigatewayv2.ConnectionTypeVPCLINK {
		if i.TlsConfig != nil {
			return bad("TlsConfig is only supported for private integrations")
		}
		i.ConnectionId = nil
		return nil
	}
	switch {
	case deref(i.ConnectionId) == "":
		return bad("ConnectionId must be set to a valid VPC link when ConnectionType is VPC_LINK")
	case d.ProtocolType == apigatewayv2.ProtocolTypeWEBSOCKET:
		return unbuilt("VPC links")
	case i.IntegrationType != apigatewayv2.IntegrationTypeHTTPPROXY:
		return bad("VPC_LINK is only supported for HTTP_PROXY integrations")
	}
	_, err := vpcLinks.find(tx, a.Scope, *i.ConnectionId)
	return err
}

func checkHTTPProxy(i *apigatewayv2.Integration) error {
	switch {
	case i.IntegrationSubtype != nil:
		return bad("IntegrationSubtype is only supported for AWS_PROXY integrations")
	case deref(i.PayloadFormatVersion) == "":
		return bad("PayloadFormatVersion is a required parameter for integration")
	case *i.PayloadFormatVersion != "1.0":
		return bad("Invalid PayloadFormatVersion specified: %s. HTTP_PROXY integrations support 1.0 only", *i.PayloadFormatVersion)
	case deref(i.IntegrationUri) == "":
		return bad("HTTP_PROXY integrations must have an IntegrationUri")
	case deref(i.IntegrationMethod) == "":
		return bad("HTTP_PROXY integrations must have an IntegrationMethod")
	}
	if i.ConnectionType == apigatewayv2.ConnectionTypeVPCLINK {
		if !strings.HasPrefix(*i.IntegrationUri, "arn:") {
			return bad("For VpcLink %s, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN.", *i.ConnectionId)
		}
		return nil
	}
	return checkURL(*i.IntegrationUri)
}

// checkURL checks the address of an HTTP integration, which may have variables.
func checkURL(address string) error {
	u, err := url.Parse(plainVariables.Replace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return bad("Invalid HTTP endpoint specified for URI")
	}
	return nil
}

// plainVariables takes what no URL may have out of one with variables.
var plainVariables = strings.NewReplacer("{", "", "}", "", "$", "")

func checkAWSProxy(i *apigatewayv2.Integration) error {
	if i.IntegrationSubtype != nil {
		return checkSubtype(i)
	}
	switch {
	case deref(i.PayloadFormatVersion) == "":
		return bad("PayloadFormatVersion is a required parameter for integration")
	case *i.PayloadFormatVersion != "1.0" && *i.PayloadFormatVersion != "2.0":
		return bad("Invalid PayloadFormatVersion specified: %s. Valid values are 1.0 and 2.0", *i.PayloadFormatVersion)
	case functionOf(deref(i.IntegrationUri)) == "":
		return bad("IntegrationUri must be a valid Lambda function ARN")
	}
	if deref(i.IntegrationMethod) == "" {
		i.IntegrationMethod = new("POST") // AWS: "For Lambda integrations, you must use the HTTP method of POST"
	}
	return nil
}

// functionOf is the ARN of the function that a URI leads to: the ARN itself, or
// that of API Gateway's way to Lambda. Empty for what is neither.
func functionOf(uri string) string {
	if _, after, ok := strings.Cut(uri, "/functions/"); ok && strings.Contains(uri, ":apigateway:") {
		uri = strings.TrimSuffix(after, "/invocations")
	}
	if !strings.HasPrefix(uri, "arn:") || !strings.Contains(uri, ":lambda:") || !strings.Contains(uri, ":function:") {
		return ""
	}
	return uri
}

// checkWebSocketIntegration checks and completes an integration of a WebSocket API.
func checkWebSocketIntegration(i *apigatewayv2.Integration) error {
	if i.PassthroughBehavior == "" {
		i.PassthroughBehavior = apigatewayv2.PassthroughBehaviorWHENNOMATCH
	}
	if v := deref(i.PayloadFormatVersion); v != "" && v != "1.0" {
		return bad("Invalid PayloadFormatVersion specified: %s. WebSocket APIs support 1.0 only", v)
	}
	i.PayloadFormatVersion = new("1.0")
	if i.IntegrationSubtype != nil || len(i.ResponseParameters) > 0 {
		return bad("IntegrationSubtype and ResponseParameters are only supported for HTTP APIs")
	}
	i.IntegrationResponseSelectionExpression = new("${integration.response.statuscode}")
	switch i.IntegrationType {
	case apigatewayv2.IntegrationTypeAWSPROXY:
		i.IntegrationResponseSelectionExpression = nil
	case apigatewayv2.IntegrationTypeAWS:
		i.IntegrationResponseSelectionExpression = new("${integration.response.body.errorMessage}")
	}
	for k, v := range i.RequestParameters {
		if err := checkWebSocketMapping(k, v); err != nil {
			return err
		}
	}
	switch i.IntegrationType {
	case apigatewayv2.IntegrationTypeMOCK:
		return nil
	case apigatewayv2.IntegrationTypeHTTP, apigatewayv2.IntegrationTypeHTTPPROXY:
		if deref(i.IntegrationMethod) == "" {
			return bad("IntegrationMethod must be specified for HTTP integrations")
		}
		return checkURL(deref(i.IntegrationUri))
	}
	if functionOf(deref(i.IntegrationUri)) == "" {
		if i.IntegrationType == apigatewayv2.IntegrationTypeAWS && strings.HasPrefix(deref(i.IntegrationUri), "arn:") {
			return unbuilt("AWS integrations of services other than Lambda")
		}
		return bad("Invalid lambda function")
	}
	if deref(i.IntegrationMethod) == "" {
		i.IntegrationMethod = new("POST")
	}
	return nil
}
