package gateway

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// ControlPath is where the server's own controls live.
const ControlPath = "/_brume/"

// ServeHTTP takes one request through the chain. One whose context has an actor
// (aws.ActAs) is from within: it needs no signature.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, ControlPath) && g.Control != nil {
		g.Control.ServeHTTP(w, r)
		return
	}
	x := g.receive(r)
	x.w = w
	if x.preflight() {
		return
	}
	err := x.contained(r.Context(), fromSocket)
	if err == errAnswered {
		return
	}
	unread := x.unread(err)
	x.answer(x.w, err)
	if unread {
		x.drop()
	}
}

// receive notes what the request says of itself.
func (g *Gateway) receive(r *http.Request) *exchange {
	x := &exchange{gate: g}
	x.began = g.Clock.Wall()
	x.Call = aws.Call{
		RequestID: newRequestID(), Start: g.Clock.Now(), Host: r.Host, TLS: r.TLS != nil,
		SourceIP: addressOf(r.RemoteAddr), UserAgent: r.UserAgent(), Referer: r.Referer(), Trace: r.Header.Get("X-Amzn-Trace-Id"),
	}
	x.req = wire.Request{Request: r}
	x.req.Path, x.req.Params = target(r)
	return x
}

// target splits the request's target as it came: the path is not decoded and
// nothing in it is cleaned, because S3's keys may hold anything.
func target(r *http.Request) (path string, params []wire.Param) {
	raw := r.RequestURI
	if raw == "" {
		raw = r.URL.RequestURI()
	}
	if !strings.HasPrefix(raw, "/") { // absolute form, as proxies send it
		if u, err := url.Parse(raw); err == nil {
			raw = u.RequestURI()
		}
	}
	path, query, _ := strings.Cut(raw, "?")
	if query != "" {
		params, _ = wire.ParseQuery(query) // what does not parse is no parameter
	}
	return path, params
}

func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

// bodies holds buffers for answers.
var bodies = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// maxPooledBody keeps one large answer from staying in the pool forever.
const maxPooledBody = 1 << 20

// answer writes the output, or the error, in the request's protocol.
func (x *exchange) answer(w http.ResponseWriter, err error) {
	buf := bodies.Get().(*[]byte)
	res := wire.Response{
		RequestID: x.RequestID, QueryMode: x.req.Header.Get("X-Amzn-Query-Mode") == "true", Header: w.Header(), Body: (*buf)[:0],
	}
	var public *aws.Error
	if err == nil {
		err = x.encode(&res)
	}
	if err != nil {
		public = err.(*aws.Error)
		x.encodeError(public, &res)
	}
	x.share(res.Header)
	x.Status = res.Status
	x.BytesOut = int64(len(res.Body))
	switch {
	case res.Stream != nil:
		x.BytesOut = x.stream(w, &res)
	case res.Events != nil:
		x.BytesOut = x.events(w, &res)
	default:
		x.whole(w, &res)
	}
	if cap(res.Body) <= maxPooledBody {
		*buf = res.Body
		bodies.Put(buf)
	}
	x.observe(x.req.Context(), public)
}

// encode writes the output. A panic of the codec is contained, too.
func (x *exchange) encode(res *wire.Response) (err error) {
	empty := res.Body
	defer func() {
		if r := recover(); r != nil {
			clear(res.Header)
			res.Body, res.Stream, res.Events = empty, nil, nil
			err = x.panicked(r)
		}
	}()
	x.codec.Encode(x.op, x.output, res)
	return nil
}

// whole writes an answer that is held in memory.
func (x *exchange) whole(w http.ResponseWriter, res *wire.Response) {
	head := x.req.Method == http.MethodHead
	switch {
	case res.Status == http.StatusNoContent || res.Status == http.StatusNotModified:
		res.Body = res.Body[:0] // RFC 9110: neither a body nor, for 204, its length
	case head && res.Header["Content-Length"] != nil: // of what GET would answer
	default:
		res.Header["Content-Length"] = []string{strconv.Itoa(len(res.Body))}
	}
	if head {
		x.BytesOut = 0
	}
	if len(res.Body) > largeAnswer {
		deadline := http.NewResponseController(w)
		deadline.SetWriteDeadline(time.Now().Add(answerTimeout)) //nolint:errcheck // within a process there is none
		defer deadline.SetWriteDeadline(time.Time{})             //nolint:errcheck // likewise
	}
	w.WriteHeader(res.Status)
	if len(res.Body) > 0 && !head {
		w.Write(res.Body) //nolint:errcheck // a client that went away needs no answer
	}
}

// Limits on clients that do not read: answers that fit the buffers of a
// connection wait for nobody.
const (
	largeAnswer   = 64 << 10
	answerTimeout = 2 * time.Minute
)

// encodeError writes an error; before the service is known, as JSON services do.
func (x *exchange) encodeError(e *aws.Error, res *wire.Response) {
	var svc *schema.Service
	if x.endpoint != nil {
		svc = x.endpoint.open()
	}
	codec := x.codec
	if codec == nil {
		codec = wire.For(schema.RESTXML)
	}
	codec.EncodeError(svc, e, res)
}

func (x *exchange) stream(w http.ResponseWriter, res *wire.Response) int64 {
	defer res.Stream.Close()
	if sized, ok := res.Stream.(interface{ Size() int64 }); ok && res.Header["Content-Length"] == nil {
		res.Header["Content-Length"] = []string{strconv.FormatInt(sized.Size(), 10)}
	}
	w.WriteHeader(res.Status)
	n, err := io.Copy(w, res.Stream)
	if err != nil {
		x.gate.Log.Debug("answer interrupted", "request", x.RequestID, "error", err)
		panic(http.ErrAbortHandler) // the client must not take it for whole
	}
	return n
}

func (x *exchange) events(w http.ResponseWriter, res *wire.Response) (n int64) {
	w.WriteHeader(res.Status)
	flush := http.NewResponseController(w)
	for event, err := range res.Events {
		if err != nil {
			e := x.public(err)
			if x.req.As != nil {
				panic(http.ErrAbortHandler) // the client must not take it for whole
			}
			event = wire.EventError(e.Code, e.Message)
		}
		k, werr := w.Write(event)
		n += int64(k)
		if werr != nil || flush.Flush() != nil {
			break
		}
	}
	return n
}

// newRequestID returns an id in the form of AWS's.
func newRequestID() string { return aws.UUID(strong{}) }

// strong is the runtime's generator, which is cryptographically strong.
type strong struct{}

func (strong) Uint64() uint64 { return rand.Uint64() }

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
