package lambda

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// maxLineage is how often a function may be called in one chain of calls.
// AWS: "Use Lambda recursive loop detection to prevent infinite loops".
const maxLineage = 16

// errLoop is a call that would go on with a loop.
var errLoop = errors.New("lambda: a recursive loop")

// lineage is the part of X-Ray's header in which Lambda counts: how often each
// function has been called in the chain, as hash:count|hash:count. The SDK in
// the function hands the header on, and so do SQS, SNS and S3.
const lineage = "Lineage="

// counts takes the lineage out of a header.
func counts(trace string) (rest []string, all []string) {
	for part := range strings.SplitSeq(trace, ";") {
		switch l, ok := strings.CutPrefix(part, lineage); {
		case ok:
			all = strings.Split(l, "|")
		case part != "":
			rest = append(rest, part)
		}
	}
	return rest, all
}

// mark is what a function is called in a lineage.
func mark(arn string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(arn))
	return fmt.Sprintf("%08x", h.Sum32())
}

// countOf is how often a function was called in the chain.
func countOf(trace, arn string) int {
	_, all := counts(trace)
	for _, one := range all {
		if name, n, _ := strings.Cut(one, ":"); name == mark(arn) {
			count, _ := strconv.Atoi(n)
			return count
		}
	}
	return 0
}

// follow returns the header for a call of a function: that of its cause with the
// function counted in, or nothing for a call too many.
func (s *Service) follow(call *aws.Call, t target) string {
	at := t.f.at
	at.Qualifier = ""
	n := countOf(call.Trace, at.arn())
	if n >= maxLineage && !t.f.Loops {
		return ""
	}
	rest, all := counts(call.Trace)
	if len(rest) == 0 {
		sampled := "Sampled=0"
		if t.c.Traced {
			sampled = "Sampled=1"
		}
		rest = []string{
			fmt.Sprintf("Root=1-%08x-%08x%016x", uint32(call.Start.Unix()), uint32(s.Random.Uint64()), s.Random.Uint64()),
			fmt.Sprintf("Parent=%016x", s.Random.Uint64()), sampled,
		}
	}
	own := mark(at.arn())
	next := []string{own + ":" + strconv.Itoa(n+1)}
	for _, one := range all {
		if !strings.HasPrefix(one, own+":") && len(next) < maxLineages {
			next = append(next, one)
		}
	}
	return strings.Join(append(rest, lineage+strings.Join(next, "|")), ";")
}

// maxLineages is how many functions a header counts: it must stay short.
const maxLineages = 8

// longestTrace is the trace of the message that has come the longest way to a
// function.
func longestTrace(records []queueRecord, arn string) (trace string) {
	most := -1
	for i := range records {
		t := records[i].Attributes["AWSTraceHeader"]
		if n := countOf(t, arn); t != "" && n > most {
			trace, most = t, n
		}
	}
	return trace
}

// GetFunctionRecursionConfig tells whether loops of the function are stopped.
func (s *Service) GetFunctionRecursionConfig(ctx context.Context, in *lambda.GetFunctionRecursionConfigInput) (*lambda.GetFunctionRecursionConfigOutput, error) {
	out := &lambda.GetFunctionRecursionConfigOutput{RecursiveLoop: lambda.RecursiveLoopTerminate}
	err := s.view(ctx, in.FunctionName, nil, func(_ kv.Tx, f *function, _ *configuration) error {
		if f.Loops {
			out.RecursiveLoop = lambda.RecursiveLoopAllow
		}
		return nil
	})
	return out, err
}

// PutFunctionRecursionConfig sets whether loops of the function are stopped.
func (s *Service) PutFunctionRecursionConfig(ctx context.Context, in *lambda.PutFunctionRecursionConfigInput) (*lambda.PutFunctionRecursionConfigOutput, error) {
	err := s.change(ctx, in.FunctionName, func(_ kv.Tx, f *function, _ *configuration) error {
		f.Loops = in.RecursiveLoop == lambda.RecursiveLoopAllow
		return nil
	})
	return &lambda.PutFunctionRecursionConfigOutput{RecursiveLoop: in.RecursiveLoop}, err
}
