package cognitoidp

import (
	"context"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// What a user may choose from, by the names of challenges.
// AWS: "Authentication with user pools", choice-based.
const (
	firstPassword = string(cognitoidp.ChallengeNameTypePASSWORD)
	firstSRP      = string(cognitoidp.ChallengeNameTypePASSWORDSRP)
	firstEmail    = string(cognitoidp.ChallengeNameTypeEMAILOTP)
	firstSMS      = string(cognitoidp.ChallengeNameTypeSMSOTP)
)

// userAuth is the flow in which users choose.
const userAuth = "USER_AUTH"

// first reports whether users may sign in by a factor alone.
func (p *pool) first(f cognitoidp.AuthFactorType) bool {
	return slices.Contains(p.settings.Policies.SignInPolicy.AllowedFirstAuthFactors, f)
}

// codesFirst are the codes by which the user may sign in without a password. Who has a
// second factor needs the password first.
func (u *user) codesFirst() (names []cognitoidp.AuthFactorType) {
	p := u.pool
	mode := p.settings.MfaConfiguration
	if mode != cognitoidp.UserPoolMfaTypeOFF && len(u.usable(mode == cognitoidp.UserPoolMfaTypeON)) > 0 {
		return nil
	}
	if p.first(cognitoidp.AuthFactorTypeEMAILOTP) && u.Attributes[email] != "" {
		names = append(names, cognitoidp.AuthFactorTypeEMAILOTP)
	}
	if p.first(cognitoidp.AuthFactorTypeSMSOTP) && u.Attributes[phone] != "" {
		names = append(names, cognitoidp.AuthFactorTypeSMSOTP)
	}
	return names
}

// choices are what the user may choose from.
func (u *user) choices() (names []string) {
	if len(u.Password.Verifier) > 0 && u.pool.first(cognitoidp.AuthFactorTypePASSWORD) {
		names = append(names, firstPassword, firstSRP)
	}
	for _, f := range u.codesFirst() {
		names = append(names, string(f))
	}
	return names
}

// byChoice begins a sign-in by what the user prefers, or asks.
func (s *Service) byChoice(ctx context.Context, tx kv.Tx, c *client, e *entry) (step, error) {
	if !c.allows(userAuth) {
		return step{}, notEnabled(userAuth)
	}
	u, err := e.user(tx, c)
	switch {
	case err != nil:
		return step{}, err
	case u == nil:
		return s.pretendChoice(c, e)
	}
	g := guest{u, c, e.values["DEVICE_KEY"]}
	open := u.choices()
	if e.choice = e.values["PREFERRED_CHALLENGE"]; slices.Contains(open, e.choice) {
		return s.chosen(ctx, tx, g, e)
	}
	st := step{challenge: cognitoidp.ChallengeNameTypeSELECTCHALLENGE, parameters: map[string]string{}, available: challengesOf(open)}
	st.session = new(s.open(tx, c, u, attempt{Step: string(st.challenge)}).text)
	return st, nil
}

func challengesOf(open []string) (names []cognitoidp.ChallengeNameType) {
	for _, name := range open {
		names = append(names, cognitoidp.ChallengeNameType(name))
	}
	return names
}

// pretendChoice answers for a user who does not exist, as for one who has a password.
func (s *Service) pretendChoice(c *client, e *entry) (step, error) {
	if !c.hides() || e.values["PREFERRED_CHALLENGE"] == firstPassword {
		e.stranger = c
		return step{}, c.absent()
	}
	ghost := &user{pool: c.pool, Name: e.values["USERNAME"]}
	return step{
		challenge: cognitoidp.ChallengeNameTypeSELECTCHALLENGE, session: new(s.newTicket(ghost).text), parameters: map[string]string{},
		available: challengesOf([]string{firstPassword, firstSRP}),
	}, nil
}

// chosen goes on by what the user has chosen.
func (s *Service) chosen(ctx context.Context, tx kv.Tx, g guest, e *entry) (step, error) {
	e.flow = userAuth
	switch e.choice {
	case firstPassword:
		return s.byPassword(ctx, tx, g.at, e)
	case firstSRP:
		return s.bySRP(tx, g.at, e)
	}
	if err := g.standing(tx); err != nil {
		return step{}, err
	}
	return s.challenge(ctx, tx, g, e.choice)
}

// choose takes the choice of who was asked.
func (s *Service) choose(ctx context.Context, tx kv.Tx, g guest, e entrySession) (step, error) {
	a, t, err := g.resume(tx, g.at, e.session, cognitoidp.ChallengeNameTypeSELECTCHALLENGE)
	if err != nil {
		return step{}, err
	}
	if e.choice = e.values["ANSWER"]; !slices.Contains(g.choices(), e.choice) {
		return step{}, invalid("Invalid ANSWER: it must be one of the available challenges.")
	}
	g.use(tx, t, a)
	return s.chosen(ctx, tx, g, e.entry)
}

// AdminGetUserAuthFactors tells how a user can sign in.
func (s *Service) AdminGetUserAuthFactors(ctx context.Context, in *cognitoidp.AdminGetUserAuthFactorsInput) (*cognitoidp.AdminGetUserAuthFactorsOutput, error) {
	out := new(cognitoidp.AdminGetUserAuthFactorsOutput)
	err := s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		u, err := p.mustUser(tx, in.Username)
		if err == nil {
			*out = cognitoidp.AdminGetUserAuthFactorsOutput(*u.authFactors())
		}
		return err
	})
	return out, err
}

// GetUserAuthFactors tells how the user who calls can sign in.
func (s *Service) GetUserAuthFactors(ctx context.Context, in *cognitoidp.GetUserAuthFactorsInput) (out *cognitoidp.GetUserAuthFactorsOutput, err error) {
	err = s.signedIn(ctx, in.AccessToken, func(_ kv.Tx, _ *client, u *user) error {
		out = u.authFactors()
		return nil
	})
	return out, err
}

func (u *user) authFactors() *cognitoidp.GetUserAuthFactorsOutput {
	all := []cognitoidp.AuthFactorType{}
	if len(u.Password.Verifier) > 0 {
		all = append(all, cognitoidp.AuthFactorTypePASSWORD)
	}
	return &cognitoidp.GetUserAuthFactorsOutput{
		Username: u.Name, UserMFASettingList: u.Factors.Enabled, PreferredMfaSetting: aws.Optional(u.Factors.Preferred), ConfiguredUserAuthFactors: append(all, u.codesFirst()...),
	}
}
