package glacier_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

func (d *desk) rule(strategy string, bytesPerHour *int64) *glacier.SetDataRetrievalPolicyInput {
	return &glacier.SetDataRetrievalPolicyInput{AccountId: &d.account, Policy: &types.DataRetrievalPolicy{
		Rules: []types.DataRetrievalRule{{Strategy: &strategy, BytesPerHour: bytesPerHour}},
	}}
}

const noMore = "PolicyEnforcedException: InitiateJob request denied by current data retrieval policy."

func TestRetrievalRateIsLimited(t *testing.T) {
	story(t, func(d *desk) {
		id := d.upload(make([]byte, 4000), "")
		must(d, d.SetDataRetrievalPolicy, d.rule("BytesPerHour", new(int64(2000)))) // over four hours: two archives at a time
		again := func() *glacier.InitiateJobInput {
			p := retrieve(id)
			return &glacier.InitiateJobInput{AccountId: &d.account, VaultName: &d.vault, JobParameters: &p}
		}
		must(d, d.InitiateJob, again())
		d.cloud.Advance(time.Hour)
		must(d, d.InitiateJob, again())
		refused(d, d.InitiateJob, again(), noMore)
		bulk := again()
		bulk.JobParameters.Tier = new("Bulk")
		must(d, d.InitiateJob, bulk) // the policy is for Standard only
		d.cloud.Advance(4 * time.Hour)
		must(d, d.InitiateJob, again())
		refused(d, d.InitiateJob, again(), noMore)
		must(d, d.SetDataRetrievalPolicy, d.rule("None", nil))
		must(d, d.InitiateJob, again())
	})
}

func TestFreeTierIsNotExceededByTheDay(t *testing.T) {
	story(t, func(d *desk) {
		id := d.upload(make([]byte, 50<<20), "")
		must(d, d.SetDataRetrievalPolicy, d.rule("FreeTier", nil))
		n := 0
		for ; n < 20; n++ { // a day's share is some 340 MB
			p := retrieve(id)
			if _, err := d.InitiateJob(d.Context(), &glacier.InitiateJobInput{AccountId: &d.account, VaultName: &d.vault, JobParameters: &p}); err != nil {
				d.want("refusal", describe(err), noMore)
				break
			}
		}
		if n < 6 || n > 7 {
			t.Errorf("%d retrievals of 50 MiB in a day", n)
		}
		d.cloud.Advance(day)
		d.begin(retrieve(id))
	})
}

func TestRetrievalPolicyIsChecked(t *testing.T) {
	story(t, func(d *desk) {
		get := func() types.DataRetrievalRule {
			return must(d, d.GetDataRetrievalPolicy, &glacier.GetDataRetrievalPolicyInput{AccountId: &d.account}).Policy.Rules[0]
		}
		d.want("default", *get().Strategy, "None")
		refused(d, d.SetDataRetrievalPolicy, d.rule("x", nil), "InvalidParameterValueException: Invalid strategy: x")
		refused(d, d.SetDataRetrievalPolicy, d.rule("BytesPerHour", nil), "InvalidParameterValueException: Invalid BytesPerHour")
		refused(d, d.SetDataRetrievalPolicy, d.rule("FreeTier", new(int64(1))), "InvalidParameterValueException")
		refused(d, d.SetDataRetrievalPolicy, &glacier.SetDataRetrievalPolicyInput{AccountId: &d.account}, "MissingParameterValueException")
		must(d, d.SetDataRetrievalPolicy, d.rule("BytesPerHour", new(int64(7))))
		d.want("limit", *get().BytesPerHour, 7)
	})
}
