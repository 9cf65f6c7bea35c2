package apigateway

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/accesslog"
	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/state/kv"
)

// journal is what the execution log says of a request.
// AWS: "CloudWatch log formats for API Gateway".
type journal struct {
	lines  []string
	bodies bool // of requests and answers, and their headers
	errors bool // nothing but why it failed
}

// note writes a line that tells how the request goes on.
func (v *visit) note(format string, args ...any) {
	if j := v.journal; j != nil && !j.errors {
		j.lines = append(j.lines, fmt.Sprintf(format, args...))
	}
}

// trace is note for a body or headers.
func (v *visit) trace(format string, args ...any) {
	if j := v.journal; j != nil && j.bodies && !j.errors {
		j.lines = append(j.lines, fmt.Sprintf(format, args...))
	}
}

// flat are headers or parameters as logs have them.
func flat[V any](all map[string]V) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, fmt.Sprintf("%s=%v", name, all[name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func flatHeader(h http.Header) string {
	all := map[string]string{}
	for name, values := range h {
		all[name] = strings.Join(values, ",")
	}
	return flat(all)
}

// noteRequest writes what came.
func (v *visit) noteRequest() {
	if v.journal == nil || v.method == nil {
		return
	}
	v.note("Extended Request Id: %s", proxyevent.ExtendedID(v.call))
	v.note("Starting execution for request: %s", v.call.RequestID)
	v.note("HTTP Method: %s, Resource Path: %s", v.request.Method, v.path)
	path, query := map[string]string{}, map[string]string{}
	for _, p := range v.parameters {
		path[p.name] = p.value
	}
	for _, p := range v.request.Params {
		query[p.Name] = p.Value
	}
	v.trace("Method request path: %s", flat(path))
	v.trace("Method request query string: %s", flat(query))
	v.trace("Method request headers: %s", flatHeader(v.request.Header))
	v.trace("Method request body before transformations: %s", v.request.Body)
}

// noteEnd writes how it ended.
func (v *visit) noteEnd(r *reply) {
	if v.journal == nil {
		return
	}
	if f := v.failed; f != nil {
		text := f.log
		if text == "" {
			text = "Execution failed: " + f.message
		}
		v.journal.lines = append(v.journal.lines, text)
		if f.detail != "" {
			v.journal.lines = append(v.journal.lines, "Validation errors: "+f.detail)
		}
	} else {
		v.trace("Method response body after transformations: %s", r.body)
		v.trace("Method response headers: %s", flatHeader(r.header))
		v.note("Successfully completed execution")
	}
	v.note("Method completed with status: %d", r.status)
}

// observe has the logs of the stage written once the request has been answered.
func (s *Service) observe(ctx context.Context, v *visit) {
	if v.stage == nil {
		return
	}
	if v.method != nil {
		if m := v.setting(); m != nil && or(m.LoggingLevel, "OFF") != "OFF" {
			v.journal = &journal{bodies: deref(m.DataTraceEnabled), errors: *m.LoggingLevel == "ERROR"}
		}
	}
	if v.journal != nil || v.stage.AccessLogSettings != nil {
		ctx = context.WithoutCancel(ctx) // who asked may be gone by then
		v.call.Answered = func(*aws.Call) { s.log(ctx, v) }
	}
}

// log writes the logs of a request, as the account's role.
func (s *Service) log(ctx context.Context, v *visit) {
	var role string
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if a, ok := accounts.shared(tx, accountKey(v.Scope)); ok {
			role = deref(a.CloudwatchRoleArn)
		}
		return nil
	})
	if err != nil || role == "" {
		return
	}
	caller, err := s.Roles.Assume(ctx, role, arn(v.Scope, "/restapis/"+v.API))
	if err != nil {
		return // the account's role went away: AWS does not log then, either
	}
	actor := aws.Actor{Caller: caller, Account: v.Account, Region: v.Region}
	at := v.call.Start
	if v.journal != nil && len(v.journal.lines) > 0 {
		lines := make([]logwriter.Line, len(v.journal.lines))
		for i, text := range v.journal.lines {
			lines[i] = logwriter.Line{At: at, Text: "(" + v.call.RequestID + ") " + text}
		}
		s.Logs.Write(logwriter.Destination{Group: "API-Gateway-Execution-Logs_" + v.API + "/" + v.stageName, Stream: streamName(v.API, v.stageName), Actor: actor}, lines)
	}
	if l := v.stage.AccessLogSettings; l != nil && l.DestinationArn != nil && l.Format != nil {
		to, err := aws.ParseARN(*l.DestinationArn)
		if err != nil {
			return
		}
		group := strings.TrimSuffix(strings.TrimPrefix(to.Resource, "log-group:"), ":*")
		line := logwriter.Line{At: at, Text: s.format(*l.Format).Line(v.context)}
		s.Logs.Write(logwriter.Destination{Group: group, Stream: streamName(v.API, v.stageName+" access"), Actor: actor}, []logwriter.Line{line})
	}
}

// streamName is a stream's name: AWS spreads logs over many that look like this.
func streamName(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, "/")))
	return hex.EncodeToString(sum[:])
}

// format is an access log's format, compiled.
func (s *Service) format(text string) *accesslog.Format {
	f, ok := s.formats.Find(text)
	if !ok {
		f = accesslog.Compile(text)
		s.formats.Keep(text, f)
	}
	return f
}

// needsRole returns an error for a stage that logs where the account has no role for it.
func needsRole(tx kv.Tx, sc kv.Scope, st *api.Stage) error {
	logs := st.AccessLogSettings != nil
	for _, m := range st.MethodSettings {
		logs = logs || or(m.LoggingLevel, "OFF") != "OFF"
	}
	if !logs {
		return nil
	}
	if a, ok := accounts.get(tx, accountKey(sc)); ok && a.CloudwatchRoleArn != nil {
		return nil
	}
	return invalid("CloudWatch Logs role ARN must be set in account settings to enable logging")
}

// stamp is a time as test logs have it.
func stamp(t time.Time) string { return t.UTC().Format("Mon Jan 02 15:04:05 MST 2006") }
