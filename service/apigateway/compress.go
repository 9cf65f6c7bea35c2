package apigateway

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
)

// compress compresses an answer as the client accepts it, if it is long enough.
// AWS: "Payload compression for REST APIs in API Gateway".
func (v *visit) compress(r *reply) {
	if v.served == nil || v.served.API.MinimumCompressionSize == nil || len(r.body) < int(*v.served.API.MinimumCompressionSize) || len(r.body) == 0 || r.header.Get("Content-Encoding") != "" {
		return
	}
	var out bytes.Buffer
	var w io.WriteCloser
	coding := ""
	for accepted := range strings.SplitSeq(v.request.Header.Get("Accept-Encoding"), ",") {
		accepted, _, _ = strings.Cut(accepted, ";")
		if coding = strings.ToLower(strings.TrimSpace(accepted)); coding == "gzip" || coding == "deflate" {
			break
		}
	}
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "deflate":
		w = zlib.NewWriter(&out)
	default:
		return
	}
	_, _ = w.Write(r.body) // into memory: cannot fail
	_ = w.Close()
	r.body = out.Bytes()
	r.header["Content-Encoding"] = []string{coding}
}

// decompress makes the request's body plain, where the API has compression.
func (v *visit) decompress() error {
	coding := strings.ToLower(v.request.Header.Get("Content-Encoding"))
	if v.served.API.MinimumCompressionSize == nil || coding == "" || coding == "identity" || len(v.request.Body) == 0 {
		return nil
	}
	var from io.Reader
	var err error
	switch coding {
	case "gzip":
		from, err = gzip.NewReader(bytes.NewReader(v.request.Body))
	case "deflate":
		from, err = zlib.NewReader(bytes.NewReader(v.request.Body))
	default:
		return fails(api.GatewayResponseTypeUNSUPPORTEDMEDIATYPE, "BadRequestException", "Unsupported Media Type")
	}
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(from, maxPayload+1))
	}
	switch {
	case err != nil:
		return fails(api.GatewayResponseTypeDEFAULT4XX, "BadRequestException", "Could not decompress the request's body").with(http.StatusBadRequest)
	case len(body) > maxPayload:
		return fails(api.GatewayResponseTypeREQUESTTOOLARGE, "RequestTooLargeException", "HTTP content length exceeded 10485760 bytes.")
	}
	v.request.Body = body
	v.request.Header.Del("Content-Encoding")
	return nil
}
