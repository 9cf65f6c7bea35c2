package cognitoidp

import (
	"context"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// What the pages ask beside the challenges of signing in.
const (
	askSignUp  = "SIGN_UP"
	askConfirm = "CONFIRM_SIGN_UP"
	askForgot  = "FORGOT_PASSWORD"
	askReset   = "CONFIRM_FORGOT_PASSWORD"
)

// showSignUp shows the page of signing up.
func (s *Service) showSignUp(ctx context.Context, v *visit) (*reply, error) {
	return s.showForm(ctx, v, askSignUp)
}

// showForgot shows the page of forgotten passwords.
func (s *Service) showForgot(ctx context.Context, v *visit) (*reply, error) {
	return s.showForm(ctx, v, askForgot)
}

// offer says what a page offers the client's users.
func (f *form) offer(a *asking) {
	p := a.pool.settings
	f.Own, f.Others, f.Query = a.own(), a.others(), template.URL(a.query.Encode()) //nolint:gosec // it is encoded
	f.Join = !*p.AdminCreateUserConfig.AllowAdminCreateUserOnly
	for i := range p.SchemaAttributes {
		rule := &p.SchemaAttributes[i]
		name := *rule.Name
		sent := slices.Contains(p.AutoVerifiedAttributes, cognitoidp.VerifiedAttributeType(name))
		isName := slices.Contains(p.UsernameAttributes, cognitoidp.UsernameAttributeType(name))
		if name != "sub" && !isName && (*rule.Required || sent) {
			f.Fields = append(f.Fields, name)
		}
	}
	if a.Secret != "" {
		f.hash = new(a.hash(f.Name))
	}
}

// hash is the secret hash of a name.
func (c *client) hash(name string) string {
	return base64.StdEncoding.EncodeToString(mac([]byte(c.Secret), []byte(name), []byte(c.ID)))
}

// fieldPrefix begins the names of a form's attributes.
const fieldPrefix = "attribute."

// join takes what users enter before they can sign in, and says what is asked next.
func (s *Service) join(ctx context.Context, v *visit, f *form) error {
	id, code, in := v.query.Get("client_id"), v.form.Get("code"), v.form
	switch f.Challenge {
	case askSignUp:
		request := &cognitoidp.SignUpInput{ClientId: id, SecretHash: f.hash, Username: f.Name, Password: new(in.Get("password"))}
		for _, name := range f.Fields {
			request.UserAttributes = append(request.UserAttributes, cognitoidp.AttributeType{Name: name, Value: new(in.Get(fieldPrefix + name))})
		}
		out, err := s.SignUp(ctx, request)
		switch {
		case err != nil:
			return err
		case out.UserConfirmed:
			f.Challenge, f.Notice = "", "You have signed up. Sign in now."
		case out.CodeDeliveryDetails == nil:
			f.Challenge, f.Notice = "", "You have signed up. You can sign in once you are confirmed."
		default:
			f.Challenge, f.Notice = askConfirm, "We have sent a code to "+deref(out.CodeDeliveryDetails.Destination)+"."
		}
	case askConfirm:
		_, err := s.ConfirmSignUp(ctx, &cognitoidp.ConfirmSignUpInput{ClientId: id, SecretHash: f.hash, Username: f.Name, ConfirmationCode: code})
		if err != nil {
			return err
		}
		f.Challenge, f.Notice = "", confirmedNotice
	case askForgot:
		out, err := s.ForgotPassword(ctx, &cognitoidp.ForgotPasswordInput{ClientId: id, SecretHash: f.hash, Username: f.Name})
		if err != nil {
			return err
		}
		f.Challenge, f.Notice = askReset, "We have sent a code to "+deref(out.CodeDeliveryDetails.Destination)+"."
	default:
		_, err := s.ConfirmForgotPassword(ctx, &cognitoidp.ConfirmForgotPasswordInput{ClientId: id, SecretHash: f.hash, Username: f.Name, ConfirmationCode: code, Password: in.Get("new_password")})
		if err != nil {
			return err
		}
		f.Challenge, f.Notice = "", "Your password has been changed. Sign in now."
	}
	return nil
}

const confirmedNotice = "Your registration has been confirmed!"

// isJoin reports whether join takes the answer.
func isJoin(challenge string) bool {
	return challenge == askSignUp || challenge == askConfirm || challenge == askForgot || challenge == askReset
}

// linkPlace is where a link goes in a message.
// AWS: "Configuring email or phone verification", confirmation by link.
var linkPlace = regexp.MustCompile(`\{##([^#]*)##\}`)

// linkCode puts a link that confirms the user in place of the letter's code.
func (s *Service) linkCode(ctx context.Context, u *user, d *draft) error {
	t := u.pool.settings.VerificationMessageTemplate
	domain := s.domainURL(ctx, u.pool)
	if domain == "" {
		return invalid("User pool has no domain, which confirmation by link needs.")
	}
	q := url.Values{"client_id": {u.caller.client}, "user_name": {u.Name}, "confirmation_code": {d.code}}
	link := domain + "/confirmUser?" + q.Encode()
	d.Subject = or(t.EmailSubjectByLink, "Your verification link")
	d.Body = linkPlace.ReplaceAllStringFunc(or(t.EmailMessageByLink, "Please click the link below to verify your email address. {##Verify Email##}"), func(place string) string {
		return `<a href="` + link + `">` + linkPlace.FindStringSubmatch(place)[1] + `</a>`
	})
	return nil
}

// confirmUser confirms who has followed a link.
func (s *Service) confirmUser(ctx context.Context, v *visit) (*reply, error) {
	q := v.query
	var hash *string
	known := false
	err := s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		c, err := p.client(tx, q.Get("client_id"))
		if known = err == nil; known && c.Secret != "" {
			hash = new(c.hash(q.Get("user_name")))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !known {
		return show(http.StatusBadRequest, "error", "invalid_request")
	}
	_, err = s.ConfirmSignUp(ctx, &cognitoidp.ConfirmSignUpInput{ClientId: q.Get("client_id"), SecretHash: hash, Username: q.Get("user_name"), ConfirmationCode: q.Get("confirmation_code")})
	if told, ok := publicError(err); ok {
		return show(http.StatusBadRequest, "error", told.Message)
	}
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, "notice", confirmedNotice)
}
