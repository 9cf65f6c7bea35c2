package cognitoidp

import (
	"maps"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// Statuses of users.
const (
	unconfirmed   = string(cognitoidp.UserStatusTypeUNCONFIRMED)
	confirmed     = string(cognitoidp.UserStatusTypeCONFIRMED)
	resetRequired = string(cognitoidp.UserStatusTypeRESETREQUIRED)
	forceChange   = string(cognitoidp.UserStatusTypeFORCECHANGEPASSWORD)
)

// fold is the form in which names are compared.
// AWS: UsernameConfigurationType: case matters unless the pool says otherwise.
func (p *pool) fold(name string) string {
	if c := p.settings.UsernameConfiguration; c != nil && !c.CaseSensitive {
		return strings.ToLower(name)
	}
	return name
}

// user finds a user by name or alias, ready to be changed.
func (p *pool) user(tx kv.Tx, name string) (*user, bool) {
	if u, ok := users.Get(tx, p.userKey(name)); ok {
		u.pool = p
		return u, true
	}
	for _, attribute := range aliasNames() {
		if a, ok := aliases.Get(tx, p.aliasKey(attribute, name)); ok {
			if u, ok := users.Get(tx, p.userKey(a.Name)); ok {
				u.pool = p
				return u, true
			}
		}
	}
	return nil, false
}

// mustUser is user, with the error that administrators get.
func (p *pool) mustUser(tx kv.Tx, name string) (*user, error) {
	u, ok := p.user(tx, name)
	if !ok {
		return nil, cognitoidp.ErrUserNotFoundException("User does not exist.")
	}
	return u, nil
}

// aliasNames are the attributes that may name a user, and the sub, which always does.
func aliasNames() []string { return []string{"sub", "email", "phone_number", "preferred_username"} }

// isAlias reports whether an attribute names the user in this pool.
func (u *user) isAlias(attribute string) bool {
	s := u.pool.settings
	switch {
	case attribute == "sub":
		return true
	case slices.Contains(s.UsernameAttributes, cognitoidp.UsernameAttributeType(attribute)):
		return true
	case !slices.Contains(s.AliasAttributes, cognitoidp.AliasAttributeType(attribute)):
		return false
	case u.Status == unconfirmed:
		return false // AWS: "Customizing sign-in attributes": aliases come with confirmation
	}
	return attribute == "preferred_username" || u.Attributes[attribute+verifiedSuffix] == "true"
}

// realias makes the user's aliases those of its attributes. With force, an alias
// is taken from who has it, whose attribute then counts as unverified.
func (u *user) realias(tx kv.Tx, before map[string]string, force bool) error {
	old := user{pool: u.pool, Name: u.Name, Attributes: before}
	for _, name := range aliasNames() {
		if name == "sub" || before[name] != u.Attributes[name] || !u.isAlias(name) {
			old.dropAlias(tx, name)
		}
		value := u.value(name)
		if value == "" || !u.isAlias(name) {
			continue
		}
		key := u.pool.aliasKey(name, value)
		if other, ok := aliases.Get(tx, key); ok && other.Name != u.Name {
			if !force {
				return cognitoidp.ErrAliasExistsException("An account with the %s already exists.", strings.ReplaceAll(name, "_number", ""))
			}
			if loser, ok := users.Get(tx, u.pool.userKey(other.Name)); ok {
				loser.pool = u.pool
				delete(loser.Attributes, name+verifiedSuffix)
				loser.put(tx)
			}
		}
		aliases.Put(tx, key, &alias{u.Name})
	}
	return nil
}

func (u *user) dropAlias(tx kv.Tx, attribute string) {
	value := u.value(attribute)
	if value == "" {
		return
	}
	key := u.pool.aliasKey(attribute, value)
	if a, ok := aliases.Get(tx, key); ok && a.Name == u.Name {
		aliases.Delete(tx, key)
	}
}

func (u *user) value(attribute string) string {
	if attribute == "sub" {
		return u.Sub
	}
	return u.Attributes[attribute]
}

// change stores the user with what fn makes of its attributes.
func (u *user) change(tx kv.Tx, fn func()) error {
	before := maps.Clone(u.Attributes)
	fn()
	if err := u.realias(tx, before, false); err != nil {
		return err
	}
	u.put(tx)
	return nil
}

// list is the user's attributes as callers see them, the sub first. only, where
// it is not nil, says which.
func (u *user) list(only []string) []cognitoidp.AttributeType {
	out := []cognitoidp.AttributeType{}
	for _, name := range append([]string{"sub"}, slices.Sorted(maps.Keys(u.Attributes))...) {
		if only == nil || slices.Contains(only, name) {
			out = append(out, cognitoidp.AttributeType{Name: name, Value: new(u.value(name))})
		}
	}
	return out
}

// describe is the user as administrators see it.
func (u *user) describe(only []string) *cognitoidp.UserType {
	return &cognitoidp.UserType{
		Username: &u.Name, Attributes: u.list(only), UserCreateDate: &u.Created, UserLastModifiedDate: &u.Modified,
		Enabled: new(!u.Disabled), UserStatus: cognitoidp.UserStatusType(u.Status),
	}
}
