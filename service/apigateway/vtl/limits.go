package vtl

const (
	// MaxSource is the length of a template in bytes.
	// AWS: "Quotas for configuring and running a REST API", mapping template size.
	MaxSource = 300 << 10
	// MaxOutput is the length of what a template renders in bytes, and of every
	// string on the way.
	// AWS: "Quotas for configuring and running a REST API", payload size.
	MaxOutput = 10 << 20
	// MaxLoop is how often a #foreach goes round. It ends there without an error.
	// AWS: "Quotas for configuring and running a REST API", iterations of #foreach.
	MaxLoop = 1000
	// MaxSteps bounds the work of one rendering. A node or a value costs one step,
	// and so do bytesPerStep bytes that are copied or searched: they bound the
	// memory too.
	MaxSteps = 1 << 20
	// MaxDepth is how deep macros, #define blocks and values may lie in each other.
	MaxDepth = 100
	// maxPattern is the length of a regular expression in bytes.
	maxPattern = 1000
	// maxPath is the length of a JSONPath in bytes.
	maxPath = 10_000

	bytesPerStep = 64
)
