package function

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Levels of what the platform says.
const (
	debugLevel = iota + 1
	infoLevel
	warnLevel
)

// systemLevel is the least level that a function wants to have in its log.
func (s *Spec) systemLevel() int {
	switch s.SystemLevel {
	case "DEBUG":
		return debugLevel
	case "WARN":
		return warnLevel
	}
	return infoLevel
}

// saying is something that the platform says of an environment: a line of text, or
// a record, as the function's log has it.
//
// AWS: "Lambda Telemetry API Event schema reference"; "Configuring JSON and plain
// text log formats", system log level event mapping.
type saying struct {
	kind   string // platform.start
	level  int
	record map[string]any
	text   string // empty: nothing in a log of text
}

// say puts it into the log.
func (e *environment) say(s saying) {
	e.telemetry.publish("platform", s.kind, e.plane.config.Clock.Now(), s.record)
	switch {
	case e.spec == nil || !e.spec.JSON:
		if s.text != "" {
			e.logs.platform("%s", s.text)
		}
	case s.level >= e.spec.systemLevel():
		b, _ := json.Marshal(struct { // cannot fail: records are text and numbers
			Time   string         `json:"time"`
			Type   string         `json:"type"`
			Record map[string]any `json:"record"`
		}{stamp(e.plane.config.Clock.Now()), s.kind, s.record})
		e.logs.platform("%s", b)
	}
}

// recordOf is a line as telemetry has it: an object, when the log has objects.
func (e *environment) recordOf(line string) any {
	if e.objects.Load() && json.Valid([]byte(line)) {
		return json.RawMessage(line)
	}
	return line
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (e *environment) sayInit() {
	if w := e.runtime.warning; w != "" {
		e.logs.platform("[brume] %s", w)
	}
	e.say(saying{
		kind: "platform.initStart", level: infoLevel, text: "INIT_START Runtime Version: " + e.runtime.version,
		record: map[string]any{
			"initializationType": "on-demand", "phase": "init", "runtimeVersion": e.runtime.version,
			"functionName": e.spec.Function, "functionVersion": e.spec.Version,
		},
	})
}

func (e *environment) sayStart(ev *Event) {
	e.say(saying{
		kind: "platform.start", level: infoLevel, text: "START RequestId: " + ev.RequestID + " Version: " + e.spec.Version,
		record: map[string]any{"requestId": ev.RequestID, "functionArn": ev.FunctionARN, "version": e.spec.Version},
	})
}

// sayFailure writes what only a log of text has: in one of JSON, the report says it.
func (e *environment) sayFailure(ev *Event, f *failure) {
	switch {
	case f.line == "" || e.spec.JSON:
	case f.status == "timeout":
		e.logs.platform("%s %s %s", stamp(e.plane.config.Clock.Now()), ev.RequestID, f.line)
	default:
		e.logs.platform("%s", f.line)
	}
}

// sayEnd says that a call has ended, and what it took. status is "" for success.
func (e *environment) sayEnd(ev *Event, out *Outcome, status string) {
	level := infoLevel
	done, ended := debugLevel, status
	if status != "" {
		level, done = warnLevel, warnLevel
	} else {
		ended = "success"
	}
	metrics := map[string]any{
		"durationMs": rounded(out.Duration), "billedDurationMs": out.Billed.Milliseconds(), "memorySizeMB": e.spec.MemoryMB, "maxMemoryUsedMB": out.MaxMemoryMB,
	}
	if out.Cold && out.Init > 0 {
		metrics["initDurationMs"] = rounded(out.Init)
	}
	record := map[string]any{"requestId": ev.RequestID, "metrics": metrics, "status": ended}
	if status == "error" && out.ErrorType != "" {
		record["errorType"] = out.ErrorType
	}
	e.say(saying{
		kind: "platform.runtimeDone", level: done, text: "END RequestId: " + ev.RequestID,
		record: map[string]any{"requestId": ev.RequestID, "status": ended, "metrics": map[string]any{"durationMs": rounded(out.Duration), "producedBytes": len(out.Payload)}},
	})
	e.say(saying{kind: "platform.report", level: level, text: out.report(ev.RequestID, e.spec.MemoryMB, status), record: record})
}

// rounded is a duration in milliseconds with three digits after the point.
func rounded(d time.Duration) float64 { return math.Round(milliseconds(d)*1000) / 1000 }

func (e *environment) sayExtension(name, state, problem string) {
	record := map[string]any{"name": name, "state": state}
	level, text := infoLevel, fmt.Sprintf("EXTENSION\tName: %s\tState: %s", name, state)
	if problem != "" {
		record["errorType"] = problem
		level, text = warnLevel, fmt.Sprintf("EXTENSION\tState: Error\tError Type: %s", problem)
	}
	e.say(saying{kind: "platform.extension", level: level, record: record, text: text})
}
