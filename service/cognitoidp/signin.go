package cognitoidp

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// entry is a request of a sign-in, by a user or for one.
type entry struct {
	pool     string // of an administrator's request; empty for a user's
	client   string
	values   map[string]string
	flow     string            // by the name that clients allow it by
	metadata map[string]string // for the pool's functions
	history  []stage           // of a sign-in that functions lead
	stranger *client           // the user is not there, at this client
	choice   string            // of a user who chooses
	source   string            // why tokens are made, where it is not the sign-in itself
	hosted   bool              // it comes by the pool's own pages: the client has no say
	tried    map[string]bool   // what proofs came to, by the verifier: a repeated transaction need not compute again
}

// guest is a user who signs in by a client.
type guest struct {
	*user
	at     *client
	device string // the key of one that it says to have
}

// step is what comes next in a sign-in: a challenge, or tokens.
type step struct {
	challenge  cognitoidp.ChallengeNameType
	session    *string
	parameters map[string]string
	available  []cognitoidp.ChallengeNameType // to choose from
	passed     *user                          // has shown who it is
	asked      *user                          // has letters that wait
	grant      *grant
}

// admit finds the client, and checks that its secret is known.
func (e *entry) admit(ctx context.Context, tx kv.Tx) (c *client, err error) {
	if e.pool == "" {
		c, err = clientAnywhere(ctx, tx, e.client)
	} else {
		var p *pool
		if p, err = here(ctx, e.pool).find(tx); err == nil {
			c, err = p.client(tx, e.client)
		}
	}
	return c, err
}

// user finds who signs in; nil where nobody of that name does.
func (e *entry) user(tx kv.Tx, c *client) (*user, error) {
	name := e.values["USERNAME"]
	if name == "" {
		return nil, missing("USERNAME")
	}
	hash := e.values["SECRET_HASH"]
	if err := c.checkHash(name, &hash); err != nil && !e.hosted {
		return nil, err
	}
	u, _ := c.pool.user(tx, name)
	if u == nil {
		return nil, nil
	}
	u.caller = caller{client: c.ID, metadata: e.metadata}
	if u.Disabled {
		return nil, disabled()
	}
	return u, nil
}

func missing(parameter string) error { return invalid("Missing required parameter %s", parameter) }

// InitiateAuth begins a sign-in.
func (s *Service) InitiateAuth(ctx context.Context, in *cognitoidp.InitiateAuthInput) (*cognitoidp.InitiateAuthOutput, error) {
	switch in.AuthFlow {
	case cognitoidp.AuthFlowTypeADMINUSERPASSWORDAUTH, cognitoidp.AuthFlowTypeADMINNOSRPAUTH:
		return nil, invalid("Initiate Auth method not supported.")
	}
	st, tokens, err := s.begin(ctx, &entry{client: in.ClientId, values: in.AuthParameters, metadata: in.ClientMetadata}, in.AuthFlow)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.InitiateAuthOutput{ChallengeName: st.challenge, Session: st.session, ChallengeParameters: st.parameters, AvailableChallenges: st.available, AuthenticationResult: tokens}, nil
}

// AdminInitiateAuth begins a sign-in on a server that has AWS credentials.
func (s *Service) AdminInitiateAuth(ctx context.Context, in *cognitoidp.AdminInitiateAuthInput) (*cognitoidp.AdminInitiateAuthOutput, error) {
	st, tokens, err := s.begin(ctx, &entry{pool: in.UserPoolId, client: in.ClientId, values: in.AuthParameters, metadata: in.ClientMetadata}, in.AuthFlow)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminInitiateAuthOutput{ChallengeName: st.challenge, Session: st.session, ChallengeParameters: st.parameters, AvailableChallenges: st.available, AuthenticationResult: tokens}, nil
}

// begin takes the first step of a flow, and the last where there is no other.
func (s *Service) begin(ctx context.Context, e *entry, flow cognitoidp.AuthFlowType) (step, *cognitoidp.AuthenticationResultType, error) {
	st, err := s.begun(ctx, e, flow)
	if err != nil {
		return st, nil, err
	}
	return s.conclude(ctx, e, st)
}

// begun takes the first step of a flow. A user who is not there may be known to the
// pool's function.
func (s *Service) begun(ctx context.Context, e *entry, flow cognitoidp.AuthFlowType) (step, error) {
	if flow != cognitoidp.AuthFlowTypeREFRESHTOKENAUTH && flow != cognitoidp.AuthFlowTypeREFRESHTOKEN {
		if err := s.preAuthenticate(ctx, e); err != nil {
			return step{}, err
		}
	}
	if flow == cognitoidp.AuthFlowTypeCUSTOMAUTH {
		return s.custom(ctx, e)
	}
	st, err := s.first(ctx, e, flow)
	if e.stranger != nil {
		done, failed := s.migrate(ctx, newcomer{e.stranger, e.values["USERNAME"], e.values["PASSWORD"], e.metadata}, tokensBySignIn)
		switch {
		case failed != nil:
			return st, failed
		case done:
			st, err = s.first(ctx, e, flow)
		}
	}
	if err != nil {
		return st, err
	}
	return st, s.deliver(ctx, st.asked)
}

// first takes the first step of a flow, in a transaction.
func (s *Service) first(ctx context.Context, e *entry, flow cognitoidp.AuthFlowType) (st step, err error) {
	err = s.settle(ctx, func(tx kv.Tx) error {
		c, err := e.admit(ctx, tx)
		if err != nil {
			return err
		}
		switch flow {
		case cognitoidp.AuthFlowTypeUSERSRPAUTH:
			st, err = s.bySRP(tx, c, e)
		case cognitoidp.AuthFlowTypeUSERPASSWORDAUTH, cognitoidp.AuthFlowTypeADMINUSERPASSWORDAUTH, cognitoidp.AuthFlowTypeADMINNOSRPAUTH:
			e.flow = strings.Replace(string(flow), "ADMIN_NO_SRP", "ADMIN_USER_PASSWORD", 1)
			st, err = s.byPassword(ctx, tx, c, e)
		case cognitoidp.AuthFlowTypeUSERAUTH:
			st, err = s.byChoice(ctx, tx, c, e)
		case cognitoidp.AuthFlowTypeREFRESHTOKENAUTH, cognitoidp.AuthFlowTypeREFRESHTOKEN:
			st, err = s.byRefresh(tx, c, e)
		default:
			err = unbuilt("the flow " + string(flow))
		}
		return err
	})
	return st, err
}

// conclude gives tokens to who has passed.
func (s *Service) conclude(ctx context.Context, e *entry, st step) (step, *cognitoidp.AuthenticationResultType, error) {
	if st.passed != nil {
		if err := s.postAuthenticate(ctx, st.passed); err != nil {
			return st, nil, err
		}
		err := s.settle(ctx, func(tx kv.Tx) error {
			c, u, err := e.again(ctx, tx, st.passed)
			if err != nil {
				return err
			}
			var fresh *cognitoidp.NewDeviceMetadataType
			if c.pool.settings.DeviceConfiguration != nil && e.values["DEVICE_KEY"] == "" {
				fresh = s.newDevice(tx, u)
				u.caller.device = *fresh.DeviceKey
			}
			st.grant = s.granted(tx, c, u, login{At: tx.Now(), Scope: scopeAdmin, Device: u.caller.device})
			st.grant.why, st.grant.device = cmp.Or(e.source, tokensBySignIn), fresh
			return nil
		})
		if err != nil {
			return st, nil, err
		}
	}
	tokens, err := s.finish(ctx, st)
	return st, tokens, err
}

// again finds who has passed, in another transaction.
func (e *entry) again(ctx context.Context, tx kv.Tx, passed *user) (*client, *user, error) {
	c, err := e.admit(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	u, ok := c.pool.bySub(tx, passed.Sub)
	switch {
	case !ok:
		return nil, nil, c.absent()
	case u.Disabled:
		return nil, nil, disabled()
	}
	u.caller = passed.caller
	return c, u, nil
}

func notEnabled(flow string) error { return invalid("%s flow not enabled for this client", flow) }

// byPassword signs in with a password that is told.
func (s *Service) byPassword(ctx context.Context, tx kv.Tx, c *client, e *entry) (step, error) {
	if !e.hosted && !c.allows(e.flow) {
		return step{}, notEnabled(e.flow)
	}
	u, err := e.user(tx, c)
	password := e.values["PASSWORD"]
	switch {
	case err != nil:
		return step{}, err
	case password == "":
		return step{}, missing("PASSWORD")
	case u == nil:
		e.stranger = c
		return step{}, c.absent()
	}
	if err := u.prove(tx, func() bool { return e.once(u, func() bool { return u.Password.matches(u.identity(), password) }) }); err != nil {
		return step{}, err
	}
	return s.proved(ctx, tx, guest{u, c, e.values["DEVICE_KEY"]})
}

// once computes whether a proof is good for the password that the user has now,
// unless an earlier run of the same transaction has.
func (e *entry) once(u *user, good func() bool) bool {
	if e.tried == nil {
		e.tried = map[string]bool{}
	}
	key := string(u.Password.Verifier)
	known, ok := e.tried[key]
	if !ok {
		known = good()
		e.tried[key] = known
	}
	return known
}

// bySRP begins the exchange that proves a password without telling it.
func (s *Service) bySRP(tx kv.Tx, c *client, e *entry) (step, error) {
	if len(e.history) == 0 && e.flow != userAuth && !c.allows("USER_SRP_AUTH") {
		return step{}, notEnabled("USER_SRP_AUTH")
	}
	u, err := e.user(tx, c)
	public := e.values["SRP_A"]
	switch {
	case err != nil:
		return step{}, err
	case public == "":
		return step{}, missing("SRP_A")
	case u == nil && !c.hides():
		return step{}, c.absent()
	}
	known := u != nil
	if !known { // AWS: "Managing user existence error responses": one who is made up, always the same
		name := e.values["USERNAME"]
		seed := mac(c.pool.Secret, []byte("user"), []byte(c.pool.fold(name)))
		u = &user{pool: c.pool, Name: name, Sub: hex.EncodeToString(seed[saltBytes:]), Password: secret{seed[:saltBytes], seed}}
	}
	kept := u.Password
	if len(kept.Verifier) == 0 {
		kept = secret{mac(c.pool.Secret, []byte(u.Sub))[:saltBytes], s.bytes(saltBytes)}
	}
	private := s.bytes(privateBytes)
	x, ok := newExchange(kept, public, private)
	if !ok {
		return step{}, invalid("SRP_A is not a valid public number.")
	}
	t := s.newTicket(u)
	if known {
		t = s.open(tx, c, u, attempt{Step: string(cognitoidp.ChallengeNameTypePASSWORDVERIFIER), Private: private, Public: public, History: e.history})
	}
	return step{challenge: cognitoidp.ChallengeNameTypePASSWORDVERIFIER, parameters: map[string]string{
		"SALT": hex.EncodeToString(kept.Salt), "SRP_B": x.open.Text(16), "SECRET_BLOCK": base64.StdEncoding.EncodeToString(t.block()),
		"USERNAME": u.Name, "USER_ID_FOR_SRP": u.Name,
	}}, nil
}

// proved is what comes after the password.
func (s *Service) proved(ctx context.Context, tx kv.Tx, g guest) (step, error) {
	if err := g.standing(tx); err != nil {
		return step{}, err
	}
	if g.Status != forceChange {
		return s.second(ctx, tx, g)
	}
	required, given := []string{}, map[string]string{}
	for i := range g.pool.settings.SchemaAttributes {
		if a := &g.pool.settings.SchemaAttributes[i]; *a.Required && *a.Name != "sub" && g.Attributes[*a.Name] == "" {
			required = append(required, newAttribute+*a.Name)
		}
	}
	for name, value := range g.Attributes {
		if g.at.mayRead(name) {
			given[name] = value
		}
	}
	lack, _ := json.Marshal(required) //nolint:errchkjson // texts
	have, _ := json.Marshal(given)    //nolint:errchkjson // texts
	t := s.open(tx, g.at, g.user, attempt{Step: string(cognitoidp.ChallengeNameTypeNEWPASSWORDREQUIRED)})
	return step{challenge: cognitoidp.ChallengeNameTypeNEWPASSWORDREQUIRED, session: &t.text, parameters: map[string]string{
		"USER_ID_FOR_SRP": g.Name, "requiredAttributes": string(lack), "userAttributes": string(have),
	}}, nil
}

// newAttribute begins what sets an attribute in the answer to NEW_PASSWORD_REQUIRED.
const newAttribute = "userAttributes."

// timestampForm is that of PASSWORD_VERIFIER, which Java writes as EEE MMM d HH:mm:ss z yyyy.
const timestampForm = "Mon Jan 2 15:04:05 UTC 2006"

// verify checks what SRP proves.
func (s *Service) verify(ctx context.Context, tx kv.Tx, g guest, e *entry) (step, error) {
	block, stamp := e.values["PASSWORD_CLAIM_SECRET_BLOCK"], e.values["TIMESTAMP"]
	if block == "" || e.values["PASSWORD_CLAIM_SIGNATURE"] == "" || stamp == "" {
		return step{}, missing("PASSWORD_CLAIM_SECRET_BLOCK, PASSWORD_CLAIM_SIGNATURE or TIMESTAMP")
	}
	if _, err := time.Parse(timestampForm, stamp); err != nil {
		return step{}, invalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	a, t, err := g.resume(tx, g.at, block, cognitoidp.ChallengeNameTypePASSWORDVERIFIER)
	if err != nil {
		return step{}, err
	}
	g.use(tx, t, a)
	signature, _ := base64.StdEncoding.DecodeString(e.values["PASSWORD_CLAIM_SIGNATURE"])
	x, ok := newExchange(g.Password, a.Public, a.Private)
	if err := g.prove(tx, func() bool {
		return ok && e.once(g.user, func() bool { return x.proves(g.identity(), t.block(), stamp, signature) })
	}); err != nil {
		return step{}, err
	}
	if len(a.History) > 0 {
		e.history = append(a.History, stage{Name: string(cognitoidp.ChallengeNameTypePASSWORDVERIFIER), Result: true})
		return step{passed: g.user}, nil
	}
	return s.proved(ctx, tx, g)
}
