package gateway

import (
	"io"
	"net/http"
	"time"
)

// Limits on what is still read of a request that was refused before its body
// was read. Most clients listen only when they have sent everything: if the
// connection were closed under them, they would see a reset, not the answer.
const (
	maxDropped  = 64 << 20
	dropTimeout = 5 * time.Second
	dropFirst   = 1 << 20 // so much is read before the answer: some clients take one that comes early for a broken connection
)

// unread reports whether the client may still be sending the body of a request
// that failed, and lets the answer go out before it is read. A client that
// waits to be asked for its body sends none.
func (x *exchange) unread(failed error) bool {
	r := x.req.Request
	if failed == nil || x.req.Body != nil || r.Body == nil || r.Body == http.NoBody || r.ProtoMajor != 1 || r.Header.Get("Expect") != "" {
		return false
	}
	c := http.NewResponseController(x.w)
	if r.ContentLength >= 0 && r.ContentLength <= dropFirst {
		c.SetReadDeadline(time.Now().Add(dropTimeout)) //nolint:errcheck // within a process there is none
		_, err := io.Copy(io.Discard, r.Body)
		return err != nil && c.EnableFullDuplex() == nil
	}
	return c.EnableFullDuplex() == nil
}

// drop reads what the client still sends, once it has the answer. Where that
// does not end, nor may the connection go on: the rest of the body would pass
// for the next request.
func (x *exchange) drop() {
	c := http.NewResponseController(x.w)
	c.Flush()                                      //nolint:errcheck // reading fails, too
	c.SetReadDeadline(time.Now().Add(dropTimeout)) //nolint:errcheck // likewise
	_, err := io.CopyN(io.Discard, x.req.Request.Body, maxDropped+1)
	if err != io.EOF {
		panic(http.ErrAbortHandler)
	}
}
