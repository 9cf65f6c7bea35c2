package apigateway

import (
	"context"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

func accountKey(sc kv.Scope) kv.Key { return accounts.rows.Key(sc) }

// GetAccount tells of the account's settings in the region.
func (s *Service) GetAccount(ctx context.Context, _ *api.GetAccountInput) (*api.GetAccountOutput, error) {
	var role *string
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if v, ok := accounts.get(tx, accountKey(scopeOf(ctx))); ok {
			role = v.CloudwatchRoleArn
		}
		return nil
	})
	return &api.GetAccountOutput{
		CloudwatchRoleArn: role, ThrottleSettings: &api.ThrottleSettings{BurstLimit: new(int32(accountBurst)), RateLimit: new(float64(accountRate))},
		Features: []string{"UsagePlans"}, ApiKeyVersion: new("4"),
	}, err
}

// UpdateAccount sets the role by which APIs write their logs.
func (s *Service) UpdateAccount(ctx context.Context, in *api.UpdateAccountInput) (*api.UpdateAccountOutput, error) {
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		v, ok := accounts.get(tx, accountKey(scopeOf(ctx)))
		if !ok {
			v = &account{}
		}
		if err := patch(v, []rule{{"replace remove add", "/cloudwatchRoleArn"}}, in.PatchOperations); err != nil {
			return err
		}
		v.CloudwatchRoleArn = aws.Optional(deref(v.CloudwatchRoleArn))
		if err := s.checkLogRole(ctx, v); err != nil {
			return err
		}
		accounts.put(tx, accountKey(scopeOf(ctx)), v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out, err := s.GetAccount(ctx, nil)
	return (*api.UpdateAccountOutput)(out), err
}

// checkLogRole checks that API Gateway may act in the account's role.
func (s *Service) checkLogRole(ctx context.Context, v *account) error {
	if v.CloudwatchRoleArn == nil {
		return nil
	}
	if _, err := s.Roles.Assume(ctx, *v.CloudwatchRoleArn, ""); err != nil {
		return invalid("The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.")
	}
	return nil
}
