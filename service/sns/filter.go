package sns

import (
	"errors"
	"strings"

	"github.com/brume-cloud/brume/front/pattern"
)

// filterError is what is wrong with a filter policy, in SNS's words.
type filterError struct{ cause error }

// Error implements error.
func (e filterError) Error() string {
	if errors.Is(e.cause, pattern.ErrNested) { // AWS: this one is said without a name
		return e.cause.Error()
	}
	return "FilterPolicy: " + e.cause.Error()
}

// Unwrap returns the cause.
func (e filterError) Unwrap() error { return e.cause }

// parseFilter reads a filter policy and checks it against the rules of its scope.
// AWS: "Amazon SNS subscription filter policies".
func parseFilter(text, scope string) (*pattern.Pattern, error) {
	p, err := pattern.Parse(text, pattern.Rules{
		Flat: scope != scopeBody, MaxSize: maxFilterSize, MaxKeys: maxFilterKeys, MaxCombinations: maxFilterCombinations,
	})
	if err != nil {
		return nil, filterError{err}
	}
	return p, nil
}

// matchAttributes reports whether a message with these attributes passes.
func matchAttributes(p *pattern.Pattern, attributes []attribute) bool {
	return p.MatchEach(func(r *pattern.Rule) bool { return matchAttribute(r, attributes) })
}

// matchAttribute holds a rule against the attribute of its name. AWS: binary
// attributes are ignored, as if they were not there.
func matchAttribute(r *pattern.Rule, attributes []attribute) bool {
	for i := range attributes {
		a := &attributes[i]
		if a.Name != r.Path() || a.binary() {
			continue
		}
		switch {
		case a.Type == typeStringArray:
			return r.MatchList(a.Text)
		case strings.HasPrefix(a.Type, typeNumber):
			return r.MatchNumber(a.Text)
		}
		return r.MatchText(a.Text)
	}
	return r.Wants(false)
}
