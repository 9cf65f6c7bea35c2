package cognitoidp

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// pool is a user pool.
type pool struct {
	at       address                                `kv:"-"` // where it was found
	settings *cognitoidp.UserPoolType               `kv:"-"` // from Settings
	mfa      *cognitoidp.GetUserPoolMfaConfigOutput `kv:"-"` // from MFA

	Name     string       `kv:"1"`
	Created  time.Time    `kv:"2"`
	Modified time.Time    `kv:"3"`
	Settings []byte       `kv:"4"` // a UserPoolType in JSON, without what is in other fields
	Keys     []signingKey `kv:"5"` // of ID tokens, of access tokens
	Secret   []byte       `kv:"6"` // makes up users who do not exist, always the same
	MFA      []byte       `kv:"7"` // a GetUserPoolMfaConfigOutput in JSON, without what is in Settings; empty for none
}

// signingKey is an RSA key that tokens are signed with.
type signingKey struct {
	ID      string `kv:"1"`
	Private []byte `kv:"2"` // PKCS #1
}

// client is an app client of a pool.
type client struct {
	pool     *pool                          `kv:"-"`
	settings *cognitoidp.UserPoolClientType `kv:"-"` // from Settings

	ID       string    `kv:"1"`
	Name     string    `kv:"2"`
	Secret   string    `kv:"3"` // empty for a public client
	Created  time.Time `kv:"4"`
	Modified time.Time `kv:"5"`
	Settings []byte    `kv:"6"` // a UserPoolClientType in JSON, without what is in other fields
}

// user is one of a pool's users.
type user struct {
	pool    *pool   `kv:"-"`
	caller  caller  `kv:"-"` // who asks for something about the user
	waiting []draft `kv:"-"` // letters that the pool's function has yet to write

	Name        string            `kv:"1"`
	Sub         string            `kv:"2"`
	Status      string            `kv:"3"`
	Disabled    bool              `kv:"4"`
	Created     time.Time         `kv:"5"`
	Modified    time.Time         `kv:"6"`
	Attributes  map[string]string `kv:"7"`
	Password    secret            `kv:"8"`  // zero where there is none
	History     []secret          `kv:"9"`  // earlier passwords, the latest first
	Temporary   time.Time         `kv:"10"` // when a temporary password ends
	Failures    int32             `kv:"11"` // wrong passwords in a row
	LastFailure time.Time         `kv:"12"`
	SignedOut   time.Time         `kv:"13"` // tokens of before are revoked
	Factors     factors           `kv:"14"` // beside the password
}

// factors are by what a user shows who it is after the password.
type factors struct {
	Secret    []byte   `kv:"1"` // of a device that makes codes; empty for none
	Pending   []byte   `kv:"2"` // of one that is yet to show a code
	Device    string   `kv:"3"` // its name
	Last      int64    `kv:"4"` // the step of the latest code: a code is good once
	Enabled   []string `kv:"5"` // names of challenges
	Preferred string   `kv:"6"` // one of them, or empty
}

// group is a set of users.
type group struct {
	Name        string    `kv:"1"`
	Description *string   `kv:"2"`
	Role        *string   `kv:"3"` // an ARN
	Ranked      bool      `kv:"4"` // Precedence is set
	Precedence  int32     `kv:"5"` // the lowest comes first
	Created     time.Time `kv:"6"`
	Modified    time.Time `kv:"7"`
}

// resourceServer is an API whose scopes tokens may have.
type resourceServer struct {
	ID     string  `kv:"1"` // the identifier
	Name   string  `kv:"2"`
	Scopes []scope `kv:"3"`
}

// scope is a scope of a resource server.
type scope struct {
	Name        string `kv:"1"`
	Description string `kv:"2"`
}

// federation is another provider whose users may sign in.
type federation struct {
	Name        string            `kv:"1"`
	Type        string            `kv:"2"`
	Details     map[string]string `kv:"3"`
	Mapping     map[string]string `kv:"4"` // claim by attribute
	Identifiers []string          `kv:"5"` // other names
	Created     time.Time         `kv:"6"`
	Modified    time.Time         `kv:"7"`
}

// journey is a browser that is at another provider.
type journey struct {
	Query    string    `kv:"1"` // of the request for authorization
	Provider string    `kv:"2"`
	Nonce    string    `kv:"3"`
	Until    time.Time `kv:"4"`
}

// domain is the host of a pool's pages.
type domain struct {
	Account string `kv:"1"`
	Pool    string `kv:"2"`
	Version int32  `kv:"3"` // of its pages
}

// device is a device of a user's, whose key is told when the user signs in with it.
type device struct {
	Group      string    `kv:"1"` // its second key
	Secret     secret    `kv:"2"` // zero until the device is confirmed
	Name       string    `kv:"3"`
	Remembered bool      `kv:"4"`
	Created    time.Time `kv:"5"`
	Modified   time.Time `kv:"6"`
	Used       time.Time `kv:"7"`
	Address    string    `kv:"8"` // where it called from
}

// attempt is a sign-in that waits for the answer to a challenge.
type attempt struct {
	Client   string            `kv:"1"`
	Step     string            `kv:"2"` // the name of the challenge
	Until    time.Time         `kv:"3"`
	Private  []byte            `kv:"4"`  // SRP: the server's number
	Public   string            `kv:"5"`  // SRP: the client's number, in hexadecimal
	Used     bool              `kv:"6"`  // it was answered
	Code     string            `kv:"7"`  // the code that was sent
	History  []stage           `kv:"9"`  // of a sign-in that functions lead
	Hidden   map[string]string `kv:"10"` // CUSTOM_CHALLENGE: what a function told for the one that checks
	Metadata string            `kv:"11"` // CUSTOM_CHALLENGE: its name among functions
	SetUp    bool              `kv:"8"`  // MFA_SETUP: the user has shown a code of the new device
}

// stage is a challenge that was met, or not.
type stage struct {
	Name     string `kv:"1"`
	Result   bool   `kv:"2"`
	Metadata string `kv:"3"`
}

// login is a user's sign-in for as long as it can be refreshed: access tokens
// are good while it is there. Its key is the claim origin_jti.
type login struct {
	nonce string `kv:"-"` // of the authorization request

	Client  string    `kv:"1"`
	At      time.Time `kv:"2"` // auth_time
	Until   time.Time `kv:"3"` // of the refresh token
	Token   string    `kv:"4"` // its hash
	Scope   string    `kv:"5"` // of its access tokens
	Earlier []earlier `kv:"6"` // refresh tokens that rotation replaced, the latest first
	Hosted  bool      `kv:"7"` // by the pool's pages: the scope says what tokens tell
	Device  string    `kv:"8"` // that the user has shown
}

// stay is a user's sign-in on the pages of the pool, for as long as a browser
// needs no password.
type stay struct {
	At    time.Time `kv:"1"` // auth_time
	Until time.Time `kv:"2"`
}

// permit is an authorization code: what it will be changed into tokens for.
type permit struct {
	Client    string    `kv:"1"`
	Redirect  string    `kv:"2"`
	Scope     string    `kv:"3"`
	Nonce     string    `kv:"4"`
	Challenge string    `kv:"5"` // of PKCE; empty where there is none
	At        time.Time `kv:"6"` // auth_time
	Until     time.Time `kv:"7"`
}

// earlier is a refresh token that was replaced.
type earlier struct {
	Token string    `kv:"1"` // its hash
	Until time.Time `kv:"2"` // it may be used again until then
}

// secret is what is kept of a password.
type secret struct {
	Salt     []byte `kv:"1"`
	Verifier []byte `kv:"2"` // of SRP
}

// alias is a second name of a user.
type alias struct {
	Name string `kv:"1"` // of the user
}

// code is a number that was sent to a user, to be told back.
type code struct {
	Code  string    `kv:"1"`
	Until time.Time `kv:"2"`
	To    string    `kv:"3"` // the attribute's value that it was sent to
	Via   string    `kv:"4"` // the attribute: email or phone_number
}

// tally counts what a user may do a few times within an hour.
type tally struct {
	Count int32     `kv:"1"`
	Since time.Time `kv:"2"`
}

// place tells where a pool or a client is, to those who know its id only.
type place struct {
	Account string `kv:"1"`
	Region  string `kv:"2"`
	Pool    string `kv:"3"`
}

// The tables. All but the first three begin with the pool's id.
var (
	places  = kv.Table[place]{Name: "cognitoidp.place"}   // in no account: pool id or client id
	domains = kv.Table[domain]{Name: "cognitoidp.domain"} // in no account: prefix
	pools   = kv.Table[pool]{Name: "cognitoidp.pool"}     // id

	clients = kv.Table[client]{Name: "cognitoidp.client"}  // id
	counts  = kv.Table[struct{}]{Name: "cognitoidp.count"} // what
	users   = kv.Table[user]{Name: "cognitoidp.user"}      // name, folded
	aliases = kv.Table[alias]{Name: "cognitoidp.alias"}    // attribute, value folded
	codes   = kv.Table[code]{Name: "cognitoidp.code"}      // user's sub, purpose
	tallies = kv.Table[tally]{Name: "cognitoidp.tally"}    // user's sub, what

	groups      = kv.Table[group]{Name: "cognitoidp.group"}         // name
	members     = kv.Table[struct{}]{Name: "cognitoidp.member"}     // group's name, user's sub
	memberships = kv.Table[struct{}]{Name: "cognitoidp.membership"} // user's sub, group's name

	resourceServers = kv.Table[resourceServer]{Name: "cognitoidp.resourceserver"} // identifier

	federations = kv.Table[federation]{Name: "cognitoidp.federation"} // name
	journeys    = kv.Table[journey]{Name: "cognitoidp.journey"}       // state
	federates   = kv.Table[alias]{Name: "cognitoidp.federate"}        // provider, its user

	attempts = kv.Table[attempt]{Name: "cognitoidp.attempt"} // user's sub, session's hash
	logins   = kv.Table[login]{Name: "cognitoidp.login"}     // user's sub, origin_jti
	devices  = kv.Table[device]{Name: "cognitoidp.device"}   // user's sub, key
	stays    = kv.Table[stay]{Name: "cognitoidp.stay"}       // user's sub, cookie's hash
	permits  = kv.Table[permit]{Name: "cognitoidp.permit"}   // user's sub, code's hash
)

// world is the scope of what must be found without an account.
func world(r aws.Region) kv.Scope { return kv.Scope{Region: r.Global()} }

func placeKey(r aws.Region, id string) kv.Key { return places.Key(world(r), kv.String(id)) }

func domainKey(r aws.Region, prefix string) kv.Key { return domains.Key(world(r), kv.String(prefix)) }

func (a address) key() kv.Key { return pools.Key(a.Scope, kv.String(a.ID)) }

func (p *pool) clientKey(id string) kv.Key {
	return clients.Key(p.at.Scope, kv.String(p.at.ID), kv.String(id))
}

func (p *pool) users() kv.Key { return users.Prefix(p.at.Scope, kv.String(p.at.ID)) }

func (p *pool) userKey(name string) kv.Key {
	return users.Key(p.at.Scope, kv.String(p.at.ID), kv.String(p.fold(name)))
}

func (p *pool) aliasKey(attribute, value string) kv.Key {
	return aliases.Key(p.at.Scope, kv.String(p.at.ID), kv.String(attribute), kv.String(p.fold(value)))
}

func (u *user) key() kv.Key { return u.pool.userKey(u.Name) }

func (u *user) codeKey(purpose string) kv.Key {
	return codes.Key(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub), kv.String(purpose))
}

func (u *user) tallyKey(what string) kv.Key {
	return tallies.Key(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub), kv.String(what))
}

func (u *user) attempts() kv.Key {
	return attempts.Prefix(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub))
}

func (u *user) attemptKey(t ticket) kv.Key {
	return attempts.Key(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub), kv.String(t.hash))
}

func (u *user) logins() kv.Key {
	return logins.Prefix(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub))
}

func (u *user) loginKey(id string) kv.Key {
	return logins.Key(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub), kv.String(id))
}

func (u *user) devices() kv.Key {
	return devices.Prefix(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub))
}

func (u *user) deviceKey(key string) kv.Key {
	return devices.Key(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub), kv.String(key))
}

// deviceOf is the device's key in a key of devices.
func deviceOf(key kv.Key) string {
	parts := devices.Parts(key)
	_, _ = parts.String(), parts.String() // the pool's id and the user's
	return parts.String()
}

func (u *user) stays() kv.Key {
	return stays.Prefix(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub))
}

func (u *user) stayKey(t ticket) kv.Key {
	return stays.Key(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub), kv.String(t.hash))
}

func (u *user) permits() kv.Key {
	return permits.Prefix(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub))
}

func (u *user) permitKey(t ticket) kv.Key {
	return permits.Key(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub), kv.String(t.hash))
}

func (p *pool) groups() kv.Key { return groups.Prefix(p.at.Scope, kv.String(p.at.ID)) }

func (p *pool) groupKey(name string) kv.Key {
	return groups.Key(p.at.Scope, kv.String(p.at.ID), kv.String(name))
}

func (p *pool) resourceServers() kv.Key {
	return resourceServers.Prefix(p.at.Scope, kv.String(p.at.ID))
}

func (p *pool) resourceServerKey(id string) kv.Key {
	return resourceServers.Key(p.at.Scope, kv.String(p.at.ID), kv.String(id))
}

func (p *pool) federations() kv.Key {
	return federations.Prefix(p.at.Scope, kv.String(p.at.ID))
}

func (p *pool) federationKey(name string) kv.Key {
	return federations.Key(p.at.Scope, kv.String(p.at.ID), kv.String(name))
}

func (p *pool) journeys() kv.Key { return journeys.Prefix(p.at.Scope, kv.String(p.at.ID)) }

func (p *pool) journeyKey(state string) kv.Key {
	return journeys.Key(p.at.Scope, kv.String(p.at.ID), kv.String(state))
}

func (p *pool) federateKey(provider, subject string) kv.Key {
	return federates.Key(p.at.Scope, kv.String(p.at.ID), kv.String(provider), kv.String(subject))
}

func (p *pool) members(group string) kv.Key {
	return members.Prefix(p.at.Scope, kv.String(p.at.ID), kv.String(group))
}

func (p *pool) memberKey(group, sub string) kv.Key {
	return members.Key(p.at.Scope, kv.String(p.at.ID), kv.String(group), kv.String(sub))
}

func (p *pool) membershipKey(sub, group string) kv.Key {
	return memberships.Key(p.at.Scope, kv.String(p.at.ID), kv.String(sub), kv.String(group))
}

func (u *user) memberships() kv.Key {
	return memberships.Prefix(u.pool.at.Scope, kv.String(u.pool.at.ID), kv.String(u.Sub))
}

// memberOf is the sub in a key of members.
func memberOf(key kv.Key) string {
	parts := members.Parts(key)
	_, _ = parts.String(), parts.String() // the pool's id and the group
	return parts.String()
}

// groupOf is the group in a key of memberships.
func groupOf(key kv.Key) string {
	parts := memberships.Parts(key)
	_, _ = parts.String(), parts.String() // the pool's id and the user's
	return parts.String()
}

// loginID is the sign-in whose key it is.
func loginID(key kv.Key) string {
	parts := logins.Parts(key)
	_, _ = parts.String(), parts.String() // the pool's id and the user's
	return parts.String()
}

// save stores what users do not see as a change.
func (u *user) save(tx kv.Tx) { users.Put(tx, u.key(), u) }

// put stores the user as changed now.
func (u *user) put(tx kv.Tx) {
	u.Modified = tx.Now()
	users.Put(tx, u.key(), u)
}

// drop deletes every row of the user.
func (u *user) drop(tx kv.Tx) {
	sc, id := u.pool.at.Scope, kv.String(u.pool.at.ID)
	for _, name := range aliasNames() {
		u.dropAlias(tx, name)
	}
	codes.DeleteAll(tx, codes.Prefix(sc, id, kv.String(u.Sub)))
	tallies.DeleteAll(tx, tallies.Prefix(sc, id, kv.String(u.Sub)))
	attempts.DeleteAll(tx, u.attempts())
	logins.DeleteAll(tx, u.logins())
	stays.DeleteAll(tx, u.stays())
	devices.DeleteAll(tx, u.devices())
	permits.DeleteAll(tx, u.permits())
	for key := range memberships.Scan(tx, kv.Prefix(u.memberships())) {
		members.Delete(tx, u.pool.memberKey(groupOf(key), u.Sub))
		memberships.Delete(tx, key)
	}
	for _, who := range u.providers() {
		federates.Delete(tx, u.pool.federateKey(who.Provider, who.User))
	}
	users.Delete(tx, u.key())
	u.pool.count(tx, countUsers, -1)
}

func (p *pool) put(tx kv.Tx) {
	p.Settings = encode(p.settings)
	if p.mfa != nil {
		p.MFA = encode(p.mfa)
	}
	pools.Put(tx, p.at.key(), p)
	places.Put(tx, placeKey(p.at.Region, p.at.ID), &place{string(p.at.Account), string(p.at.Region), p.at.ID})
}

func (c *client) put(tx kv.Tx) {
	c.Settings = encode(c.settings)
	at := &c.pool.at
	clients.Put(tx, c.pool.clientKey(c.ID), c)
	places.Put(tx, placeKey(at.Region, c.ID), &place{string(at.Account), string(at.Region), at.ID})
}

func (c *client) drop(tx kv.Tx) {
	clients.Delete(tx, c.pool.clientKey(c.ID))
	places.Delete(tx, placeKey(c.pool.at.Region, c.ID))
}

// drop deletes every row of the pool.
func (p *pool) drop(tx kv.Tx) {
	sc, id := p.at.Scope, kv.String(p.at.ID)
	for _, c := range clients.Scan(tx, kv.Prefix(clients.Prefix(sc, id))) {
		places.Delete(tx, placeKey(sc.Region, c.ID))
	}
	clients.DeleteAll(tx, clients.Prefix(sc, id))
	counts.DeleteAll(tx, counts.Prefix(sc, id))
	users.DeleteAll(tx, p.users())
	aliases.DeleteAll(tx, aliases.Prefix(sc, id))
	codes.DeleteAll(tx, codes.Prefix(sc, id))
	tallies.DeleteAll(tx, tallies.Prefix(sc, id))
	attempts.DeleteAll(tx, attempts.Prefix(sc, id))
	logins.DeleteAll(tx, logins.Prefix(sc, id))
	stays.DeleteAll(tx, stays.Prefix(sc, id))
	devices.DeleteAll(tx, devices.Prefix(sc, id))
	permits.DeleteAll(tx, permits.Prefix(sc, id))
	groups.DeleteAll(tx, p.groups())
	members.DeleteAll(tx, members.Prefix(sc, id))
	memberships.DeleteAll(tx, memberships.Prefix(sc, id))
	resourceServers.DeleteAll(tx, p.resourceServers())
	federations.DeleteAll(tx, p.federations())
	journeys.DeleteAll(tx, p.journeys())
	federates.DeleteAll(tx, federates.Prefix(sc, id))
	places.Delete(tx, placeKey(sc.Region, p.at.ID))
	pools.Delete(tx, p.at.key())
}

// Counters of a pool.
const countUsers = "users"

func (p *pool) count(tx kv.Tx, what string, n int) {
	tx.Add(counts.Key(p.at.Scope, kv.String(p.at.ID), kv.String(what)), int64(n))
}

// total reads a counter without a conflict: what it is read for is approximate.
func (p *pool) total(tx kv.Tx, what string) int64 {
	v, _ := tx.Peek(counts.Key(p.at.Scope, kv.String(p.at.ID), kv.String(what)))
	return kv.CounterValue(v)
}

// encode writes settings down. They are structures of text, numbers and lists.
func encode(settings any) []byte {
	b, err := json.Marshal(settings)
	if err != nil {
		panic(fmt.Sprintf("cognitoidp: settings have no JSON: %v", err))
	}
	return b
}

// decode reads what encode wrote.
func decode[T any](b []byte) *T {
	settings := new(T)
	if err := json.Unmarshal(b, settings); err != nil {
		kv.Fail(fmt.Errorf("cognitoidp: stored settings: %w", err))
	}
	return settings
}
