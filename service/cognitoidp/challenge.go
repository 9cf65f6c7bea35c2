package cognitoidp

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// RespondToAuthChallenge goes on with a sign-in.
func (s *Service) RespondToAuthChallenge(ctx context.Context, in *cognitoidp.RespondToAuthChallengeInput) (*cognitoidp.RespondToAuthChallengeOutput, error) {
	st, tokens, err := s.goOn(ctx, &entry{client: in.ClientId, values: in.ChallengeResponses}, in.ChallengeName, deref(in.Session))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.RespondToAuthChallengeOutput{ChallengeName: st.challenge, Session: st.session, ChallengeParameters: st.parameters, AuthenticationResult: tokens}, nil
}

// AdminRespondToAuthChallenge goes on with a sign-in on a server.
func (s *Service) AdminRespondToAuthChallenge(ctx context.Context, in *cognitoidp.AdminRespondToAuthChallengeInput) (*cognitoidp.AdminRespondToAuthChallengeOutput, error) {
	st, tokens, err := s.goOn(ctx, &entry{pool: in.UserPoolId, client: in.ClientId, values: in.ChallengeResponses}, in.ChallengeName, deref(in.Session))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminRespondToAuthChallengeOutput{ChallengeName: st.challenge, Session: st.session, ChallengeParameters: st.parameters, AuthenticationResult: tokens}, nil
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
	err = s.settle(ctx, func(tx kv.Tx) error {
		c, err := e.admit(ctx, tx)
		if err != nil {
			return err
		}
		u, err := e.user(tx, c)
		switch {
		case err != nil:
		case u == nil:
			err = c.absent()
		case name == cognitoidp.ChallengeNameTypePASSWORDVERIFIER:
			st, err = s.verify(tx, c, u, e)
		case name == cognitoidp.ChallengeNameTypeNEWPASSWORDREQUIRED:
			st, err = s.renew(tx, c, u, entrySession{e, session})
		default:
			err = unbuilt("the challenge " + string(name))
		}
		return err
	})
	return st, err
}

type entrySession struct {
	*entry
	session string
}

// renew sets a password in place of a temporary one, and attributes with it.
func (s *Service) renew(tx kv.Tx, c *client, u *user, e entrySession) (step, error) {
	password := e.values["NEW_PASSWORD"]
	if password == "" {
		return step{}, missing("NEW_PASSWORD")
	}
	if e.session == "" {
		return step{}, missing("Session")
	}
	a, t, err := u.resume(tx, c, e.session, cognitoidp.ChallengeNameTypeNEWPASSWORDREQUIRED)
	if err == nil {
		err = u.standing(tx)
	}
	if err != nil {
		return step{}, err
	}
	if u.Status != forceChange {
		return step{}, noSession("")
	}
	w := writing{client: c}
	for name, value := range e.values {
		if attribute, ok := strings.CutPrefix(name, newAttribute); ok {
			w.attributes = append(w.attributes, cognitoidp.AttributeType{Name: attribute, Value: &value})
		}
	}
	values, err := w.read(c.pool)
	if err != nil {
		return step{}, err
	}
	if err := s.setPassword(u, password); err != nil {
		return step{}, err
	}
	err = u.change(tx, func() {
		u.Status = confirmed
		if u.Attributes == nil {
			u.Attributes = map[string]string{}
		}
		for name, value := range values {
			if (name == email || name == phone) && u.Attributes[name] != value {
				delete(u.Attributes, name+verifiedSuffix)
			}
			u.Attributes[name] = value
		}
	})
	if err == nil {
		err = c.pool.complete(u.Attributes)
	}
	if err != nil {
		return step{}, err
	}
	u.use(tx, t, a)
	return step{passed: u}, nil
}
