package sqs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// moveTask moves a dead-letter queue's messages back to where they came from,
// or to another queue. Its row is under the source queue's name and its start.
type moveTask struct {
	ID      string    `kv:"1"`
	Status  string    `kv:"2"`
	Source  string    `kv:"3"` // ARN
	Target  string    `kv:"4"` // ARN; empty for the messages' original queues
	Rate    int       `kv:"5"` // messages a second; 0 lets the service choose
	Started time.Time `kv:"6"`
	Moved   int64     `kv:"7"`
	ToMove  int64     `kv:"8"`
	Failure string    `kv:"9"`
}

// Statuses of a task.
const (
	taskRunning    = "RUNNING"
	taskCompleted  = "COMPLETED"
	taskCancelled  = "CANCELLED"
	taskFailed     = "FAILED"
	defaultRate    = 100 // moved in one step when the service chooses
	moveTaskPeriod = time.Second
)

// moveKind moves one second's worth of a task's messages.
const moveKind = "sqs.move"

// taskHandle is what a task handle says, in JSON and base64 as AWS's are.
type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

func (t *moveTask) handle() *string {
	b, _ := json.Marshal(taskHandle{t.ID, t.Source}) // strings always encode
	return strptr(base64.StdEncoding.EncodeToString(b))
}

func taskPrefix(a address) kv.Key { return tasks.Prefix(a.Scope, kv.String(a.Name)) }

func (t *moveTask) key(a address) kv.Key {
	return tasks.Key(a.Scope, kv.String(a.Name), kv.Time(t.Started), kv.String(t.ID))
}

func noResource(arn string) error {
	return sqs.ErrResourceNotFoundException("The resource that you specified for the SourceArn parameter doesn't exist: %s", arn)
}

// StartMessageMoveTask begins to move messages out of a dead-letter queue.
func (s *Service) StartMessageMoveTask(ctx context.Context, in *sqs.StartMessageMoveTaskInput) (*sqs.StartMessageMoveTaskOutput, error) {
	source, ok := addressOfARN(in.SourceArn)
	if !ok {
		return nil, invalid(in.SourceArn, "SourceArn", "You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
	}
	task := &moveTask{ID: aws.UUID(s.Random), Status: taskRunning, Source: in.SourceArn, Target: deref(in.DestinationArn)}
	if n := in.MaxNumberOfMessagesPerSecond; n != nil {
		if *n < 1 || *n > maxMoveRate {
			return nil, invalid(*n, "MaxNumberOfMessagesPerSecond", "Must be an integer from 1 to 500, if provided.")
		}
		task.Rate = int(*n)
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		q, err := source.find(tx)
		if err != nil {
			return noResource(in.SourceArn)
		}
		if err := q.checkMove(tx, task); err != nil {
			return err
		}
		task.Started, task.ToMove = tx.Now(), q.visible(tx)
		tasks.Put(tx, task.key(source), task)
		q.forgetOldTasks(tx)
		job.Put(tx, &job.Job{Kind: moveKind, Scope: source.Scope, ID: task.ID, Due: tx.Now(), Payload: task.key(source)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sqs.StartMessageMoveTaskOutput{TaskHandle: task.handle()}, nil
}

// checkMove checks that q is a dead-letter queue, is not being moved already,
// and that the target takes its messages.
func (q *queue) checkMove(tx kv.Tx, task *moveTask) error {
	if _, _, ok := queues.GetBy(tx, &byDeadLetter, q.at.Scope, kv.String(q.at.arn())); !ok {
		return invalid(task.Source, "SourceArn", "Source queue must be configured as a Dead Letter Queue.")
	}
	for _, t := range tasks.Scan(tx, kv.Prefix(taskPrefix(q.at))) {
		if t.Status == taskRunning {
			return aws.Errorf(http.StatusBadRequest, "AWS.SimpleQueueService.UnsupportedOperation", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	if task.Target == "" {
		return nil
	}
	target, ok := addressOfARN(task.Target)
	if !ok {
		return invalid(task.Target, "DestinationArn", "You must use this format to specify the DestinationArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
	}
	if _, err := target.find(tx); err != nil {
		return sqs.ErrResourceNotFoundException("The resource that you specified for the DestinationArn parameter doesn't exist: %s", task.Target)
	}
	if target.fifo() != q.at.fifo() {
		return invalid(task.Target, "DestinationArn", "The destination queue must be of the same type as the source queue.")
	}
	return nil
}

func (q *queue) forgetOldTasks(tx kv.Tx) {
	var keys []kv.Key
	for key := range tasks.Scan(tx, kv.Prefix(taskPrefix(q.at))) {
		keys = append(keys, key)
	}
	for i := 0; i < len(keys)-maxMoveTasks; i++ {
		tasks.Delete(tx, keys[i])
	}
}

// move is the job: one step of a task, which puts the next one.
func (s *Service) move(_ context.Context, tx kv.Tx, j *job.Job) error {
	key := kv.Key(j.Payload)
	task, ok := tasks.Get(tx, key)
	if !ok || task.Status != taskRunning {
		return nil
	}
	source, _ := addressOfARN(task.Source)
	q, err := source.find(tx)
	if err != nil {
		task.Status, task.Failure = taskFailed, "AWS.SimpleQueueService.NonExistentQueue"
		tasks.Put(tx, key, task)
		return nil
	}
	n := defaultRate
	if task.Rate > 0 {
		n = task.Rate
	}
	moved := q.moveSome(tx, task, n)
	task.Moved += int64(moved)
	if moved < n && task.Status == taskRunning {
		task.Status = taskCompleted
	}
	tasks.Put(tx, key, task)
	if task.Status == taskRunning {
		next := *j
		if next.Due = tx.Now(); task.Rate > 0 {
			next.Due = tx.Now().Add(moveTaskPeriod)
		}
		next.Attempt = 0
		job.Put(tx, &next)
	}
	return nil
}

// moveSome moves up to n visible messages, and returns how many there were.
func (q *queue) moveSome(tx kv.Tx, task *moveTask, n int) int {
	d := &draining{tx: tx, q: q, most: n, take: func(m *message) bool {
		to, err := task.target(tx, m)
		if err != nil {
			task.Status, task.Failure = taskFailed, "CouldNotDetermineMessageSource"
			return false
		}
		q.transfer(tx, m, to)
		m.Source, m.First = "", time.Time{}
		to.enter(tx, m)
		return true
	}}
	d.run()
	return d.taken
}

func (t *moveTask) target(tx kv.Tx, m *message) (*queue, error) {
	arn := t.Target
	if arn == "" {
		arn = m.Source
	}
	a, ok := addressOfARN(arn)
	if !ok {
		return nil, noQueue()
	}
	return a.find(tx)
}

// CancelMessageMoveTask stops a running task. What was moved stays moved.
func (s *Service) CancelMessageMoveTask(ctx context.Context, in *sqs.CancelMessageMoveTaskInput) (*sqs.CancelMessageMoveTaskOutput, error) {
	var h taskHandle
	b, err := base64.StdEncoding.DecodeString(in.TaskHandle)
	if err != nil || json.Unmarshal(b, &h) != nil {
		return nil, invalid(in.TaskHandle, "TaskHandle", "The task handle is invalid.")
	}
	source, ok := addressOfARN(h.SourceARN)
	if !ok {
		return nil, noResource(h.SourceARN)
	}
	out := new(sqs.CancelMessageMoveTaskOutput)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		for key, t := range tasks.Scan(tx, kv.Prefix(taskPrefix(source))) {
			if t.ID != h.TaskID {
				continue
			}
			if t.Status != taskRunning {
				return aws.Errorf(http.StatusBadRequest, "AWS.SimpleQueueService.UnsupportedOperation", "Only active tasks can be cancelled.")
			}
			t.Status = taskCancelled
			tasks.Put(tx, key, t)
			out.ApproximateNumberOfMessagesMoved = &t.Moved
			return nil
		}
		return sqs.ErrResourceNotFoundException("Task does not exist.")
	})
	return out, err
}

// ListMessageMoveTasks lists the latest tasks of a source queue, newest first.
func (s *Service) ListMessageMoveTasks(ctx context.Context, in *sqs.ListMessageMoveTasksInput) (*sqs.ListMessageMoveTasksOutput, error) {
	source, ok := addressOfARN(in.SourceArn)
	if !ok {
		return nil, invalid(in.SourceArn, "SourceArn", "You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
	}
	most := 1
	if n := in.MaxResults; n != nil {
		if most = int(*n); most < 1 || most > maxMoveTasks {
			return nil, invalid(*n, "MaxResults", "Must be an integer from 1 to 10, if provided.")
		}
	}
	out := new(sqs.ListMessageMoveTasksOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = sqs.ListMessageMoveTasksOutput{Results: []sqs.ListMessageMoveTasksResultEntry{}}
		if _, err := source.find(tx); err != nil {
			return noResource(in.SourceArn)
		}
		r := kv.Prefix(taskPrefix(source))
		r.Reverse = true
		for _, t := range tasks.Scan(tx, r) {
			if len(out.Results) == most {
				break
			}
			out.Results = append(out.Results, t.entry())
		}
		return nil
	})
	return out, err
}

func (t *moveTask) entry() sqs.ListMessageMoveTasksResultEntry {
	started := t.Started.UnixMilli()
	e := sqs.ListMessageMoveTasksResultEntry{
		Status: &t.Status, SourceArn: &t.Source, DestinationArn: aws.Optional(t.Target), FailureReason: aws.Optional(t.Failure),
		ApproximateNumberOfMessagesMoved: &t.Moved, ApproximateNumberOfMessagesToMove: &t.ToMove, StartedTimestamp: &started,
	}
	if t.Rate > 0 {
		rate := int32(t.Rate)
		e.MaxNumberOfMessagesPerSecond = &rate
	}
	if t.Status == taskRunning {
		e.TaskHandle = t.handle()
	}
	return e
}
