package http1

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// answerSize is how much of an answer is kept back to be sent in one piece,
// with its length.
const answerSize = 64 << 10

// Memory that a connection keeps for its answers.
const (
	smallAnswer = 3 << 10  // to begin with
	keptSize    = 16 << 10 // from one request to the next, at most
)

// room is kept free in front of the body for the head.
const room = 1 << 10

// response is the http.ResponseWriter of a connection.
type response struct {
	c       *conn
	r       *http.Request
	header  http.Header
	head    []byte // memory for the head
	kept    []byte // room, and what was not sent yet of the body
	status  int    // 0 before WriteHeader
	sent    bool   // the head is
	chunked bool
	isHead  bool  // the request is HEAD: the body is measured and not sent
	bare    bool  // the status allows no body
	last    bool  // the connection ends after this answer
	length  int64 // of the body as its header says; -1 when that says nothing
	written int64 // of the body
	err     error // from writing
}

// begin prepares for the answer to r.
func (w *response) begin(r *http.Request) {
	if w.header == nil {
		w.header = http.Header{}
	}
	if cap(w.kept) < room || cap(w.kept) > keptSize {
		w.kept = make([]byte, room, room+smallAnswer)
	}
	clear(w.header)
	*w = response{c: w.c, r: r, header: w.header, head: w.head[:0], kept: w.kept[:room], length: -1, isHead: r.Method == http.MethodHead}
}

func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Interim answers are not sent.
func (w *response) WriteHeader(status int) {
	if w.status != 0 || status < http.StatusOK {
		return
	}
	w.status = status
	w.bare = status == http.StatusNoContent || status == http.StatusNotModified
	if v := w.header["Content-Length"]; len(v) == 1 {
		if n, err := strconv.ParseInt(v[0], 10, 64); err == nil && n >= 0 {
			w.length = n
		}
	}
	if w.length < 0 {
		delete(w.header, "Content-Length")
	}
	if v := w.header["Connection"]; len(v) > 0 && strings.EqualFold(v[0], "close") {
		w.last = true
	}
}

// Write implements http.ResponseWriter.
func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	switch {
	case w.bare:
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(len(b)) > w.length:
		return 0, http.ErrContentLength
	}
	w.written += int64(len(b))
	switch {
	case w.isHead:
	case !w.sent && len(w.kept)+len(b) <= room+answerSize:
		w.kept = append(w.kept, b...)
	default:
		w.start(b)
		w.send(b)
	}
	return len(b), w.err
}

// WriteString implements io.StringWriter, for answers that are text.
func (w *response) WriteString(s string) (int, error) {
	if n := int64(len(s)); w.status != 0 && !w.bare && !w.isHead && !w.sent && len(w.kept)+len(s) <= room+answerSize && (w.length < 0 || w.written+n <= w.length) {
		w.written += n
		w.kept = append(w.kept, s...)
		return len(s), w.err
	}
	return w.Write([]byte(s))
}

// start sends the head and what was kept, of an answer that goes on with next.
func (w *response) start(next []byte) {
	if w.sent {
		return
	}
	w.WriteHeader(http.StatusOK)
	w.chunked = w.length < 0 && !w.bare && !w.isHead
	body := w.kept[room:]
	if len(body) == 0 {
		body = next
	}
	w.head = w.appendHead(w.head, body)
	w.sent = true
	w.write(w.head)
	w.send(w.kept[room:])
	w.kept = w.kept[:room]
}

// send sends a part of the body.
func (w *response) send(b []byte) {
	if len(b) == 0 {
		return
	}
	if !w.chunked {
		w.write(b)
		return
	}
	w.write(append(strconv.AppendInt(nil, int64(len(b)), 16), "\r\n"...))
	w.write(b)
	w.write([]byte("\r\n"))
}

func (w *response) write(b []byte) {
	if w.err == nil {
		_, w.err = w.c.Conn.Write(b)
	}
}

// finish sends what was not sent, and reports whether the connection can go on.
func (w *response) finish() bool {
	w.WriteHeader(http.StatusOK)
	switch {
	case w.sent && w.chunked:
		w.write([]byte("0\r\n\r\n"))
	case !w.sent:
		if w.length < 0 && !w.bare {
			w.length = w.written
			w.header["Content-Length"] = []string{strconv.FormatInt(w.written, 10)}
		}
		w.whole()
	}
	complete := w.bare || w.isHead || w.chunked || w.written == w.length
	return w.err == nil && complete && !w.last
}

// whole sends an answer of which nothing was sent, in one write if its head is
// not very large.
func (w *response) whole() {
	w.head = w.appendHead(w.head, w.kept[room:])
	if len(w.head) > room {
		w.write(w.head)
		w.send(w.kept[room:])
		return
	}
	begin := room - len(w.head)
	copy(w.kept[begin:], w.head)
	w.write(w.kept[begin:])
}

// appendHead appends the status line and the headers. A missing content type is
// guessed from the beginning of the body.
func (w *response) appendHead(out, body []byte) []byte {
	out = append(out, "HTTP/1.1 "...)
	out = strconv.AppendInt(out, int64(w.status), 10)
	out = append(append(append(out, ' '), http.StatusText(w.status)...), "\r\n"...)
	for name, values := range w.header {
		if name == "Content-Length" && w.chunked || !isToken(name) {
			continue
		}
		for _, v := range values {
			out = append(append(out, name...), ": "...)
			out = append(appendValue(out, v), "\r\n"...)
		}
	}
	if w.c.body.waits && w.header["Connection"] == nil {
		out = append(out, "Connection: close\r\n"...)
	}
	if w.header["Date"] == nil {
		out = append(append(append(out, "Date: "...), date()...), "\r\n"...)
	}
	if w.chunked {
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	}
	if len(body) > 0 && w.header["Content-Type"] == nil {
		out = append(append(append(out, "Content-Type: "...), http.DetectContentType(body)...), "\r\n"...)
	}
	return append(out, "\r\n"...)
}

// isToken reports whether name can be a header's.
func isToken[S string | []byte](name S) bool {
	for i := range len(name) {
		if !tokenByte[name[i]] {
			return false
		}
	}
	return len(name) > 0
}

// tokenByte has the characters of a token. RFC 9110, section 5.6.2.
var tokenByte = func() (t [256]bool) {
	for c := byte('!'); c <= '~'; c++ {
		t[c] = !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, rune(c))
	}
	return t
}()

// appendValue appends a header's value. It must not begin another line.
func appendValue(out []byte, v string) []byte {
	start := len(out)
	out = append(out, v...)
	for i := start; i < len(out); i++ {
		if c := out[i]; c == '\r' || c == '\n' {
			out[i] = ' '
		}
	}
	return out
}

// dated is the Date header of a second.
type dated struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dated]

func date() string {
	now := time.Now()
	if d := lastDate.Load(); d != nil && d.second == now.Unix() {
		return d.text
	}
	d := &dated{now.Unix(), now.UTC().Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}

// ReadFrom implements io.ReaderFrom: where the platform allows, the kernel
// copies a file to the connection by itself.
func (w *response) ReadFrom(from io.Reader) (n int64, err error) {
	w.WriteHeader(http.StatusOK)
	to, direct := w.c.Conn.(io.ReaderFrom)
	if w.bare || w.isHead || w.length < 0 || !direct {
		return io.Copy(struct{ io.Writer }{w}, from)
	}
	w.start(nil)
	if w.err != nil {
		return 0, w.err
	}
	left := w.length - w.written
	if l, ok := from.(*io.LimitedReader); !ok || l.N > left { // a second limit would hide the file below the first
		from = io.LimitReader(from, left)
	}
	n, w.err = to.ReadFrom(from)
	w.written += n
	return n, w.err
}

// The methods that http.ResponseController uses.

// FlushError sends what was written.
func (w *response) FlushError() error {
	w.start(nil)
	return w.err
}

// Flush implements http.Flusher.
func (w *response) Flush() { w.start(nil) }

// EnableFullDuplex does nothing: bodies can be read after the answer has begun.
func (w *response) EnableFullDuplex() error { return nil }

// SetReadDeadline sets a deadline for reading the body.
func (w *response) SetReadDeadline(at time.Time) error {
	w.c.limit = at
	return w.c.SetReadDeadline(at)
}

// SetWriteDeadline sets a deadline for writing.
func (w *response) SetWriteDeadline(at time.Time) error { return w.c.SetWriteDeadline(at) }
