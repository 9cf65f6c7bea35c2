package function

import "time"

const (
	initTimeout = 10 * time.Second // AWS: Lambda execution environment, Init phase
	idleTimeout = 10 * time.Minute
	freezeAfter = 10 * time.Millisecond
	maxAge      = 2 * time.Hour // so that an environment's credentials never expire in it
	shutdownFor = 300 * time.Millisecond

	connectionIdle = maxAge + 15*time.Minute // of the Runtime API: an environment's age and its last call's timeout

	maxResponse = 6*1024*1024 + 100 // AWS: Lambda quotas, the figure in its error text
	maxStream   = 200 << 20         // AWS: Lambda quotas, streamed response payload
	maxError    = 256 << 10

	maxUnpacked = 250 << 20 // AWS: Lambda quotas, deployment package unzipped, with layers
	maxFiles    = 200_000
	cacheBytes  = 2 << 30

	maxLogLine = 256 << 10 // of CloudWatch Logs
	maxLogCall = 8 << 20   // kept of one call; what is more is counted

	maxProcesses   = 1024 // AWS: Lambda quotas, execution processes/threads
	maxDescriptors = 1024 // AWS: Lambda quotas, file descriptors

	memoryInterval = 50 * time.Millisecond

	fewestEnvironments = 50       // of a plane, on the smallest machine
	mostEnvironments   = 1000     // AWS: Lambda quotas, concurrent executions of an account
	environmentShare   = 64 << 20 // bytes of the machine's memory: what a runtime with a small function takes
)

// environments is how many may live at a time on a machine with so many bytes of memory.
func environments(memory int64) int {
	return int(min(max(memory/environmentShare, fewestEnvironments), mostEnvironments))
}
