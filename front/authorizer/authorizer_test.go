package authorizer_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/authorizer"
)

const (
	resource  = "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/pets/1"
	statement = `{"principalId":"ada","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":%q,"Action":"execute-api:Invoke","Resource":%q}]},"context":{"n":7},"usageIdentifierKey":"k"}`
)

func call() *aws.Call { return &aws.Call{Account: "000000000000", Region: "us-east-1"} }

func TestDecisions(t *testing.T) {
	for _, c := range []struct {
		payload                    string
		simple, allowed, expressly bool
	}{
		{`{"isAuthorized":true,"context":{"n":7}}`, true, true, false},
		{`{"isAuthorized":false}`, true, false, false},
		{fmt.Sprintf(statement, "Allow", resource), false, true, false},
		{fmt.Sprintf(statement, "Allow", "arn:aws:execute-api:*:*:abc/dev/*/pets/*"), false, true, false},
		{fmt.Sprintf(statement, "Allow", "arn:aws:execute-api:*:*:abc/dev/POST/*"), false, false, false},
		{fmt.Sprintf(statement, "Deny", "*"), false, false, true},
		{`{"principalId":"ada","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":[]}]}}`, false, false, false},
		{`{"principalId":"ada","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":[]},{"Effect":"Allow","Action":"*","Resource":["*"]}]}}`, false, true, false},
	} {
		read := authorizer.ReadPolicy
		if c.simple {
			read = authorizer.ReadSimple
		}
		d, err := read([]byte(c.payload))
		if err != nil {
			t.Errorf("%s: %v", c.payload, err)
			continue
		}
		if allowed, expressly := d.Allows(call(), resource); allowed != c.allowed || expressly != c.expressly {
			t.Errorf("%s: allowed %t, expressly denied %t", c.payload, allowed, expressly)
		}
	}
}

func TestAnswersThatDecideNothing(t *testing.T) {
	for _, payload := range []string{``, `null`, `"x"`, `{}`, `{"isAuthorized":"yes"}`, `{"principalId":"a"}`, `{"principalId":"a","policyDocument":{"Statement":3}}`,
		`{"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}`} {
		if _, err := authorizer.ReadSimple([]byte(payload)); err == nil {
			t.Errorf("%s was read as a simple answer", payload)
		}
		if _, err := authorizer.ReadPolicy([]byte(payload)); err == nil {
			t.Errorf("%s was read as a policy", payload)
		}
	}
}

func TestDecisionsHoldForTheirTime(t *testing.T) {
	var c authorizer.Cache
	d, now := &authorizer.Decision{}, time.Now()
	key := authorizer.Key("us-east-1/abc/authorizer", []string{"token"})
	c.Keep(key, d, now, now.Add(time.Minute))
	if got, ok := c.Find(key, now.Add(59*time.Second)); !ok || got != d {
		t.Error("a decision was forgotten early")
	}
	if _, ok := c.Find(key, now.Add(time.Minute)); ok {
		t.Error("a decision is remembered for too long")
	}
	c.Forget("us-east-1/abc/")
	if _, ok := c.Find(key, now); ok {
		t.Error("a decision survives its cache's reset")
	}
	c.Keep("never", d, now, now)
	if _, ok := c.Find("never", now); ok {
		t.Error("a decision without time was kept")
	}
	for i := range 20_000 {
		c.Keep(strconv.Itoa(i), d, now, now.Add(time.Minute))
	}
	kept := 0
	for i := range 20_000 {
		if _, ok := c.Find(strconv.Itoa(i), now); ok {
			kept++
		}
	}
	if kept != 10_000 {
		t.Errorf("%d decisions are kept, the bound is 10000", kept)
	}
}
