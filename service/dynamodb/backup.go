package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/state/kv"
)

// DescribeContinuousBackups says that point-in-time recovery is off, which tools
// ask of every table. Backups are not built.
func (s *Service) DescribeContinuousBackups(ctx context.Context, in *dynamodb.DescribeContinuousBackupsInput) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if _, ok := addressOf(ctx, in.TableName).find(tx); !ok {
			return dynamodb.ErrTableNotFoundException("Table not found: %s", in.TableName)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: &dynamodb.ContinuousBackupsDescription{
		ContinuousBackupsStatus:        dynamodb.ContinuousBackupsStatusENABLED,
		PointInTimeRecoveryDescription: &dynamodb.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: dynamodb.PointInTimeRecoveryStatusDISABLED},
	}}, nil
}
