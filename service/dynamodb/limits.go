package dynamodb

import "time"

// Quotas. AWS: "Quotas in Amazon DynamoDB" and "Constraints in Amazon DynamoDB".
const (
	maxItem       = 400 << 10 // bytes, by DynamoDB's own counting
	maxHashKey    = 2048      // bytes
	maxRangeKey   = 1024      // bytes
	maxNesting    = 32        // levels, of which the attribute itself is one
	maxName       = 65535     // bytes of an attribute's name
	maxKeyName    = 255       // bytes of a key attribute's name
	maxKeyParts   = 4         // attributes of each type in a global index's key
	maxPage       = 1 << 20   // bytes that a Query or Scan reads
	maxLocals     = 5         // local secondary indexes of a table
	maxGlobals    = 20        // global secondary indexes of a table
	maxProjected  = 100       // attributes named by all projections of a table
	maxTags       = 50
	maxTagKey     = 128
	maxTagValue   = 256
	maxTagged     = time.Hour // that a tag can ask for
	maxListed     = 100       // tables in a page
	maxBatchGet   = 100
	maxBatchBytes = 16 << 20 // of a BatchGetItem's answer
	maxBatchWrite = 25
	maxTransact   = 100
	maxTransacted = 4 << 20 // bytes of all items in a transaction
	maxSegments   = 1_000_000
	minTableName  = 3
	maxTableName  = 255

	maxTableUnits   = 40_000 // read or write, provisioned
	maxAccountUnits = 80_000

	maxStreamsListed  = 100
	maxShardsListed   = 100
	maxRecords        = 1000           // in an answer of GetRecords
	maxRecordBytes    = 1 << 20        // likewise
	maxRecordsPassed  = 10_000         // that a call to GetRecords reads, expired ones included
	streamLife        = 24 * time.Hour // of a change in a stream
	iteratorLife      = 15 * time.Minute
	shardLife         = 4 * time.Hour // after which a shard is closed; AWS does not say when
	shardSplitRecords = 100_000       // in that time, above which it is split in two
	maxOpenShards     = 64

	sendMost        = 500            // records in a PutRecords
	sendBytes       = 2 << 20        // of items in one, as they are stored: less than its 5 MB
	destinationLife = 24 * time.Hour // of a destination that is disabled

	tokenLife = 10 * time.Minute // of a ClientRequestToken

	maxRecovery = 35 // days that point-in-time recovery goes back

	minIncrement = 15 * time.Minute // that an incremental export is of
	maxIncrement = 24 * time.Hour
	maxExports   = 25 // in a page
)

// Capacity. AWS: "Burst and adaptive capacity", "Partitions and data distribution in
// DynamoDB" and "On-demand capacity mode".
const (
	partitionReads  = 3_000 // read units a second
	partitionWrites = 1_000 // write units a second
	partitionBytes  = 10 << 30
	onDemandReads   = 12_000 // read units a second of a new table
	onDemandWrites  = 4_000
	burst           = 300 * time.Second
)

// Heat. AWS says that partitions are split when they are hot for long, not when.
const (
	heatTime  = 5 * time.Minute // of full use, after which a partition is split
	heatShare = 0.75            // of what a partition can do does not heat it
	narrowest = 1 << 52         // digests in a partition that is not split: no more than 4,096 partitions
)

// Sizes in which capacity is counted. AWS: "DynamoDB read and write operations".
const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

// sweepBatch is how many items one run of a sweep job sees. It changes cost and
// not behaviour.
const sweepBatch = 500

// exportFile is how many bytes of items, before compression, begin another file of
// an export. It bounds memory.
const exportFile = 4 << 20
