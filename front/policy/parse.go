package policy

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/aws"
)

// AWS's words for what can be wrong with a document.
const (
	textSyntax      = "Syntax errors in policy."
	textVersion     = "Policy document must be version 2012-10-17 or greater."
	textPrincipal   = "Policy document should not specify a principal."
	textNoPrincipal = "Missing required field Principal"
	textProhibited  = "Has prohibited field "
	textNoActions   = "Policy statement must contain actions."
	textNoResources = "Policy statement must contain resources."
	textVendor      = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	textOneColon    = "Actions/Condition can contain only one colon."
	textLegacy      = "The policy failed legacy parsing"
	textSidUnique   = "Statement IDs (SID) in a single policy must be unique."
	textSidLetters  = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
	textTrustAction = "AssumeRole policy may only specify STS AssumeRole actions."
)

// malformed is IAM's refusal of a document. Other services give the text under
// a code of their own.
func malformed(text string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "MalformedPolicyDocument", "%s", text)
}

// Parse reads a document and checks its grammar. The error is an *aws.Error
// with IAM's code and words.
func Parse(doc []byte, kind Kind) (*Policy, error) {
	root, ok := parseJSON(doc)
	if !ok || root.kind != object {
		return nil, malformed(textSyntax)
	}
	// AWS: where a document names no version, the older language holds.
	p := &Policy{Version: version2008}
	var statements []node
	for i, name := range root.names {
		value := &root.kids[i]
		switch {
		case name == "Version" && value.kind == text:
			p.Version = value.text
		case name == "Id" && value.kind == text:
			p.ID = value.text
		case name == "Statement" && value.kind == object:
			statements = []node{*value}
		case name == "Statement" && value.kind == list:
			statements = value.kids
		default:
			return nil, malformed(textSyntax)
		}
	}
	if p.Version != version2008 && p.Version != version2012 || len(statements) == 0 {
		return nil, malformed(textSyntax)
	}
	if kind == Identity && p.Version != version2012 {
		return nil, malformed(textVersion)
	}
	b := builder{doc: doc, kind: kind, variables: p.Version == version2012}
	for i := range statements {
		st, err := b.statement(&statements[i])
		if err != nil {
			return nil, err
		}
		st.Index = i
		p.Statements = append(p.Statements, st)
	}
	return p, checkSids(p, kind)
}

// checkSids checks the statements' ids. AWS: IAM wants them plain; the policies
// of other services may hold spaces.
func checkSids(p *Policy, kind Kind) error {
	seen := make(map[string]bool, len(p.Statements))
	for i := range p.Statements {
		sid := p.Statements[i].Sid
		if sid == "" {
			continue
		}
		if kind != Resource && strings.ContainsFunc(sid, func(r rune) bool { return !isAlphanumeric(r) }) {
			return malformed(textSidLetters)
		}
		if seen[sid] {
			return malformed(textSidUnique)
		}
		seen[sid] = true
	}
	return nil
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// builder makes the statements of one document.
type builder struct {
	doc       []byte
	kind      Kind
	variables bool
}

// statement reads one statement.
func (b *builder) statement(n *node) (Statement, error) {
	before := bytes.TrimRight(b.doc[:n.start], " \t\r\n")
	st := Statement{Start: position(b.doc, len(before)), End: position(b.doc, n.end)}
	if n.kind != object || n.member("Effect") == nil {
		return st, malformed(textSyntax)
	}
	for i, name := range n.names {
		if err := b.element(&st, name, &n.kids[i]); err != nil {
			return st, err
		}
	}
	for _, pair := range [...][2]string{{"Action", "NotAction"}, {"Resource", "NotResource"}, {"Principal", "NotPrincipal"}} {
		if n.member(pair[0]) != nil && n.member(pair[1]) != nil {
			return st, malformed(textSyntax)
		}
	}
	return st, b.complete(&st)
}

// complete checks that the statement has what its kind of document needs.
func (b *builder) complete(st *Statement) error {
	switch {
	case len(st.actions) == 0:
		return malformed(textNoActions)
	case b.kind != Identity && st.principals == nil:
		return malformed(textNoPrincipal)
	case b.kind != Trust && len(st.resources) == 0:
		return malformed(textNoResources)
	}
	return nil
}

// element reads one member of a statement.
func (b *builder) element(st *Statement, name string, n *node) error {
	switch name {
	case "Sid":
		st.Sid = n.text
		if n.kind != text {
			return malformed(textSyntax)
		}
	case "Effect":
		st.Deny = n.text == "Deny"
		if n.kind != text || n.text != "Allow" && n.text != "Deny" {
			return malformed(textSyntax)
		}
	case "Action", "NotAction":
		st.notAction = name == "NotAction"
		return b.actions(st, n)
	case "Resource", "NotResource":
		if b.kind == Trust {
			return malformed(textProhibited + name)
		}
		st.notRes = name == "NotResource"
		return b.resources(st, n)
	case "Principal", "NotPrincipal":
		if b.kind == Identity {
			return malformed(textPrincipal)
		}
		st.principals = &principals{not: name == "NotPrincipal"}
		return addPrincipals(st.principals, n)
	case "Condition":
		return b.conditions(st, n)
	default:
		return malformed(textSyntax)
	}
	return nil
}

func (b *builder) actions(st *Statement, n *node) error {
	names, ok := n.texts(false)
	if !ok {
		return malformed(textSyntax)
	}
	for _, name := range names {
		vendor, rest, found := strings.Cut(name, ":")
		switch {
		case name == "*":
		case !found || vendor == "" || rest == "":
			return malformed(textVendor)
		case strings.Contains(rest, ":"):
			return malformed(textOneColon)
		case strings.ContainsFunc(vendor, func(r rune) bool { return !isAlphanumeric(r) && r != '-' && r != '_' }):
			return malformed("Vendor " + vendor + " is not valid")
		case b.kind == Trust && !strings.EqualFold(vendor, "sts"):
			return malformed(textTrustAction)
		}
		st.actions = append(st.actions, compile(name, true, false))
	}
	return nil
}

func (b *builder) resources(st *Statement, n *node) error {
	names, ok := n.texts(false)
	if !ok {
		return malformed(textSyntax)
	}
	for _, name := range names {
		if err := checkResource(name, b.kind); err != nil {
			return err
		}
		st.resources = append(st.resources, compile(name, true, b.variables))
	}
	return nil
}

// checkResource checks the form of a resource. A policy on a resource may name
// it loosely, such as by a path only (API Gateway), so only IAM's own are held
// to the form.
func checkResource(name string, kind Kind) error {
	if name == "*" || kind == Resource {
		return nil
	}
	rest, ok := strings.CutPrefix(name, "arn:")
	if !ok {
		return malformed("Resource " + name + ` must be in ARN format or "*".`)
	}
	partition, _, _ := strings.Cut(rest, ":")
	if !strings.ContainsAny(partition, "*?$") && !strings.HasPrefix(partition, "aws") {
		return malformed(`Partition "` + partition + `" is not valid for resource "` + name + `".`)
	}
	if strings.Count(name, ":") < arnFields-1 && !strings.ContainsAny(name, "*$") {
		return malformed(textLegacy)
	}
	return nil
}

func addPrincipals(p *principals, n *node) error {
	if n.kind == text && n.text == "*" {
		p.anyone = true
		return nil
	}
	if n.kind != object || len(n.kids) == 0 {
		return malformed("Invalid principal in policy.")
	}
	for i, kind := range n.names {
		names, ok := n.kids[i].texts(false)
		if !ok {
			return malformed(textSyntax)
		}
		for _, name := range names {
			if !p.add(kind, name) {
				return malformed(`Invalid principal in policy: "` + kind + `":"` + name + `"`)
			}
		}
	}
	return nil
}

// conditions reads {operator: {key: value or values}}.
func (b *builder) conditions(st *Statement, n *node) error {
	if n.kind != object {
		return malformed(textSyntax)
	}
	for i, name := range n.names {
		op, q, ifExists, ok := parseOperator(name)
		if !ok || n.kids[i].kind != object {
			return malformed(textSyntax)
		}
		for j, key := range n.kids[i].names {
			c := condition{operator: op, quantifier: q, ifExists: ifExists, key: strings.ToLower(key)}
			if err := b.operands(&c, &n.kids[i].kids[j]); err != nil {
				return err
			}
			st.conditions = append(st.conditions, c)
		}
	}
	return nil
}

func (b *builder) operands(c *condition, n *node) error {
	values, ok := n.texts(true)
	if !ok {
		return malformed(textSyntax)
	}
	if !strings.Contains(c.key, ":") {
		return malformed(textVendor)
	}
	for _, value := range values {
		o, ok := c.operator.operand(value, b.variables)
		if !ok {
			return malformed(textLegacy)
		}
		c.operands = append(c.operands, o)
	}
	return nil
}
