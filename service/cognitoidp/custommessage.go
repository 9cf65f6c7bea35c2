package cognitoidp

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// draft is a letter with places for its code and name.
type draft struct {
	Letter
	code, name string
	why        string // as the pool's function is told
}

// Places in the texts of letters.
const (
	codePlace = "{####}"
	namePlace = "{username}"
)

func (d *draft) filled() *Letter {
	l := d.Letter
	l.Body = strings.NewReplacer(codePlace, d.code, namePlace, d.name).Replace(l.Body)
	return &l
}

// send posts a letter to the user, or lets it wait for the pool's function, which may
// write it anew.
func (s *Service) send(ctx context.Context, tx kv.Tx, u *user, d draft) {
	d.name = u.Name
	if u.pool.triggers().CustomMessage != nil {
		u.waiting = append(u.waiting, d)
		return
	}
	s.Post(ctx, tx, u.pool.at.Scope, d.filled())
}

// deliver posts the letters that have waited, once what they are about is committed.
// AWS: "Custom message Lambda trigger". An error is told to the caller, and undoes nothing.
func (s *Service) deliver(ctx context.Context, u *user) error {
	if u == nil {
		return nil
	}
	for i := range u.waiting {
		d := &u.waiting[i]
		if err := s.rewrite(ctx, u, d); err != nil {
			return err
		}
		err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
			s.Post(ctx, tx, u.pool.at.Scope, d.filled())
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rewrite lets the pool's function write a letter.
func (s *Service) rewrite(ctx context.Context, u *user, d *draft) error {
	request := map[string]any{"userAttributes": u.told(), "codeParameter": codePlace, "usernameParameter": nil}
	if d.why == invitation {
		request["usernameParameter"] = namePlace
	}
	var said struct {
		SMS     *string `json:"smsMessage"`
		Mail    *string `json:"emailMessage"`
		Subject *string `json:"emailSubject"`
	}
	if err := s.call(ctx, u.occasion("CustomMessage", u.pool.triggers().CustomMessage, d.why), request, &said); err != nil {
		return err
	}
	body := said.Mail
	if d.SMS {
		body = said.SMS
	}
	if body != nil && !strings.Contains(*body, codePlace) {
		return cognitoidp.ErrInvalidLambdaResponseException("Unrecognizable lambda output")
	}
	d.Body, d.Subject = or(body, d.Body), or(said.Subject, d.Subject)
	if d.SMS {
		d.Subject = ""
	}
	return nil
}

// Why letters are sent.
const (
	atSignUp       = "SignUp"
	resend         = "ResendCode"
	forgotten      = "ForgotPassword"
	changedAddress = "UpdateUserAttribute"
	askedToVerify  = "VerifyUserAttribute"
	invitation     = "AdminCreateUser"
	secondFactor   = "Authentication"
)
