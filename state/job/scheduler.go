package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
)

// Scheduler runs the jobs of a store. Each kind has a runner of its own, so
// that a kind that is slow or stuck holds up no other; an idle runner waits for
// a commit that concerns it or for its next due time, and does nothing else.
type Scheduler struct {
	store   kv.Store
	clock   *clock.Clock
	log     *slog.Logger
	runners []*runner
	rested  chan struct{} // told when a job begins to wait

	mu     sync.Mutex
	cancel context.CancelFunc // nil when not running
	done   sync.WaitGroup
}

// New returns a scheduler for kinds, which must have different names. A nil
// log is slog.Default.
func New(store kv.Store, c *clock.Clock, kinds []Kind, log *slog.Logger) *Scheduler {
	if log == nil {
		log = slog.Default()
	}
	s := &Scheduler{store: store, clock: c, log: log, rested: make(chan struct{}, 1)}
	seen := map[string]bool{}
	for _, k := range kinds {
		if seen[k.Name] || (k.Run == nil) == (k.Do == nil) {
			panic("job: kind " + k.Name + " is there twice, or has not exactly one of Run and Do")
		}
		seen[k.Name] = true
		s.runners = append(s.runners, newRunner(s, k.withDefaults()))
	}
	return s
}

// Start begins to run jobs, and returns at once. Jobs get a context with the
// values of ctx, which ends at Stop.
func (s *Scheduler) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		return errors.New("job: the scheduler is running already")
	}
	if err := s.reportUnknown(ctx); err != nil {
		return err
	}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, r := range s.runners {
		r.rescan()
		s.done.Go(func() { r.loop(ctx) })
	}
	return nil
}

// Stop ends the context of running jobs and waits until they have returned, or
// ctx ends. What was not finished stays in the store.
func (s *Scheduler) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel == nil {
		return nil
	}
	s.cancel()
	stopped := make(chan struct{})
	go func() { s.done.Wait(); close(stopped) }()
	select {
	case <-stopped:
		s.cancel = nil
		return nil
	case <-ctx.Done():
		return fmt.Errorf("job: stop: %w", ctx.Err())
	}
}

// Rescan makes the scheduler forget how far it has read. It is to be called
// after the store's state has been replaced.
func (s *Scheduler) Rescan() {
	for _, r := range s.runners {
		r.rescan()
	}
}

// NextDue implements clock.Stepper.
func (s *Scheduler) NextDue(ctx context.Context, until time.Time) (due time.Time, ok bool, err error) {
	// What runners have in memory is asked before the view begins: whatever they
	// committed before they were so far is then part of the view.
	outlooks := make([]outlook, len(s.runners))
	for i, r := range s.runners {
		outlooks[i] = outlook{r.floor.Load(), r.resting()}
	}
	err = s.store.View(ctx, func(tx kv.Tx) error {
		due, ok = time.Time{}, false
		for i, r := range s.runners {
			if at, found := r.firstDue(tx, outlooks[i]); found && !at.After(until) && (!ok || at.Before(due)) {
				due, ok = at, true
			}
		}
		return nil
	})
	return due, ok, err
}

// RunDue implements clock.Stepper: it waits until the runners have left no job
// that is due. Work that never comes to an end keeps it until ctx ends.
func (s *Scheduler) RunDue(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	started := s.cancel != nil
	s.mu.Unlock()
	if !started {
		return errors.New("job: the scheduler is not running")
	}
	logs, dues := s.store.Watch(kv.NewKey(kv.String(logName))), s.store.Watch(kv.NewKey(kv.String(dueName)))
	defer logs.Close()
	defer dues.Close()
	for _, r := range s.runners {
		r.wake()
	}
	for {
		_, left, err := s.NextDue(ctx, now)
		if err != nil || !left {
			return err
		}
		select {
		case <-logs.C:
		case <-dues.C:
		case <-s.rested:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// noteRest tells RunDue of a job that waits: no commit does.
func (s *Scheduler) noteRest() {
	select {
	case s.rested <- struct{}{}:
	default:
	}
}

// reportUnknown logs kinds that have jobs and no runner. Their jobs stay.
func (s *Scheduler) reportUnknown(ctx context.Context) error {
	return s.store.View(ctx, func(tx kv.Tx) error {
		for _, table := range []string{logName, dueName} {
			from, end := kv.NewKey(kv.String(table)), kv.NewKey(kv.String(table)).End()
			for kind := s.firstKind(tx, from, end); kind != ""; kind = s.firstKind(tx, from, end) {
				if !s.knows(kind) {
					s.log.Warn("jobs of an unknown kind stay in the store; a newer version may have put them", "kind", kind)
				}
				from = kv.NewKey(kv.String(table), kv.String(kind)).End()
			}
		}
		return nil
	})
}

func (s *Scheduler) firstKind(tx kv.Tx, from, end kv.Key) string {
	for k := range tx.Scan(kv.Range{From: from, To: end}) {
		r := kv.Read(k)
		r.Skip(1)
		return r.String()
	}
	return ""
}

func (s *Scheduler) knows(kind string) bool {
	for _, r := range s.runners {
		if r.kind.Name == kind {
			return true
		}
	}
	return false
}
