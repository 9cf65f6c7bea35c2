package policy

import (
	"fmt"
	"testing"
	"time"

	"github.com/brume-cloud/brume/aws"
)

const (
	testAccount = aws.Account("111122223333")
	testUser    = "arn:aws:iam::111122223333:user/team/Nikki"
	testRole    = "arn:aws:iam::111122223333:role/app"
	testSession = "arn:aws:sts::111122223333:assumed-role/app/i-1"
	otherUser   = "arn:aws:iam::444455556666:user/Bob"
)

func nikki() *aws.Caller {
	return &aws.Caller{Kind: aws.User, Account: testAccount, ARN: testUser, UserID: "AIDANIKKI"}
}

func session() *aws.Caller {
	return &aws.Caller{Kind: aws.AssumedRole, Account: testAccount, ARN: testSession, UserID: "AROAAPP:i-1", Session: &aws.Session{
		Role: testRole, Issued: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), MFA: true, Tags: map[string]string{"Team": "red"},
		Claims: map[string]string{"accounts.google.com:aud": "client"},
	}}
}

func mustParse(t testing.TB, doc string, kind Kind) *Policy {
	t.Helper()
	p, err := Parse([]byte(doc), kind)
	if err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return p
}

// allow is an identity policy of one statement with more members.
func allow(more string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"` + more + `}}`
}

// conditionHolds evaluates one condition against a context.
func conditionHolds(t *testing.T, condition string, context Map, caller *aws.Caller) bool {
	t.Helper()
	p := mustParse(t, allow(`,"Condition":`+condition), Identity)
	d := Evaluate(&Request{Caller: caller, Action: "s3:GetObject", Resource: "*", Context: context, Identity: []Source{{"p", p}}})
	return d.Allowed
}

type operatorCase struct {
	operator, key, value string
	want                 bool
}

func TestConditionOperators(t *testing.T) {
	context := Map{
		"s:key": One("Value"), "s:star": One("*"), "n:key": One("10"), "n:bad": One("ten"), "d:key": One("2026-05-06T07:08:09Z"),
		"d:epoch": One("1778051289"), "b:key": One("true"), "bin:key": One("QmluYXJ5"), "ip:v4": One("203.0.113.7"), "ip:v6": One("2001:db8::7"), "ip:mapped": One("::ffff:203.0.113.7"),
		"arn:key": One("arn:aws:sns:eu-west-1:111122223333:a:b"), "t:empty": One(""),
	}
	for _, test := range append(valueCases(), presenceCases()...) {
		c := fmt.Sprintf(`{%q:{%q:%q}}`, test.operator, test.key, test.value)
		if got := conditionHolds(t, c, context, nikki()); got != test.want {
			t.Errorf("%s is %v, want %v", c, got, test.want)
		}
	}
}

func valueCases() []operatorCase {
	return []operatorCase{
		{"StringEquals", "s:key", "Value", true},
		{"StringEquals", "S:KEY", "Value", true},
		{"StringEquals", "s:key", "value", false},
		{"StringEquals", "s:key", "Val*", false},
		{"StringEquals", "s:star", "*", true},
		{"StringNotEquals", "s:key", "Value", false},
		{"StringNotEquals", "s:key", "other", true},
		{"StringEqualsIgnoreCase", "s:key", "vALUE", true},
		{"StringNotEqualsIgnoreCase", "s:key", "vALUE", false},
		{"StringLike", "s:key", "V?l*", true},
		{"StringLike", "s:key", "v*", false},
		{"StringNotLike", "s:key", "V*", false},
		{"StringEquals", "t:empty", "", true},
		{"NumericEquals", "n:key", "10.0", true},
		{"NumericNotEquals", "n:key", "10", false},
		{"NumericLessThan", "n:key", "11", true},
		{"NumericLessThan", "n:key", "10", false},
		{"NumericLessThanEquals", "n:key", "10", true},
		{"NumericGreaterThan", "n:key", "9", true},
		{"NumericGreaterThanEquals", "n:key", "11", false},
		{"NumericEquals", "n:bad", "10", false},
		{"DateEquals", "d:key", "2026-05-06T07:08:09Z", true},
		{"DateEquals", "d:epoch", "2026-05-06T07:08:09Z", true},
		{"DateLessThan", "d:key", "2026-05-07", true},
		{"DateGreaterThan", "d:key", "2026-05-06T07:08:08.5Z", true},
		{"DateGreaterThanEquals", "d:key", "1778051290", false},
		{"DateNotEquals", "d:key", "2026-05-06", true},
		{"Bool", "b:key", "TRUE", true},
		{"Bool", "b:key", "false", false},
		{"BinaryEquals", "bin:key", "QmluYXJ5", true},
		{"BinaryEquals", "bin:key", "QmluYXJ6", false},
		{"IpAddress", "ip:v4", "203.0.113.0/24", true},
		{"IpAddress", "ip:v4", "203.0.113.7", true},
		{"IpAddress", "ip:mapped", "203.0.113.0/24", true},
		{"IpAddress", "ip:v4", "203.0.114.0/24", false},
		{"IpAddress", "ip:v4", "2001:db8::/32", false},
		{"IpAddress", "ip:v6", "2001:DB8::/32", true},
		{"NotIpAddress", "ip:v4", "203.0.113.0/24", false},
		{"NotIpAddress", "ip:v6", "203.0.113.0/24", true},
		{"ArnEquals", "arn:key", "arn:aws:sns:*:111122223333:a*", true},
		{"ArnLike", "arn:key", "arn:aws:sns:*:a:b", false},
		{"ArnLike", "arn:key", "arn:aws:sns:*", true},
		{"ArnLike", "arn:key", "arn:aws:*:111122223333:a:b", false},
		{"ArnNotLike", "arn:key", "arn:aws:sqs:*:*:*", true},
	}
}

// presenceCases are about keys that the request may not have.
func presenceCases() []operatorCase {
	return []operatorCase{
		{"Null", "s:key", "false", true},
		{"Null", "s:key", "true", false},
		{"Null", "x:none", "true", true},
		{"Null", "x:none", "false", false},
		{"StringEquals", "x:none", "a", false},
		{"StringNotEquals", "x:none", "a", true},
		{"NotIpAddress", "x:none", "1.2.3.4", true},
		{"NumericNotEquals", "x:none", "1", true},
		{"ArnNotEquals", "x:none", "arn:aws:*", true},
		{"Bool", "x:none", "false", false},
		{"StringEqualsIfExists", "x:none", "a", true},
		{"StringEqualsIfExists", "s:key", "a", false},
		{"BoolIfExists", "x:none", "true", true},
		{"NumericLessThanIfExists", "n:key", "3", false},
	}
}

// TestSeveralKeysAndValues follows "Conditions with multiple context keys or values".
func TestSeveralKeysAndValues(t *testing.T) {
	context := Map{"a:a": One("1"), "a:b": One("2"), "a:many": Many([]string{"x", "y"}), "a:empty": Many(nil)}
	for condition, want := range map[string]bool{
		`{"StringEquals":{"a:a":["0","1"]}}`:                                   true,
		`{"StringEquals":{"a:a":"1","a:b":"3"}}`:                               false,
		`{"StringEquals":{"a:a":"1"},"StringLike":{"a:b":"?"}}`:                true,
		`{"StringNotEquals":{"a:a":["0","1"]}}`:                                false,
		`{"StringNotEquals":{"a:a":["0","2"]}}`:                                true,
		`{"ForAllValues:StringEquals":{"a:many":["x","y","z"]}}`:               true,
		`{"ForAllValues:StringEquals":{"a:many":["x"]}}`:                       false,
		`{"ForAllValues:StringEquals":{"a:none":["x"]}}`:                       true,
		`{"ForAllValues:StringEquals":{"a:empty":["x"]}}`:                      true,
		`{"ForAnyValue:StringEquals":{"a:many":["y","z"]}}`:                    true,
		`{"ForAnyValue:StringEquals":{"a:many":["z"]}}`:                        false,
		`{"ForAnyValue:StringEquals":{"a:none":["z"]}}`:                        false,
		`{"ForAnyValue:StringEquals":{"a:empty":["z"]}}`:                       false,
		`{"ForAnyValue:StringEqualsIfExists":{"a:none":["z"]}}`:                true,
		`{"ForAllValues:StringNotEquals":{"a:many":["z"]}}`:                    true,
		`{"ForAllValues:StringNotEquals":{"a:many":["x"]}}`:                    false,
		`{"ForAnyValue:StringNotEquals":{"a:many":["x"]}}`:                     true,
		`{"ForAnyValue:StringNotEquals":{"a:many":["x","y"]}}`:                 false,
		`{"ForAllValues:StringLike":{"a:many":"*"},"Null":{"a:many":"false"}}`: true,
		`{"ForAllValues:StringLike":{"a:none":"*"},"Null":{"a:none":"false"}}`: false,
		`{"NumericLessThan":{"a:a":2}}`:                                        true,
		`{"Bool":{"aws:MultiFactorAuthPresent":true}}`:                         false,
		`{"BoolIfExists":{"aws:MultiFactorAuthPresent":true}}`:                 true,
		`{}`: true,
	} {
		if got := conditionHolds(t, condition, context, nikki()); got != want {
			t.Errorf("%s is %v, want %v", condition, got, want)
		}
	}
}

func TestKeysOfTheCaller(t *testing.T) {
	context := Map{"aws:principaltag/team": One("blue"), "aws:principalarn": One("forged"), "aws:sourceip": One("10.0.0.1")}
	for _, test := range []struct {
		caller    *aws.Caller
		condition string
		want      bool
	}{
		{nikki(), `{"StringEquals":{"aws:username":"Nikki","aws:PrincipalArn":"` + testUser + `","aws:userid":"AIDANIKKI"}}`, true},
		{nikki(), `{"StringEquals":{"aws:PrincipalArn":"forged"}}`, false},
		{nikki(), `{"StringEquals":{"aws:PrincipalTag/Team":"blue","aws:PrincipalType":"User","aws:PrincipalAccount":"111122223333"}}`, true},
		{session(), `{"StringEquals":{"aws:PrincipalTag/team":"red","aws:PrincipalType":"AssumedRole"}}`, true},
		{session(), `{"ArnEquals":{"aws:PrincipalArn":"` + testRole + `"}}`, true},
		{session(), `{"Null":{"aws:username":"true"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, true},
		{session(), `{"DateGreaterThan":{"aws:TokenIssueTime":"2026-01-01"},"StringEquals":{"accounts.google.com:aud":"client"}}`, true},
		{&aws.Caller{Kind: aws.AssumedRole, Session: &aws.Session{SourceIdentity: "me", Federated: "idp"}},
			`{"StringEquals":{"aws:SourceIdentity":"me","aws:FederatedProvider":"idp"},"Null":{"aws:TokenIssueTime":"true","aws:PrincipalTag/x":"true"}}`, true},
		{session(), `{"Bool":{"aws:PrincipalIsAWSService":"false"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, true},
	} {
		if got := conditionHolds(t, test.condition, context, test.caller); got != test.want {
			t.Errorf("%s is %v, want %v", test.condition, got, test.want)
		}
	}
}

func TestKeysOfTheCall(t *testing.T) {
	call := &aws.Call{Start: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), TLS: true, SourceIP: "10.1.2.3", Region: "eu-west-1",
		UserAgent: "aws-cli/2", Source: "arn:aws:sns:eu-west-1:111122223333:t"}
	context := OfCall(call, Map{"sqs:x": One("1"), "aws:sourceip": One("forged")})
	bucket := OfCall(&aws.Call{Source: "arn:aws:s3:::b", SourceAccount: "111122223333"}, nil)
	if v, ok := bucket.Lookup("aws:sourceaccount"); !ok || v.one != "111122223333" {
		t.Error(v, ok)
	}
	for condition, want := range map[string]bool{
		`{"DateGreaterThan":{"aws:CurrentTime":"2026-05-06T07:00:00Z"},"NumericLessThan":{"aws:EpochTime":"1778051290"}}`:    true,
		`{"Bool":{"aws:SecureTransport":"true"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`:                                  true,
		`{"StringEquals":{"aws:SourceIp":"forged"}}`:                                                                         false,
		`{"StringEquals":{"aws:RequestedRegion":"eu-west-1","aws:SourceAccount":"111122223333","sqs:x":"1"}}`:                true,
		`{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:t"},"StringEquals":{"aws:ResourceAccount":"111122223333"}}`: true,
		`{"Null":{"aws:SourceVpce":"true"}}`:                                                                                 true,
	} {
		p := mustParse(t, allow(`,"Condition":`+condition), Identity)
		d := Evaluate(&Request{Caller: nikki(), Action: "a:b", Resource: "*", ResourceAccount: testAccount, Context: context, Identity: []Source{{"p", p}}})
		if d.Allowed != want {
			t.Errorf("%s is %v, want %v", condition, d.Allowed, want)
		}
	}
}

// TestVariables follows "IAM policy elements: Variables and tags".
func TestVariables(t *testing.T) {
	context := Map{"aws:principaltag/team": One("a*"), "s:many": Many([]string{"x", "y"}), "s3:prefix": One("home/Nikki/x"), "s:control": One("\x00"), "s:dollar": One("${aws:username}")}
	for _, test := range []struct {
		version, resource, request, condition string
		want                                  bool
	}{
		{version2012, "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/Nikki/k", `{}`, true},
		{version2012, "arn:aws:s3:::b/${AWS:UserName}/*", "arn:aws:s3:::b/Nikki/k", `{}`, true},
		{version2012, "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/nikki/k", `{}`, false},
		{version2012, "arn:aws:s3:::b/${aws:PrincipalTag/team}", "arn:aws:s3:::b/abc", `{}`, false},
		{version2012, "arn:aws:s3:::b/${aws:PrincipalTag/team}", "arn:aws:s3:::b/a*", `{}`, true},
		{version2012, "arn:aws:s3:::b/${aws:PrincipalTag/none, 'd'}", "arn:aws:s3:::b/d", `{}`, true},
		{version2012, "arn:aws:s3:::b/${aws:PrincipalTag/none}", "arn:aws:s3:::b/", `{}`, false},
		{version2012, "arn:aws:s3:::b/${s:many}", "arn:aws:s3:::b/x", `{}`, false},
		{version2012, "arn:aws:s3:::b/${s:control}", "arn:aws:s3:::b/x", `{}`, false},
		{version2012, "arn:aws:s3:::b/${*}${?}${$}", "arn:aws:s3:::b/*?$", `{}`, true},
		{version2012, "arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", `{}`, false},
		{version2012, "*", "arn:aws:s3:::b", `{"StringLike":{"s3:prefix":"home/${aws:username}/*"}}`, true},
		{version2012, "*", "arn:aws:s3:::b", `{"StringEquals":{"s3:prefix":"home/${aws:username}/x"}}`, true},
		{version2008, "*", "arn:aws:s3:::b", `{"StringEquals":{"s:dollar":"${aws:username}"}}`, true},
		{version2012, "*", "arn:aws:s3:::b", `{"StringEquals":{"s:dollar":"${aws:username}"}}`, false},
	} {
		doc := fmt.Sprintf(`{"Version":%q,"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":%q,"Condition":%s}}`,
			test.version, test.resource, test.condition)
		d := Evaluate(&Request{Caller: nikki(), Action: "s3:GetObject", Resource: test.request, Context: context, Attached: Source{"b", mustParse(t, doc, Resource)}})
		if d.Allowed != test.want {
			t.Errorf("%s on %s: %v, want %v", doc, test.request, d.Allowed, test.want)
		}
	}
}

// TestPatterns tells where a resource and an ARN condition differ: the
// wildcards of a resource cross colons.
func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, arn        string
		resource, condition bool
	}{
		{"*", "*", true, true},
		{"*", "arn:aws:s3:::b", true, true},
		{"arn:aws:s3:::b", "*", false, false},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b:c", true, true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b", false, false},
		{"arn:aws:s3:::?", "arn:aws:s3:::é", true, true},
		{"arn:aws:s3:::b*d*", "arn:aws:s3:::bcdcd", true, true},
		{"arn:*:s3:::b", "arn:aws-cn:s3:::b", true, true},
		{"arn:aws:sns:*:topic", "arn:aws:sns:eu-west-1:111122223333:topic", true, false},
		{"arn:aws:sns:*:*:topic", "arn:aws:sns:eu-west-1:111122223333:topic", true, true},
		{"arn:aws:lambda:*", "arn:aws:lambda:eu-west-1:111122223333:function:f", true, true},
		{"arn:aws:lambda:eu-west-1:111122223333:function:f:*", "arn:aws:lambda:eu-west-1:111122223333:function:f:1", true, true},
		{"arn:aws:s3:::B", "arn:aws:s3:::b", false, false},
	} {
		e := &evaluation{Request: &Request{}}
		whole := compile(test.pattern, true, true)
		if got := whole.match(e, test.arn, false); got != test.resource {
			t.Errorf("resource %s on %s: %v, want %v", test.pattern, test.arn, got, test.resource)
		}
		p, s := compileARN(test.pattern, true), splitARN(test.arn)
		if got := p.match(e, &s); got != test.condition {
			t.Errorf("condition %s on %s: %v, want %v", test.pattern, test.arn, got, test.condition)
		}
	}
}
