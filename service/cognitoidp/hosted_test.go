package cognitoidp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const callback = "https://app.example.com/back"

// shop is a pool with the domain shop, and a user ada.
func shop(t *testing.T, change ...func(*cognito.CreateUserPoolClientInput)) *club {
	t.Helper()
	in := &cognito.CreateUserPoolClientInput{
		GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []types.OAuthFlowType{"code", "implicit"},
		AllowedOAuthScopes: []string{"openid", "email", "profile", "aws.cognito.signin.user.admin"}, CallbackURLs: []string{callback}, LogoutURLs: []string{"https://app.example.com/out"},
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"},
	}
	for _, f := range change {
		f(in)
	}
	c := newClub(t, &cognito.CreateUserPoolInput{}, in)
	ok[*cognito.CreateUserPoolDomainOutput](t)(c.admin.CreateUserPoolDomain(t.Context(), &cognito.CreateUserPoolDomainInput{UserPoolId: c.pool.Id, Domain: new("shop")}))
	ok[*cognito.AdminCreateUserOutput](t)(c.admin.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: c.pool.Id, Username: new("ada"), MessageAction: "SUPPRESS", UserAttributes: []types.AttributeType{attr("email", "ada@example.com"), attr("name", "Ada")},
	}))
	ok[*cognito.AdminSetUserPasswordOutput](t)(c.admin.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{UserPoolId: c.pool.Id, Username: new("ada"), Password: new(password), Permanent: true}))
	return c
}

const site = "http://shop.auth.us-east-1.localhost:4566"

// browser keeps cookies, and shows where it is sent.
type browser struct {
	*testing.T
	http *http.Client
}

func (c *club) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{c.T, &http.Client{Transport: c.cloud.Client().Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, address string, form url.Values, headers ...string) (*http.Response, string) {
	b.Helper()
	if strings.HasPrefix(address, "/") {
		address = site + address
	}
	req, err := http.NewRequestWithContext(b.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return res, string(body)
}

// location is where the browser is sent by address.
func (b *browser) location(address string) *url.URL {
	b.Helper()
	res, body := b.do("GET", address, nil)
	u, err := res.Location()
	if err != nil {
		b.Fatalf("%s: %d %s", address, res.StatusCode, body)
	}
	return u
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// fill fills the form that the page at address shows, and sends it.
func (b *browser) fill(address string, values ...string) (*http.Response, string) {
	b.Helper()
	_, page := b.do("GET", address, nil)
	return b.submit(address, page, values...)
}

func (b *browser) submit(address, page string, values ...string) (*http.Response, string) {
	b.Helper()
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return b.do("POST", address, form)
}

// oauth is the client as golang.org/x/oauth2 has it, found by its issuer.
func (c *club) oauth(scopes ...string) (context.Context, *oauth2.Config, *oidc.Provider) {
	c.Helper()
	ctx := oidc.ClientContext(c.Context(), c.cloud.Client())
	provider, err := oidc.NewProvider(ctx, c.cloud.Endpoint+"/"+*c.pool.Id)
	if err != nil {
		c.Fatal(err)
	}
	config := &oauth2.Config{ClientID: *c.client.ClientId, Endpoint: provider.Endpoint(), RedirectURL: callback, Scopes: scopes}
	if c.client.ClientSecret != nil {
		config.ClientSecret = *c.client.ClientSecret
	}
	return ctx, config, provider
}

func TestOpenIDClientSignsItsUserIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := shop(t)
		ctx, config, provider := c.oauth("openid", "email")
		b, verifier := c.browser(), oauth2.GenerateVerifier()
		address := config.AuthCodeURL("state-1", oauth2.S256ChallengeOption(verifier), oidc.Nonce("nonce-1"))
		login := b.location(address)
		if login.Path != "/login" {
			t.Fatalf("sent to %s", login)
		}
		res, page := b.fill(login.String(), "username", "ada", "password", "wrong")
		if res.StatusCode != 200 || !strings.Contains(page, "Incorrect username or password.") {
			t.Errorf("a wrong password: %d %s", res.StatusCode, page)
		}
		res, page = b.fill(login.String(), "username", "ada", "password", password)
		back, err := res.Location()
		if err != nil || !strings.HasPrefix(back.String(), callback+"?") || back.Query().Get("state") != "state-1" {
			t.Fatalf("sent to %v: %v %s", back, err, page)
		}
		if _, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("another verifier: %v", err)
		}
		back = b.location(address) // no page: the browser has a session
		tokens := ok[*oauth2.Token](t)(config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier)))
		_, err = config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
		if err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("a code used twice: %v", err)
		}
		raw, _ := tokens.Extra("id_token").(string)
		id := ok[*oidc.IDToken](t)(provider.VerifierContext(ctx, &oidc.Config{ClientID: config.ClientID, Now: c.cloud.Clock().Now}).Verify(ctx, raw))
		if id.Nonce != "nonce-1" || id.VerifyAccessToken(tokens.AccessToken) != nil {
			t.Errorf("nonce %s, access token %v", id.Nonce, id.VerifyAccessToken(tokens.AccessToken))
		}
		said := claims(t, &raw)
		if said["email"] != "ada@example.com" || said["name"] != nil || said["cognito:username"] != "ada" {
			t.Errorf("claims: %v", said)
		}
		info := ok[*oidc.UserInfo](t)(provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens)))
		if info.Email != "ada@example.com" || info.Subject != id.Subject {
			t.Errorf("user: %+v", info)
		}
		c.cloud.Advance(2 * time.Hour)
		if b.location(address).Path != "/login" {
			t.Error("the browser's session has not ended")
		}
		tokens.Expiry = time.Now().Add(-time.Second)
		again := ok[*oauth2.Token](t)(config.TokenSource(ctx, tokens).Token())
		if a := claims(t, &again.AccessToken); a["scope"] != "openid email" || again.AccessToken == tokens.AccessToken {
			t.Errorf("refreshed: %v", a)
		}
	})
}

func TestCodeIsGoodForFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := shop(t)
		ctx, config, _ := c.oauth("openid")
		res, _ := c.browser().fill("/login?"+url.Values{"client_id": {config.ClientID}, "response_type": {"code"}, "redirect_uri": {callback}}.Encode(), "username", "ada", "password", password)
		back, _ := res.Location()
		c.cloud.Advance(5 * time.Minute)
		_, err := config.Exchange(ctx, back.Query().Get("code"))
		if err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("after five minutes: %v", err)
		}
	})
}

func TestLoginPageRefusesForgedForms(t *testing.T) {
	c := shop(t)
	b := c.browser()
	address := "/login?" + url.Values{"client_id": {*c.client.ClientId}, "response_type": {"code"}, "redirect_uri": {callback}}.Encode()
	for _, token := range []string{"", "0123456789abcdef"} {
		res, page := b.fill(address, "username", "ada", "password", password, "_csrf", token)
		if res.StatusCode != 200 || !strings.Contains(page, "Please try again") || len(res.Cookies()) > 1 {
			t.Errorf("token %q: %d %s", token, res.StatusCode, page)
		}
	}
}

func TestLoginPageReplacesTemporaryPasswords(t *testing.T) {
	c := shop(t)
	ok[*cognito.AdminSetUserPasswordOutput](t)(c.admin.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{UserPoolId: c.pool.Id, Username: new("ada"), Password: new(password)}))
	b := c.browser()
	address := "/login?" + url.Values{"client_id": {*c.client.ClientId}, "response_type": {"code"}, "redirect_uri": {callback}}.Encode()
	_, page := b.fill(address, "username", "ada", "password", password)
	_, page = b.submit(address, page, "new_password", "short")
	if !strings.Contains(page, "Password not long enough") {
		t.Fatalf("a short password: %s", page)
	}
	res, page := b.submit(address, page, "new_password", "An0ther-one")
	if back, err := res.Location(); err != nil || back.Query().Get("code") == "" {
		t.Errorf("not sent back: %v %s", err, page)
	}
}

func TestBrowserSignsOut(t *testing.T) {
	c := shop(t)
	b := c.browser()
	query := url.Values{"client_id": {*c.client.ClientId}, "response_type": {"token"}, "redirect_uri": {callback}, "scope": {"openid"}, "state": {"s"}}
	b.fill("/login?"+query.Encode(), "username", "ada", "password", password)
	back := b.location("/oauth2/authorize?" + query.Encode())
	said, err := url.ParseQuery(back.Fragment)
	if err != nil || said.Get("access_token") == "" || said.Get("id_token") == "" || said.Get("expires_in") != "3600" || said.Get("state") != "s" || said.Get("refresh_token") != "" {
		t.Errorf("implicit: %s", back)
	}
	out := url.Values{"client_id": {*c.client.ClientId}, "logout_uri": {"https://evil.example.com"}}
	if to := b.location("/logout?" + out.Encode()); to.Path != "/error" {
		t.Errorf("a stranger's address: %s", to)
	}
	b.fill("/login?"+query.Encode(), "username", "ada", "password", password)
	out.Set("logout_uri", "https://app.example.com/out")
	if to := b.location("/logout?" + out.Encode()); to.String() != out.Get("logout_uri") {
		t.Errorf("sent to %s", to)
	}
	if to := b.location("/oauth2/authorize?" + query.Encode()); to.Path != "/login" {
		t.Errorf("after signing out: %s", to)
	}
	query.Set("prompt", "none")
	if to := b.location("/oauth2/authorize?" + query.Encode()); !strings.Contains(to.Fragment, "error=login_required") {
		t.Errorf("without a prompt: %s", to)
	}
}

func TestAuthorizationIsRefused(t *testing.T) {
	c := shop(t)
	b := c.browser()
	for change, want := range map[string]string{
		"redirect_uri=https://evil.example.com": "/error?client_id=" + *c.client.ClientId + "&error=redirect_mismatch",
		"client_id=nobody":                      "/error?client_id=nobody&error=invalid_client",
		"response_type=":                        "/error?client_id=" + *c.client.ClientId + "&error=invalid_request",
		"scope=phone":                           callback + "?error=invalid_scope&state=s",
		"response_type=id_token":                callback + "?error=unsupported_response_type&state=s",
		"identity_provider=Nope":                callback + "?error=invalid_request&state=s",
		"idp_identifier=nope.example":           callback + "?error=invalid_request&state=s",
		"code_challenge=x":                      callback + "?error=invalid_request&state=s",
	} {
		query := url.Values{"client_id": {*c.client.ClientId}, "response_type": {"code"}, "redirect_uri": {callback}, "state": {"s"}}
		name, value, _ := strings.Cut(change, "=")
		query.Set(name, value)
		if to := b.location("/oauth2/authorize?" + query.Encode()); to.String() != want && to.String() != site+want {
			t.Errorf("%s: sent to %s, want %s", change, to, want)
		}
	}
	if res, page := b.do("GET", "/error?error=redirect_mismatch", nil); res.StatusCode != 400 || !strings.Contains(page, "redirect_mismatch") {
		t.Errorf("error page: %d %s", res.StatusCode, page)
	}
	if res, _ := b.do("GET", "http://none.auth.us-east-1.localhost:4566/login", nil); res.StatusCode != 404 {
		t.Errorf("a domain of nobody: %d", res.StatusCode)
	}
}

func TestMachineGetsTokensForItsScopes(t *testing.T) {
	c := newClub(t, &cognito.CreateUserPoolInput{}, &cognito.CreateUserPoolClientInput{})
	orders(t, c.admin, c.pool.Id)
	ok[*cognito.CreateUserPoolDomainOutput](t)(c.admin.CreateUserPoolDomain(t.Context(), &cognito.CreateUserPoolDomainInput{UserPoolId: c.pool.Id, Domain: new("shop")}))
	c.client = ok[*cognito.CreateUserPoolClientOutput](t)(c.admin.CreateUserPoolClient(t.Context(), &cognito.CreateUserPoolClientInput{
		UserPoolId: c.pool.Id, ClientName: new("machine"), GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []types.OAuthFlowType{"client_credentials"},
		AllowedOAuthScopes: []string{"https://orders/read", "https://orders/write"},
	})).UserPoolClient
	b := c.browser()
	ask := func(change ...string) (int, map[string]any) {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {*c.client.ClientId}, "client_secret": {*c.client.ClientSecret}}
		for i := 0; i < len(change); i += 2 {
			form.Set(change[i], change[i+1])
		}
		res, body := b.do("POST", "/oauth2/token", form)
		var said map[string]any
		if err := json.Unmarshal([]byte(body), &said); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return res.StatusCode, said
	}
	status, said := ask()
	token, _ := said["access_token"].(string)
	if a := claims(t, &token); status != 200 || a["scope"] != "https://orders/read https://orders/write" || a["sub"] != *c.client.ClientId || a["client_id"] != a["sub"] || said["id_token"] != nil || said["refresh_token"] != nil {
		t.Errorf("%d %v: %v", status, said, a)
	}
	for _, wrong := range [][3]string{
		{"client_secret", "x", "invalid_client"}, {"client_id", "x", "invalid_client"}, {"client_id", "", "invalid_request"}, {"scope", "https://orders/none", "invalid_scope"},
		{"grant_type", "password", "unsupported_grant_type"}, {"grant_type", "authorization_code", "unauthorized_client"}, {"grant_type", "", "invalid_request"},
	} {
		if status, said := ask(wrong[0], wrong[1]); status != 400 || said["error"] != wrong[2] {
			t.Errorf("%s=%s: %d %v, want %s", wrong[0], wrong[1], status, said, wrong[2])
		}
	}
	res, body := b.do("GET", "/oauth2/userInfo", nil, "Authorization", "Bearer "+token)
	if res.StatusCode != 401 || !strings.Contains(res.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("a machine's user: %d %s", res.StatusCode, body)
	}
}

// Programs in browsers exchange codes from pages of other origins.
func TestPagesOfOtherOriginsMayCall(t *testing.T) {
	b := shop(t).browser()
	res, _ := b.do("OPTIONS", "/oauth2/token", nil, "Origin", "https://app.example.com", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
	if res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(res.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("the question: %d %v", res.StatusCode, res.Header)
	}
	res, body := b.do("POST", "/oauth2/token", url.Values{"grant_type": {"authorization_code"}}, "Origin", "https://app.example.com")
	if res.StatusCode != 400 || body != `{"error":"invalid_request"}` || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("the answer: %d %s %v", res.StatusCode, body, res.Header)
	}
	res, _ = b.do("GET", "/login?client_id=x&response_type=code", nil, "Origin", "https://app.example.com")
	if res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a page of another origin reads the form, and what is hidden in it")
	}
}

func TestRevokedRefreshTokenEndsItsTokens(t *testing.T) {
	c := shop(t)
	ctx, config, provider := c.oauth("openid")
	res, _ := c.browser().fill("/login?"+url.Values{"client_id": {config.ClientID}, "response_type": {"code"}, "redirect_uri": {callback}}.Encode(), "username", "ada", "password", password)
	back, _ := res.Location()
	tokens := ok[*oauth2.Token](t)(config.Exchange(ctx, back.Query().Get("code")))
	revoke := func(token, secret string) (int, string) {
		res, body := c.browser().do("POST", "/oauth2/revoke", url.Values{"token": {token}, "client_id": {config.ClientID}, "client_secret": {secret}})
		return res.StatusCode, body
	}
	if status, body := revoke(tokens.RefreshToken, "wrong"); status != 401 || !strings.Contains(body, "invalid_client") {
		t.Errorf("by a wrong secret: %d %s", status, body)
	}
	if status, body := revoke(tokens.AccessToken, config.ClientSecret); status != 400 || !strings.Contains(body, "unsupported_token_type") {
		t.Errorf("an access token: %d %s", status, body)
	}
	ok[*oidc.UserInfo](t)(provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens)))
	if status, body := revoke(tokens.RefreshToken, config.ClientSecret); status != 200 || body != "" {
		t.Errorf("revoked: %d %s", status, body)
	}
	if _, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens)); err == nil {
		t.Error("the access token is still good")
	}
}
