package function

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// personality is what makes a spare worker the runtime of a function.
type personality struct {
	Variables map[string]string `json:"variables"`
	Handler   string            `json:"handler"`
	Root      string            `json:"root"`
}

// routes is the environment's side of the Runtime API and the Extensions API.
func (e *environment) routes() http.Handler {
	mux := http.NewServeMux()
	const runtime = "/2018-06-01/runtime/"
	mux.HandleFunc("GET "+runtime+"invocation/next", e.next)
	mux.HandleFunc("POST "+runtime+"invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { e.answer(w, r, false) })
	mux.HandleFunc("POST "+runtime+"invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { e.answer(w, r, true) })
	mux.HandleFunc("POST "+runtime+"init/error", e.initFailed)
	mux.HandleFunc("GET /brume/assignment", e.assignment)
	e.extensionRoutes(mux)
	return mux
}

// assignment tells a spare worker which function it is to be.
func (e *environment) assignment(w http.ResponseWriter, r *http.Request) {
	e.waitsOnce.Do(func() { close(e.waits) })
	select {
	case p := <-e.assigned:
		b, _ := json.Marshal(p)
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		_, _ = w.Write(b)
	case <-r.Context().Done():
	case <-e.stopping:
	}
}

// next ends the call before and waits for one.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	if !e.isReady {
		e.isReady = true
		close(e.ready)
	}
	if c := e.current; c != nil {
		if !c.answered {
			e.mu.Unlock()
			refuse(w, http.StatusForbidden, "InvalidStateTransition", "Transition from Processing to Ready failed for runtime. Error: State transition is not allowed")
			return
		}
		e.current = nil
		close(c.done)
	}
	e.mu.Unlock()
	select {
	case c := <-e.pending:
		e.mu.Lock()
		e.current = c
		e.mu.Unlock()
		e.hand(w, c)
	case <-r.Context().Done():
	case <-e.stopping:
	}
}

// hand writes the event as the Runtime API does.
func (e *environment) hand(w http.ResponseWriter, c *call) {
	ev, h := c.event, w.Header()
	h["Lambda-Runtime-Aws-Request-Id"] = []string{ev.RequestID}
	h["Lambda-Runtime-Deadline-Ms"] = []string{strconv.FormatInt(c.deadline.UnixMilli(), 10)}
	h["Lambda-Runtime-Invoked-Function-Arn"] = []string{ev.FunctionARN}
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(ev.Payload))}
	optional := func(name, value string) {
		if value != "" {
			h[name] = []string{oneLine(value)}
		}
	}
	optional("Lambda-Runtime-Trace-Id", ev.TraceID)
	optional("Lambda-Runtime-Client-Context", ev.ClientContext)
	optional("Lambda-Runtime-Cognito-Identity", ev.CognitoIdentity)
	_, _ = w.Write(ev.Payload)
}

// oneLine keeps a value that a caller chose from breaking a header.
func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// answer takes the response or the error of the call that runs.
func (e *environment) answer(w http.ResponseWriter, r *http.Request, isError bool) {
	e.mu.Lock()
	c := e.current
	ok := c != nil && c.event.RequestID == r.PathValue("id")
	again := ok && c.answered
	e.mu.Unlock()
	switch {
	case !ok:
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	case again:
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "State transition from Ready to InvocationResponse failed for runtime. Error: State transition is not allowed")
		return
	}
	res, tooLarge, err := receive(r, c.event.Stream, isError)
	if err != nil {
		return // the runtime has gone away; its exit says the rest
	}
	e.mu.Lock()
	if e.current != c {
		e.mu.Unlock()
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	c.result, c.answered = res, true
	e.mu.Unlock()
	if tooLarge {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", sizeError)
		return
	}
	accept(w)
}

// AWS: Lambda, "Troubleshoot invocation issues": the figure is 6 MiB and 100 bytes.
const sizeError = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."

// receive reads what the runtime sends.
func receive(r *http.Request, stream io.Writer, isError bool) (res response, tooLarge bool, err error) {
	res = response{contentType: r.Header.Get("Content-Type"), isError: isError, errorType: r.Header.Get("Lambda-Runtime-Function-Error-Type")}
	streaming := r.Header.Get("Lambda-Runtime-Function-Response-Mode") == "streaming"
	limit := int64(maxResponse)
	switch {
	case isError:
		limit = maxError
	case streaming && stream != nil:
		return receiveStream(r, stream, res)
	case streaming:
		limit = maxStream
	}
	if res.payload, err = io.ReadAll(io.LimitReader(r.Body, limit+1)); err != nil {
		return res, false, err
	}
	if int64(len(res.payload)) > limit && !isError {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxStream))
		res.isError, res.errorType = true, "Function.ResponseSizeTooLarge"
		res.payload = errorPayload(res.errorType, sizeError)
		return res, true, nil
	}
	if r.ContentLength < 0 {
		trailing(r, &res)
	}
	return res, false, nil
}

func receiveStream(r *http.Request, stream io.Writer, res response) (response, bool, error) {
	res.streamed = true
	if s, ok := stream.(interface{ ContentType(string) }); ok {
		s.ContentType(res.contentType)
	}
	n, err := io.Copy(stream, io.LimitReader(r.Body, maxStream+1))
	if n > maxStream {
		res.isError, res.errorType = true, "Function.ResponseSizeTooLarge"
		return res, true, nil
	}
	if err != nil { // the client went away; let the function finish
		if _, err = io.Copy(io.Discard, r.Body); err != nil {
			return res, false, err
		}
	}
	trailing(r, &res)
	return res, false, nil
}

// trailing takes an error that happened in the middle of a stream.
func trailing(r *http.Request, res *response) {
	if t := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); t != "" {
		res.isError, res.errorType = true, t
		res.payload = decodeTrailer(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
	}
}

func (e *environment) initFailed(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(io.LimitReader(r.Body, maxError))
	if err != nil {
		return
	}
	kind := r.Header.Get("Lambda-Runtime-Function-Error-Type")
	e.mu.Lock()
	if !e.isReady {
		e.initError = &failure{kind: kind, payload: b, status: "error"}
		e.isReady = true
		close(e.ready)
	}
	e.mu.Unlock()
	accept(w)
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`+"\n")
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorPayload(kind, message))
}
