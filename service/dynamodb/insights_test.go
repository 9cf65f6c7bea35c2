package dynamodb_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestContributorInsightsAreSwitched(t *testing.T) {
	story(t, func(d *desk) {
		table, index := aws.String("orders"), aws.String("by-state")
		describe := func(index *string) string {
			out, err := d.DescribeContributorInsights(d.Context(), &dynamodb.DescribeContributorInsightsInput{TableName: table, IndexName: index})
			if err != nil {
				return err.Error()
			}
			rules := ""
			for _, r := range out.ContributorInsightsRuleList {
				rules += " " + strings.Split(r, "-")[1]
			}
			return string(out.ContributorInsightsStatus) + " " + string(out.ContributorInsightsMode) + rules
		}
		update := func(index *string, action types.ContributorInsightsAction, mode types.ContributorInsightsMode) *dynamodb.UpdateContributorInsightsOutput {
			out, err := d.UpdateContributorInsights(d.Context(), &dynamodb.UpdateContributorInsightsInput{TableName: table, IndexName: index, ContributorInsightsAction: action, ContributorInsightsMode: mode})
			if err != nil {
				d.Fatal(err)
			}
			return out
		}
		list := func(in *dynamodb.ListContributorInsightsInput) (string, *string) {
			out, err := d.ListContributorInsights(d.Context(), in)
			if err != nil {
				d.Fatal(err)
			}
			all := ""
			for _, s := range out.ContributorInsightsSummaries {
				all += *s.TableName + "/" + aws.ToString(s.IndexName) + " " + string(s.ContributorInsightsStatus) + "; "
			}
			return all, out.NextToken
		}
		d.want("at first", describe(nil), "DISABLED ")
		if all, _ := list(&dynamodb.ListContributorInsightsInput{}); all != "" {
			d.Errorf("there is %s", all)
		}
		if got := update(nil, types.ContributorInsightsActionEnable, ""); got.ContributorInsightsStatus != types.ContributorInsightsStatusEnabling {
			d.Errorf("it is %s", got.ContributorInsightsStatus)
		}
		d.want("enabled", describe(nil), "ENABLED ACCESSED_AND_THROTTLED_KEYS PKC SKC PKT SKT")
		update(index, types.ContributorInsightsActionEnable, types.ContributorInsightsModeThrottledKeys)
		d.want("an index", describe(index), "ENABLED THROTTLED_KEYS PKT SKT")
		all, next := list(&dynamodb.ListContributorInsightsInput{MaxResults: 1})
		d.want("a page", all, "orders/ ENABLED; ")
		all, next = list(&dynamodb.ListContributorInsightsInput{MaxResults: 1, NextToken: next})
		d.want("the next page", all, "orders/by-state ENABLED; ")
		if next != nil {
			d.Errorf("more after %s", *next)
		}
		update(nil, types.ContributorInsightsActionDisable, "")
		d.want("disabled", describe(nil), "DISABLED ACCESSED_AND_THROTTLED_KEYS")
		all, _ = list(&dynamodb.ListContributorInsightsInput{TableName: table})
		d.want("of the table", all, "orders/ DISABLED; orders/by-state ENABLED; ")
		_, err := d.DescribeContributorInsights(d.Context(), &dynamodb.DescribeContributorInsightsInput{TableName: table, IndexName: aws.String("none")})
		d.wantError(err, "ResourceNotFoundException", "Requested resource not found: Index: none not found for table: orders")
	})
}
