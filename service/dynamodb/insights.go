package dynamodb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/state/kv"
)

// insight is the setting of Contributor Insights of a table or an index.
type insight struct {
	On      bool      `kv:"1"`
	Mode    string    `kv:"2"`
	Updated time.Time `kv:"3"`
}

func (i *insight) status() dynamodb.ContributorInsightsStatus {
	if i == nil || !i.On {
		return dynamodb.ContributorInsightsStatusDISABLED
	}
	return dynamodb.ContributorInsightsStatusENABLED
}

// insightOf is where the setting of an index is, or of the table without a name.
func (t *table) insightOf(indexName *string) (**insight, error) {
	if indexName == nil {
		return &t.Insights, nil
	}
	if n := len(*indexName); n < minTableName || n > maxTableName {
		return nil, invalid("IndexName must be at least %d characters long and at most %d characters long", minTableName, maxTableName)
	}
	x := t.index(*indexName)
	if x == nil || !x.Global {
		return nil, dynamodb.ErrResourceNotFoundException("Requested resource not found: Index: %s not found for table: %s", *indexName, t.at.Name)
	}
	return &x.Insights, nil
}

// UpdateContributorInsights switches Contributor Insights of a table or an index on
// or off, by the next call.
func (s *Service) UpdateContributorInsights(ctx context.Context, in *dynamodb.UpdateContributorInsightsInput) (*dynamodb.UpdateContributorInsightsOutput, error) {
	out := &dynamodb.UpdateContributorInsightsOutput{IndexName: in.IndexName}
	err := s.change(ctx, in.TableName, func(tx kv.Tx, t *table) error {
		at, err := t.insightOf(in.IndexName)
		if err != nil {
			return err
		}
		now := &insight{On: in.ContributorInsightsAction == dynamodb.ContributorInsightsActionENABLE, Mode: string(in.ContributorInsightsMode), Updated: tx.Now()}
		if now.Mode == "" {
			now.Mode = string(dynamodb.ContributorInsightsModeACCESSEDANDTHROTTLEDKEYS)
			if *at != nil {
				now.Mode = (*at).Mode
			}
		}
		*at = now
		out.TableName, out.ContributorInsightsMode = ptr(t.at.Name), dynamodb.ContributorInsightsMode(now.Mode)
		out.ContributorInsightsStatus = dynamodb.ContributorInsightsStatusDISABLING
		if now.On {
			out.ContributorInsightsStatus = dynamodb.ContributorInsightsStatusENABLING
		}
		return nil
	})
	return out, err
}

// DescribeContributorInsights tells the setting of a table or an index.
func (s *Service) DescribeContributorInsights(ctx context.Context, in *dynamodb.DescribeContributorInsightsInput) (*dynamodb.DescribeContributorInsightsOutput, error) {
	out := &dynamodb.DescribeContributorInsightsOutput{IndexName: in.IndexName}
	err := s.view(ctx, in.TableName, func(_ kv.Tx, t *table) error {
		at, err := t.insightOf(in.IndexName)
		if err != nil {
			return err
		}
		i := *at
		out.TableName, out.ContributorInsightsStatus = ptr(t.at.Name), i.status()
		if i != nil {
			out.LastUpdateDateTime, out.ContributorInsightsMode = &i.Updated, dynamodb.ContributorInsightsMode(i.Mode)
		}
		if i.status() == dynamodb.ContributorInsightsStatusENABLED {
			out.ContributorInsightsRuleList = t.insightRules(in.IndexName, i)
		}
		return nil
	})
	return out, err
}

// insightRules names the rules of CloudWatch that the service makes for a setting.
// AWS: "CloudWatch Contributor Insights for DynamoDB: How it works".
func (t *table) insightRules(indexName *string, i *insight) []string {
	k, name := t.Keys, t.at.Name
	if indexName != nil {
		k, name = t.index(*indexName).Keys, name+"-"+*indexName
	}
	var rules []string
	for _, rule := range []string{"PKC", "SKC", "PKT", "SKT"} {
		if rule[0] == 'S' && k.Range == "" || rule[2] == 'C' && i.Mode == string(dynamodb.ContributorInsightsModeTHROTTLEDKEYS) {
			continue
		}
		rules = append(rules, fmt.Sprintf("DynamoDBContributorInsights-%s-%s-%d", rule, name, i.Updated.UnixMilli()))
	}
	return rules
}

// insights returns the settings that a table and its indexes have.
func (t *table) insights() []dynamodb.ContributorInsightsSummary {
	var all []dynamodb.ContributorInsightsSummary
	add := func(index *string, i *insight) {
		if i != nil {
			all = append(all, dynamodb.ContributorInsightsSummary{TableName: ptr(t.at.Name), IndexName: index, ContributorInsightsStatus: i.status(), ContributorInsightsMode: dynamodb.ContributorInsightsMode(i.Mode)})
		}
	}
	add(nil, t.Insights)
	for i := range t.Indexes {
		add(ptr(t.Indexes[i].Name), t.Indexes[i].Insights)
	}
	return all
}

// ListContributorInsights lists the settings of one table or of all.
func (s *Service) ListContributorInsights(ctx context.Context, in *dynamodb.ListContributorInsightsInput) (*dynamodb.ListContributorInsightsOutput, error) {
	size := maxListed
	if in.MaxResults != nil && *in.MaxResults > 0 {
		size = min(size, int(*in.MaxResults))
	}
	out := new(dynamodb.ListContributorInsightsOutput)
	all := []dynamodb.ContributorInsightsSummary{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		all = all[:0]
		if in.TableName != nil {
			t, ok := addressOf(ctx, *in.TableName).find(tx)
			if !ok {
				return noTable(*in.TableName)
			}
			all = append(all, t.insights()...)
			return nil
		}
		for key, t := range tables.Scan(tx, kv.Prefix(tables.Prefix(scopeOf(ctx)))) {
			name := tables.Parts(key)
			t.at.Name = name.String()
			all = append(all, t.insights()...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	name := func(c dynamodb.ContributorInsightsSummary) string { return *c.TableName + "/" + deref(c.IndexName) }
	if in.NextToken != nil {
		i := slices.IndexFunc(all, func(c dynamodb.ContributorInsightsSummary) bool { return name(c) == *in.NextToken })
		if !strings.Contains(*in.NextToken, "/") || i < 0 {
			return nil, invalid("Invalid NextToken")
		}
		all = all[i+1:]
	}
	if len(all) > size {
		all = all[:size]
		out.NextToken = ptr(name(all[size-1]))
	}
	out.ContributorInsightsSummaries = all
	return out, nil
}
