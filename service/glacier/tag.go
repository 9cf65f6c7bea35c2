package glacier

import (
	"context"
	"maps"
	"strings"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/state/kv"
)

// AddTagsToVault adds one to ten tags, in the place of those with the same keys.
// Limit: 50 tags of a vault (LimitExceededException).
func (s *Service) AddTagsToVault(ctx context.Context, in *glacier.AddTagsToVaultInput) (*glacier.AddTagsToVaultOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		if v.Tags == nil {
			v.Tags = map[string]string{}
		}
		maps.Copy(v.Tags, in.Tags)
		if len(v.Tags) > maxTags {
			return tooMany("A vault has at most %d tags.", maxTags)
		}
		return nil
	})
	return &glacier.AddTagsToVaultOutput{}, err
}

func checkTags(tags map[string]string) error {
	if len(tags) == 0 {
		return missing("Tags")
	}
	if len(tags) > maxTagsRequest {
		return invalid("Invalid tags: at most %d can be added at a time.", maxTagsRequest)
	}
	for k, v := range tags {
		if k == "" || len(k) > maxTagKey || len(v) > maxTagValue || strings.HasPrefix(strings.ToLower(k), "aws:") {
			return invalid("Invalid tag: %s. A key has 1 to %d characters and does not begin with aws:, a value has up to %d.", k, maxTagKey, maxTagValue)
		}
	}
	return nil
}

// RemoveTagsFromVault removes tags. Keys that the vault does not have are no error.
func (s *Service) RemoveTagsFromVault(ctx context.Context, in *glacier.RemoveTagsFromVaultInput) (*glacier.RemoveTagsFromVaultOutput, error) {
	if len(in.TagKeys) == 0 {
		return nil, missing("TagKeys")
	}
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		for _, k := range in.TagKeys {
			delete(v.Tags, k)
		}
		return nil
	})
	return &glacier.RemoveTagsFromVaultOutput{}, err
}

// ListTagsForVault tells the vault's tags.
func (s *Service) ListTagsForVault(ctx context.Context, in *glacier.ListTagsForVaultInput) (*glacier.ListTagsForVaultOutput, error) {
	out := new(glacier.ListTagsForVaultOutput)
	err := s.view(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		out.Tags = map[string]string{}
		maps.Copy(out.Tags, v.Tags)
		return nil
	})
	return out, err
}
