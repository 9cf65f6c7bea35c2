package kv

import (
	"iter"

	"github.com/brume-cloud/brume/aws"
)

// Scopes walks the scopes that have rows, by seeking from one to the next. What
// is in no scope may show as some; a table has no rows in those.
func Scopes(tx Tx) iter.Seq[Scope] {
	return func(yield func(Scope) bool) {
		var from Key
		for {
			var found Key
			for k := range tx.Scan(Range{From: from, To: Key{0xFF}}) {
				found = append(Key(nil), k...)
				break
			}
			if found == nil {
				return
			}
			rd := Read(found)
			account, region := rd.String(), rd.String()
			if rd.Err() != nil {
				from = found.After()
				continue
			}
			from = NewKey(String(account), String(region)).End()
			if !yield(Scope{aws.Account(account), aws.Region(region)}) {
				return
			}
		}
	}
}
