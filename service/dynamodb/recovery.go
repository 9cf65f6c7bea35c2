package dynamodb

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// earliest is the first time that a table can be restored to.
func (r *recovery) earliest(now time.Time) time.Time {
	if back := now.AddDate(0, 0, -r.Days); back.After(r.Since) {
		return back
	}
	return r.Since
}

// describe tells how far back a table can be restored. AWS stops five minutes ago;
// here it is the present.
func (r *recovery) describe(now time.Time) *dynamodb.ContinuousBackupsDescription {
	d := &dynamodb.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: dynamodb.PointInTimeRecoveryStatusDISABLED}
	if r != nil {
		*d = dynamodb.PointInTimeRecoveryDescription{
			PointInTimeRecoveryStatus: dynamodb.PointInTimeRecoveryStatusENABLED, RecoveryPeriodInDays: ptr(int32(r.Days)),
			EarliestRestorableDateTime: ptr(r.earliest(now)), LatestRestorableDateTime: &now,
		}
	}
	return &dynamodb.ContinuousBackupsDescription{ContinuousBackupsStatus: dynamodb.ContinuousBackupsStatusENABLED, PointInTimeRecoveryDescription: d}
}

// UpdateContinuousBackups switches point-in-time recovery on or off, or changes how
// far back it goes. Switched off, it forgets.
func (s *Service) UpdateContinuousBackups(ctx context.Context, in *dynamodb.UpdateContinuousBackupsInput) (*dynamodb.UpdateContinuousBackupsOutput, error) {
	spec := in.PointInTimeRecoverySpecification
	days := maxRecovery
	if spec.RecoveryPeriodInDays != nil {
		days = int(*spec.RecoveryPeriodInDays)
	}
	switch {
	case days < 1 || days > maxRecovery:
		return nil, invalid("RecoveryPeriodInDays must be between 1 and %d", maxRecovery)
	case !spec.PointInTimeRecoveryEnabled && spec.RecoveryPeriodInDays != nil:
		return nil, invalid("RecoveryPeriodInDays can only be specified when PointInTimeRecoveryEnabled is true")
	}
	out := new(dynamodb.UpdateContinuousBackupsOutput)
	err := s.continuous(ctx, in.TableName, func(tx kv.Tx) error {
		return s.change(kv.Join(ctx, s.Store, tx), in.TableName, func(tx kv.Tx, t *table) error {
			switch {
			case !spec.PointInTimeRecoveryEnabled:
				t.Recovery = nil
				t.forgetUndo(tx)
			case t.Recovery == nil:
				t.Recovery = &recovery{Since: tx.Now(), Days: days}
				(&trimming{Table: t.ID, Since: tx.Now()}).put(tx, t.at, tx.Now().Add(trimEvery))
			default:
				t.Recovery.Days = days
			}
			out.ContinuousBackupsDescription = t.Recovery.describe(tx.Now())
			return nil
		})
	})
	return out, err
}

// continuous runs fn if the table is there: operations on continuous backups have
// an error of their own.
func (s *Service) continuous(ctx context.Context, name string, fn func(tx kv.Tx) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, ok := addressOf(ctx, name).find(tx); !ok {
			return dynamodb.ErrTableNotFoundException("Table not found: %s", name)
		}
		return fn(tx)
	})
}

// DescribeContinuousBackups tells whether point-in-time recovery is on, and how far
// back it goes.
func (s *Service) DescribeContinuousBackups(ctx context.Context, in *dynamodb.DescribeContinuousBackupsInput) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	out := new(dynamodb.DescribeContinuousBackupsOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, ok := addressOf(ctx, in.TableName).find(tx)
		if !ok {
			return dynamodb.ErrTableNotFoundException("Table not found: %s", in.TableName)
		}
		out.ContinuousBackupsDescription = t.Recovery.describe(tx.Now())
		return nil
	})
	return out, err
}

// RestoreTableToPointInTime makes a table of what another was at a time since which
// its changes were kept. It answers at once; the table is ACTIVE when a job has
// copied all items.
func (s *Service) RestoreTableToPointInTime(ctx context.Context, in *dynamodb.RestoreTableToPointInTimeInput) (*dynamodb.RestoreTableToPointInTimeOutput, error) {
	if in.VectorIndexOverride != nil {
		return nil, aws.NotImplemented("dynamodb", "RestoreTableToPointInTime with vector indexes")
	}
	source := deref(in.SourceTableArn)
	if source == "" {
		source = deref(in.SourceTableName)
	}
	latest := deref(in.UseLatestRestorableTime)
	switch {
	case source == "" || in.SourceTableArn != nil && in.SourceTableName != nil:
		return nil, invalid("One of SourceTableArn or SourceTableName must be specified")
	case latest == (in.RestoreDateTime != nil):
		return nil, invalid("One of UseLatestRestorableTime or RestoreDateTime must be specified")
	}
	out := new(dynamodb.RestoreTableToPointInTimeOutput)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		a := addressOf(ctx, source)
		from, ok := tables.Get(tx, a.key())
		if !ok {
			return dynamodb.ErrTableNotFoundException("Table not found: %s", source)
		}
		from.at = a
		at, err := from.restorable(tx.Now(), in.RestoreDateTime)
		if err != nil {
			return err
		}
		t, err := from.remake(&overrides{in.BillingModeOverride, in.GlobalSecondaryIndexOverride, in.LocalSecondaryIndexOverride, in.ProvisionedThroughputOverride, in.OnDemandThroughputOverride, in.SSESpecificationOverride})
		if err != nil {
			return err
		}
		t.at = address{a.Scope, in.TargetTableName}
		t.Restored = &restored{Source: a.arn(), At: at, Busy: true}
		if err := s.addRestored(tx, t); err != nil {
			return err
		}
		c := &copying{To: t.at.Name, Moment: moment{At: at}}
		if latest {
			from.Epoch++
			c.Moment = moment{Epoch: from.Epoch}
		}
		from.begin(tx, c)
		out.TableDescription = t.describe(tx)
		return nil
	})
	return out, err
}

// restorable returns the time that a table is to be restored to; none is now.
func (t *table) restorable(now time.Time, at *time.Time) (time.Time, error) {
	switch {
	case t.Recovery == nil:
		return now, dynamodb.ErrPointInTimeRecoveryUnavailableException("Point in time recovery is not enabled for table '%s'", t.at.Name)
	case at == nil:
		return now, nil
	case at.Before(t.Recovery.earliest(now)) || at.After(now):
		return now, dynamodb.ErrInvalidRestoreTimeException("The specified restore time is not between EarliestRestorableDateTime and LatestRestorableDateTime")
	}
	return *at, nil
}
