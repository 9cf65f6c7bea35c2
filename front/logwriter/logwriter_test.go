package logwriter_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/logwriter"
)

// written stands for CloudWatch Logs: it takes what it is given when it is let.
type written struct {
	mu      sync.Mutex
	calls   []string
	missing bool // of group and stream
	hold    chan struct{}
}

func (w *written) Invoke(_ context.Context, _, operation string, input any) (any, error) {
	if w.hold != nil {
		<-w.hold
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	call := operation
	if in, ok := input.(*logs.PutLogEventsInput); ok {
		for _, e := range in.LogEvents {
			call += " " + e.Message[:min(len(e.Message), 8)]
		}
	}
	w.calls = append(w.calls, call)
	switch {
	case operation == "CreateLogGroup":
		w.missing = false
	case w.missing:
		return nil, logs.ErrResourceNotFoundException("missing")
	}
	switch operation {
	case "CreateLogGroup":
		return new(logs.CreateLogGroupOutput), nil
	case "CreateLogStream":
		return new(logs.CreateLogStreamOutput), nil
	}
	return new(logs.PutLogEventsOutput), nil
}

func line(second int, text string) logwriter.Line {
	return logwriter.Line{At: time.Unix(int64(second), 0), Text: text}
}

func TestLinesOfManyCallsGoTogetherInTheOrderOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &written{hold: make(chan struct{})}
		w := logwriter.New(to, slog.New(slog.DiscardHandler))
		d := logwriter.Destination{Group: "g", Stream: "s", Actor: aws.Actor{Account: "1"}}
		w.Write(d, []logwriter.Line{line(1, "a")})
		synctest.Wait() // "a" is being written
		w.Write(d, []logwriter.Line{line(3, "c"), line(4, "")})
		w.Write(d, []logwriter.Line{line(2, "b")})
		w.Write(logwriter.Destination{Group: "g", Stream: "t"}, []logwriter.Line{line(2, "d")})
		close(to.hold)
		w.Settle()
		if got := fmt.Sprint(to.calls); got != "[PutLogEvents a PutLogEvents b c PutLogEvents d]" {
			t.Error(got)
		}
	})
}

func TestMissingGroupsAndStreamsAreMade(t *testing.T) {
	to := &written{missing: true}
	w := logwriter.New(to, slog.New(slog.DiscardHandler))
	w.Write(logwriter.Destination{Group: "g", Stream: "s"}, []logwriter.Line{line(1, "a")})
	w.Settle()
	if got := fmt.Sprint(to.calls); got != "[PutLogEvents a CreateLogStream CreateLogGroup CreateLogStream PutLogEvents a]" {
		t.Error(got)
	}
}

func TestBatchesKeepToTheLimits(t *testing.T) {
	to := &written{}
	w := logwriter.New(to, slog.New(slog.DiscardHandler))
	d := logwriter.Destination{Group: "g", Stream: "s"}
	big := strings.Repeat("x", 200<<10)
	w.Write(d, []logwriter.Line{line(1, big), line(1, big), line(1, big), line(1, big), line(1, big), line(1, big), line(100_000, "late")})
	w.Settle()
	if got := fmt.Sprint(to.calls); got != "[PutLogEvents xxxxxxxx xxxxxxxx xxxxxxxx xxxxxxxx xxxxxxxx PutLogEvents xxxxxxxx PutLogEvents late]" {
		t.Error(got)
	}
}

func TestWhatCannotBeWrittenIsReported(t *testing.T) {
	var log strings.Builder
	w := logwriter.New(refusing{}, slog.New(slog.NewTextHandler(io.Writer(&log), nil)))
	w.Write(logwriter.Destination{Group: "g", Stream: "s"}, []logwriter.Line{line(1, "a")})
	w.Settle()
	if !strings.Contains(log.String(), "AccessDenied") || strings.Contains(log.String(), "msg=a ") {
		t.Errorf("the log says %s", log.String())
	}
}

type refusing struct{}

func (refusing) Invoke(context.Context, string, string, any) (any, error) {
	return nil, aws.Errorf(400, "AccessDeniedException", "no")
}
