package cognitoidp_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// verified is a shop that verifies mail addresses of its own.
func verified(t *testing.T, option types.DefaultEmailOptionType) *club {
	c := shop(t)
	ok[*cognito.UpdateUserPoolOutput](t)(c.admin.UpdateUserPool(t.Context(), &cognito.UpdateUserPoolInput{
		UserPoolId: c.pool.Id, AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}, VerificationMessageTemplate: &types.VerificationMessageTemplateType{DefaultEmailOption: option},
	}))
	return c
}

// to is the address of a page, for the club's client.
func (c *club) to(page string) string {
	return page + "?" + url.Values{"client_id": {*c.client.ClientId}, "response_type": {"code"}, "redirect_uri": {callback}}.Encode()
}

func sentBack(t *testing.T, res *http.Response, page string) {
	t.Helper()
	if back, err := res.Location(); err != nil || back.Query().Get("code") == "" {
		t.Errorf("not sent back: %v %s", err, page)
	}
}

func TestUserSignsUpOnThePage(t *testing.T) {
	c := verified(t, "CONFIRM_WITH_CODE")
	b := c.browser()
	_, login := b.do("GET", c.to("/login"), nil)
	link := regexp.MustCompile(`href="(/signup\?[^"]*)"`).FindStringSubmatch(login)
	if link == nil {
		t.Fatalf("no link: %s", login)
	}
	address := strings.ReplaceAll(link[1], "&amp;", "&")
	_, page := b.fill(address, "username", "grace", "password", "short", "attribute.email", "grace@example.com")
	if !strings.Contains(page, "Password not long enough") {
		t.Fatalf("a short password: %s", page)
	}
	_, page = b.fill(address, "username", "grace", "password", password, "attribute.email", "grace@example.com")
	letter, code := c.letter()
	if !strings.Contains(page, "g***@e***") || letter.To != "grace@example.com" {
		t.Fatalf("after sign-up: %s, %+v", page, letter)
	}
	_, asked := b.fill(c.to("/login"), "username", "grace", "password", password)
	if !strings.Contains(asked, `value="CONFIRM_SIGN_UP"`) {
		t.Errorf("an unconfirmed user is not asked for the code: %s", asked)
	}
	if _, page = b.submit(address, page, "code", code); !strings.Contains(page, "Your registration has been confirmed!") {
		t.Fatalf("after the code: %s", page)
	}
	res, page := b.submit(address, page, "username", "grace", "password", password)
	sentBack(t, res, page)
}

func TestUserResetsThePasswordOnThePage(t *testing.T) {
	c := verified(t, "CONFIRM_WITH_CODE")
	ok[*cognito.AdminUpdateUserAttributesOutput](t)(c.admin.AdminUpdateUserAttributes(t.Context(), &cognito.AdminUpdateUserAttributesInput{
		UserPoolId: c.pool.Id, Username: new("ada"), UserAttributes: []types.AttributeType{attr("email", "ada@example.com"), attr("email_verified", "true")},
	}))
	b := c.browser()
	_, page := b.fill(c.to("/forgotPassword"), "username", "ada")
	_, code := c.letter()
	if _, page = b.submit(c.to("/forgotPassword"), page, "code", code, "new_password", "An0ther-one"); !strings.Contains(page, "Your password has been changed.") {
		t.Fatalf("after the code: %s", page)
	}
	res, page := b.submit(c.to("/forgotPassword"), page, "username", "ada", "password", "An0ther-one")
	sentBack(t, res, page)
}

func TestUserConfirmsByALink(t *testing.T) {
	c := verified(t, "CONFIRM_WITH_LINK")
	b := c.browser()
	b.fill(c.to("/signup"), "username", "grace", "password", password, "attribute.email", "grace@example.com")
	letter, _ := c.letter()
	link := regexp.MustCompile(`<a href="([^"]+)">Verify Email</a>`).FindStringSubmatch(letter.Body)
	if link == nil || letter.Subject != "Your verification link" || !strings.HasPrefix(link[1], site+"/confirmUser?") {
		t.Fatalf("letter: %+v", letter)
	}
	if res, page := b.do("GET", link[1], nil); res.StatusCode != 200 || !strings.Contains(page, "Your registration has been confirmed!") {
		t.Errorf("the link: %d %s", res.StatusCode, page)
	}
	if u := c.get("grace"); u.UserStatus != "CONFIRMED" || value(u.UserAttributes, "email_verified") != "true" {
		t.Errorf("user: %+v", u)
	}
	if res, _ := b.do("GET", link[1], nil); res.StatusCode != 400 {
		t.Errorf("the link again: %d", res.StatusCode)
	}
}
