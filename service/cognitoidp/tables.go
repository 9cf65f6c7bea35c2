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
	at       address                  `kv:"-"` // where it was found
	settings *cognitoidp.UserPoolType `kv:"-"` // from Settings

	Name     string       `kv:"1"`
	Created  time.Time    `kv:"2"`
	Modified time.Time    `kv:"3"`
	Settings []byte       `kv:"4"` // a UserPoolType in JSON, without what is in other fields
	Keys     []signingKey `kv:"5"` // of ID tokens, of access tokens
	Secret   []byte       `kv:"6"` // makes up users who do not exist, always the same
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

// place tells where a pool or a client is, to those who know its id only.
type place struct {
	Account string `kv:"1"`
	Region  string `kv:"2"`
	Pool    string `kv:"3"`
}

// The tables. All but the first two begin with the pool's id.
var (
	places = kv.Table[place]{Name: "cognitoidp.place"} // in no account: pool id or client id
	pools  = kv.Table[pool]{Name: "cognitoidp.pool"}   // id

	clients = kv.Table[client]{Name: "cognitoidp.client"}  // id
	counts  = kv.Table[struct{}]{Name: "cognitoidp.count"} // what
)

// world is the scope of what must be found without an account.
func world(r aws.Region) kv.Scope { return kv.Scope{Region: r.Global()} }

func placeKey(r aws.Region, id string) kv.Key { return places.Key(world(r), kv.String(id)) }

func (a address) key() kv.Key { return pools.Key(a.Scope, kv.String(a.ID)) }

func (p *pool) clientKey(id string) kv.Key {
	return clients.Key(p.at.Scope, kv.String(p.at.ID), kv.String(id))
}

func (p *pool) put(tx kv.Tx) {
	p.Settings = encode(p.settings)
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
