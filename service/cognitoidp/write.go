package cognitoidp

import (
	"context"
	"maps"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// write sets attributes of a user. An address that changes counts as unverified,
// unless an administrator says otherwise, and where the pool verifies it of its
// own, a code is sent to it.
// AWS: UpdateUserAttributes, and "Verifying updates to email addresses and phone numbers".
func (s *Service) write(ctx context.Context, tx kv.Tx, u *user, w writing) ([]cognitoidp.CodeDeliveryDetailsType, error) {
	values, err := w.read(u.pool)
	if err != nil {
		return nil, err
	}
	var sent []cognitoidp.CodeDeliveryDetailsType
	for _, via := range []string{email, phone} {
		to, given := values[via]
		if !given || to == u.Attributes[via] || to == "" || values[via+verifiedSuffix] == "true" {
			continue
		}
		values[via+verifiedSuffix] = "false"
		if !slices.Contains(u.pool.settings.AutoVerifiedAttributes, cognitoidp.VerifiedAttributeType(via)) {
			continue
		}
		d, err := s.sendCode(ctx, tx, u, errand{forAttribute + via, via, to, codeValidity, changedAddress})
		if err != nil {
			return nil, err
		}
		sent = append(sent, *d)
		if u.pool.verifiesFirst(via) { // the old address stays until then
			delete(values, via)
			delete(values, via+verifiedSuffix)
		}
	}
	err = u.change(tx, func() {
		if u.Attributes == nil {
			u.Attributes = map[string]string{}
		}
		maps.Copy(u.Attributes, values)
		maps.DeleteFunc(u.Attributes, func(_, v string) bool { return v == "" })
	})
	if err == nil {
		err = u.pool.complete(u.Attributes)
	}
	return sent, err
}

// verifiesFirst reports whether an address is only changed once it is verified.
func (p *pool) verifiesFirst(attribute string) bool {
	s := p.settings.UserAttributeUpdateSettings
	return s != nil && slices.Contains(s.AttributesRequireVerificationBeforeUpdate, cognitoidp.VerifiedAttributeType(attribute))
}

// remove removes attributes of a user.
func (u *user) remove(tx kv.Tx, w writing, names []string) error {
	for _, name := range names {
		rule := find(u.pool.settings.SchemaAttributes, name)
		switch {
		case rule == nil:
			return invalid("One or more requested attributes do not exist.")
		case *rule.Required || !*rule.Mutable:
			return invalid("user.%s: Attribute cannot be deleted.", name)
		case w.client != nil && !w.client.mayWrite(name):
			return cognitoidp.ErrNotAuthorizedException("A client attempted to write unauthorized attribute")
		case slices.Contains(u.pool.settings.UsernameAttributes, cognitoidp.UsernameAttributeType(name)):
			return invalid("Cannot delete attribute %s, which users sign in with.", name)
		}
	}
	return u.change(tx, func() {
		for _, name := range names {
			delete(u.Attributes, name)
			if name == email || name == phone {
				delete(u.Attributes, name+verifiedSuffix)
				codes.Delete(tx, u.codeKey(forAttribute+name))
			}
		}
	})
}
