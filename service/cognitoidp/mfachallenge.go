package cognitoidp

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// factor is what comes after the password and the device: nothing, or another factor.
// AWS: "Adding MFA to a user pool".
func (s *Service) factor(ctx context.Context, tx kv.Tx, g guest) (step, error) {
	required := g.pool.settings.MfaConfiguration == cognitoidp.UserPoolMfaTypeON
	if !required && g.pool.settings.MfaConfiguration != cognitoidp.UserPoolMfaTypeOPTIONAL {
		return step{passed: g.user}, nil
	}
	usable := g.usable(required)
	switch {
	case slices.Contains(usable, g.Factors.Preferred):
		return s.challenge(ctx, tx, g, g.Factors.Preferred)
	case len(usable) == 1:
		return s.challenge(ctx, tx, g, usable[0])
	case len(usable) > 1:
		t := s.open(tx, g.at, g.user, attempt{Step: string(cognitoidp.ChallengeNameTypeSELECTMFATYPE)})
		return step{challenge: cognitoidp.ChallengeNameTypeSELECTMFATYPE, session: &t.text, parameters: map[string]string{
			"USER_ID_FOR_SRP": g.Name, "MFAS_CAN_CHOOSE": list(usable),
		}}, nil
	case !required:
		return step{passed: g.user}, nil
	case !slices.Contains(g.pool.factors(), byTOTP):
		return step{}, cognitoidp.ErrNotAuthorizedException("User has no factor that the user pool requires.")
	}
	t := s.open(tx, g.at, g.user, attempt{Step: string(cognitoidp.ChallengeNameTypeMFASETUP)})
	return step{challenge: cognitoidp.ChallengeNameTypeMFASETUP, session: &t.text, parameters: map[string]string{
		"USER_ID_FOR_SRP": g.Name, "MFAS_CAN_SETUP": list([]string{byTOTP}),
	}}, nil
}

func list(names []string) string {
	b, _ := json.Marshal(names) //nolint:errchkjson // texts
	return string(b)
}

// usable are the factors that the user has turned on, and, where one is required, any
// that it has.
func (u *user) usable(required bool) (names []string) {
	for _, name := range u.pool.factors() {
		on := slices.Contains(u.Factors.Enabled, name)
		if (on || required && len(u.Factors.Enabled) == 0) && u.reachable(name) {
			names = append(names, name)
		}
	}
	return names
}

// challenge asks for a factor. A code that is sent is kept with the session.
func (s *Service) challenge(ctx context.Context, tx kv.Tx, g guest, factor string) (step, error) {
	a, parameters := attempt{Step: factor}, map[string]string{"USER_ID_FOR_SRP": g.Name}
	if factor == byTOTP {
		if g.Factors.Device != "" {
			parameters["FRIENDLY_DEVICE_NAME"] = g.Factors.Device
		}
	} else {
		via := map[string]string{bySMS: phone, firstSMS: phone, byEmail: email}[factor]
		a.Code = aws.Text(s.Random, codeAlphabet, codeDigits)
		l := draft{Letter: Letter{SMS: via == phone, To: g.Attributes[via], Body: or(g.pool.settings.SmsAuthenticationMessage, "Your authentication code is {####}.")}, code: a.Code, why: secondFactor}
		if !l.SMS {
			m := orNew(g.pool.mfa.EmailMfaConfiguration)
			l.Subject, l.Body = or(m.Subject, "Your authentication code"), or(m.Message, "Your authentication code is {####}.")
		}
		s.send(ctx, tx, g.user, l)
		d := delivery(via, l.To)
		parameters["CODE_DELIVERY_DELIVERY_MEDIUM"], parameters["CODE_DELIVERY_DESTINATION"] = string(d.DeliveryMedium), *d.Destination
	}
	t := s.open(tx, g.at, g.user, a)
	return step{challenge: cognitoidp.ChallengeNameType(factor), session: &t.text, parameters: parameters, asked: g.user}, nil
}

// factorAnswer is the parameter that answers a challenge.
func factorAnswer(factor string) string {
	return map[string]string{bySMS: "SMS_MFA_CODE", firstSMS: "SMS_OTP_CODE", byTOTP: "SOFTWARE_TOKEN_MFA_CODE", byEmail: "EMAIL_OTP_CODE"}[factor]
}

// takeFactor takes a code for a factor. A wrong one can be put right with the same session.
func (s *Service) takeFactor(tx kv.Tx, g guest, e entrySession) (step, error) {
	code := e.values[factorAnswer(e.challenge)]
	if code == "" {
		return step{}, missing(factorAnswer(e.challenge))
	}
	a, t, err := g.resume(tx, g.at, e.session, cognitoidp.ChallengeNameType(e.challenge))
	if err != nil {
		return step{}, err
	}
	if !g.tally(tx, "try:"+e.challenge, maxCodesTried) {
		return step{}, attemptLimit()
	}
	if e.challenge == byTOTP {
		at, ok := totpMatch(g.Factors.Secret, tx.Now(), code)
		switch {
		case !ok:
			return step{}, kept{cognitoidp.ErrCodeMismatchException("Invalid code received for user")}
		case at <= g.Factors.Last:
			return step{}, kept{cognitoidp.ErrExpiredCodeException("Your software token has already been used once.")}
		}
		g.Factors.Last = at
		g.save(tx)
	} else if !hmac.Equal([]byte(a.Code), []byte(code)) {
		return step{}, kept{cognitoidp.ErrCodeMismatchException("Invalid code or auth state for the user.")}
	}
	tallies.Delete(tx, g.tallyKey("try:"+e.challenge))
	g.use(tx, t, a)
	return step{passed: g.user}, nil
}

// selectFactor goes on with the factor that the user has chosen.
func (s *Service) selectFactor(ctx context.Context, tx kv.Tx, g guest, e entrySession) (step, error) {
	a, t, err := g.resume(tx, g.at, e.session, cognitoidp.ChallengeNameTypeSELECTMFATYPE)
	if err != nil {
		return step{}, err
	}
	factor := e.values["ANSWER"]
	if !slices.Contains(g.usable(g.pool.settings.MfaConfiguration == cognitoidp.UserPoolMfaTypeON), factor) {
		return step{}, invalid("Invalid ANSWER: it must be one of MFAS_CAN_CHOOSE.")
	}
	g.use(tx, t, a)
	return s.challenge(ctx, tx, g, factor)
}

// setUp ends a sign-in in which the user has got a device, which it needs from now on.
func (s *Service) setUp(tx kv.Tx, g guest, e entrySession) (step, error) {
	a, t, err := g.resume(tx, g.at, e.session, cognitoidp.ChallengeNameTypeMFASETUP)
	if err != nil {
		return step{}, err
	}
	if !a.SetUp {
		return step{}, invalid("MFA_SETUP needs the session that VerifySoftwareToken returned.")
	}
	g.use(tx, t, a)
	return step{passed: g.user}, g.prefer(tx, []wish{{byTOTP, new(true), new(true)}})
}
