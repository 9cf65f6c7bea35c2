package logs

import (
	"context"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateLogGroup makes a group.
func (s *Service) CreateLogGroup(ctx context.Context, in *logs.CreateLogGroupInput) (*logs.CreateLogGroupOutput, error) {
	a := here(ctx, in.LogGroupName)
	if strings.HasPrefix(in.LogGroupName, "aws/") {
		return nil, invalid("Log groups starting with AWS/ are reserved for AWS.")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	class := in.LogGroupClass
	if class == "" {
		class = logs.LogGroupClassSTANDARD
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if groups.Has(tx, a.key()) {
			return logs.ErrResourceAlreadyExistsException("The specified log group already exists")
		}
		g := &group{
			ID: s.Random.Uint64(), Created: tx.Now(), Class: string(class), KMSKey: deref(in.KmsKeyId), Tags: in.Tags, Protected: deref(in.DeletionProtectionEnabled),
		}
		if class == logs.LogGroupClassDELIVERY {
			g.Days = 1 // AWS: "Log classes": fixed, for this class
		}
		groups.Put(tx, a.key(), g)
		return nil
	})
	return &logs.CreateLogGroupOutput{}, err
}

// DeleteLogGroup deletes a group and all that it holds.
func (s *Service) DeleteLogGroup(ctx context.Context, in *logs.DeleteLogGroupInput) (*logs.DeleteLogGroupOutput, error) {
	s.Settle()
	err := s.update(ctx, here(ctx, in.LogGroupName), func(tx kv.Tx, g *group) error {
		if g.Protected {
			return logs.ErrValidationException("The log group has deletion protection enabled.")
		}
		g.drop(tx)
		groups.Delete(tx, g.at.key())
		return nil
	})
	return &logs.DeleteLogGroupOutput{}, err
}

// PutLogGroupDeletionProtection protects a group from deletion, or no longer.
func (s *Service) PutLogGroupDeletionProtection(ctx context.Context, in *logs.PutLogGroupDeletionProtectionInput) (*logs.PutLogGroupDeletionProtectionOutput, error) {
	a, err := identified(ctx, nil, &in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, a, func(_ kv.Tx, g *group) error {
		g.Protected = in.DeletionProtectionEnabled
		return nil
	})
	return &logs.PutLogGroupDeletionProtectionOutput{}, err
}

// DescribeLogGroups lists groups in the order of their names.
func (s *Service) DescribeLogGroups(ctx context.Context, in *logs.DescribeLogGroupsInput) (*logs.DescribeLogGroupsOutput, error) {
	s.Settle()
	if in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	p, err := newPage(in.Limit, maxList, in.NextToken)
	if err != nil {
		return nil, err
	}
	l := groupListing{page: p, scope: here(ctx, "").Scope, prefix: deref(in.LogGroupNamePrefix), class: string(in.LogGroupClass), accounts: in.AccountIdentifiers}
	if part := deref(in.LogGroupNamePattern); part != "" {
		l.like = func(name string) bool { return containsFold(name, part) }
	}
	if len(in.LogGroupIdentifiers) > 0 {
		if l.only, err = only(ctx, in.LogGroupIdentifiers); err != nil {
			return nil, err
		}
	}
	out := &logs.DescribeLogGroupsOutput{}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = logs.DescribeLogGroupsOutput{LogGroups: []logs.LogGroup{}}
		out.NextToken = l.walk(tx, func(g *group) { out.LogGroups = append(out.LogGroups, g.shown(tx)) })
		return nil
	})
	return out, err
}

// only is the set of names that identifiers give.
func only(ctx context.Context, identifiers []string) (map[string]bool, error) {
	set := map[string]bool{}
	for i := range identifiers {
		a, err := identified(ctx, nil, &identifiers[i])
		if err != nil {
			return nil, err
		}
		set[a.Name] = true
	}
	return set, nil
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

func (g *group) shown(tx kv.Tx) logs.LogGroup {
	created, stored, metrics := g.Created.UnixMilli(), g.stored(tx), int32(0)
	arn := g.at.arn()
	all := arn + ":*"
	out := logs.LogGroup{
		LogGroupName: &g.at.Name, CreationTime: &created, StoredBytes: &stored, MetricFilterCount: &metrics, Arn: &all, LogGroupArn: &arn,
		LogGroupClass: logs.LogGroupClass(g.Class), KmsKeyId: aws.Optional(g.KMSKey), DeletionProtectionEnabled: &g.Protected,
	}
	if g.Days > 0 {
		days := int32(g.Days)
		out.RetentionInDays = &days
	}
	return out
}

// groupListing is a listing of groups.
type groupListing struct {
	page
	scope    kv.Scope
	prefix   string
	class    string // empty: of every class
	accounts []string
	like     func(name string) bool // nil: every name
	only     map[string]bool        // nil: every name
}

func (l *groupListing) has(g *group) bool {
	return (l.class == "" || g.Class == l.class) && (l.like == nil || l.like(g.at.Name)) && (l.only == nil || l.only[g.at.Name])
}

// walk calls show with each group of the page, and returns the next one's token.
func (l *groupListing) walk(tx kv.Tx, show func(*group)) *string {
	if len(l.accounts) > 0 && !contains(l.accounts, l.scope.Account) {
		return nil
	}
	r := kv.TextPrefix(groups.Prefix(l.scope), l.prefix)
	l.begin(&r)
	n, seen := 0, 0
	for key, g := range groups.Scan(tx, r) {
		if n == l.size || seen == maxSeen {
			return l.token(key)
		}
		seen++
		name := groups.Parts(key)
		g.at = address{l.scope, name.String()}
		if !l.has(g) {
			continue
		}
		show(g)
		n++
	}
	return nil
}

// maxSeen is how many groups a call looks at before it answers with a token.
const maxSeen = 10_000

func contains(accounts []string, a aws.Account) bool {
	for _, x := range accounts {
		if x == string(a) {
			return true
		}
	}
	return false
}

// expired is the time, in milliseconds, before which events are not kept.
func (g *group) expired(now time.Time) int64 {
	if g.Days == 0 {
		return 0
	}
	return now.Add(-g.retention()).UnixMilli()
}

func (g *group) retention() time.Duration { return time.Duration(g.Days) * 24 * time.Hour }
