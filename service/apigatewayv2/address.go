package apigatewayv2

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// address is where an API is.
type address struct {
	kv.Scope
	ID string
}

// here is the address of an API of the caller's account and region.
func here(ctx context.Context, id string) address { return address{scopeOf(ctx), id} }

// find returns the API at an address.
func (a address) find(tx kv.Tx) (*apigatewayv2.Api, error) {
	if d, ok := apis.get(tx, a.Scope, a.ID); ok {
		return d, nil
	}
	return nil, noThing(apis.what, string(a.Account)+":"+a.ID)
}

// arn is of a resource below the region's API: AWS writes no account in it.
func arn(r aws.Region, path string) string {
	return aws.NewARN("apigateway", r, "", path).String()
}

// executeARN is what requests to the API are allowed by: /STAGE/METHOD/PATH, or
// /STAGE/ROUTE of WebSockets.
func (a address) executeARN(path string) string {
	return aws.NewARN(executeAPI, a.Region, a.Account, a.ID+path).String()
}

const (
	executeAPI  = "execute-api" // in the hosts and the ARNs of APIs, and what requests to them are signed for
	amazonHosts = ".amazonaws.com"
)

// host is the host of the API as the caller of c can reach it: AWS's own for who
// called AWS's, and otherwise one below localhost.
func (s *Service) host(c *aws.Call, a address) (host string, tls bool) {
	host = a.ID + "." + executeAPI + "." + string(a.Region)
	if called, _, err := net.SplitHostPort(c.Host); err == nil && strings.HasSuffix(called, amazonHosts) || strings.HasSuffix(c.Host, amazonHosts) {
		return host + amazonHosts, true
	}
	host += ".localhost"
	at, err := url.Parse(s.Endpoint(a.Region))
	if err != nil {
		return host, c.TLS
	}
	if port := at.Port(); port != "" {
		host = net.JoinHostPort(host, port)
	}
	return host, c.TLS || at.Scheme == "https"
}

// endpoint is the API's address as its owner is told.
func (s *Service) endpoint(c *aws.Call, a address, p apigatewayv2.ProtocolType) string {
	host, tls := s.host(c, a)
	scheme := "http"
	if p == apigatewayv2.ProtocolTypeWEBSOCKET {
		scheme = "ws"
	}
	if tls {
		scheme += "s"
	}
	return scheme + "://" + host
}

// apiHost reads ID.execute-api.REGION.….
func apiHost(host string) (id string, ok bool) {
	id, rest, _ := strings.Cut(host, ".")
	return strings.ToLower(id), strings.HasPrefix(rest, executeAPI+".")
}
