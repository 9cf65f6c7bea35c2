package cognitoidp

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// What codes are for. One of an attribute is for its name as well.
const (
	forSignUp    = "signup"
	forPassword  = "password"
	forAttribute = "attribute:"
)

const (
	codeAlphabet = "0123456789"
	codeDigits   = 6
)

const (
	email = "email"
	phone = "phone_number"
)

// Letter is a message for a user, which never leaves this cloud.
type Letter struct {
	SMS               bool // a text message; otherwise a mail
	To, Subject, Body string
}

// errand is a code to be sent.
type errand struct {
	purpose string
	via     string // the attribute to send it to: email or phone_number
	to      string // its value, which may not be the user's yet
	good    time.Duration
	why     string // of the letter
}

// sendCode makes a code and sends it, in place of an earlier one for the same.
func (s *Service) sendCode(ctx context.Context, tx kv.Tx, u *user, e errand) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if !u.tally(tx, "send:"+e.purpose, maxCodesSent) {
		return nil, attemptLimit()
	}
	c := &code{Code: aws.Text(s.Random, codeAlphabet, codeDigits), Until: tx.Now().Add(e.good), To: e.to, Via: e.via}
	codes.Put(tx, u.codeKey(e.purpose), c)
	t := u.pool.settings.VerificationMessageTemplate
	l := draft{Letter: Letter{SMS: e.via == phone, To: e.to, Body: or(t.EmailMessage, "Your confirmation code is {####}")}, code: c.Code, why: e.why}
	if l.SMS {
		l.Body = or(t.SmsMessage, "Your verification code is {####}")
	} else {
		l.Subject = or(t.EmailSubject, "Your verification code")
	}
	if e.purpose == forSignUp && !l.SMS && t.DefaultEmailOption == cognitoidp.DefaultEmailOptionTypeCONFIRMWITHLINK {
		if err := s.linkCode(ctx, u, &l); err != nil {
			return nil, err
		}
	}
	s.send(ctx, tx, u, l)
	return delivery(e.via, e.to), nil
}

// delivery tells where a code went, without telling an address to who does not know it.
func delivery(via, to string) *cognitoidp.CodeDeliveryDetailsType {
	d := &cognitoidp.CodeDeliveryDetailsType{AttributeName: &via, DeliveryMedium: cognitoidp.DeliveryMediumTypeEMAIL}
	if via == phone {
		const shown = 4
		d.DeliveryMedium = cognitoidp.DeliveryMediumTypeSMS
		d.Destination = new("+" + strings.Repeat("*", max(len(to)-1-shown, 0)) + to[max(len(to)-shown, 0):])
		return d
	}
	local, domain, _ := strings.Cut(to, "@")
	d.Destination = new(first(local) + "***@" + first(domain) + "***")
	return d
}

func first(s string) string {
	for _, c := range s {
		return string(c)
	}
	return ""
}

// tally counts one more of what, and reports whether it was within most in this hour.
func (u *user) tally(tx kv.Tx, what string, most int32) bool {
	key := u.tallyKey(what)
	t, ok := tallies.Get(tx, key)
	if !ok || tx.Now().Sub(t.Since) >= tallyTime {
		t = &tally{Since: tx.Now()}
	}
	if t.Count >= most {
		return false
	}
	t.Count++
	tallies.Put(tx, key, t)
	return true
}

func attemptLimit() error {
	return cognitoidp.ErrLimitExceededException("Attempt limit exceeded, please try after some time.")
}

// takeCode checks a code that a user tells back, and uses it up. A wrong one is
// counted, by a kept error.
func (u *user) takeCode(tx kv.Tx, purpose, given string) (*code, error) {
	if !u.tally(tx, "try:"+purpose, maxCodesTried) {
		return nil, attemptLimit()
	}
	c, ok := codes.Get(tx, u.codeKey(purpose))
	switch {
	case !ok || !tx.Now().Before(c.Until):
		return nil, kept{expiredCode()}
	case subtle.ConstantTimeCompare([]byte(c.Code), []byte(given)) != 1:
		return nil, kept{cognitoidp.ErrCodeMismatchException("Invalid verification code provided, please try again.")}
	}
	codes.Delete(tx, u.codeKey(purpose))
	tallies.Delete(tx, u.tallyKey("try:"+purpose))
	tallies.Delete(tx, u.tallyKey("send:"+purpose))
	return c, nil
}

func expiredCode() error {
	return cognitoidp.ErrExpiredCodeException("Invalid code provided, please request a code again.")
}
