package sns

import (
	"context"
	"encoding/json"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/state/kv"
)

// PutDataProtectionPolicy keeps a data protection policy. It is not enforced.
func (s *Service) PutDataProtectionPolicy(ctx context.Context, in *sns.PutDataProtectionPolicyInput) (*sns.PutDataProtectionPolicyOutput, error) {
	if in.DataProtectionPolicy != "" && !json.Valid([]byte(in.DataProtectionPolicy)) {
		return nil, invalid("DataProtectionPolicy Reason: failed to parse JSON.")
	}
	err := s.updateTopic(ctx, in.ResourceArn, func(tx kv.Tx, t *topic) error {
		if t.at.fifo() {
			return invalid("DataProtectionPolicy Reason: Data protection policies are not supported for FIFO topics")
		}
		t.Protection = in.DataProtectionPolicy
		t.at.put(tx, t)
		return nil
	})
	return &sns.PutDataProtectionPolicyOutput{}, err
}

// GetDataProtectionPolicy returns the data protection policy of a topic.
func (s *Service) GetDataProtectionPolicy(ctx context.Context, in *sns.GetDataProtectionPolicyInput) (*sns.GetDataProtectionPolicyOutput, error) {
	out := new(sns.GetDataProtectionPolicyOutput)
	err := s.viewTopic(ctx, in.ResourceArn, func(_ kv.Tx, t *topic) error {
		if t.Protection != "" {
			out.DataProtectionPolicy = &t.Protection
		}
		return nil
	})
	return out, err
}
