package local

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

func TestScopesAreFoundOnce(t *testing.T) {
	s := Memory(Options{Now: time.Now})
	defer s.Close()
	table := kv.Table[struct{}]{Name: "x"}
	err := kv.Update(t.Context(), s, func(tx kv.Tx) error {
		for _, sc := range []kv.Scope{{}, {Region: "aws-global"}, {Account: "1", Region: "a"}, {Account: "1", Region: "a\x00b"}, {Account: "2", Region: "a"}} {
			for n := range uint64(3) {
				table.Put(tx, table.Key(sc, kv.Uint(n)), &struct{}{})
			}
		}
		tx.Put(kv.NewKey(kv.Uint(7)), nil) // in no scope
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	err = kv.View(t.Context(), s, func(tx kv.Tx) error {
		all = nil
		for sc := range kv.Scopes(tx) {
			all = append(all, fmt.Sprintf("%q/%q", sc.Account, sc.Region))
		}
		return nil
	})
	if got := strings.Join(all, " "); err != nil || got != `""/"" ""/"aws-global" "1"/"a" "1"/"a\x00b" "2"/"a"` {
		t.Error(got, err)
	}
}
