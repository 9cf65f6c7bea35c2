package iam

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// Identity is whose an access key is.
type Identity struct {
	Secret  string
	Revoked bool // the key is inactive, or was deleted
	Caller  aws.Caller
}

// Identity tells whose a long-term access key is; ok is false when nobody ever
// had it. It costs two reads.
func (s *Service) Identity(ctx context.Context, accessKeyID string) (id Identity, ok bool, err error) {
	account, named := aws.AccountOfKey(accessKeyID)
	if !named {
		return id, false, nil
	}
	sc := scopeIn(account, aws.CallFrom(ctx).Region.Partition())
	err = s.viewIn(ctx, sc, func(t *tx) error {
		k, found := accessKeys.Get(t.Tx, t.accessKeyKey(accessKeyID))
		if !found || k.Inactive {
			ok = found || spentKeys.Has(t.Tx, spentKeys.Key(t.Scope, kv.String(accessKeyID)))
			id.Revoked = ok
			return nil
		}
		id.Secret = k.Secret
		id.Caller = aws.Caller{Account: account, AccessKeyID: accessKeyID}
		if k.UserID == "" {
			id.Caller.Kind, id.Caller.UserID, id.Caller.ARN, ok = aws.Root, string(account), t.arn("root"), true
			return nil
		}
		u, found := get(t, &users, k.UserID)
		if found {
			id.Caller.Kind, id.Caller.UserID, id.Caller.ARN, id.Caller.Tags, ok = aws.User, u.ID, t.userARN(u), tagMap(u.Tags), true
		}
		return nil
	})
	return id, ok, err
}

// Policies adds the policies of a user or session to r: Identity, Boundary and
// Session. It costs one scan of what the principal holds, one of each group,
// and one read a managed policy. It also notes, now and then, that key or role
// are in use.
func (s *Service) Policies(ctx context.Context, caller *aws.Caller, r *policy.Request) error {
	if caller.Session != nil {
		if err := s.sessionPolicies(caller.Session, r); err != nil {
			return err
		}
	}
	sc := scopeIn(caller.Account, partitionIn(caller.ARN))
	var used string
	err := s.viewIn(ctx, sc, func(t *tx) error {
		r.Identity = r.Identity[:0]
		r.Boundary = policy.Source{}
		holder, ok := t.holderOf(caller)
		if !ok {
			return nil
		}
		used = t.stale(caller, holder)
		return t.gather(holder, r)
	})
	if err == nil && used != "" {
		err = s.noteUse(ctx, sc, used)
	}
	return err
}

// partitionIn is the partition that an ARN names.
func partitionIn(arn string) string {
	rest := strings.TrimPrefix(arn, "arn:")
	partition, _, _ := strings.Cut(rest, ":")
	return partition
}

func (s *Service) sessionPolicies(session *aws.Session, r *policy.Request) error {
	for _, document := range session.Policies {
		p, err := s.Deps.Policies.Get(document, policy.Identity)
		if err != nil {
			return err
		}
		r.Session = append(r.Session, policy.Source{Name: "session", Policy: p})
	}
	return nil
}

// rootHolder stands for the root user, whom nothing limits.
const rootHolder = "root"

// holderOf is the unique id of the user or role whose policies a caller has.
func (t *tx) holderOf(c *aws.Caller) (string, bool) {
	switch c.Kind {
	case aws.User:
		return c.UserID, true
	case aws.AssumedRole:
		id, _, _ := strings.Cut(c.UserID, ":")
		return id, true
	case aws.FederatedUser:
		if c.Session == nil {
			return "", false
		}
		// AWS: "GetFederationToken": the session has what its user has, as it is now.
		if strings.HasSuffix(c.Session.User, ":root") {
			return rootHolder, true
		}
		u, ok := find(t, &users, c.Session.User[strings.LastIndexByte(c.Session.User, '/')+1:])
		if ok {
			return u.ID, true
		}
	}
	return "", false
}

// gather adds what a user or role holds to r.
func (t *tx) gather(holder string, r *policy.Request) error {
	if holder == rootHolder {
		return t.add(&r.Identity, rootHolder, allowAll)
	}
	return t.each(holder, func(_ string, g *grant, document string) error {
		if g.Kind != grantBoundary {
			return t.add(&r.Identity, g.label(), document)
		}
		p, err := t.Deps.Policies.Get(document, policy.Identity)
		r.Boundary = policy.Source{Name: g.ARN, Policy: p}
		return err
	})
}

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// denyAll stands for a boundary whose policy is gone: it allows nothing.
const denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`

func (t *tx) add(to *[]policy.Source, name, document string) error {
	p, err := t.Deps.Policies.Get(document, policy.Identity)
	if err == nil {
		*to = append(*to, policy.Source{Name: name, Policy: p})
	}
	return err
}

// label is how people find the policy again.
func (g *grant) label() string {
	if g.Kind == grantInline {
		return g.Name
	}
	return g.ARN
}

// each visits every policy that a user or role holds, through its groups too.
func (t *tx) each(holder string, visit func(holder string, g *grant, document string) error) error {
	for _, g := range grants.Scan(t.Tx, kv.Prefix(grants.Prefix(t.Scope, kv.String(holder)))) {
		var err error
		switch g.Kind {
		case grantGroup:
			err = t.each(g.Target, visit)
		case grantInline:
			err = visit(holder, g, g.Document)
		default:
			m, ok := t.resolve(g.Target)
			if ok {
				err = visit(holder, g, m.Document)
			} else if g.Kind == grantBoundary {
				err = visit(holder, g, denyAll)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stale gives the id whose last use should be written anew, or "".
func (t *tx) stale(c *aws.Caller, holder string) string {
	id := holder
	if c.Kind != aws.AssumedRole {
		id = c.AccessKeyID
	}
	if id == "" || c.Kind == aws.User && c.Session != nil {
		return ""
	}
	use, ok := lastUses.Peek(t.Tx, lastUses.Key(t.Scope, kv.String(id)))
	if ok && t.Now().Sub(use.At) < useGranularity {
		return ""
	}
	return id
}

// noteUse writes that a key or role was used for the call that ctx carries.
func (s *Service) noteUse(ctx context.Context, sc kv.Scope, id string) error {
	call := aws.CallFrom(ctx)
	region := string(call.Region)
	if call.Region == call.Region.Global() {
		region = string(aws.DefaultRegion) // AWS: global services count as there
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		lastUses.Put(tx, lastUses.Key(sc, kv.String(id)), &lastUse{At: tx.Now(), Service: call.Service, Region: region})
		return nil
	})
}
