package policy_test

import (
	"testing"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
)

func TestPrincipalTagsComeFromSessionThenPrincipal(t *testing.T) {
	p, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/Team":"red"}}}]}`), policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	red, blue := map[string]string{"team": "red"}, map[string]string{"team": "blue"}
	for _, test := range []struct {
		own, session map[string]string
		want         bool
	}{{nil, nil, false}, {red, nil, true}, {red, blue, false}, {blue, red, true}, {nil, red, true}} {
		c := &aws.Caller{Kind: aws.User, Account: "000000000000", Tags: test.own, Session: &aws.Session{Tags: test.session}}
		d := policy.Evaluate(&policy.Request{Caller: c, Action: "x:Y", Resource: "*", Identity: []policy.Source{{Policy: p}}})
		if d.Allowed != test.want {
			t.Errorf("%v %v: %v", test.own, test.session, d.Allowed)
		}
	}
}

func TestFederatedUserIsNamedThroughTheUserAndStaysLimited(t *testing.T) {
	const user = "arn:aws:iam::000000000000:user/alice"
	parse := func(text string, kind policy.Kind) policy.Source {
		t.Helper()
		p, err := policy.Parse([]byte(text), kind)
		if err != nil {
			t.Fatal(err)
		}
		return policy.Source{Policy: p}
	}
	attached := parse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"`+user+`"},"Action":"*","Resource":"*"}]}`, policy.Resource)
	session := parse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"x:Read","Resource":"*"}]}`, policy.Identity)
	for action, want := range map[string]bool{"x:Read": true, "x:Write": false} {
		c := &aws.Caller{Kind: aws.FederatedUser, Account: "000000000000", ARN: "arn:aws:sts::000000000000:federated-user/guest", Session: &aws.Session{User: user}}
		d := policy.Evaluate(&policy.Request{Caller: c, Action: action, Resource: "*", Attached: attached, Session: []policy.Source{session}})
		if d.Allowed != want {
			t.Errorf("%s: %v", action, d.Allowed)
		}
	}
}
