package cognitoidp

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// The cookies of a domain.
const (
	stayCookie = "cognito"    // that of a user who has signed in
	xsrfCookie = "XSRF-TOKEN" // must come back in the form, which other sites cannot read
	xsrfField  = "_csrf"
)

func (v *visit) cookie(name string) string {
	c, err := v.request.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func (v *visit) setCookie(r *reply, c *http.Cookie) {
	c.Path, c.HttpOnly, c.SameSite, c.Secure = "/", true, http.SameSiteLaxMode, v.request.TLS != nil
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Add("Set-Cookie", c.String())
}

// staying is the user who has signed in with the browser; nil for none.
func (v *visit) staying(tx kv.Tx, p *pool) (*user, *stay) {
	t, ok := parseTicket(v.cookie(stayCookie))
	if !ok || t.pool != p.at.ID {
		return nil, nil
	}
	u, ok := p.bySub(tx, t.sub)
	if !ok || u.Disabled {
		return nil, nil
	}
	since, ok := stays.Get(tx, u.stayKey(t))
	if !ok || !tx.Now().Before(since.Until) {
		return nil, nil
	}
	return u, since
}

// showLogin shows the page of signing in.
func (s *Service) showLogin(ctx context.Context, v *visit) (*reply, error) {
	return s.showForm(ctx, v, "")
}

// showForm shows a page that asks for something.
func (s *Service) showForm(ctx context.Context, v *visit, challenge string) (r *reply, err error) {
	f := form{Name: v.query.Get("login_hint"), Challenge: challenge}
	if r, err = s.offered(ctx, v, &f); err != nil || r != nil {
		return r, err
	}
	return s.page(v, f)
}

// offered completes a form, unless the request for authorization is wrong.
func (s *Service) offered(ctx context.Context, v *visit, f *form) (r *reply, err error) {
	asked := *f
	err = s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		*f = asked
		var a *asking
		if a, r = ask(tx, p, v.query); r == nil {
			f.offer(a)
		}
		return nil
	})
	return r, err
}

// other is another provider, and the way to it.
type other struct{ Name, Link string }

// own reports whether users may sign in with the pool itself.
func (a *asking) own() bool {
	supported := a.settings.SupportedIdentityProviders
	return len(supported) == 0 || slices.Contains(supported, ownProvider)
}

// others are the providers that a user may choose instead.
func (a *asking) others() (all []other) {
	for _, name := range a.settings.SupportedIdentityProviders {
		if name != ownProvider {
			q := maps.Clone(a.query)
			q.Set("identity_provider", name)
			all = append(all, other{name, "/oauth2/authorize?" + q.Encode()})
		}
	}
	return all
}

// takeLogin takes what a user has entered into a page.
func (s *Service) takeLogin(ctx context.Context, v *visit) (*reply, error) {
	f := form{Name: v.form.Get("username"), Secret: v.form.Get("secret"), Choices: v.form["choice"]}
	if r, err := s.offered(ctx, v, &f); err != nil || r != nil {
		return r, err
	}
	if token := v.cookie(xsrfCookie); token == "" || token != v.form.Get(xsrfField) || !f.Own {
		f.Problem = "Your session has expired. Please try again."
		return s.page(v, f)
	}
	if f.Challenge = v.form.Get("challenge"); isJoin(f.Challenge) {
		if err := s.join(ctx, v, &f); err != nil {
			return s.again(v, f, err)
		}
		return s.page(v, f)
	}
	st, err := s.enter(ctx, v)
	switch {
	case err != nil:
		return s.again(v, f, err)
	case st.challenge != "":
		return s.asks(ctx, v, f, st)
	}
	return s.entered(ctx, v, st.passed)
}

// again asks once more, and tells what was wrong.
func (s *Service) again(v *visit, f form, err error) (*reply, error) {
	refusal, ok := publicError(err)
	if !ok {
		return nil, err
	}
	f.Problem, f.Session = refusal.Message, v.form.Get("session")
	switch refusal.Code {
	case "NotAuthorizedException": // a session would be of no use any more
		f.Challenge = ""
	case "UserNotConfirmedException":
		f.Challenge = askConfirm
	case "PasswordResetRequiredException":
		f.Challenge = askReset
	}
	return s.page(v, f)
}

// publicError is an error that may be told.
func publicError(err error) (*aws.Error, bool) {
	var refusal *aws.Error
	ok := errors.As(err, &refusal)
	return refusal, ok
}

// enter takes one step of a sign-in by the page.
func (s *Service) enter(ctx context.Context, v *visit) (step, error) {
	e := &entry{client: v.query.Get("client_id"), hosted: true, values: map[string]string{
		"USERNAME": v.form.Get("username"), "PASSWORD": v.form.Get("password"), "NEW_PASSWORD": v.form.Get("new_password"), "ANSWER": v.form.Get("answer"),
	}}
	challenge, session := v.form.Get("challenge"), v.form.Get("session")
	if name := factorAnswer(challenge); name != "" {
		e.values[name] = v.form.Get("code")
	}
	switch cognitoidp.ChallengeNameType(challenge) {
	case "":
		return s.begun(ctx, e, cognitoidp.AuthFlowTypeUSERPASSWORDAUTH)
	case cognitoidp.ChallengeNameTypeMFASETUP:
		done, err := s.VerifySoftwareToken(ctx, &cognitoidp.VerifySoftwareTokenInput{Session: &session, UserCode: v.form.Get("code")})
		if err != nil {
			return step{}, err
		}
		session = deref(done.Session)
	}
	return s.answered(ctx, e, cognitoidp.ChallengeNameType(challenge), session)
}

// asks shows what a sign-in needs next.
func (s *Service) asks(ctx context.Context, v *visit, f form, st step) (*reply, error) {
	f.Challenge, f.Session = string(st.challenge), deref(st.session)
	switch st.challenge {
	case cognitoidp.ChallengeNameTypeSELECTMFATYPE:
		f.Choices = nil
		if err := json.Unmarshal([]byte(st.parameters["MFAS_CAN_CHOOSE"]), &f.Choices); err != nil {
			return nil, err
		}
	case cognitoidp.ChallengeNameTypeMFASETUP:
		device, err := s.AssociateSoftwareToken(ctx, &cognitoidp.AssociateSoftwareTokenInput{Session: st.session})
		if err != nil {
			return nil, err
		}
		f.Secret, f.Session = *device.SecretCode, *device.Session
	}
	return s.page(v, f)
}

// entered lets the browser of a user who has signed in back to the client, and
// remembers it.
func (s *Service) entered(ctx context.Context, v *visit, passed *user) (*reply, error) {
	var since *stay
	var cookie string
	if err := s.postAuthenticate(ctx, passed); err != nil {
		return nil, err
	}
	err := s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		u, ok := p.bySub(tx, passed.Sub)
		if !ok {
			return disabled()
		}
		for key, old := range stays.Scan(tx, kv.Prefix(u.stays())) {
			if !tx.Now().Before(old.Until) {
				stays.Delete(tx, key)
			}
		}
		t := s.newTicket(u)
		since, cookie = &stay{At: tx.Now(), Until: tx.Now().Add(stayTime)}, t.text
		stays.Put(tx, u.stayKey(t), since)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r, err := s.authorized(ctx, v, passed, since)
	if err == nil {
		v.setCookie(r, &http.Cookie{Name: stayCookie, Value: cookie})
	}
	return r, err
}

// logOut ends the browser's sign-in, and goes to an address of the client's, or to
// the page of signing in again.
// AWS: "Logout endpoint".
func (s *Service) logOut(ctx context.Context, v *visit) (r *reply, err error) {
	q := v.query
	err = s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		c, err := p.client(tx, q.Get("client_id"))
		to := q.Get("logout_uri")
		switch {
		case err != nil:
			r = wrong("invalid_client", q.Get("client_id"))
			return nil
		case to == "" && q.Get("redirect_uri") != "":
			r = sentTo("/login?" + q.Encode())
		case !slices.Contains(c.settings.LogoutURLs, to):
			r = wrong("invalid_request", c.ID)
			return nil
		default:
			r = (&asking{client: c, query: q, redirect: to}).back(url.Values{})
		}
		if u, _ := v.staying(tx, p); u != nil {
			t, _ := parseTicket(v.cookie(stayCookie))
			stays.Delete(tx, u.stayKey(t))
		}
		return nil
	})
	if err == nil {
		v.setCookie(r, &http.Cookie{Name: stayCookie, MaxAge: -1})
	}
	return r, err
}
