package lambda

import (
	"regexp"
	"strconv"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// latest is the version that can be changed.
const latest = "$LATEST"

// address is where a function is, or a version of it.
type address struct {
	kv.Scope
	Name      string
	Qualifier string // "" when none was given
}

func (a address) arn() string {
	return aws.NewARN("lambda", a.Region, a.Account, "function:"+a.Name).String()
}

// qualified is the ARN with what the caller asked for.
func (a address) qualified() string {
	if a.Qualifier == "" {
		return a.arn()
	}
	return a.arn() + ":" + a.Qualifier
}

func (a address) key() kv.Key { return functions.Key(a.Scope, kv.String(a.Name)) }

// named has the forms of a function's name: the name, ACCOUNT:function:NAME,
// and an ARN, each with a qualifier or without.
var named = regexp.MustCompile(`^(?:(?:arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):)?(?:(\d{12}):)?function:)?([a-zA-Z0-9-_]{1,64})(?::(\$LATEST|[a-zA-Z0-9-_]{1,128}))?$`)

// addressOf reads the name and the qualifier of a request.
func addressOf(c *aws.Call, name string, qualifier *string) (address, error) {
	m := named.FindStringSubmatch(name)
	if m == nil {
		return address{}, invalid("%s is not a valid function name or ARN.", name)
	}
	a := address{kv.Scope{Account: c.Account, Region: c.Region}, m[3], m[4]}
	if m[1] != "" && aws.Region(m[1]) != c.Region {
		return address{}, lambda.ErrResourceNotFoundException(&lambda.ResourceNotFoundException{Type: new(user)},
			"Functions from '%s' are not reachable in this region ('%s')", m[1], c.Region)
	}
	if m[2] != "" {
		a.Account = aws.Account(m[2])
	}
	if q := deref(qualifier); q != "" {
		if a.Qualifier != "" && a.Qualifier != q {
			return address{}, invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		a.Qualifier = q
	}
	return a, nil
}

// find returns the function at an address.
func (a address) find(tx kv.Tx) (*function, error) {
	f, ok := functions.Get(tx, a.key())
	if !ok {
		return nil, notFound(a.qualified())
	}
	f.at = a
	return f, nil
}

// version returns the function and, by its number or an alias, the version that the qualifier names.
func (a address) version(tx kv.Tx) (*function, *configuration, error) {
	f, err := a.find(tx)
	if err != nil {
		return nil, nil, err
	}
	number, err := strconv.ParseUint(a.Qualifier, 10, 64)
	ok := err == nil && number > 0
	switch {
	case a.Qualifier == "" || a.Qualifier == latest:
		number, ok = 0, true
	case err != nil:
		var named *alias
		if named, ok = aliases.Get(tx, f.aliasKey(a.Qualifier)); ok {
			number = named.Number
		}
	}
	var c *configuration
	if ok {
		c, ok = versions.Get(tx, f.versionKey(number))
	}
	if !ok {
		return nil, nil, notFound(a.qualified())
	}
	return f, c, nil
}
