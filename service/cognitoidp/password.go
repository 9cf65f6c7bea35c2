package cognitoidp

import (
	"strings"
	"unicode/utf8"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
)

// newPolicies completes a pool's policies.
func newPolicies(in *cognitoidp.UserPoolPolicyType, tier cognitoidp.UserPoolTierType) (*cognitoidp.UserPoolPolicyType, error) {
	out := orNew(in)
	p := out.PasswordPolicy
	if p == nil {
		p = &cognitoidp.PasswordPolicyType{RequireUppercase: new(true), RequireLowercase: new(true), RequireNumbers: new(true), RequireSymbols: new(true)}
	} else {
		p = orNew(p)
	}
	p.MinimumLength = new(or(p.MinimumLength, defaultMinimumLength))
	if n := *p.MinimumLength; n < leastMinimumLength || n > mostMinimumLength {
		return nil, invalid("Password minimum length must be between %d and %d.", leastMinimumLength, mostMinimumLength)
	}
	for _, b := range []**bool{&p.RequireUppercase, &p.RequireLowercase, &p.RequireNumbers, &p.RequireSymbols} {
		*b = new(deref(*b))
	}
	if deref(p.PasswordHistorySize) > 0 && tier == cognitoidp.UserPoolTierTypeLITE {
		return nil, cognitoidp.ErrFeatureUnavailableInTierException("Password history is not available in the LITE tier.")
	}
	out.PasswordPolicy = p
	if out.SignInPolicy == nil || len(out.SignInPolicy.AllowedFirstAuthFactors) == 0 {
		out.SignInPolicy = &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{cognitoidp.AuthFactorTypePASSWORD}}
	}
	for _, f := range out.SignInPolicy.AllowedFirstAuthFactors {
		switch {
		case f == cognitoidp.AuthFactorTypeWEBAUTHN:
			return nil, unbuilt("passkeys")
		case f != cognitoidp.AuthFactorTypePASSWORD && tier == cognitoidp.UserPoolTierTypeLITE:
			return nil, cognitoidp.ErrFeatureUnavailableInTierException("Passwordless sign-in is not available in the LITE tier.")
		}
	}
	return out, nil
}

// AWS: "Adding user pool password requirements": what counts as a symbol. A
// space counts as well, unless it is the first or last character.
const passwordSymbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"

// checkPassword holds a password against a pool's policy.
func checkPassword(policy *cognitoidp.PasswordPolicyType, password string) error {
	var upper, lower, digit, symbol bool
	for i, c := range password {
		switch {
		case c >= 'A' && c <= 'Z':
			upper = true
		case c >= 'a' && c <= 'z':
			lower = true
		case c >= '0' && c <= '9':
			digit = true
		case strings.ContainsRune(passwordSymbols, c), c == ' ' && i > 0 && i < len(password)-1:
			symbol = true
		}
	}
	broken := func(what string) error {
		return cognitoidp.ErrInvalidPasswordException("Password did not conform with policy: Password %s", what)
	}
	switch {
	case utf8.RuneCountInString(password) < int(*policy.MinimumLength):
		return broken("not long enough")
	case len(password) > maxPasswordLength:
		return broken("too long")
	case *policy.RequireUppercase && !upper:
		return broken("must have uppercase characters")
	case *policy.RequireLowercase && !lower:
		return broken("must have lowercase characters")
	case *policy.RequireNumbers && !digit:
		return broken("must have numeric characters")
	case *policy.RequireSymbols && !symbol:
		return broken("must have symbol characters")
	}
	return nil
}

// newPassword makes up a temporary password that keeps to every policy of the
// same length.
func newPassword(r aws.Random, policy *cognitoidp.PasswordPolicyType) string {
	const lower, upper, digits, symbols = "abcdefghijkmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!@#%&*?-_=+"
	all := []string{lower, upper, digits, symbols}
	var b strings.Builder
	for i := range max(defaultMinimumLength, int(*policy.MinimumLength)) {
		b.WriteString(aws.Text(r, all[i%len(all)], 1))
	}
	return b.String()
}
