package iam

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/front/policy"
)

// GetContextKeysForCustomPolicy tells which condition keys the given policies use.
func (s *Service) GetContextKeysForCustomPolicy(_ context.Context, in *api.GetContextKeysForCustomPolicyInput) (*api.GetContextKeysForCustomPolicyOutput, error) {
	keys, err := s.contextKeys(in.PolicyInputList)
	return &api.GetContextKeysForCustomPolicyOutput{ContextKeyNames: keys}, err
}

// GetContextKeysForPrincipalPolicy is the same for the policies of a user, group or role.
func (s *Service) GetContextKeysForPrincipalPolicy(ctx context.Context, in *api.GetContextKeysForPrincipalPolicyInput) (*api.GetContextKeysForPrincipalPolicyOutput, error) {
	documents := slices.Clone(in.PolicyInputList)
	err := s.view(ctx, func(t *tx) error {
		id, err := t.principal(in.PolicySourceArn)
		if err != nil {
			return err
		}
		return t.each(id, func(_ string, _ *grant, document string) error {
			documents = append(documents, document)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	keys, err := s.contextKeys(documents)
	return &api.GetContextKeysForPrincipalPolicyOutput{ContextKeyNames: keys}, err
}

func (s *Service) contextKeys(documents []string) ([]string, error) {
	keys := []string{}
	for _, document := range documents {
		if _, err := s.Deps.Policies.Get(document, policy.Identity); err != nil {
			return nil, api.ErrInvalidInputException("%s", err.Error())
		}
		var tree any
		if json.Unmarshal([]byte(document), &tree) == nil {
			collectKeys(tree, &keys)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// collectKeys finds the keys of conditions, and those in ${…}.
func collectKeys(node any, keys *[]string) {
	switch n := node.(type) {
	case string:
		variables(n, keys)
	case []any:
		for _, kid := range n {
			collectKeys(kid, keys)
		}
	case map[string]any:
		for name, kid := range n {
			if operators, ok := kid.(map[string]any); ok && name == "Condition" {
				for _, pairs := range operators {
					if pairs, ok := pairs.(map[string]any); ok {
						for key := range pairs {
							*keys = append(*keys, key)
						}
					}
				}
			}
			collectKeys(kid, keys)
		}
	}
}

// variables finds ${key} and ${key, 'default'} in a text; ${*}, ${?} and ${$}
// are characters.
func variables(text string, keys *[]string) {
	for {
		_, rest, ok := strings.Cut(text, "${")
		if !ok {
			return
		}
		var name string
		if name, text, ok = strings.Cut(rest, "}"); !ok {
			return
		}
		name, _, _ = strings.Cut(name, ",")
		if name = strings.TrimSpace(name); len(name) > 1 {
			*keys = append(*keys, name)
		}
	}
}
