package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gobwas/ws"

	"github.com/brume-cloud/brume/front/sigv4"
)

// apiRegions part the requests, because each region of an account takes 10,000 a second.
var apiRegions = []string{"us-east-1", "eu-west-3", "eu-north-1", "ap-south-1"}

// apiWorkloads send requests to APIs: to a function that answers what it gets, to
// a mock integration, and without the token that a route asks for. Of the first, the
// function's own time is in the latencies: compare it with lambda-invoke.
func apiWorkloads() []workload {
	return []workload{
		{name: "api-lambda", setup: apiLambda},
		{name: "api-mock", goal: 2.5, setup: apiMock},
		{name: "api-rejected", goal: 2.5, setup: apiRejected},
	}
}

// rest makes a call of a REST service, signed.
func (c *client) rest(service, region, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	sigv4.Sign(r, body, sigv4.Credential{AccessKeyID: c.key.id, Secret: c.key.secret}, sigv4.Scope{Region: region, Service: service, Time: time.Now()})
	var answer bytes.Buffer
	if _, err := c.do(r, &answer); err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer.Bytes(), out)
}

type document = map[string]any

// visit sends a request to an API, and wants a status.
func (c *client) visit(api, region, path string, body io.Reader, want int) error {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequest(method, c.url+path, body)
	if err != nil {
		return err
	}
	r.Host = api + ".execute-api." + region + ".localhost"
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != want {
		err = fmt.Errorf("%s%s: %d: %s", r.Host, path, res.StatusCode, answer)
	}
	return err
}

// httpAPI makes an HTTP API with an integration and a route to it.
func (c *client) httpAPI(region string, integration, route document) (string, error) {
	return c.api(region, document{"name": "bench", "protocolType": "HTTP"}, integration, route, "$default")
}

// api makes an API with an integration, a route to it and a stage.
func (c *client) api(region string, protocol, integration, route document, stage string) (string, error) {
	var made struct{ APIID, IntegrationID string }
	if err := c.rest("apigateway", region, "POST", "/v2/apis", protocol, &made); err != nil {
		return "", err
	}
	base := "/v2/apis/" + made.APIID
	if auth, ok := route["authorizer"]; ok {
		var z struct{ AuthorizerID string }
		if err := c.rest("apigateway", region, "POST", base+"/authorizers", auth, &z); err != nil {
			return "", err
		}
		delete(route, "authorizer")
		route["authorizerId"], route["authorizationType"] = z.AuthorizerID, "JWT"
	}
	if err := c.rest("apigateway", region, "POST", base+"/integrations", integration, &made); err != nil {
		return "", err
	}
	route["target"] = "integrations/" + made.IntegrationID
	if err := c.rest("apigateway", region, "POST", base+"/routes", route, nil); err != nil {
		return "", err
	}
	return made.APIID, c.rest("apigateway", region, "POST", base+"/stages", document{"stageName": stage, "autoDeploy": true}, nil)
}

func apiLambda(c *client) (func(*client, int) error, error) {
	code, err := bootstrapZip()
	if err != nil {
		return nil, err
	}
	name := fmt.Sprint("bench-api-", time.Now().UnixNano())
	if err := c.createFunction(name, "provided.al2023", code); err != nil {
		return nil, err
	}
	var function struct{ Configuration struct{ FunctionArn string } }
	if err := c.rest("lambda", apiRegions[0], "GET", "/2015-03-31/functions/"+name, document{}, &function); err != nil {
		return nil, err
	}
	err = c.rest("lambda", apiRegions[0], "POST", "/2015-03-31/functions/"+name+"/policy", document{
		"StatementId": "api", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
	}, nil)
	if err != nil {
		return nil, err
	}
	api, err := c.httpAPI(apiRegions[0], document{"integrationType": "AWS_PROXY", "integrationUri": function.Configuration.FunctionArn, "payloadFormatVersion": "2.0"}, document{"routeKey": "$default"})
	body := strings.Repeat("x", bodySize)
	return func(c *client, _ int) error { return c.visit(api, apiRegions[0], "/x", strings.NewReader(body), 200) }, err
}

func apiMock(c *client) (func(*client, int) error, error) {
	apis := make([]string, len(apiRegions))
	for i, region := range apiRegions {
		var api struct{ ID, RootResourceID string }
		if err := c.rest("apigateway", region, "POST", "/restapis", document{"name": "bench"}, &api); err != nil {
			return nil, err
		}
		apis[i] = api.ID
		method := "/restapis/" + api.ID + "/resources/" + api.RootResourceID + "/methods/GET"
		for _, step := range []struct {
			verb, path string
			body       document
		}{
			{"PUT", method, document{"authorizationType": "NONE"}},
			{"PUT", method + "/responses/200", document{}},
			{"PUT", method + "/integration", document{"type": "MOCK", "requestTemplates": document{"application/json": `{"statusCode": 200}`}}},
			{"PUT", method + "/integration/responses/200", document{"responseTemplates": document{"application/json": `{"id":"$context.requestId"}`}}},
			{"POST", "/restapis/" + api.ID + "/deployments", document{"stageName": "v1"}},
		} {
			if err := c.rest("apigateway", region, step.verb, step.path, step.body, nil); err != nil {
				return nil, err
			}
		}
	}
	return func(c *client, worker int) error {
		i := worker % len(apis)
		return c.visit(apis[i], apiRegions[i], "/v1/", nil, 200)
	}, nil
}

func apiRejected(c *client) (func(*client, int) error, error) {
	apis := make([]string, len(apiRegions))
	for i, region := range apiRegions {
		var pool struct{ UserPool struct{ ID string } }
		if err := c.json("cognito-idp", "AWSCognitoIdentityProviderService.CreateUserPool", `{"PoolName":"bench"}`, &pool); err != nil {
			return nil, err
		}
		jwt := document{"issuer": "https://cognito-idp.us-east-1.amazonaws.com/" + pool.UserPool.ID, "audience": []string{"bench"}}
		api, err := c.httpAPI(region, document{"integrationType": "HTTP_PROXY", "integrationUri": c.url, "integrationMethod": "GET", "payloadFormatVersion": "1.0"},
			document{"routeKey": "$default", "authorizer": document{"name": "people", "authorizerType": "JWT", "identitySource": []string{"$request.header.Authorization"}, "jwtConfiguration": jwt}})
		if err != nil {
			return nil, err
		}
		apis[i] = api
	}
	return func(c *client, worker int) error {
		i := worker % len(apis)
		return c.visit(apis[i], apiRegions[i], "/x", nil, 401)
	}, nil
}

// sockets opens n connections to a WebSocket API with a mock integration, leaves
// them idle, and tells what memory they take.
func sockets(c *client, n int, out io.Writer) error {
	region := apiRegions[0]
	id, err := c.api(region, document{"name": "idle", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"},
		document{"integrationType": "MOCK", "requestTemplates": document{"$default": `{"statusCode":200}`}}, document{"routeKey": "$default"}, "v1")
	if err != nil {
		return err
	}
	before := c.resident()
	began := time.Now()
	dialer := ws.Dialer{ReadBufferSize: 512, WriteBufferSize: 512, Host: id + ".execute-api." + region + ".localhost"}
	address := "ws" + strings.TrimPrefix(c.url, "http") + "/v1"
	open := make([]net.Conn, n)
	err = c.steps(n, func(i int) (err error) {
		open[i], _, _, err = dialer.Dial(context.Background(), address)
		return err
	})
	defer func() {
		for _, conn := range open {
			if conn != nil {
				_ = conn.Close()
			}
		}
	}()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %+.1f MiB for %d idle WebSocket connections, opened in %s\n", c.name, c.resident()-before, n, time.Since(began).Round(time.Millisecond))
	return nil
}
