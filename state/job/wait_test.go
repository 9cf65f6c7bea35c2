package job

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

var letters = kv.NewKey(kv.String("letters"))

// reading is a kind whose Do takes the letters for its job, and waits for more
// when there are none.
func reading(until time.Duration) func(w *world) []Kind {
	return func(w *world) []Kind {
		return []Kind{{Name: "read", Do: func(ctx context.Context, j *Job) (func(kv.Tx) error, error) {
			found := ""
			err := w.store.Update(ctx, func(tx kv.Tx) error {
				found = ""
				for key, v := range tx.Scan(kv.Prefix(letters.With(kv.String(j.ID)))) {
					found += string(v)
					tx.Delete(key)
				}
				return nil
			})
			switch {
			case err != nil:
				return nil, err
			case strings.Contains(found, "end"):
				w.note(j.ID + ":end")
				return nil, nil
			case found != "":
				w.note(j.ID + ":" + found)
			}
			wait := &Wait{On: []kv.Key{letters.With(kv.String(j.ID))}}
			if until > 0 {
				wait.Until = w.clock.Now().Add(until)
			}
			w.note(".")
			return nil, wait
		}}}
	}
}

func (w *world) send(to, text string) {
	w.update(func(tx kv.Tx) { tx.Put(letters.With(kv.String(to), kv.String(text)), []byte(text)) })
}

func TestJobWaitsForACommit(t *testing.T) {
	inWorld(t, reading(0), func(w *world) {
		w.put(&Job{Kind: "read", ID: "a"}, &Job{Kind: "read", ID: "b"})
		w.wantDid(". . . .") // once more, because the first look was unwatched
		w.send("a", "x")
		w.wantDid("a:x . .") // taking it was a commit, too
		if err := w.clock.Advance(w.Context(), 24*time.Hour); err != nil {
			w.Fatal(err)
		}
		w.wantDid("")
		w.send("b", "y")
		if err := w.clock.Advance(w.Context(), 0); err != nil { // what was sent is due
			w.Fatal(err)
		}
		w.wantDid("b:y . .")
		w.send("b", "end")
		w.wantDid("b:end")
		if n := w.rows(logName); n != 1 {
			w.Errorf("%d jobs are left, want a's", n)
		}
	})
}

func TestJobWaitsNoLongerThanItSays(t *testing.T) {
	inWorld(t, reading(time.Hour), func(w *world) {
		w.put(&Job{Kind: "read", ID: "a", Due: w.clock.Now()})
		w.wantDid(". .")
		if err := w.clock.Advance(w.Context(), 3*time.Hour); err != nil {
			w.Fatal(err)
		}
		w.wantDid(". . .")
	})
}

func TestWaitingJobsAreDoneAnewAfterAStart(t *testing.T) {
	inWorld(t, reading(0), func(w *world) {
		w.put(&Job{Kind: "read", ID: "a"})
		w.wantDid(". .")
		if err := w.sched.Stop(context.Background()); err != nil {
			w.Fatal(err)
		}
		w.send("a", "x")
		if err := w.sched.Start(w.Context()); err != nil {
			w.Fatal(err)
		}
		w.wantDid("a:x . .")
	})
}

func TestWaitingJobsTakeNoRoom(t *testing.T) {
	inWorld(t, reading(0), func(w *world) {
		for i := range windowSize + 10 {
			w.put(&Job{Kind: "read", ID: strings.Repeat("z", 1+i%7) + w.clock.Now().Add(time.Duration(i)).String()})
		}
		w.did()
		w.put(&Job{Kind: "read", ID: "last"})
		w.send("last", "x")
		if got := w.did(); !strings.Contains(got, "last:x") {
			w.Error("the last job was not done")
		}
	})
}
