package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/aws"
)

// TestMalformed holds each kind of mistake to the words that IAM has for it.
func TestMalformed(t *testing.T) {
	const version = `"Version":"2012-10-17",`
	statement := func(members string) string { return `{` + version + `"Statement":{` + members + `}}` }
	for _, test := range []struct {
		kind      Kind
		doc, want string
	}{
		{Identity, ``, textSyntax},
		{Identity, `not json`, textSyntax},
		{Identity, `[]`, textSyntax},
		{Identity, `{}`, textSyntax},
		{Identity, `{` + version + `"Statement":[]}`, textSyntax},
		{Identity, `{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}`, textVersion},
		{Identity, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}`, textVersion},
		{Identity, `{"Version":"2013-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}`, textSyntax},
		{Identity, `{` + version + version + `"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}`, textSyntax},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"*","Extra":1`), textSyntax},
		{Identity, statement(`"Effect":"Allow","Effect":"Deny","Action":"a:b","Resource":"*"`), textSyntax},
		{Identity, statement(`"Effect":"allow","Action":"a:b","Resource":"*"`), textSyntax},
		{Identity, statement(`"Action":"a:b","Resource":"*"`), textSyntax},
		{Identity, statement(`"Effect":"Allow","Resource":"*"`), textNoActions},
		{Identity, statement(`"Effect":"Allow","Action":[],"Resource":"*"`), textNoActions},
		{Identity, statement(`"Effect":"Allow","Action":"a:b"`), textNoResources},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","NotAction":"a:c","Resource":"*"`), textSyntax},
		{Identity, statement(`"Effect":"Allow","Action":"Send","Resource":"*"`), textVendor},
		{Identity, statement(`"Effect":"Allow","Action":"a:b:c","Resource":"*"`), textOneColon},
		{Identity, statement(`"Effect":"Allow","Action":"a b:c","Resource":"*"`), "Vendor a b is not valid"},
		{Identity, statement(`"Effect":"Allow","Action":5,"Resource":"*"`), textSyntax},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"bucket"`), `Resource bucket must be in ARN format or "*".`},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"arn:x:s3:::b"`), `Partition "x" is not valid for resource "arn:x:s3:::b".`},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3"`), textLegacy},
		{Identity, statement(`"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"`), textPrincipal},
		{Identity, statement(`"Sid":"a b","Effect":"Allow","Action":"a:b","Resource":"*"`), textSidLetters},
		{Identity, `{` + version + `"Statement":[{"Sid":"a","Effect":"Allow","Action":"a:b","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"a:b","Resource":"*"}]}`, textSidUnique},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringIs":{"a:b":"c"}}`), textSyntax},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":{"b":"c"}}`), textVendor},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"DateEquals":{"a:b":"soon"}}`), textLegacy},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"NullIfExists":{"a:b":"true"}}`), textSyntax},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":["a"]`), textSyntax},
		{Identity, statement(`"Effect":"Allow","Action":"a:b","Resource":"*\u0000"`), textSyntax},
		{Identity, `{` + version + `"Statement":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`, textSyntax},
		{Identity, allow(strings.Repeat(" ", maxDocument)), textSyntax},
		{Resource, statement(`"Effect":"Allow","Action":"a:b","Resource":"*"`), textNoPrincipal},
		{Resource, statement(`"Effect":"Allow","Principal":{"AWS":"nobody"},"Action":"a:b","Resource":"*"`), `Invalid principal in policy: "AWS":"nobody"`},
		{Resource, statement(`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/*"},"Action":"a:b","Resource":"*"`), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"`},
		{Resource, statement(`"Effect":"Allow","Principal":{"Other":"x"},"Action":"a:b","Resource":"*"`), `Invalid principal in policy: "Other":"x"`},
		{Resource, statement(`"Effect":"Allow","Principal":"me","Action":"a:b","Resource":"*"`), "Invalid principal in policy."},
		{Trust, statement(`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"`), "Has prohibited field Resource"},
		{Trust, statement(`"Effect":"Allow","Action":"sts:AssumeRole"`), textNoPrincipal},
		{Trust, statement(`"Effect":"Allow","Principal":"*","Action":"s3:GetObject"`), textTrustAction},
	} {
		_, err := Parse([]byte(test.doc), test.kind)
		var e *aws.Error
		if !errors.As(err, &e) || e.Code != "MalformedPolicyDocument" || e.Message != test.want {
			t.Errorf("%.120s\n got %v\nwant %s", test.doc, err, test.want)
		}
	}
}

func TestWellFormed(t *testing.T) {
	for doc, kind := range map[string]Kind{
		`{"Statement":{"Sid":"with space","Effect":"Allow","Principal":{"AWS":["111122223333","AIDAEXAMPLE"],"CanonicalUser":"79a5"},"Action":"s3:*","Resource":"b"}}`:                                               Resource,
		`{"Version":"2008-10-17","Id":"i","Statement":[{"Effect":"Allow","NotPrincipal":{"Federated":"cognito-identity.amazonaws.com"},"NotAction":"sqs:*","NotResource":["*"]}]}`:                                   Resource,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com"]},"Action":["sts:AssumeRole","sts:TagSession"]}]}`:                                                       Trust,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"arn:${aws:Partition}:s3:::b","Condition":{"Bool":{"aws:SecureTransport":false},"NumericLessThan":{"s3:max-keys":[1,2]}}}]}`: Identity,
	} {
		if _, err := Parse([]byte(doc), kind); err != nil {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestCacheGivesTheSamePolicy(t *testing.T) {
	c := NewCache()
	one, err := c.Get(allowAll, Identity)
	if err != nil {
		t.Fatal(err)
	}
	if two, _ := c.Get(strings.Clone(allowAll), Identity); two != one {
		t.Error("the same text was parsed twice")
	}
	if _, err := c.Get(allowAll, Resource); err == nil {
		t.Error("a document of another kind came out of the cache")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(allowAll), "s3:GetObject", "arn:aws:s3:::b/k")
	f.Add([]byte(to(awsPrincipal(testUser))), "sqs:SendMessage", queueARN)
	f.Add([]byte(allow(`,"Condition":{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":["a*","${aws:username, 'x'}"]}}`)), "a:b", "*")
	f.Add([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"NotAction":"a:*","NotResource":"arn:aws:*:${*}:?:$"}]}`), "a:b", ":::::")
	f.Fuzz(func(_ *testing.T, doc []byte, action, resource string) {
		for _, kind := range []Kind{Identity, Resource, Trust} {
			p, err := Parse(doc, kind)
			if err != nil {
				continue
			}
			r := &Request{Caller: nikki(), Action: action, Resource: resource, Identity: []Source{{"i", p}}, Attached: Source{"a", p}}
			x := Explain(r)
			x.Message()
		}
	})
}
