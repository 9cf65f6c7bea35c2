package dynamodb

import (
	"context"
	"fmt"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// expireKind deletes an item whose time has come. There is one for every time
// that an item ever had; it looks whether that is still so.
const expireKind = "ddb.expire"

// forgotten is how far in the past a time is ignored.
// AWS: "Using time to live (TTL) in DynamoDB": five years.
const forgotten = 5 * 365 * 24 * time.Hour

// expiresAt is when an item expires: seconds since 1970 in the table's attribute.
func (t *table) expiresAt(it item) (at time.Time, ok bool) {
	if t.TTL == "" {
		return at, false
	}
	v := it.Value(t.TTL)
	if !v.Is(attribute.N) {
		return at, false
	}
	seconds, ok := number(v.Text()).Int64()
	return time.Unix(seconds, 0), ok
}

// watchExpiry puts the job for the time at which an item now expires.
func (t *table) watchExpiry(tx kv.Tx, was, is item) {
	at, ok := t.expiresAt(is)
	if before, had := t.expiresAt(was); !ok || had && before.Equal(at) || tx.Now().Sub(at) > forgotten {
		return
	}
	key := t.itemKey(is)
	id := digest(key)
	job.Put(tx, &job.Job{
		Kind: expireKind, Scope: t.at.Scope, ID: fmt.Sprintf("%016x%016x", id.high, id.low), Due: at, Payload: kv.Append(nil, &expiry{Table: t.at.Name, Key: key}),
	})
}

// expiry is the payload of such a job.
type expiry struct {
	Table string `kv:"1"` // name
	Key   []byte `kv:"2"` // of the item's row, with the table's id
}

// expire is the job.
func (s *Service) expire(_ context.Context, tx kv.Tx, j *job.Job) error {
	var e expiry
	if err := kv.Decode(j.Payload, &e); err != nil {
		return err
	}
	key := kv.Key(e.Key)
	t, ok := address{j.Scope, e.Table}.find(tx)
	if !ok || !kv.Prefix(t.prefix(nil)).Contains(key) {
		return nil // gone, or another table of the name
	}
	b, ok := tx.Get(key)
	if !ok {
		return nil
	}
	it := decode(key, b)
	if at, ok := t.expiresAt(it); !ok || at.After(tx.Now()) {
		return nil
	}
	t.write(tx, change{was: it, expired: true}) // AWS: a deletion by TTL costs nothing
	return nil
}

// UpdateTimeToLive switches the expiry of items on or off, at once.
func (s *Service) UpdateTimeToLive(ctx context.Context, in *dynamodb.UpdateTimeToLiveInput) (*dynamodb.UpdateTimeToLiveOutput, error) {
	spec := in.TimeToLiveSpecification
	err := s.change(ctx, in.TableName, func(tx kv.Tx, t *table) error {
		switch {
		case spec.Enabled && t.TTL == spec.AttributeName:
			return invalid("TimeToLive is already enabled")
		case spec.Enabled && t.TTL != "", !spec.Enabled && t.TTL != "" && t.TTL != spec.AttributeName:
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.TTL)
		case !spec.Enabled && t.TTL == "":
			return invalid("TimeToLive is already disabled")
		}
		t.TTL = ""
		if spec.Enabled {
			t.TTL = spec.AttributeName
			(&sweep{Table: t.ID}).put(tx, t.at)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.UpdateTimeToLiveOutput{TimeToLiveSpecification: spec}, nil
}

// DescribeTimeToLive tells by which attribute items expire.
func (s *Service) DescribeTimeToLive(ctx context.Context, in *dynamodb.DescribeTimeToLiveInput) (*dynamodb.DescribeTimeToLiveOutput, error) {
	d := &dynamodb.TimeToLiveDescription{TimeToLiveStatus: dynamodb.TimeToLiveStatusDISABLED}
	err := s.view(ctx, in.TableName, func(_ kv.Tx, t *table) error {
		if t.TTL != "" {
			d.TimeToLiveStatus, d.AttributeName = dynamodb.TimeToLiveStatusENABLED, ptr(t.TTL)
		}
		return nil
	})
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: d}, err
}
