package cognitoidp

import (
	"context"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// preAuthenticate asks the pool's function whether a user may try to sign in.
// AWS: "Pre authentication Lambda trigger": of users who do not exist, it is told by
// clients that hide who does.
func (s *Service) preAuthenticate(ctx context.Context, e *entry) error {
	var u *user
	var known bool
	err := s.settle(ctx, func(tx kv.Tx) error {
		u, known = nil, true
		c, err := e.admit(ctx, tx)
		if err != nil || c.pool.triggers().PreAuthentication == nil {
			return err
		}
		if u, err = e.user(tx, c); err == nil && u == nil && c.hides() {
			known, u = false, &user{pool: c.pool, Name: e.values["USERNAME"], caller: caller{client: c.ID, metadata: e.metadata}}
		}
		return err
	})
	if err != nil || u == nil {
		return err
	}
	o := u.occasion("PreAuthentication", u.pool.triggers().PreAuthentication, tokensBySignIn)
	return s.call(ctx, o, map[string]any{"userAttributes": u.told(), "validationData": e.metadata, "userNotFound": !known}, &struct{}{})
}

// postAuthenticate tells the pool's function that a user has signed in.
func (s *Service) postAuthenticate(ctx context.Context, u *user) error {
	o := u.occasion("PostAuthentication", u.pool.triggers().PostAuthentication, tokensBySignIn)
	if o.arn == nil {
		return nil
	}
	return s.call(ctx, o, map[string]any{"userAttributes": u.told(), "newDeviceUsed": false}, &struct{}{})
}

// newcomer is a user whom the pool's function may know.
type newcomer struct {
	*client
	name, password string
	metadata       map[string]string
}

// migrated is what a function says of a user whom it knows.
type migrated struct {
	Attributes map[string]string `json:"userAttributes"`
	Status     string            `json:"finalUserStatus"`
	Force      bool              `json:"forceAliasCreation"`
}

// migrate makes a user whom the pool's function knows. It does nothing in a pool that
// has no such function.
// AWS: "Migrate user Lambda trigger".
func (s *Service) migrate(ctx context.Context, n newcomer, why string) (done bool, err error) {
	stranger := &user{pool: n.pool, Name: n.name, caller: caller{client: n.ID, metadata: n.metadata}}
	o := stranger.occasion("UserMigration", n.pool.triggers().UserMigration, why)
	if o.arn == nil {
		return false, nil
	}
	var said migrated
	err = s.call(ctx, o, map[string]any{"password": n.password, "validationData": n.metadata, "userAttributes": nil}, &said)
	if err != nil || len(said.Attributes) == 0 {
		return false, n.notMigrated()
	}
	given := writing{fresh: true}
	for name, value := range said.Attributes {
		if name != "username" { // the name is that of the request
			given.attributes = append(given.attributes, cognitoidp.AttributeType{Name: name, Value: &value})
		}
	}
	sub := aws.UUID(s.Random)
	err = s.settle(ctx, func(tx kv.Tx) error {
		p, err := n.pool.at.find(tx)
		if err != nil {
			return err
		}
		attributes, err := given.read(p)
		if err != nil {
			return err
		}
		u, err := s.newUser(tx, p, named{n.name, sub}, attributes)
		if err != nil {
			return err
		}
		u.Status = resetRequired
		if said.Status == confirmed && n.password != "" {
			u.Status, u.Password = confirmed, s.newSecret(u.identity(), n.password)
		}
		p.count(tx, countUsers, 1)
		return u.enrol(tx, said.Force)
	})
	return err == nil, err
}

func (n *newcomer) notMigrated() error {
	if n.hides() {
		return incorrect()
	}
	return cognitoidp.ErrUserNotFoundException("Exception migrating user in app client %s", n.ID)
}
