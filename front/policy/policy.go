// Package policy evaluates IAM policies: policies and the facts of a request
// in, a decision out. It is pure: it keeps nothing, asks nobody and knows no
// service.
//
// A document is parsed once (Parse, or Cache.Get for one that is seen again and
// again) and evaluated many times (Evaluate). A Decision says which statement
// made it, and puts a refusal into AWS's words (Decision.Message). Explain does
// the same more slowly and tells every statement that matched, as
// iam:SimulatePrincipalPolicy needs.
//
// The rules follow the IAM User Guide, "Policy evaluation logic" and "IAM JSON
// policy elements reference".
package policy

// Kind is what a document is written for, which decides what it must and must
// not say.
type Kind uint8

// The kinds of document.
const (
	Identity Kind = iota // for users, groups, roles; boundaries, session policies and SCPs are written alike
	Resource             // for a resource: names principals; RCPs are written alike
	Trust                // for a role: says who may assume it, and has no Resource
)

// Policy is a parsed document. It is never changed.
type Policy struct {
	Version    string
	ID         string
	Statements []Statement
}

// Position is a place in a document, both counted from 1, as
// iam:SimulatePrincipalPolicy gives them. AWS: a statement starts where the
// token before it ends, and ends after its closing brace.
type Position struct{ Line, Column int }

// Statement is one statement of a policy.
type Statement struct {
	Sid        string
	Index      int // in the policy, from 0
	Deny       bool
	Start, End Position

	actions    []pattern
	notAction  bool
	resources  []pattern // empty: the statement is about whatever it is attached to
	notRes     bool
	principals *principals // nil: the policy is attached to its principal
	conditions []condition
}

// Versions of the policy language. Only the newer one knows variables.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)
