package cognitoidp

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// ListUsers lists users in the order of their names.
func (s *Service) ListUsers(ctx context.Context, in *cognitoidp.ListUsersInput) (*cognitoidp.ListUsersOutput, error) {
	pg, err := newPage(deref(in.Limit), in.PaginationToken)
	if err != nil {
		return nil, err
	}
	wanted, err := newFilter(deref(in.Filter))
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListUsersOutput)
	err = s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		for _, name := range in.AttributesToGet {
			if find(p.settings.SchemaAttributes, name) == nil {
				return invalid("One or more requested attributes do not exist.")
			}
		}
		*out = cognitoidp.ListUsersOutput{Users: []cognitoidp.UserType{}}
		for key, u := range users.Scan(tx, pg.of(kv.Prefix(p.users()))) {
			if !wanted.matches(u) {
				continue
			}
			if len(out.Users) == pg.size {
				out.PaginationToken = pg.token(key)
				return nil
			}
			out.Users = append(out.Users, *u.describe(in.AttributesToGet))
		}
		return nil
	})
	return out, err
}

// filter chooses users by one attribute.
// AWS: "Searching for users using the ListUsers API".
type filter struct {
	attribute, value string
	begins           bool
}

// newFilter reads a filter such as name = "Jo" or email ^= "jo@"; an empty one
// chooses all.
func newFilter(text string) (filter, error) {
	if strings.TrimSpace(text) == "" {
		return filter{}, nil
	}
	form := regexp.MustCompile(`^\s*"?([A-Za-z_:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$`)
	m := form.FindStringSubmatch(text)
	if m == nil {
		return filter{}, invalid("Error while parsing filter.")
	}
	searchable := []string{"username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username", "cognito:user_status", "status", "sub"}
	if !slices.Contains(searchable, m[1]) {
		return filter{}, invalid("Invalid search attribute: %s", m[1])
	}
	return filter{attribute: m[1], begins: m[2] == "^=", value: regexp.MustCompile(`\\(.)`).ReplaceAllString(m[3], "$1")}, nil
}

func (f filter) matches(u *user) bool {
	value := ""
	switch f.attribute {
	case "":
		return true
	case "username":
		value = u.Name
	case "cognito:user_status":
		return f.compare(strings.ToUpper(u.Status), strings.ToUpper(f.value))
	case "status":
		value = "Enabled"
		if u.Disabled {
			value = "Disabled"
		}
	default:
		value = u.value(f.attribute)
	}
	return f.compare(value, f.value)
}

func (f filter) compare(value, wanted string) bool {
	if f.begins {
		return strings.HasPrefix(value, wanted)
	}
	return value == wanted
}
