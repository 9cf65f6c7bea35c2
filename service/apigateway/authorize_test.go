package apigateway_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cognitotypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// authorized makes a method GET /, that tells what its authorizer found out.
func (b *bench) authorized(change func(*apigateway.PutMethodInput), template string) {
	b.Helper()
	b.method("GET", "/", mock(), change)
	b.says("GET", "/", "200", "", template)
	b.deploy()
}

func custom(id *string) func(*apigateway.PutMethodInput) {
	return func(in *apigateway.PutMethodInput) { in.AuthorizationType, in.AuthorizerId = aws.String("CUSTOM"), id }
}

// decides is what a function says that lets a caller do something, or not.
func decides(effect, resource string) string {
	return `{"Answer":{"principalId":"ada","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":"` + resource + `"}]},"context":{"team":"blue","n":7}}}`
}

func TestTokenAuthorizers(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	uri := b.function("judge", decides("Allow", "arn:aws:execute-api:*:*:*/dev/GET/"))
	create := func(ttl int32) *string {
		z, err := b.CreateAuthorizer(ctx, &apigateway.CreateAuthorizerInput{
			RestApiId: b.api, Name: aws.String("judge" + time.Duration(ttl).String()), Type: types.AuthorizerTypeToken, AuthorizerUri: uri, IdentitySource: aws.String("method.request.header.Auth"),
			IdentityValidationExpression: aws.String("good-.*"), AuthorizerResultTtlInSeconds: &ttl,
		})
		b.ok(err)
		return z.Id
	}
	_, err := b.CreateAuthorizer(ctx, &apigateway.CreateAuthorizerInput{RestApiId: b.api, Name: aws.String("x"), Type: types.AuthorizerTypeToken, AuthorizerUri: uri, IdentitySource: aws.String("nothing")})
	b.refused(err, "BadRequestException", "Invalid Authorizer Identity Source specified")
	z := create(300)
	b.authorized(custom(z), `$context.authorizer.principalId $context.authorizer.team $context.authorizer.n`)
	_, err = b.DeleteAuthorizer(ctx, &apigateway.DeleteAuthorizerInput{RestApiId: b.api, AuthorizerId: z})
	b.refused(err, "ConflictException", "is referenced in method: //GET")
	b.answers(b.request("GET", b.url("/"), ""), 401, `{"message":"Unauthorized"}`)
	b.answers(b.request("GET", b.url("/"), "", "Auth", "bad"), 401, `{"message":"Unauthorized"}`)
	res, body := b.send(b.request("GET", b.url("/"), "", "Auth", "good-1"))
	b.want("without permission", spaced(res.StatusCode, res.Header.Get("X-Amzn-Errortype"), body), `500 AuthorizerConfigurationException {"message":null}`)
	b.permit("judge", "authorizers/"+*z)
	b.answers(b.request("GET", b.url("/"), "", "Auth", "good-1"), 200, `ada blue 7`)
	b.forget("judge")
	b.answers(b.request("GET", b.url("/"), "", "Auth", "good-1"), 200, `ada blue 7`)
	b.answers(b.request("GET", b.url("/"), "", "Auth", "good-2"), 500, `{"message":null}`)
	b.cloud.Advance(5 * time.Minute)
	b.answers(b.request("GET", b.url("/"), "", "Auth", "good-1"), 500, `{"message":null}`)
}

func TestAuthorizersDeny(t *testing.T) {
	for effect, want := range map[string]string{
		"Deny":  `{"Message":"User is not authorized to access this resource with an explicit deny"}`,
		"Allow": `{"Message":"User is not authorized to access this resource"}`,
	} {
		b := story(t)
		resource := "*"
		if effect == "Allow" {
			resource = "arn:aws:execute-api:*:*:*/dev/POST/*"
		}
		z, err := b.CreateAuthorizer(b.Context(), &apigateway.CreateAuthorizerInput{
			RestApiId: b.api, Name: aws.String("judge"), Type: types.AuthorizerTypeRequest, AuthorizerUri: b.function("judge", decides(effect, resource)),
			IdentitySource: aws.String("method.request.querystring.who, method.request.header.Host"),
		})
		b.ok(err)
		b.permit("judge", "*")
		b.authorized(custom(z.Id), "in")
		b.answers(b.request("GET", b.url("/"), ""), 401, `{"message":"Unauthorized"}`)
		b.answers(b.request("GET", b.url("/?who=me"), ""), 403, want)
		tested, err := b.TestInvokeAuthorizer(b.Context(), &apigateway.TestInvokeAuthorizerInput{RestApiId: b.api, AuthorizerId: z.Id, PathWithQueryString: aws.String("/?who=me"), Headers: map[string]string{"Host": "h"}})
		b.ok(err)
		b.want("tested", spaced(tested.ClientStatus, *tested.PrincipalId, tested.Authorization, strings.Contains(*tested.Policy, effect)), "200 ada map[n:[7] team:[blue]] true")
	}
}

func TestUserPoolsAuthorize(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	pools := cognitoidentityprovider.NewFromConfig(b.cloud.Config())
	pool, err := pools.CreateUserPool(ctx, &cognitoidentityprovider.CreateUserPoolInput{PoolName: aws.String("people")})
	b.ok(err)
	client, err := pools.CreateUserPoolClient(ctx, &cognitoidentityprovider.CreateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientName: aws.String("web"), ExplicitAuthFlows: []cognitotypes.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	b.ok(err)
	_, err = pools.AdminCreateUser(ctx, &cognitoidentityprovider.AdminCreateUserInput{UserPoolId: pool.UserPool.Id, Username: aws.String("ada"), MessageAction: "SUPPRESS"})
	b.ok(err)
	_, err = pools.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{UserPoolId: pool.UserPool.Id, Username: aws.String("ada"), Password: aws.String("Passw0rd!"), Permanent: true})
	b.ok(err)
	in, err := pools.InitiateAuth(ctx, &cognitoidentityprovider.InitiateAuthInput{
		ClientId: client.UserPoolClient.ClientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": "Passw0rd!"},
	})
	b.ok(err)
	z, err := b.CreateAuthorizer(ctx, &apigateway.CreateAuthorizerInput{RestApiId: b.api, Name: aws.String("people"), Type: types.AuthorizerTypeCognitoUserPools, ProviderARNs: []string{*pool.UserPool.Arn}})
	b.ok(err)
	cognito := func(in *apigateway.PutMethodInput) {
		in.AuthorizationType, in.AuthorizerId = aws.String("COGNITO_USER_POOLS"), z.Id
	}
	b.method("POST", "/", mock(), cognito, func(in *apigateway.PutMethodInput) {
		in.AuthorizationScopes = []string{"aws.cognito.signin.user.admin"}
	})
	b.says("POST", "/", "200", "", "scoped")
	b.method("PUT", "/", mock(), cognito, func(in *apigateway.PutMethodInput) { in.AuthorizationScopes = []string{"other/scope"} })
	b.says("PUT", "/", "200", "", "scoped")
	b.authorized(cognito, `$context.authorizer.claims['cognito:username'] $context.authorizer.claims.aud`)
	id, access := *in.AuthenticationResult.IdToken, *in.AuthenticationResult.AccessToken
	b.answers(b.request("GET", b.url("/"), ""), 401, `{"message":"Unauthorized"}`)
	b.answers(b.request("GET", b.url("/"), "", "Authorization", "Bearer "+id), 200, "ada "+*client.UserPoolClient.ClientId)
	b.answers(b.request("GET", b.url("/"), "", "Authorization", id[:len(id)-4]+"AAAA"), 401, `{"message":"Unauthorized"}`)
	b.answers(b.request("GET", b.url("/"), "", "Authorization", access), 401, `{"message":"Unauthorized"}`)
	b.answers(b.request("POST", b.url("/"), "", "Authorization", access), 200, "scoped")
	b.answers(b.request("POST", b.url("/"), "", "Authorization", id), 401, `{"message":"Unauthorized"}`)
	b.answers(b.request("PUT", b.url("/"), "", "Authorization", access), 401, `{"message":"Unauthorized"}`)
	b.cloud.Advance(2 * time.Hour)
	b.answers(b.request("GET", b.url("/"), "", "Authorization", id), 401, `{"message":"The incoming token has expired"}`)
}

// signed is a request that a principal has signed.
func (b *bench) signed(cfg aws.Config, method, url string) *http.Request {
	b.Helper()
	return b.sign(cfg, b.request(method, url, ""), "execute-api")
}

func (b *bench) sign(cfg aws.Config, r *http.Request, service string) *http.Request {
	b.Helper()
	cred, err := cfg.Credentials.Retrieve(b.Context())
	b.ok(err)
	sum := sha256.Sum256(nil)
	b.ok(v4.NewSigner().SignHTTP(b.Context(), cred, r, hex.EncodeToString(sum[:]), service, "us-east-1", time.Now()))
	return r
}

func TestIAMAuthorizes(t *testing.T) {
	b := story(t)
	b.method("GET", "/open", mock(), func(in *apigateway.PutMethodInput) { in.AuthorizationType = aws.String("AWS_IAM") })
	b.says("GET", "/open", "200", "", `$context.identity.userArn`)
	b.authorized(func(in *apigateway.PutMethodInput) { in.AuthorizationType = aws.String("AWS_IAM") }, `$context.identity.userArn`)
	b.answers(b.request("GET", b.url("/"), ""), 403, `{"message":"Missing Authentication Token"}`)
	b.answers(b.signed(b.cloud.Config(), "GET", b.url("/")), 200, `arn:aws:iam::000000000000:root`)
	users := iam.NewFromConfig(b.cloud.Config())
	_, err := users.CreateUser(b.Context(), &iam.CreateUserInput{UserName: aws.String("ada")})
	b.ok(err)
	key, err := users.CreateAccessKey(b.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("ada")})
	b.ok(err)
	ada := b.cloud.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	res, body := b.send(b.signed(ada, "GET", b.url("/")))
	b.want("without a policy", spaced(res.StatusCode, strings.HasPrefix(body, `{"Message":"User: arn:aws:iam::000000000000:user/ada is not authorized to perform: execute-api:Invoke on resource: `)), "403 true")
	_, err = users.PutUserPolicy(b.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("ada"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:000000000000:` + *b.api + `/dev/GET/open"}}`),
	})
	b.ok(err)
	b.answers(b.signed(ada, "GET", b.url("/open")), 200, `arn:aws:iam::000000000000:user/ada`)
	bad := b.signed(ada, "GET", b.url("/open"))
	bad.Header.Set("Authorization", bad.Header.Get("Authorization")[:len(bad.Header.Get("Authorization"))-2]+"00")
	res, _ = b.send(bad)
	b.want("a wrong signature", spaced(res.StatusCode, res.Header.Get("X-Amzn-Errortype")), "403 InvalidSignatureException")
}

func TestTheAPIsPolicyHolds(t *testing.T) {
	b := story(t)
	_, err := b.UpdateRestApi(b.Context(), &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{
		op("replace", "/policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/dev/GET/*"},{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/dev/GET/secret"}]}`),
	}})
	b.ok(err)
	for _, method := range []string{"GET /open", "GET /secret", "POST /open"} {
		name, path, _ := strings.Cut(method, " ")
		b.method(name, path, mock())
		b.says(name, path, "200", "", "in")
	}
	b.deploy()
	b.answers(b.request("GET", b.url("/open"), ""), 200, "in")
	denied := `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:` + *b.api
	b.answers(b.request("GET", b.url("/secret"), ""), 403, denied+`/dev/GET/secret"}`)
	b.answers(b.request("POST", b.url("/open"), ""), 403, denied+`/dev/POST/open"}`)
}

func TestIAMGuardsTheAPI(t *testing.T) {
	b := story(t)
	users := iam.NewFromConfig(b.cloud.Config())
	_, err := users.CreateUser(b.Context(), &iam.CreateUserInput{UserName: aws.String("ada")})
	b.ok(err)
	key, err := users.CreateAccessKey(b.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("ada")})
	b.ok(err)
	_, err = users.PutUserPolicy(b.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("ada"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"apigateway:GET","Resource":"arn:aws:apigateway:us-east-1::/restapis/*"}}`),
	})
	b.ok(err)
	ada := apigateway.NewFromConfig(b.cloud.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
	_, err = ada.GetResources(b.Context(), &apigateway.GetResourcesInput{RestApiId: b.api})
	b.ok(err)
	_, err = ada.DeleteRestApi(b.Context(), &apigateway.DeleteRestApiInput{RestApiId: b.api})
	b.refused(err, "AccessDeniedException", "is not authorized to perform: apigateway:DELETE on resource: arn:aws:apigateway:us-east-1::/restapis/"+*b.api)
}

func TestTheAPIsPolicyAndAnAuthorizerDecideTogether(t *testing.T) {
	b := story(t)
	z, err := b.CreateAuthorizer(b.Context(), &apigateway.CreateAuthorizerInput{
		RestApiId: b.api, Name: aws.String("judge"), Type: types.AuthorizerTypeToken, AuthorizerUri: b.function("judge", decides("Allow", "arn:aws:execute-api:*:*:*/dev/GET/a")),
		IdentitySource: aws.String("method.request.header.Auth"),
	})
	b.ok(err)
	b.permit("judge", "*")
	_, err = b.UpdateRestApi(b.Context(), &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{op("replace", "/policy", "{}}")}})
	b.refused(err, "BadRequestException", "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
	_, err = b.UpdateRestApi(b.Context(), &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{
		op("replace", "/policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*/GET/b"},{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*/GET/c"}]}`),
	}})
	b.ok(err)
	for _, path := range []string{"/a", "/b", "/c", "/d"} {
		b.method("GET", path, mock(), custom(z.Id))
		b.says("GET", path, "200", "", "in")
	}
	b.deploy()
	b.answers(b.request("GET", b.url("/a"), "", "Auth", "x"), 200, "in")
	b.answers(b.request("GET", b.url("/b"), "", "Auth", "x"), 200, "in")
	b.answers(b.request("GET", b.url("/b"), ""), 401, `{"message":"Unauthorized"}`)
	b.answers(b.request("GET", b.url("/c"), ""), 403, `{"Message":"User is not authorized to access this resource with an explicit deny"}`)
	b.answers(b.request("GET", b.url("/d"), "", "Auth", "x"), 403, `{"Message":"User is not authorized to access this resource"}`)
}
