package glacier

import (
	"context"
	"slices"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/state/kv"
)

// SetVaultNotifications says which completed jobs of the vault a topic is told of.
func (s *Service) SetVaultNotifications(ctx context.Context, in *glacier.SetVaultNotificationsInput) (*glacier.SetVaultNotificationsOutput, error) {
	c := in.VaultNotificationConfig
	switch {
	case c == nil:
		return nil, missing("vaultNotificationConfig")
	case c.SNSTopic == nil:
		return nil, missing("SNSTopic")
	case !isTopic(*c.SNSTopic):
		return nil, invalid("Invalid SNS topic: %s", *c.SNSTopic)
	case len(c.Events) == 0:
		return nil, missing("Events")
	}
	for _, e := range c.Events {
		if e != eventArchive && e != eventInventory {
			return nil, invalid("Invalid event: %s. Valid values are %s and %s.", e, eventArchive, eventInventory)
		}
	}
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		v.Topic, v.Events = *c.SNSTopic, c.Events
		return nil
	})
	return &glacier.SetVaultNotificationsOutput{}, err
}

// GetVaultNotifications tells the vault's notification configuration.
func (s *Service) GetVaultNotifications(ctx context.Context, in *glacier.GetVaultNotificationsInput) (*glacier.GetVaultNotificationsOutput, error) {
	out := new(glacier.GetVaultNotificationsOutput)
	err := s.view(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		if v.Topic == "" {
			return notFound("No notification configuration is set for vault: %s", v.at.arn())
		}
		out.VaultNotificationConfig = &glacier.VaultNotificationConfig{SNSTopic: new(v.Topic), Events: slices.Clone(v.Events)}
		return nil
	})
	return out, err
}

// DeleteVaultNotifications removes it. Doing so again is no error.
func (s *Service) DeleteVaultNotifications(ctx context.Context, in *glacier.DeleteVaultNotificationsInput) (*glacier.DeleteVaultNotificationsOutput, error) {
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		v.Topic, v.Events = "", nil
		return nil
	})
	return &glacier.DeleteVaultNotificationsOutput{}, err
}
