package sns

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// permissible are the actions that AddPermission can allow.
var permissible = []string{
	"AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic", "ListTagsForResource",
	"Publish", "PutDataProtectionPolicy", "RemovePermission", "SetTopicAttributes", "Subscribe",
}

// document is a topic's policy, its statements kept as they are.
type document struct {
	Version   string            `json:"Version,omitempty"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

func sidOf(statement json.RawMessage) string {
	var s struct{ Sid string }
	_ = json.Unmarshal(statement, &s) // the policy was checked when it was set
	return s.Sid
}

// open reads the topic's policy. A single statement need not be in a list.
func (t *topic) open() (document, error) {
	var d document
	if json.Unmarshal([]byte(t.Policy), &d) == nil {
		return d, nil
	}
	var single struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	err := json.Unmarshal([]byte(t.Policy), &single)
	return document{single.Version, single.ID, []json.RawMessage{single.Statement}}, err
}

func (t *topic) store(tx kv.Tx, d document) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	t.Policy = string(text)
	t.at.put(tx, t)
	return nil
}

// AddPermission adds a statement to a topic's policy.
func (s *Service) AddPermission(ctx context.Context, in *sns.AddPermissionInput) (*sns.AddPermissionOutput, error) {
	for _, action := range in.ActionName {
		if !slices.Contains(permissible, action) && action != "*" {
			return nil, invalid("Policy statement action out of service scope!")
		}
	}
	err := s.updateTopic(ctx, in.TopicArn, func(tx kv.Tx, t *topic) error {
		d, err := t.open()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(d.Statement, func(st json.RawMessage) bool { return sidOf(st) == in.Label }) {
			return invalid("Statement already exists")
		}
		var principals, actions []string
		for _, account := range in.AWSAccountId {
			if !aws.Account(account).Valid() {
				return invalid("Policy statement must contain valid account ids: %s", account)
			}
			principals = append(principals, "arn:"+t.at.Region.Partition()+":iam::"+account+":root")
		}
		for _, action := range in.ActionName {
			actions = append(actions, "SNS:"+action)
		}
		statement, err := json.Marshal(struct {
			Sid, Effect string
			Principal   map[string]any
			Action      any
			Resource    string
		}{in.Label, "Allow", map[string]any{"AWS": oneOrMany(principals)}, oneOrMany(actions), t.at.arn()})
		if err != nil {
			return err
		}
		d.Statement = append(d.Statement, statement)
		return t.store(tx, d)
	})
	return &sns.AddPermissionOutput{}, err
}

// oneOrMany is how AWS writes lists in policies: one element stands alone.
func oneOrMany(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// RemovePermission removes a statement from a topic's policy.
func (s *Service) RemovePermission(ctx context.Context, in *sns.RemovePermissionInput) (*sns.RemovePermissionOutput, error) {
	err := s.updateTopic(ctx, in.TopicArn, func(tx kv.Tx, t *topic) error {
		d, err := t.open()
		if err != nil {
			return err
		}
		d.Statement = slices.DeleteFunc(d.Statement, func(st json.RawMessage) bool { return sidOf(st) == in.Label })
		return t.store(tx, d)
	})
	return &sns.RemovePermissionOutput{}, err
}
