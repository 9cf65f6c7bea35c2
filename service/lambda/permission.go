package lambda

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// document is a function's policy, which only AddPermission writes.
type document struct {
	Version   string      `json:"Version"`
	ID        string      `json:"Id"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Sid       string                       `json:"Sid"`
	Effect    string                       `json:"Effect"`
	Principal any                          `json:"Principal"`
	Action    string                       `json:"Action"`
	Resource  string                       `json:"Resource"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

// parseDocument reads a stored policy; empty is one without statements.
func parseDocument(text string) (*document, error) {
	d := &document{Version: "2012-10-17", ID: "default"}
	if text == "" {
		return d, nil
	}
	return d, json.Unmarshal([]byte(text), d)
}

// text is the policy as it is stored: empty without statements.
func (d *document) text() (string, error) {
	if len(d.Statement) == 0 {
		return "", nil
	}
	b, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	if len(b) > maxPolicy {
		return "", lambda.ErrPolicyLengthExceededException(&lambda.PolicyLengthExceededException{Type: new(user)},
			"The final policy size (%d) is bigger than the limit (%d).", len(b), maxPolicy)
	}
	if _, err := policy.Parse(b, policy.Resource); err != nil {
		return "", invalid("The provided principal was invalid. Please check the principal and try again.")
	}
	return string(b), nil
}

func statementExists(sid string) error {
	return lambda.ErrResourceConflictException(&lambda.ResourceConflictException{Type: new(user)},
		"The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", sid)
}

func noStatement(sid string) error {
	return noResource("Statement %s is not found in resource policy.", sid)
}

func (d *document) index(sid string) int {
	return slices.IndexFunc(d.Statement, func(st statement) bool { return st.Sid == sid })
}

// AddPermission allows a principal to use the function.
func (s *Service) AddPermission(ctx context.Context, in *lambda.AddPermissionInput) (*lambda.AddPermissionOutput, error) {
	switch {
	case in.FunctionUrlAuthType != "" && in.Action != "lambda:InvokeFunctionUrl":
		return nil, invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
	case in.InvokedViaFunctionUrl != nil && in.Action != "lambda:InvokeFunction":
		return nil, invalid("InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action")
	}
	revision := aws.UUID(s.Random)
	var text []byte
	err := s.changePolicy(ctx, place{in.FunctionName, in.Qualifier, in.RevisionId}, revision, func(f *function, d *document) error {
		if d.index(in.StatementId) >= 0 {
			return statementExists(in.StatementId)
		}
		st := newStatement(f.at.qualified(), in)
		d.Statement = append(d.Statement, st)
		var err error
		text, err = json.Marshal(st)
		return err
	})
	return &lambda.AddPermissionOutput{Statement: new(string(text))}, err
}

func newStatement(arn string, in *lambda.AddPermissionInput) statement {
	st := statement{Sid: in.StatementId, Effect: "Allow", Action: in.Action, Resource: arn, Condition: map[string]map[string]string{}}
	parsed, err := aws.ParseARN(in.Principal)
	switch {
	case in.Principal == "*":
		st.Principal = "*"
	case aws.Account(in.Principal).Valid():
		own, _ := aws.ParseARN(arn) // is one
		st.Principal = map[string]string{"AWS": "arn:" + own.Region.Partition() + ":iam::" + in.Principal + ":root"}
	case err == nil && parsed.Service != "":
		st.Principal = map[string]string{"AWS": in.Principal}
	default:
		st.Principal = map[string]string{"Service": in.Principal}
	}
	if in.SourceAccount != nil {
		st.when("StringEquals", "AWS:SourceAccount", *in.SourceAccount)
	}
	if in.PrincipalOrgID != nil {
		st.when("StringEquals", "aws:PrincipalOrgID", *in.PrincipalOrgID)
	}
	if in.EventSourceToken != nil {
		st.when("StringEquals", "lambda:EventSourceToken", *in.EventSourceToken)
	}
	if in.FunctionUrlAuthType != "" {
		st.when("StringEquals", "lambda:FunctionUrlAuthType", string(in.FunctionUrlAuthType))
	}
	if in.InvokedViaFunctionUrl != nil {
		st.when("Bool", "lambda:InvokedViaFunctionUrl", strconv.FormatBool(*in.InvokedViaFunctionUrl))
	}
	if in.SourceArn != nil {
		st.when("ArnLike", "AWS:SourceArn", *in.SourceArn)
	}
	return st
}

// when adds a condition.
func (st *statement) when(operator, key, value string) {
	if st.Condition[operator] == nil {
		st.Condition[operator] = map[string]string{}
	}
	st.Condition[operator][key] = value
}

// RemovePermission takes a permission back.
func (s *Service) RemovePermission(ctx context.Context, in *lambda.RemovePermissionInput) (*lambda.RemovePermissionOutput, error) {
	revision := aws.UUID(s.Random)
	err := s.changePolicy(ctx, place{in.FunctionName, in.Qualifier, in.RevisionId}, revision, func(_ *function, d *document) error {
		i := d.index(in.StatementId)
		if i < 0 {
			return noStatement(in.StatementId)
		}
		d.Statement = slices.Delete(d.Statement, i, i+1)
		return nil
	})
	return &lambda.RemovePermissionOutput{}, err
}

func noResource(format string, args ...any) *aws.Error {
	return lambda.ErrResourceNotFoundException(&lambda.ResourceNotFoundException{Type: new(user)}, format, args...)
}

// place is which policy a request is about, and the revision of it that its caller knows.
type place struct {
	name                string
	qualifier, revision *string
}

// changePolicy runs fn on the policy of a function, a version or an alias, and
// stores it as a new revision.
func (s *Service) changePolicy(ctx context.Context, p place, revision string, fn func(*function, *document) error) error {
	a, err := addressOf(aws.CallFrom(ctx), p.name, p.qualifier)
	if err != nil {
		return err
	}
	if a.Qualifier == latest {
		return invalid("We currently do not support adding policies for $LATEST.")
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, _, err := a.version(tx)
		if err != nil {
			return err
		}
		text, old := f.policy(tx)
		if p.revision != nil && *p.revision != old {
			return stale()
		}
		d, err := parseDocument(text)
		if err != nil {
			return err
		}
		if err := fn(f, d); err != nil {
			return err
		}
		if text, err = d.text(); err != nil {
			return err
		}
		f.putPolicy(tx, &policyRow{text, revision})
		return nil
	})
}

// policy is that of what the function was found by: itself, a version or an alias.
// One does not hold for the others. $LATEST has none. AWS: "Working with
// resource-based IAM policies in Lambda".
func (f *function) policy(tx kv.Tx) (text, revision string) {
	if f.at.Qualifier == "" {
		return f.Policy, f.PolicyRevision
	}
	row, ok := policies.Get(tx, f.policyKey(f.at.Qualifier))
	if !ok {
		return "", ""
	}
	return row.Text, row.Revision
}

func (f *function) putPolicy(tx kv.Tx, row *policyRow) {
	switch {
	case f.at.Qualifier == "":
		f.Policy, f.PolicyRevision = row.Text, row.Revision
		functions.Put(tx, f.at.key(), f)
	case row.Text == "":
		policies.Delete(tx, f.policyKey(f.at.Qualifier))
	default:
		policies.Put(tx, f.policyKey(f.at.Qualifier), row)
	}
}

// GetPolicy returns the policy of a function, a version or an alias.
func (s *Service) GetPolicy(ctx context.Context, in *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
	out := &lambda.GetPolicyOutput{}
	err := s.view(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function, _ *configuration) error {
		text, revision := f.policy(tx)
		if text == "" {
			return noResource("The resource you requested does not exist.")
		}
		out.Policy, out.RevisionId = &text, &revision
		return nil
	})
	return out, err
}
