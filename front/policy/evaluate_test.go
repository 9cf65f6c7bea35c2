package policy

import (
	"strings"
	"testing"

	"github.com/brume-cloud/brume/aws"
)

const (
	allowAll  = `{"Version":"2012-10-17","Statement":{"Sid":"all","Effect":"Allow","Action":"*","Resource":"*"}}`
	allowSQS  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sqs:Send*","sqs:receivemessage"],"Resource":"*"}}`
	allowS3   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	denySQS   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"no","Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`
	butNotSQS = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"sqs:*","Resource":"*"}}`
	butNotQ   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","NotResource":"arn:aws:sqs:*:*:q"}}`
	queueARN  = "arn:aws:sqs:eu-west-1:111122223333:q"
)

// to is a resource policy that allows a principal, given as JSON.
func to(principal string) string { return attached("Allow", `"Principal":`+principal) }

func attached(effect, principal string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `",` + principal + `,"Action":"sqs:*","Resource":"` + queueARN + `"}}`
}

func awsPrincipal(names ...string) string {
	return `{"AWS":["` + strings.Join(names, `","`) + `"]}`
}

type evaluateCase struct {
	name                                string
	caller                              *aws.Caller
	identity, boundary, session, attach string
	owner                               aws.Account
	required                            bool
	want                                string // "" when allowed, or how the message ends
	scp, rcp                            []string
	action                              string
}

func (c *evaluateCase) request(t testing.TB) *Request {
	r := &Request{Caller: c.caller, Action: "sqs:SendMessage", Resource: queueARN, ResourceAccount: testAccount, AttachedRequired: c.required}
	if c.owner != "" {
		r.ResourceAccount = c.owner
	}
	if c.action != "" {
		r.Action = c.action
	}
	source := func(doc string, kind Kind) (s Source) {
		if doc != "" {
			s = Source{"p", mustParse(t, doc, kind)}
		}
		return s
	}
	r.Identity = []Source{source(c.identity, Identity)}
	r.Boundary = source(c.boundary, Identity)
	if c.session != "" {
		r.Session = []Source{source(c.session, Identity)}
	}
	r.Attached = source(c.attach, Resource)
	for _, doc := range c.scp {
		r.SCPs = append(r.SCPs, []Source{source(doc, Identity)})
	}
	for _, doc := range c.rcp {
		r.RCPs = append(r.RCPs, []Source{source(doc, Resource)})
	}
	return r
}

const (
	noIdentity = "because no identity-based policy allows the sqs:SendMessage action"
	noBoundary = "because no permissions boundary allows the sqs:SendMessage action"
	noSession  = "because no session policy allows the sqs:SendMessage action"
	noResource = "because no resource-based policy allows the sqs:SendMessage action"
	noSCP      = "because no service control policy allows the sqs:SendMessage action"
	noRCP      = "because no resource control policy allows the sqs:SendMessage action"
)

// sameAccountCases follow "Policy evaluation for requests within a single
// account" and "How AWS enforcement code logic evaluates requests".
func sameAccountCases() []evaluateCase {
	root := &aws.Caller{Kind: aws.Root, Account: testAccount, ARN: "arn:aws:iam::111122223333:root"}
	federated := &aws.Caller{Kind: aws.FederatedUser, Account: testAccount, ARN: "arn:aws:sts::111122223333:federated-user/f", Session: &aws.Session{}}
	return []evaluateCase{
		{name: "nothing allows", caller: nikki(), want: noIdentity},
		{name: "identity allows", caller: nikki(), identity: allowSQS},
		{name: "another action", caller: nikki(), identity: allowS3, want: noIdentity},
		{name: "actions ignore case", caller: nikki(), identity: allowSQS, action: "SQS:ReceiveMessage"},
		{name: "NotAction", caller: nikki(), identity: butNotSQS, want: noIdentity},
		{name: "NotResource", caller: nikki(), identity: butNotQ, want: noIdentity},
		{name: "explicit deny in identity", caller: nikki(), identity: denySQS, want: "with an explicit deny in an identity-based policy"},
		{name: "boundary does not grant", caller: nikki(), boundary: allowAll, want: noIdentity},
		{name: "boundary limits", caller: nikki(), identity: allowAll, boundary: allowS3, want: noBoundary},
		{name: "within boundary", caller: nikki(), identity: allowAll, boundary: allowSQS},
		{name: "deny in boundary", caller: nikki(), identity: allowAll, boundary: denySQS, want: "with an explicit deny in a permissions boundary"},
		{name: "session limits", caller: session(), identity: allowAll, session: allowS3, want: noSession},
		{name: "session does not grant", caller: session(), identity: allowS3, session: allowAll, want: noIdentity},
		{name: "deny in session", caller: session(), identity: allowAll, session: denySQS, want: "with an explicit deny in a session policy"},
		{name: "resource policy names the user", caller: nikki(), attach: to(awsPrincipal(testUser))},
		{name: "… past a boundary", caller: nikki(), boundary: allowS3, attach: to(awsPrincipal(testUser))},
		{name: "… not past a deny in it", caller: nikki(), boundary: denySQS, attach: to(awsPrincipal(testUser)), want: "with an explicit deny in a permissions boundary"},
		{name: "resource policy names another", caller: nikki(), attach: to(awsPrincipal(otherUser)), want: noIdentity},
		{name: "resource policy names all", caller: nikki(), boundary: allowS3, attach: to(`"*"`)},
		{name: "resource policy names all AWS", caller: session(), session: allowS3, attach: to(`{"AWS":"*"}`)},
		{name: "resource policy names the role", caller: session(), attach: to(awsPrincipal(testRole))},
		{name: "… within session", caller: session(), session: allowS3, attach: to(awsPrincipal(testRole)), want: noSession},
		{name: "… within boundary", caller: session(), boundary: allowS3, attach: to(awsPrincipal(testRole)), want: noBoundary},
		{name: "resource policy names the session", caller: session(), boundary: allowS3, session: allowS3, attach: to(awsPrincipal(testSession))},
		{name: "the account delegates", caller: nikki(), attach: to(awsPrincipal(string(testAccount))), want: noIdentity},
		{name: "deny in resource policy", caller: nikki(), identity: allowAll, attach: attached("Deny", `"Principal":"*"`), want: "with an explicit deny in a resource-based policy"},
		{name: "deny for the account", caller: nikki(), identity: allowAll, attach: attached("Deny", `"Principal":`+awsPrincipal(string(testAccount))), want: "with an explicit deny in a resource-based policy"},
		{name: "root", caller: root},
		{name: "root denied", caller: root, attach: attached("Deny", `"Principal":"*"`), want: "with an explicit deny in a resource-based policy"},
		{name: "root under an SCP", caller: root, scp: []string{allowS3}, want: noSCP},
		{name: "federated without session policy", caller: federated, identity: allowAll, want: noSession},
		{name: "federated with session policy", caller: federated, identity: allowAll, session: allowSQS},
		{name: "federated named", caller: federated, attach: to(awsPrincipal(federated.ARN))},
		{name: "SCP limits", caller: nikki(), identity: allowAll, scp: []string{allowAll, allowS3, allowAll}, want: noSCP},
		{name: "SCP denies", caller: nikki(), identity: allowAll, scp: []string{allowAll, denySQS}, want: "with an explicit deny in a service control policy"},
		{name: "SCPs allow", caller: nikki(), identity: allowAll, scp: []string{allowAll, allowSQS}},
		{name: "RCP limits", caller: nikki(), identity: allowAll, rcp: []string{to(awsPrincipal(otherUser))}, want: noRCP},
		{name: "key policy missing", caller: nikki(), identity: allowAll, required: true, want: noResource},
		{name: "key policy delegates", caller: nikki(), identity: allowAll, attach: to(awsPrincipal(string(testAccount))), required: true},
		{name: "key policy delegates to nobody", caller: nikki(), attach: to(awsPrincipal(string(testAccount))), required: true, want: noIdentity},
		{name: "key policy names the user", caller: nikki(), attach: to(awsPrincipal(testUser)), required: true},
		{name: "key policy leaves root out", caller: root, attach: to(awsPrincipal(testUser)), required: true, want: noResource},
		{name: "NotPrincipal allows others", caller: nikki(), attach: attached("Allow", `"NotPrincipal":`+awsPrincipal(otherUser))},
		{name: "NotPrincipal allows not these", caller: nikki(), attach: attached("Allow", `"NotPrincipal":`+awsPrincipal(testUser)), want: noIdentity},
		{name: "NotPrincipal spares user with account", caller: nikki(), identity: allowAll, attach: attached("Deny", `"NotPrincipal":`+awsPrincipal(testUser, string(testAccount)))},
		{name: "NotPrincipal without account", caller: nikki(), identity: allowAll, attach: attached("Deny", `"NotPrincipal":`+awsPrincipal(testUser)), want: "with an explicit deny in a resource-based policy"},
		{name: "NotPrincipal and boundary", caller: nikki(), identity: allowAll, boundary: allowAll, attach: attached("Deny", `"NotPrincipal":`+awsPrincipal(testUser, string(testAccount))), want: "with an explicit deny in a resource-based policy"},
		{name: "NotPrincipal wants the role too", caller: session(), identity: allowAll, attach: attached("Deny", `"NotPrincipal":`+awsPrincipal(testSession, string(testAccount))), want: "with an explicit deny in a resource-based policy"},
		{name: "NotPrincipal spares the session", caller: session(), identity: allowAll, attach: attached("Deny", `"NotPrincipal":`+awsPrincipal(testSession, testRole, string(testAccount)))},
	}
}

// otherCallerCases follow "Cross-account policy evaluation logic", and the
// principals that have no policies of their own.
func otherCallerCases() []evaluateCase {
	const other = aws.Account("444455556666")
	bob := &aws.Caller{Kind: aws.User, Account: other, ARN: otherUser}
	bobsRoot := &aws.Caller{Kind: aws.Root, Account: other, ARN: "arn:aws:iam::444455556666:root"}
	sns := &aws.Caller{Kind: aws.ServicePrincipal, Service: "sns.amazonaws.com"}
	web := &aws.Caller{Kind: aws.Anonymous, Session: &aws.Session{Federated: "arn:aws:iam::111122223333:oidc-provider/x"}}
	return []evaluateCase{
		{name: "both sides", caller: bob, identity: allowSQS, attach: to(awsPrincipal(otherUser))},
		{name: "both sides, by account", caller: bob, identity: allowSQS, attach: to(awsPrincipal(string(other)))},
		{name: "identity only", caller: bob, identity: allowSQS, want: noResource},
		{name: "resource only", caller: bob, attach: to(awsPrincipal(otherUser)), want: noIdentity},
		{name: "all, resource only", caller: bob, attach: to(`"*"`), want: noIdentity},
		{name: "boundary counts", caller: bob, identity: allowAll, boundary: allowS3, attach: to(awsPrincipal(otherUser)), want: noBoundary},
		{name: "other root", caller: bobsRoot, attach: to(awsPrincipal(string(other)))},
		{name: "other root not named", caller: bobsRoot, want: noResource},
		{name: "service named", caller: sns, attach: to(`{"Service":"sns.amazonaws.com"}`)},
		{name: "service not named", caller: sns, attach: to(`{"Service":["s3.amazonaws.com"]}`), want: noResource},
		{name: "service by star", caller: sns, attach: to(`"*"`)},
		{name: "service under an SCP", caller: sns, attach: to(`"*"`), scp: []string{denySQS}},
		{name: "service without policy", caller: sns, want: noResource},
		{name: "anonymous", caller: &aws.Caller{}, attach: to(`"*"`)},
		{name: "anonymous, account named", caller: &aws.Caller{}, attach: to(awsPrincipal(string(other))), want: noResource},
		{name: "web identity", caller: web, attach: to(`{"Federated":"arn:aws:iam::111122223333:oidc-provider/x"}`)},
		{name: "another provider", caller: web, attach: to(`{"Federated":"accounts.google.com"}`), want: noResource},
	}
}

func TestEvaluate(t *testing.T) {
	for _, c := range append(sameAccountCases(), otherCallerCases()...) {
		r := c.request(t)
		d := Evaluate(r)
		message := d.Message()
		if d.Allowed != (c.want == "") || !strings.HasSuffix(message, c.want) {
			t.Errorf("%s: allowed %v, %q, want %q", c.name, d.Allowed, message, c.want)
		}
		if (d.Reason == Allowed) != d.Allowed {
			t.Errorf("%s: allowed %v for reason %d", c.name, d.Allowed, d.Reason)
		}
		if x := Explain(r); x.Allowed != d.Allowed || x.Message() != message {
			t.Errorf("%s: Explain says %q, Evaluate %q", c.name, x.Message(), message)
		}
	}
}

// TestTheMostDirectNamingCounts has one policy name the caller in several ways,
// of which only the most direct one gets past the session policy.
func TestTheMostDirectNamingCounts(t *testing.T) {
	c := evaluateCase{caller: session(), session: allowS3}
	r := c.request(t)
	var statements []string
	for _, name := range []string{string(testAccount), testRole, testSession, testRole} {
		statements = append(statements, `{"Effect":"Allow","Principal":`+awsPrincipal(name)+`,"Action":"*","Resource":"*"}`)
	}
	r.Attached = Source{"q", mustParse(t, `{"Statement":[`+strings.Join(statements, ",")+`]}`, Resource)}
	if d := Evaluate(r); !d.Allowed || d.By.Statement.Index != 2 {
		t.Errorf("%+v", d)
	}
}

func TestTheFirstDenyIsNamed(t *testing.T) {
	deny := `{"Effect":"Deny","Action":"*","Resource":"*"}`
	c := evaluateCase{caller: nikki(), identity: `{"Version":"2012-10-17","Statement":[` + deny + `,` + deny + `]}`}
	r := c.request(t)
	if d := Evaluate(r); d.By.Statement.Index != 0 {
		t.Errorf("%+v", d)
	}
	if x := Explain(r); x.By.Statement.Index != 0 || len(x.Matched) != 2 {
		t.Errorf("%+v", x)
	}
}

func TestMessage(t *testing.T) {
	d := Evaluate(&Request{Caller: nikki(), Action: "sqs:SendMessage", Resource: queueARN})
	const want = "User: " + testUser + " is not authorized to perform: sqs:SendMessage on resource: " + queueARN + " " + noIdentity
	if d.Message() != want {
		t.Errorf("%q, want %q", d.Message(), want)
	}
}

func TestAssumeRole(t *testing.T) {
	trust := func(principal string) Source {
		return Source{"trust", mustParse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"sts:AssumeRole"}}`, Trust)}
	}
	for _, test := range []struct {
		trust    Source
		identity string
		want     string
	}{
		{trust(awsPrincipal(testUser)), "", ""},
		{trust(awsPrincipal(string(testAccount))), allowAll, ""},
		{trust(awsPrincipal(string(testAccount))), allowS3, "because no identity-based policy allows the sts:AssumeRole action"},
		{trust(`{"Service":"lambda.amazonaws.com"}`), allowAll, "because no role trust policy allows the sts:AssumeRole action"},
	} {
		r := &Request{Caller: nikki(), Action: "sts:AssumeRole", Resource: testRole, ResourceAccount: testAccount, Attached: test.trust, AttachedRequired: true}
		if test.identity != "" {
			r.Identity = []Source{{"p", mustParse(t, test.identity, Identity)}}
		}
		if d := Evaluate(r); d.Allowed != (test.want == "") || !strings.HasSuffix(d.Message(), test.want) {
			t.Errorf("%q, want %q", d.Message(), test.want)
		}
	}
}

func TestExplain(t *testing.T) {
	doc := "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Sid\": \"a\", \"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"},\n" +
		"    {\"Sid\": \"b\", \"Effect\": \"Deny\", \"Action\": \"sqs:*\", \"Resource\": \"*\"},\n" +
		"    {\"Sid\": \"c\", \"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\", \"Condition\": {\"StringEquals\": {\"aws:SourceVpc\": \"v\"}}}\n  ]\n}"
	x := Explain(&Request{Caller: nikki(), Action: "sqs:SendMessage", Resource: "*", Identity: []Source{{"arn:p", mustParse(t, doc, Identity)}}})
	if x.Reason != ExplicitDeny || x.By.Statement.Sid != "b" || x.By.Name != "arn:p" || len(x.Matched) != 2 {
		t.Errorf("%+v", x)
	}
	if len(x.MissingKeys) != 1 || x.MissingKeys[0] != "aws:sourcevpc" {
		t.Errorf("missing keys are %v", x.MissingKeys)
	}
	st := x.By.Statement
	if st.Index != 1 || st.Start != (Position{4, 69}) || st.End.Line != 5 {
		t.Errorf("statement %d at %v to %v", st.Index, st.Start, st.End)
	}
}

// TestPositions holds to the positions in the example of the command line
// reference, "simulate-principal-policy".
func TestPositions(t *testing.T) {
	p := mustParse(t, `{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "codecommit:ListRepositories",
            "Resource":
                "*"
        }
    ]
}`, Identity)
	if st := p.Statements[0]; st.Start != (Position{3, 19}) || st.End != (Position{9, 10}) {
		t.Errorf("from %v to %v", st.Start, st.End)
	}
}

func BenchmarkEvaluateResourcePolicy(b *testing.B) {
	doc := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` +
		queueARN + `","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:topic*"}}}}`
	r := &Request{Caller: &aws.Caller{Kind: aws.ServicePrincipal, Service: "sns.amazonaws.com"}, Action: "sqs:SendMessage", Resource: queueARN,
		ResourceAccount: testAccount, Context: Map{"aws:sourcearn": One("arn:aws:sns:eu-west-1:111122223333:topic")}, Attached: Source{"q", mustParse(b, doc, Resource)}}
	b.ReportAllocs()
	for b.Loop() {
		if d := Evaluate(r); !d.Allowed {
			b.Fatal(d.Message())
		}
	}
}

func BenchmarkEvaluateIdentityPolicy(b *testing.B) {
	c := evaluateCase{caller: nikki(), identity: denySQS, boundary: allowAll}
	r := c.request(b)
	r.Action = "s3:GetObject"
	b.ReportAllocs()
	for b.Loop() {
		if d := Evaluate(r); !d.Allowed {
			b.Fatal(d.Message())
		}
	}
}

func BenchmarkCache(b *testing.B) {
	c := NewCache()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get(denySQS, Identity); err != nil {
			b.Fatal(err)
		}
	}
}
