package lambda

import "time"

// Quotas and defaults. AWS: "Lambda quotas".
const (
	maxZip       = 50 << 20  // bytes of a zip in a request
	maxUnzipped  = 250 << 20 // bytes
	maxLayers    = 5         // of a function
	maxVariables = 4 << 10   // bytes of names and values
	maxPayload   = 6 << 20   // bytes of a call that is waited for
	maxEvent     = 1 << 20   // bytes of one that is not
	maxTail      = 4 << 10   // bytes of log in an answer

	maxTimeout = 900    // seconds
	maxMemory  = 10_240 // MB

	defaultMemory    = 128 // MB
	defaultEphemeral = 512 // MB
	defaultTimeout   = 3   // seconds

	concurrency         = 1000 // of an account
	callsPerEnvironment = 10   // AWS: Lambda quotas, synchronous invocations in a second
	minUnreserved       = 100  // of it, kept for functions without a share of their own

	maxPolicy = 20 << 10 // bytes
	maxTags   = 50

	codeStorage = 75 << 30 // bytes, of an account; told, not enforced
	pageSize    = 50
)

// maxPrelude is how many bytes the status and headers of a streamed answer may have.
const maxPrelude = 256 << 10

// downloadFor is how long the URL of code is good. AWS: "GetFunction", Code.
const downloadFor = 10 * time.Minute

// BodyLimit is how many bytes a request may have: a zip in base64, and more.
const BodyLimit = 70_167_211

// AWS: "Error handling and automatic retries in Lambda", asynchronous invocation.
const (
	maxAge        = 6 * time.Hour
	maxRetries    = 2 // after failures of the function
	firstPause    = time.Second
	longestPause  = 5 * time.Minute
	afterFailures = time.Minute // times their number
)

// streamChunk is how many bytes of a streamed answer are passed on at once.
const streamChunk = 64 << 10

// chunk is how many bytes of code or of an event are in one row.
const chunk = 512 << 10

// renewal is how often functions get new credentials, in environments of their
// own: credentials are good for an hour, so that a call begins with half of
// that at least.
const renewal = 30 * time.Minute

// renewAhead is how long before that provisioned environments get theirs.
const renewAhead = 5 * time.Minute

// AWS: "Using Lambda with Amazon SQS", "Using AWS Lambda with Amazon DynamoDB",
// "Lambda quotas".
const (
	queueBatch    = 10 // messages by default, and at most without a batch window
	streamBatch   = 100
	maxFilters    = 5
	maxPattern    = 4 << 10 // bytes
	firstPollers  = 5       // of a queue that has a backlog, at once
	pollersMinute = 300     // more of them in a minute
	maxPollers    = 1250
	maxState      = 1 << 20 // bytes of a tumbling window
)
