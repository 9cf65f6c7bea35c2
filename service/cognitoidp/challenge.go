package cognitoidp

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// RespondToAuthChallenge goes on with a sign-in.
func (s *Service) RespondToAuthChallenge(ctx context.Context, in *cognitoidp.RespondToAuthChallengeInput) (*cognitoidp.RespondToAuthChallengeOutput, error) {
	st, tokens, err := s.goOn(ctx, &entry{client: in.ClientId, values: in.ChallengeResponses, metadata: in.ClientMetadata}, in.ChallengeName, deref(in.Session))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.RespondToAuthChallengeOutput{ChallengeName: st.challenge, Session: st.session, ChallengeParameters: st.parameters, AvailableChallenges: st.available, AuthenticationResult: tokens}, nil
}

// AdminRespondToAuthChallenge goes on with a sign-in on a server.
func (s *Service) AdminRespondToAuthChallenge(ctx context.Context, in *cognitoidp.AdminRespondToAuthChallengeInput) (*cognitoidp.AdminRespondToAuthChallengeOutput, error) {
	st, tokens, err := s.goOn(ctx, &entry{pool: in.UserPoolId, client: in.ClientId, values: in.ChallengeResponses, metadata: in.ClientMetadata}, in.ChallengeName, deref(in.Session))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminRespondToAuthChallengeOutput{ChallengeName: st.challenge, Session: st.session, ChallengeParameters: st.parameters, AvailableChallenges: st.available, AuthenticationResult: tokens}, nil
}

func (s *Service) goOn(ctx context.Context, e *entry, name cognitoidp.ChallengeNameType, session string) (step, *cognitoidp.AuthenticationResultType, error) {
	st, err := s.answered(ctx, e, name, session)
	if err != nil {
		return st, nil, err
	}
	return s.conclude(ctx, e, st)
}

// answered takes the step behind a challenge.
func (s *Service) answered(ctx context.Context, e *entry, name cognitoidp.ChallengeNameType, session string) (st step, err error) {
	if name == cognitoidp.ChallengeNameTypeCUSTOMCHALLENGE {
		return s.judge(ctx, e, session)
	}
	var g guest
	err = s.settle(ctx, func(tx kv.Tx) error {
		c, err := e.admit(ctx, tx)
		if err != nil {
			return err
		}
		u, err := e.user(tx, c)
		g, e.history = guest{u, c, e.values["DEVICE_KEY"]}, nil
		switch {
		case err != nil:
		case u == nil:
			err = c.absent()
		case name == cognitoidp.ChallengeNameTypePASSWORDVERIFIER:
			st, err = s.verify(ctx, tx, g, e)
		case name == cognitoidp.ChallengeNameTypeDEVICEPASSWORDVERIFIER:
			st, err = s.deviceVerify(ctx, tx, g, e)
		case session == "":
			err = missing("Session")
		default:
			st, err = s.next(ctx, tx, g, entrySession{e, string(name), session})
		}
		return err
	})
	switch {
	case err != nil:
		return st, err
	case len(e.history) > 0:
		return s.define(ctx, g, e)
	}
	return st, s.deliver(ctx, st.asked)
}

// next takes the answer to a challenge that has a session.
func (s *Service) next(ctx context.Context, tx kv.Tx, g guest, e entrySession) (step, error) {
	switch cognitoidp.ChallengeNameType(e.challenge) {
	case cognitoidp.ChallengeNameTypeNEWPASSWORDREQUIRED:
		return s.renew(ctx, tx, g, e)
	case cognitoidp.ChallengeNameTypeDEVICESRPAUTH:
		return s.deviceSRP(tx, g, e)
	case cognitoidp.ChallengeNameTypeSELECTCHALLENGE:
		return s.choose(ctx, tx, g, e)
	case cognitoidp.ChallengeNameTypeSMSMFA, cognitoidp.ChallengeNameTypeSMSOTP, cognitoidp.ChallengeNameTypeSOFTWARETOKENMFA, cognitoidp.ChallengeNameTypeEMAILOTP:
		return s.takeFactor(tx, g, e)
	case cognitoidp.ChallengeNameTypeSELECTMFATYPE:
		return s.selectFactor(ctx, tx, g, e)
	case cognitoidp.ChallengeNameTypeMFASETUP:
		return s.setUp(tx, g, e)
	}
	return step{}, unbuilt("the challenge " + e.challenge)
}

// entrySession is the answer to a challenge.
type entrySession struct {
	*entry
	challenge, session string
}

// renew sets a password in place of a temporary one, and attributes with it.
func (s *Service) renew(ctx context.Context, tx kv.Tx, g guest, e entrySession) (step, error) {
	password := e.values["NEW_PASSWORD"]
	if password == "" {
		return step{}, missing("NEW_PASSWORD")
	}
	a, t, err := g.resume(tx, g.at, e.session, cognitoidp.ChallengeNameTypeNEWPASSWORDREQUIRED)
	if err == nil {
		err = g.standing(tx)
	}
	if err != nil {
		return step{}, err
	}
	if g.Status != forceChange {
		return step{}, noSession("")
	}
	w := writing{client: g.at}
	for name, value := range e.values {
		if attribute, ok := strings.CutPrefix(name, newAttribute); ok {
			w.attributes = append(w.attributes, cognitoidp.AttributeType{Name: attribute, Value: &value})
		}
	}
	values, err := w.read(g.pool)
	if err != nil {
		return step{}, err
	}
	if err := s.setPassword(g.user, password); err != nil {
		return step{}, err
	}
	err = g.change(tx, func() {
		g.Status = confirmed
		if g.Attributes == nil {
			g.Attributes = map[string]string{}
		}
		for name, value := range values {
			if (name == email || name == phone) && g.Attributes[name] != value {
				delete(g.Attributes, name+verifiedSuffix)
			}
			g.Attributes[name] = value
		}
	})
	if err == nil {
		err = g.pool.complete(g.Attributes)
	}
	if err != nil {
		return step{}, err
	}
	g.use(tx, t, a)
	e.source = tokensByNewPassword
	return s.second(ctx, tx, g)
}
