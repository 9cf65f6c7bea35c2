package cognitoidp

import (
	"context"
	"maps"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// customChallenge is a challenge that the pool's functions make up.
const customChallenge = string(cognitoidp.ChallengeNameTypeCUSTOMCHALLENGE)

// custom begins a sign-in that the pool's functions lead: one says what comes next, one
// makes a challenge up, one checks the answer.
// AWS: "Custom authentication challenge Lambda triggers".
func (s *Service) custom(ctx context.Context, e *entry) (step, error) {
	var g guest
	err := s.settle(ctx, func(tx kv.Tx) error {
		c, err := e.admit(ctx, tx)
		switch {
		case err != nil:
			return err
		case !c.allows("CUSTOM_AUTH"):
			return notEnabled("CUSTOM_AUTH")
		case c.pool.triggers().DefineAuthChallenge == nil:
			return invalid("Custom auth lambda trigger is not configured for the user pool.")
		}
		u, err := e.user(tx, c)
		if err == nil && u == nil {
			if !c.hides() {
				return c.absent()
			}
			u = &user{pool: c.pool, Name: e.values["USERNAME"], caller: caller{client: c.ID, metadata: e.metadata}}
		}
		g = guest{u, c, e.values["DEVICE_KEY"]}
		return err
	})
	if err != nil {
		return step{}, err
	}
	if e.values["CHALLENGE_NAME"] == "SRP_A" {
		e.history = []stage{{Name: "SRP_A", Result: true}}
	}
	return s.define(ctx, g, e)
}

// define asks what comes after the stages that are behind.
func (s *Service) define(ctx context.Context, g guest, e *entry) (step, error) {
	o := g.occasion("DefineAuthChallenge", g.pool.triggers().DefineAuthChallenge, tokensBySignIn)
	var said struct {
		Challenge string `json:"challengeName"`
		Issue     bool   `json:"issueTokens"`
		Fail      bool   `json:"failAuthentication"`
	}
	if err := s.call(ctx, o, g.request(e), &said); err != nil {
		return step{}, err
	}
	switch {
	case said.Fail || said.Issue && g.Sub == "":
		return step{}, incorrect()
	case said.Issue:
		return s.let(ctx, g, e)
	case said.Challenge == customChallenge:
		return s.create(ctx, g, e)
	case said.Challenge == string(cognitoidp.ChallengeNameTypePASSWORDVERIFIER):
		st := step{}
		err := s.settle(ctx, func(tx kv.Tx) (err error) {
			st, err = s.bySRP(tx, g.at, e)
			return err
		})
		return st, err
	}
	return step{}, cognitoidp.ErrInvalidLambdaResponseException("Unrecognizable lambda output")
}

// request is what the functions are told of a sign-in.
func (g guest) request(e *entry) map[string]any {
	session := make([]map[string]any, len(e.history))
	for i, past := range e.history {
		session[i] = map[string]any{"challengeName": past.Name, "challengeResult": past.Result, "challengeMetadata": nil}
		if past.Metadata != "" {
			session[i]["challengeMetadata"] = past.Metadata
		}
	}
	return map[string]any{"userAttributes": g.told(), "session": session, "userNotFound": g.Sub == ""}
}

// let ends a sign-in that the functions are content with.
func (s *Service) let(ctx context.Context, g guest, e *entry) (step, error) {
	err := s.settle(ctx, func(tx kv.Tx) error {
		_, u, err := e.again(ctx, tx, g.user)
		if err == nil {
			err = u.standing(tx)
		}
		return err
	})
	return step{passed: g.user}, err
}

// create lets a function make a challenge up.
func (s *Service) create(ctx context.Context, g guest, e *entry) (step, error) {
	o := g.occasion("CreateAuthChallenge", g.pool.triggers().CreateAuthChallenge, tokensBySignIn)
	if o.arn == nil {
		return step{}, invalid("Custom auth lambda trigger is not configured for the user pool.")
	}
	request := g.request(e)
	request["challengeName"] = customChallenge
	var said struct {
		Public   map[string]string `json:"publicChallengeParameters"`
		Private  map[string]string `json:"privateChallengeParameters"`
		Metadata string            `json:"challengeMetadata"`
	}
	if err := s.call(ctx, o, request, &said); err != nil {
		return step{}, err
	}
	t := s.newTicket(g.user)
	if g.Sub != "" {
		err := s.settle(ctx, func(tx kv.Tx) error {
			t = s.open(tx, g.at, g.user, attempt{Step: customChallenge, History: e.history, Hidden: said.Private, Metadata: said.Metadata})
			return nil
		})
		if err != nil {
			return step{}, err
		}
	}
	parameters := map[string]string{"USERNAME": g.Name}
	maps.Copy(parameters, said.Public)
	return step{challenge: cognitoidp.ChallengeNameTypeCUSTOMCHALLENGE, session: &t.text, parameters: parameters}, nil
}

// judge lets a function check the answer to its challenge, and goes on.
func (s *Service) judge(ctx context.Context, e *entry, session string) (step, error) {
	answer, given := e.values["ANSWER"]
	if !given {
		return step{}, missing("ANSWER")
	}
	var g guest
	var a *attempt
	find := func(tx kv.Tx) (t ticket, err error) {
		c, err := e.admit(ctx, tx)
		if err != nil {
			return t, err
		}
		u, err := e.user(tx, c)
		switch {
		case err != nil:
			return t, err
		case u == nil:
			return t, c.absent()
		}
		g = guest{u, c, e.values["DEVICE_KEY"]}
		a, t, err = u.resume(tx, c, session, cognitoidp.ChallengeNameTypeCUSTOMCHALLENGE)
		return t, err
	}
	err := s.settle(ctx, func(tx kv.Tx) error {
		_, err := find(tx)
		return err
	})
	if err != nil {
		return step{}, err
	}
	o := g.occasion("VerifyAuthChallengeResponse", g.pool.triggers().VerifyAuthChallengeResponse, tokensBySignIn)
	if o.arn == nil {
		return step{}, invalid("Custom auth lambda trigger is not configured for the user pool.")
	}
	var said struct {
		Correct bool `json:"answerCorrect"`
	}
	err = s.call(ctx, o, map[string]any{"userAttributes": g.told(), "privateChallengeParameters": a.Hidden, "challengeAnswer": answer, "userNotFound": false}, &said)
	if err != nil {
		return step{}, err
	}
	err = s.settle(ctx, func(tx kv.Tx) error {
		t, err := find(tx)
		if err == nil {
			g.use(tx, t, a)
		}
		return err
	})
	if err != nil {
		return step{}, err
	}
	e.history = append(a.History, stage{customChallenge, said.Correct, a.Metadata})
	return s.define(ctx, g, e)
}
