package cognitoidentity

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// pool is an identity pool.
type pool struct {
	at       address                                     `kv:"-"` // where it was found
	settings *cognitoidentity.DescribeIdentityPoolOutput `kv:"-"` // from Settings
	roles    *cognitoidentity.SetIdentityPoolRolesInput  `kv:"-"` // from Roles

	Created  time.Time `kv:"1"`
	Settings []byte    `kv:"2"` // a DescribeIdentityPoolOutput in JSON
	Roles    []byte    `kv:"3"` // a SetIdentityPoolRolesInput in JSON; empty for none
	Tagging  []tagging `kv:"4"` // of sessions
}

// tagging says which claims become session tags.
type tagging struct {
	Provider string            `kv:"1"`
	Default  bool              `kv:"2"`
	Tags     map[string]string `kv:"3"` // claim by tag
}

// identity is one of a pool's identities.
type identity struct {
	pool *pool  `kv:"-"`
	id   string `kv:"-"`

	Created  time.Time `kv:"1"`
	Modified time.Time `kv:"2"`
	Logins   []login   `kv:"3"` // none for one that has not signed in
}

// login is what an identity is known by.
type login struct {
	Provider string `kv:"1"`
	User     string `kv:"2"` // its id at the provider
}

// link is the identity of a login.
type link struct {
	Identity string `kv:"1"`
}

// place tells where a pool or an identity is, to those who know its id only.
type place struct {
	Account string `kv:"1"`
	Region  string `kv:"2"`
	Pool    string `kv:"3"`
}

// signing is the key of the tokens of all pools.
type signing struct {
	ID      string `kv:"1"`
	Private []byte `kv:"2"` // PKCS #1
}

// The tables. The first two are in no account; all but the first three begin with the pool's id.
var (
	places     = kv.Table[place]{Name: "cognitoidentity.place"}       // pool id or identity id
	keys       = kv.Table[signing]{Name: "cognitoidentity.key"}       // nothing
	pools      = kv.Table[pool]{Name: "cognitoidentity.pool"}         // id
	identities = kv.Table[identity]{Name: "cognitoidentity.identity"} // id
	links      = kv.Table[link]{Name: "cognitoidentity.link"}         // provider, user
)

// world is the scope of what must be found without an account.
func world(r aws.Region) kv.Scope { return kv.Scope{Region: r.Global()} }

func placeKey(r aws.Region, id string) kv.Key { return places.Key(world(r), kv.String(id)) }

func signingKey(r aws.Region) kv.Key { return keys.Key(world(r)) }

func (a address) key() kv.Key { return pools.Key(a.Scope, kv.String(a.ID)) }

func (p *pool) identities() kv.Key { return identities.Prefix(p.at.Scope, kv.String(p.at.ID)) }

func (p *pool) identityKey(id string) kv.Key {
	return identities.Key(p.at.Scope, kv.String(p.at.ID), kv.String(id))
}

func (p *pool) linkKey(l login) kv.Key {
	return links.Key(p.at.Scope, kv.String(p.at.ID), kv.String(l.Provider), kv.String(l.User))
}

// users are the links of a provider's users.
func (p *pool) users(provider string) kv.Key {
	return links.Prefix(p.at.Scope, kv.String(p.at.ID), kv.String(provider))
}

// identityOf is the id in a key of identities.
func identityOf(key kv.Key) string {
	parts := identities.Parts(key)
	_ = parts.String() // the pool's id
	return parts.String()
}

func (a address) place() *place { return &place{string(a.Account), string(a.Region), a.ID} }

func (p *pool) put(tx kv.Tx) {
	p.Settings = encode(p.settings)
	if p.roles != nil {
		p.Roles = encode(p.roles)
	}
	pools.Put(tx, p.at.key(), p)
	places.Put(tx, placeKey(p.at.Region, p.at.ID), p.at.place())
}

// drop deletes every row of the pool.
func (p *pool) drop(tx kv.Tx) {
	for key := range identities.Scan(tx, kv.Prefix(p.identities())) {
		places.Delete(tx, placeKey(p.at.Region, identityOf(key)))
	}
	identities.DeleteAll(tx, p.identities())
	links.DeleteAll(tx, links.Prefix(p.at.Scope, kv.String(p.at.ID)))
	places.Delete(tx, placeKey(p.at.Region, p.at.ID))
	pools.Delete(tx, p.at.key())
}

// put stores the identity as changed now.
func (i *identity) put(tx kv.Tx) {
	i.Modified = tx.Now()
	identities.Put(tx, i.pool.identityKey(i.id), i)
	places.Put(tx, placeKey(i.pool.at.Region, i.id), i.pool.at.place())
}

// drop deletes every row of the identity.
func (i *identity) drop(tx kv.Tx) {
	for _, l := range i.Logins {
		links.Delete(tx, i.pool.linkKey(l))
	}
	identities.Delete(tx, i.pool.identityKey(i.id))
	places.Delete(tx, placeKey(i.pool.at.Region, i.id))
}

// encode writes settings down. They are structures of text, numbers and lists.
func encode(settings any) []byte {
	b, err := json.Marshal(settings)
	if err != nil {
		panic(fmt.Sprintf("cognitoidentity: settings have no JSON: %v", err))
	}
	return b
}

// decode reads what encode wrote.
func decode[T any](b []byte) *T {
	settings := new(T)
	if err := json.Unmarshal(b, settings); err != nil {
		kv.Fail(fmt.Errorf("cognitoidentity: stored settings: %w", err))
	}
	return settings
}
