// Package job is due-dated work, kept in the store: every effect of one service
// on another, and everything that waits, is a job that is put in the same
// transaction as the change that calls for it.
//
// A kind of job has either a Run, whose effect is in the store and happens
// exactly once, since the job's row is deleted in the same transaction, or a
// Do, whose effect is outside and happens at least once.
//
// Jobs of one kind start in order: those put by PutNow in the order of their
// commits, those with a due time by that. Nothing is said of the order between
// these two, nor between kinds. Jobs of a kind that name the same lane run one
// at a time, in order, and wait for one that failed until it is retried.
//
// The rows, with one cursor each per kind:
//
//	(job.log, kind, stamp)                          put by PutNow
//	(job.due, kind, due, account, region, id, …)    put by Put, or failed before
//	(job.dead, kind, account, region, id, …, due)   out of attempts
package job

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// Job is a piece of work.
type Job struct {
	Kind  string
	Scope kv.Scope

	// ID tells jobs of the same kind, scope and due time apart. With Put, one
	// with the same four is the same job.
	ID string

	Due     time.Time // virtual; PutNow sets it
	Payload []byte    // of the kind's making, at most a few KiB
	Lane    string    // runs after earlier jobs of the kind in this lane; "" for none
	Attempt int       // how often it failed before
}

// record is the stored form. What the key of a dated job says is said again,
// so that all lanes read alike.
type record struct {
	Account string    `kv:"1"`
	Region  string    `kv:"2"`
	ID      string    `kv:"3"`
	Due     time.Time `kv:"4"`
	Payload []byte    `kv:"5"`
	Lane    string    `kv:"6"`
	Attempt int       `kv:"7"`
	Retry   time.Time `kv:"8"`  // not to be run before; zero until it failed
	Kind    string    `kv:"9"`  // in job.dead
	Error   string    `kv:"10"` // the last one
}

const (
	logName  = "job.log"
	dueName  = "job.due"
	deadName = "job.dead"
)

func logPrefix(kind string) kv.Key { return kv.NewKey(kv.String(logName), kv.String(kind)) }
func duePrefix(kind string) kv.Key { return kv.NewKey(kv.String(dueName), kv.String(kind)) }

func dueKey(j *Job, at time.Time) kv.Key {
	return kv.NewKey(kv.String(dueName), kv.String(j.Kind), kv.Time(at),
		kv.String(j.Scope.Account), kv.String(j.Scope.Region), kv.String(j.ID))
}

// Put puts a job that runs at j.Due, at once when that has passed. It reads
// nothing, so it never conflicts.
func Put(tx kv.Tx, j *Job) {
	at := j.Due
	if now := tx.Now(); at.Before(now.Add(-slack)) {
		at = now // its place is where the runner has long read
	}
	tx.Put(dueKey(j, at), j.encode())
}

// PutNow puts a job that runs as soon as the transaction has committed. It
// reads nothing, so it never conflicts.
func PutNow(tx kv.Tx, j *Job) {
	now := *j
	now.Due = tx.Now()
	tx.PutStamped(logPrefix(j.Kind), nil, now.encode())
}

// Delete takes back a job put by Put: Kind, Scope, ID and Due tell which. One
// that was late when it was put, or that has failed already, is in another
// place and runs nevertheless: a job checks the state that it acts on.
func Delete(tx kv.Tx, j *Job) { tx.Delete(dueKey(j, j.Due)) }

func (j *Job) record() *record {
	return &record{
		Account: string(j.Scope.Account), Region: string(j.Scope.Region), ID: j.ID,
		Due: j.Due, Payload: j.Payload, Lane: j.Lane, Attempt: j.Attempt,
	}
}

func (j *Job) encode() []byte { return kv.Append(nil, j.record()) }

// Kind is what the scheduler knows of a kind of job. One of Run and Do is set.
type Kind struct {
	Name string // unique, and stored: never rename

	// Run does the work in tx, the transaction that deletes the job's row. ctx
	// carries tx, so that calls in process join it. Like every closure over a
	// Tx it may run more than once, but takes effect once. It shares the
	// transaction with other jobs of the kind; an error undoes only its own
	// writes. Runs of one kind never overlap.
	Run func(ctx context.Context, tx kv.Tx, j *Job) error

	// Do does the work outside of any transaction, and may take its time. The
	// function that it returns, if any, runs in the transaction that deletes
	// the job's row. If the process ends in between, Do is called again. An
	// error that is a *Wait is no failure.
	Do func(ctx context.Context, j *Job) (done func(tx kv.Tx) error, err error)

	Concurrency int                             // Dos at the same time; 16 when 0
	MaxAttempts int                             // before a job is dead; 10 when 0
	Backoff     func(attempt int) time.Duration // before attempt 1, 2, …; 1s doubling up to 5m when nil
}

func (k Kind) withDefaults() Kind {
	if k.Concurrency == 0 {
		k.Concurrency = 16
	}
	if k.MaxAttempts == 0 {
		k.MaxAttempts = 10
	}
	if k.Backoff == nil {
		k.Backoff = doubling
	}
	return k
}

func doubling(attempt int) time.Duration {
	return min(time.Second<<min(max(attempt-1, 0), 16), 5*time.Minute)
}
