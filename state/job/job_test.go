package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/kv/local"
)

// world is a store with a clock, a scheduler, and what jobs have done.
type world struct {
	*testing.T
	clock *clock.Clock
	store *local.Store
	sched *Scheduler

	mu   sync.Mutex
	done []string
	logs strings.Builder
}

// inWorld runs a test with the kinds that it is given, in virtual time.
func inWorld(t *testing.T, kinds func(w *world) []Kind, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, clock: clock.New()}
		w.store = local.Memory(local.Options{Now: w.clock.Now})
		log := slog.New(slog.NewTextHandler(&locked{w: w}, nil))
		w.sched = New(w.store, w.clock, kinds(w), log)
		w.clock.SetStepper(w.sched)
		if err := w.sched.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(w)
		if err := errors.Join(w.sched.Stop(context.Background()), w.store.Close()); err != nil {
			t.Error(err)
		}
	})
}

type locked struct{ w *world }

func (l *locked) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.logs.Write(p)
}

func (w *world) put(jobs ...*Job) {
	w.Helper()
	w.update(func(tx kv.Tx) {
		for _, j := range jobs {
			if j.Due.IsZero() {
				PutNow(tx, j)
			} else {
				Put(tx, j)
			}
		}
	})
}

func (w *world) update(fn func(tx kv.Tx)) {
	w.Helper()
	if err := w.store.Update(context.Background(), func(tx kv.Tx) error { fn(tx); return nil }); err != nil {
		w.Fatal(err)
	}
}

func (w *world) note(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done, s)
}

// did returns what was noted since the last call, when nothing goes on.
func (w *world) did() string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := strings.Join(w.done, " ")
	w.done = nil
	return s
}

func (w *world) wantDid(want string) {
	w.Helper()
	if got := w.did(); got != want {
		w.Errorf("did %q, want %q", got, want)
	}
}

// rows counts the rows of a job table.
func (w *world) rows(table string) (n int) {
	_ = w.store.View(context.Background(), func(tx kv.Tx) error {
		for range tx.Scan(kv.Prefix(kv.NewKey(kv.String(table)))) {
			n++
		}
		return nil
	})
	return n
}

// noting is a kind whose Run notes the job's id, and fails as fail says.
func noting(name string, fail func(w *world, j *Job) error) func(w *world) []Kind {
	return func(w *world) []Kind {
		return []Kind{{Name: name, MaxAttempts: 4, Run: func(_ context.Context, tx kv.Tx, j *Job) error {
			tx.Add(kv.NewKey(kv.String("ran"), kv.String(j.ID)), 1)
			if fail != nil {
				if err := fail(w, j); err != nil {
					return err
				}
			}
			tx.OnCommit(func(uint64) { w.note(j.ID) })
			return nil
		}}}
	}
}

func TestJobsRunWhenDue(t *testing.T) {
	inWorld(t, noting("k", nil), func(w *world) {
		now := w.clock.Now()
		w.put(
			&Job{Kind: "k", ID: "2h", Due: now.Add(2 * time.Hour)},
			&Job{Kind: "k", ID: "1h", Due: now.Add(time.Hour)},
			&Job{Kind: "k", ID: "1h", Due: now.Add(time.Hour)},
			&Job{Kind: "k", ID: "past", Due: now.Add(-time.Hour)},
			&Job{Kind: "k", ID: "a"},
			&Job{Kind: "k", ID: "b"},
		)
		w.wantDid("past a b")
		time.Sleep(time.Hour - time.Second)
		w.wantDid("")
		time.Sleep(time.Second)
		w.wantDid("1h")
		w.update(func(tx kv.Tx) { Delete(tx, &Job{Kind: "k", ID: "2h", Due: now.Add(2 * time.Hour)}) })
		time.Sleep(2 * time.Hour)
		w.wantDid("")
		if w.rows(logName)+w.rows(dueName) != 0 {
			w.Error("rows are left")
		}
	})
}

func TestImmediateJobsRunInCommitOrder(t *testing.T) {
	inWorld(t, noting("k", nil), func(w *world) {
		var want []string
		for i := range 3 * windowSize {
			id := fmt.Sprint(i)
			want = append(want, id)
			w.put(&Job{Kind: "k", ID: id})
		}
		w.wantDid(strings.Join(want, " "))
	})
}

func TestRunJoinsTheTransaction(t *testing.T) {
	inWorld(t, func(w *world) []Kind {
		return []Kind{{Name: "k", Run: func(ctx context.Context, tx kv.Tx, j *Job) error {
			return kv.Update(ctx, w.store, func(inner kv.Tx) error {
				if inner != tx {
					w.Error("Update began another transaction")
				}
				inner.Put(kv.NewKey(kv.String("effect")), j.Payload)
				return nil
			})
		}}}
	}, func(w *world) {
		w.put(&Job{Kind: "k", Payload: []byte("x")})
		synctest.Wait()
		w.update(func(tx kv.Tx) {
			if v, ok := tx.Get(kv.NewKey(kv.String("effect"))); !ok || string(v) != "x" {
				w.Errorf("effect %q %v", v, ok)
			}
		})
	})
}

func TestFailedJobIsRetriedThenDead(t *testing.T) {
	fails := func(w *world, j *Job) error {
		w.note(fmt.Sprintf("%s%d", j.ID, j.Attempt))
		if j.ID == "panic" {
			panic("oh")
		}
		if strings.HasPrefix(j.ID, "bad") {
			return errors.New("no luck")
		}
		return nil
	}
	inWorld(t, noting("k", fails), func(w *world) {
		start := w.clock.Now()
		w.put(&Job{Kind: "k", ID: "bad"}, &Job{Kind: "k", ID: "bad"}, &Job{Kind: "k", ID: "ok"})
		w.wantDid("bad0 bad0 ok0 ok")
		time.Sleep(time.Second)
		w.wantDid("bad1 bad1")
		time.Sleep(2 * time.Second)
		w.wantDid("bad2 bad2")
		time.Sleep(4 * time.Second)
		w.wantDid("bad3 bad3")
		time.Sleep(time.Hour)
		w.wantDid("")
		w.put(&Job{Kind: "k", ID: "panic", Due: start})
		w.wantDid("panic0")
		time.Sleep(time.Hour)
		w.wantDid("panic1 panic2 panic3")
		if dead := w.rows(deadName); dead != 3 || w.rows(logName)+w.rows(dueName) != 0 {
			w.Errorf("%d dead", dead)
		}
		if got := strings.Count(w.logs.String(), "id=bad"); got != 2 || !strings.Contains(w.logs.String(), "panic: oh") {
			w.Errorf("logged:\n%s", w.logs.String())
		}
		w.update(func(tx kv.Tx) {
			v, _ := tx.Get(kv.NewKey(kv.String("ran"), kv.String("bad")))
			if kv.CounterValue(v) != 0 {
				w.Error("a failed run has left writes")
			}
		})
	})
}

func TestLaneWaitsForItsFailedJob(t *testing.T) {
	fails := func(_ *world, j *Job) error {
		if j.ID == "a1" && j.Attempt < 2 {
			return errors.New("not yet")
		}
		return nil
	}
	inWorld(t, noting("k", fails), func(w *world) {
		for _, id := range []string{"a1", "b1", "a2", "b2", "a3"} {
			w.put(&Job{Kind: "k", ID: id, Lane: id[:1]})
		}
		w.wantDid("b1 b2")
		time.Sleep(time.Second)
		w.put(&Job{Kind: "k", ID: "a4", Lane: "a"}, &Job{Kind: "k", ID: "free"})
		w.wantDid("free")
		if err := w.clock.Advance(w.Context(), 2*time.Second); err != nil {
			w.Fatal(err)
		}
		w.wantDid("a1 a2 a3 a4")
	})
}

func TestAdvanceRunsADailyJobNinetyTimes(t *testing.T) {
	day := 24 * time.Hour
	inWorld(t, func(w *world) []Kind {
		return []Kind{{Name: "daily", Run: func(_ context.Context, tx kv.Tx, j *Job) error {
			if now := tx.Now(); !now.Equal(j.Due) {
				w.Errorf("due %v, now %v", j.Due, now)
			}
			Put(tx, &Job{Kind: "daily", Due: j.Due.Add(day)})
			PutNow(tx, &Job{Kind: "follow"})
			tx.OnCommit(func(uint64) { w.note("d") })
			return nil
		}}, {Name: "follow", Do: func(context.Context, *Job) (func(kv.Tx) error, error) {
			w.note("f")
			return nil, nil
		}}}
	}, func(w *world) {
		w.put(&Job{Kind: "daily", Due: w.clock.Now().Add(day)})
		if err := w.clock.Advance(w.Context(), 90*day); err != nil {
			w.Fatal(err)
		}
		if got := w.did(); strings.Count(got, "d") != 90 || strings.Count(got, "f") != 90 {
			w.Errorf("did %q", got)
		}
	})
}

func TestBlockedDoHoldsUpNothingElse(t *testing.T) {
	release := make(chan struct{})
	inWorld(t, func(w *world) []Kind {
		release = make(chan struct{})
		slow := Kind{Name: "slow", Concurrency: 2, Do: func(_ context.Context, j *Job) (func(kv.Tx) error, error) {
			w.note("begin-" + j.ID)
			<-release
			return func(tx kv.Tx) error { tx.OnCommit(func(uint64) { w.note("end") }); return nil }, nil
		}}
		return append(noting("k", nil)(w), slow)
	}, func(w *world) {
		for i := range 5 {
			w.put(&Job{Kind: "slow", ID: fmt.Sprint(i)})
		}
		got := strings.Fields(w.did())
		if slices.Sort(got); fmt.Sprint(got) != "[begin-0 begin-1]" {
			w.Errorf("began %v", got)
		}
		w.put(&Job{Kind: "k", ID: "a"})
		w.wantDid("a")
		close(release)
		if got := w.did(); strings.Count(got, "end") != 5 {
			w.Errorf("did %q", got)
		}
	})
}

func TestDoLaneIsOneAtATime(t *testing.T) {
	inWorld(t, func(w *world) []Kind {
		return []Kind{{Name: "k", Do: func(ctx context.Context, j *Job) (func(kv.Tx) error, error) {
			w.note("+" + j.ID)
			time.Sleep(time.Second)
			w.note("-" + j.ID)
			return nil, nil
		}}}
	}, func(w *world) {
		for _, id := range []string{"1", "2", "3"} {
			w.put(&Job{Kind: "k", ID: id, Lane: "l"})
		}
		time.Sleep(time.Minute)
		w.wantDid("+1 -1 +2 -2 +3 -3")
	})
}

func TestStopLeavesUnfinishedDos(t *testing.T) {
	inWorld(t, func(w *world) []Kind {
		return []Kind{{Name: "k", Do: func(ctx context.Context, j *Job) (func(kv.Tx) error, error) {
			w.note(fmt.Sprint("begin", j.Attempt))
			<-ctx.Done()
			return nil, ctx.Err()
		}}}
	}, func(w *world) {
		w.put(&Job{Kind: "k"})
		w.wantDid("begin0")
		if err := w.sched.Stop(w.Context()); err != nil {
			w.Fatal(err)
		}
		if err := w.sched.Start(w.Context()); err != nil {
			w.Fatal(err)
		}
		w.wantDid("begin0")
	})
}

func TestUnknownKindStays(t *testing.T) {
	inWorld(t, noting("k", nil), func(w *world) {
		w.put(&Job{Kind: "newer"}, &Job{Kind: "newer"}, &Job{Kind: "other", Due: w.clock.Now()}, &Job{Kind: "k", ID: "a"})
		w.wantDid("a")
		if err := errors.Join(w.sched.Stop(w.Context()), w.sched.Start(w.Context())); err != nil {
			w.Fatal(err)
		}
		synctest.Wait()
		if w.rows(logName)+w.rows(dueName) != 3 || strings.Count(w.logs.String(), "unknown kind") != 2 {
			w.Errorf("%d rows, logged %s", w.rows(logName)+w.rows(dueName), w.logs.String())
		}
	})
}

func TestLateRowInThePastIsFound(t *testing.T) {
	inWorld(t, noting("k", nil), func(w *world) {
		start := w.clock.Now()
		w.put(&Job{Kind: "k", ID: "first", Due: start})
		time.Sleep(time.Minute)
		w.put(&Job{Kind: "k", ID: "second", Due: w.clock.Now()})
		w.wantDid("first second")
		late := &Job{Kind: "k", ID: "late", Due: start}
		w.update(func(tx kv.Tx) { tx.Put(dueKey(late, start), late.encode()) }) // as by a commit that took a minute
		w.wantDid("")
		time.Sleep(rescanEvery)
		w.wantDid("late")
	})
}

func TestExactlyOnceAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	const jobs = 300
	for round := range 4 {
		store, err := local.Open(local.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		c := clock.New()
		effects := kv.NewKey(kv.String("effects"))
		kind := Kind{Name: "k", Run: func(_ context.Context, tx kv.Tx, j *Job) error {
			tx.Add(effects, 1)
			return nil
		}}
		if round == 0 {
			for i := range jobs {
				err := store.Update(t.Context(), func(tx kv.Tx) error {
					PutNow(tx, &Job{Kind: "k", ID: fmt.Sprint(i)})
					Put(tx, &Job{Kind: "k", ID: fmt.Sprint(i), Due: c.Now()})
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		s := New(store, c, []Kind{kind}, log)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if round == 3 {
			if err := s.RunDue(t.Context(), c.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Stop(t.Context()); err != nil { // in the middle of it, in the first rounds
			t.Fatal(err)
		}
		_ = store.View(t.Context(), func(tx kv.Tx) error {
			v, _ := tx.Get(effects)
			left := 0
			for range tx.Scan(kv.Range{From: kv.NewKey(kv.String("job.due")), To: kv.NewKey(kv.String("job.log")).End()}) {
				left++
			}
			if got := int(kv.CounterValue(v)); got+left != 2*jobs || round == 3 && left != 0 {
				t.Errorf("round %d: %d effects and %d jobs left of %d", round, got, left, 2*jobs)
			}
			return nil
		})
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkImmediate(b *testing.B) {
	store := local.Memory(local.Options{})
	c := clock.New()
	ran := make(chan struct{}, 1)
	n := 0
	s := New(store, c, []Kind{{Name: "k", Run: func(_ context.Context, tx kv.Tx, j *Job) error {
		tx.OnCommit(func(uint64) {
			if n++; n == b.N {
				ran <- struct{}{}
			}
		})
		return nil
	}}}, nil)
	for i := range b.N {
		_ = store.Update(b.Context(), func(tx kv.Tx) error { PutNow(tx, &Job{Kind: "k", ID: fmt.Sprint(i)}); return nil })
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	<-ran
	b.StopTimer()
	_ = s.Stop(context.Background())
}
