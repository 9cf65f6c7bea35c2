package dynamodb

import (
	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/service/dynamodb/partiql"
)

// statementSubjects are what the statements of a request are about. Each needs the
// permission of its own kind. One that cannot be read is about nothing: its error
// is the operation's.
// AWS: "IAM security policies with PartiQL for DynamoDB".
func statementSubjects(input any) (all []subject, ok bool) {
	add := func(source string, parameters []value) {
		if st, err := readStatement(source, parameters); err == nil {
			all = append(all, st.subject())
		}
	}
	switch in := input.(type) {
	case *dynamodb.ExecuteStatementInput:
		add(in.Statement, in.Parameters)
	case *dynamodb.BatchExecuteStatementInput:
		for _, r := range in.Statements {
			add(r.Statement, r.Parameters)
		}
	case *dynamodb.ExecuteTransactionInput:
		for _, r := range in.TransactStatements {
			add(r.Statement, r.Parameters)
		}
	default:
		return nil, false
	}
	return all, true
}

func (st *statement) subject() subject {
	s := subject{action: "PartiQLSelect", table: st.Table, detail: &detail{statement: st, attributes: columnNames(st.Columns)}}
	switch st.Kind {
	case partiql.Insert:
		s.action, s.attributes = "PartiQLInsert", sortedKeys(st.item.Fields())
	case partiql.Update:
		s.action = "PartiQLUpdate"
		for _, p := range st.Update.Paths() {
			s.attributes = append(s.attributes, p[0].Name)
		}
	case partiql.Delete:
		s.action = "PartiQLDelete"
	}
	if st.Index != "" {
		s.index = &st.Index
	}
	return s
}

// leading returns the partition keys that a statement names, none when it may be
// about any.
func (st *statement) leading(hash string) []value {
	if st.item != "" {
		if v, ok := st.item.Get(hash); ok {
			return []value{v}
		}
		return nil
	}
	all, _ := st.hashes(st.Where, hash)
	return all
}
