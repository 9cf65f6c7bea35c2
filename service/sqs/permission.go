package sqs

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// policyDocument is a queue's policy as AddPermission and RemovePermission
// change it: statements that they did not make are kept as they are.
type policyDocument struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

func parsePolicy(q *queue) (*policyDocument, error) {
	d := &policyDocument{Version: "2012-10-17", ID: q.at.arn() + "/SQSDefaultPolicy"}
	if q.Policy == "" {
		return d, nil
	}
	return d, json.Unmarshal([]byte(q.Policy), d)
}

// sid is the label of a statement.
func sid(statement json.RawMessage) string {
	var s struct{ Sid string }
	_ = json.Unmarshal(statement, &s) // a statement that does not parse has no label
	return s.Sid
}

// AddPermission adds a statement to the queue's policy.
func (s *Service) AddPermission(ctx context.Context, in *sqs.AddPermissionInput) (*sqs.AddPermissionOutput, error) {
	if err := checkPermission(in); err != nil {
		return nil, err
	}
	err := s.change(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		d, err := parsePolicy(q)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(d.Statement, func(st json.RawMessage) bool { return sid(st) == in.Label }) {
			return invalid(in.Label, "Label", "Already exists.")
		}
		if len(d.Statement) >= maxPermissions {
			return sqs.ErrOverLimit("%d permissions are allowed for a queue.", maxPermissions)
		}
		st, err := json.Marshal(newStatement(q, in))
		if err != nil {
			return err
		}
		d.Statement = append(d.Statement, st)
		return q.setPolicy(tx, d)
	})
	return &sqs.AddPermissionOutput{}, err
}

func checkPermission(in *sqs.AddPermissionInput) error {
	switch {
	case in.Label == "" || len(in.Label) > maxName || !isWord(in.Label):
		return invalid(in.Label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	case len(in.Actions) == 0:
		return missing("Actions")
	case len(in.AWSAccountIds) == 0:
		return missing("AWSAccountIds")
	case len(in.Actions) > maxActions:
		return sqs.ErrOverLimit("%d Actions were found, maximum allowed is %d.", len(in.Actions), maxActions)
	case len(in.AWSAccountIds) > maxPermissionUsers:
		return sqs.ErrOverLimit("%d AWSAccountIds were found, maximum allowed is %d.", len(in.AWSAccountIds), maxPermissionUsers)
	}
	for _, id := range in.AWSAccountIds {
		if !aws.Account(id).Valid() {
			return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Value %s for parameter PrincipalId is invalid. Reason: Unable to verify.", in.AWSAccountIds)
		}
	}
	for _, a := range in.Actions {
		if !slices.Contains(sharedActions, a) {
			return invalid("SQS:"+a, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions.")
		}
	}
	return nil
}

// sharedActions are what AddPermission can allow.
// AWS: AddPermission, "Actions".
var sharedActions = []string{"*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage"}

// statement is one that AddPermission makes.
type statement struct {
	Sid       string
	Effect    string
	Principal struct{ AWS []string }
	Action    []string
	Resource  string
}

func newStatement(q *queue, in *sqs.AddPermissionInput) *statement {
	st := &statement{Sid: in.Label, Effect: "Allow", Resource: q.at.arn()}
	for _, id := range in.AWSAccountIds {
		st.Principal.AWS = append(st.Principal.AWS, "arn:"+q.at.Region.Partition()+":iam::"+id+":root")
	}
	for _, a := range in.Actions {
		st.Action = append(st.Action, "SQS:"+a)
	}
	return st
}

// RemovePermission removes a statement from the queue's policy.
func (s *Service) RemovePermission(ctx context.Context, in *sqs.RemovePermissionInput) (*sqs.RemovePermissionOutput, error) {
	err := s.change(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		d, err := parsePolicy(q)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(d.Statement, func(st json.RawMessage) bool { return sid(st) == in.Label })
		if i < 0 {
			return invalid(in.Label, "Label", "can't find label.")
		}
		d.Statement = slices.Delete(d.Statement, i, i+1)
		return q.setPolicy(tx, d)
	})
	return &sqs.RemovePermissionOutput{}, err
}

func (q *queue) setPolicy(tx kv.Tx, d *policyDocument) error {
	q.Policy = ""
	if len(d.Statement) > 0 {
		b, err := json.Marshal(d)
		if err != nil {
			return err
		}
		q.Policy = string(b)
	}
	q.Modified = tx.Now()
	return nil
}
