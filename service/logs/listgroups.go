package logs

import (
	"context"
	"regexp"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// ListLogGroups lists groups whose names match a regular expression.
func (s *Service) ListLogGroups(ctx context.Context, in *logs.ListLogGroupsInput) (*logs.ListLogGroupsOutput, error) {
	s.Settle()
	p, err := newPage(in.Limit, maxListGroups, in.NextToken)
	if err != nil {
		return nil, err
	}
	if in.Limit == nil {
		p.size = maxList
	}
	if len(in.DataSources)+len(in.FieldIndexNames)+len(in.LogGroupTags) > 0 {
		return nil, aws.NotImplemented("logs", "ListLogGroups by data sources, field indexes or tags")
	}
	l := groupListing{page: p, scope: here(ctx, "").Scope, class: string(in.LogGroupClass), accounts: in.AccountIdentifiers}
	if in.LogGroupNamePattern != nil {
		re, err := regexp.Compile(*in.LogGroupNamePattern)
		if err != nil {
			return nil, invalid("The logGroupNamePattern is not a valid regular expression.")
		}
		l.like = re.MatchString
	}
	out := &logs.ListLogGroupsOutput{}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = logs.ListLogGroupsOutput{LogGroups: []logs.LogGroupSummary{}}
		out.NextToken = l.walk(tx, func(g *group) {
			arn := g.at.arn()
			out.LogGroups = append(out.LogGroups, logs.LogGroupSummary{LogGroupName: &g.at.Name, LogGroupArn: &arn, LogGroupClass: logs.LogGroupClass(g.Class)})
		})
		return nil
	})
	return out, err
}
