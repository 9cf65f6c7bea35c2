package s3

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/kv/local"
)

// TestScrubResumes looks at one row in each run, and at each row once.
func TestScrubResumes(t *testing.T) {
	store := local.Memory(local.Options{Now: time.Now})
	defer store.Close()
	s := New(Deps{Store: store, Blobs: new(blob.Memory), Log: slog.New(slog.DiscardHandler)})
	err := kv.Update(t.Context(), store, func(tx kv.Tx) error {
		for n, name := range []string{"a", "b"} {
			b := &bucket{Name: name, ID: uint64(n + 1), Account: "111111111111", Region: "eu-west-1"}
			b.put(tx)
			for row := range uint64(2) {
				bodies.Put(tx, b.bodyKey(row+1), &small{[]byte("altered")})
				o := &object{Content: content{Row: row + 1}, Sum: sum{Algorithm: "CRC32", Value: "AAAAAA=="}}
				objects.Put(tx, b.objectKey(fmt.Sprint("k", row)), o)
				versions.Put(tx, b.versionKey("k", row), o)
			}
			parts.Put(tx, b.partKey(7, 1), &part{Content: content{Blob: blob.Ref{ID: blob.ID(strings.Repeat("0", 32)), Size: 1}}})
			uploads.Put(tx, b.uploadKey("up", "id"), &upload{Number: 7})
		}
		held.Put(tx, heldKey(blob.ID(strings.Repeat("0", 32))), &holders{Count: 2})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	at, runs := spot{}, 0
	for done := false; !done; runs++ {
		run := &scrub{Service: s, at: at}
		if done, err = run.run(context.Background(), 1); err != nil || runs > 20 {
			t.Fatal(runs, err)
		}
		for _, d := range run.Damaged {
			found = append(found, d.Bucket+"/"+d.Key+d.Upload)
		}
		// As the job keeps it.
		if err := kv.Decode(kv.Append(nil, &run.at), &at); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(found, " "); runs != 11 || got != "a/k0 a/k1 a/k a/k a/upid b/k0 b/k1 b/k b/k b/upid" {
		t.Error(runs, got)
	}
}
