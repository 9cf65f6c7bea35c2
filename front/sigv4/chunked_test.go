package sigv4

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const docSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

func docTime() time.Time { return time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC) }

// docRequest is the request of AWS's two worked examples of chunked uploads:
// "Signature Calculations for the Authorization Header: Transferring Payload in
// Multiple Chunks", and "… Including Trailing Headers".
func docRequest(payload, seed string) *http.Request {
	r, _ := http.NewRequest("PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", nil)
	signed := "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class"
	for name, value := range map[string]string{
		"X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "X-Amz-Content-Sha256": payload,
		"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "66560", "Content-Length": "66824",
	} {
		r.Header.Set(name, value)
	}
	if strings.HasSuffix(payload, "-TRAILER") {
		signed = "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer"
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="+
		signed+",Signature="+seed)
	return r
}

// docBody is the examples' body: chunks of 64 KiB and 1 KiB of the letter a.
func docBody(end string, signatures ...string) string {
	var b strings.Builder
	for i, size := range []int{65536, 1024, 0} {
		b.WriteString(strconv.FormatInt(int64(size), 16) + ";chunk-signature=" + signatures[i] + "\r\n")
		if size > 0 {
			b.WriteString(strings.Repeat("a", size) + "\r\n")
		}
	}
	return b.String() + end
}

func plainDoc() (*http.Request, string) {
	return docRequest(streamedV4, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
		docBody("\r\n", "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
			"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
			"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")
}

func trailerDoc() (*http.Request, string) {
	return docRequest(streamedV4Trailer, "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
		docBody("x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
			"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
			"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
			"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")
}

// accepted verifies r, which is one of the documented requests.
func accepted(t testing.TB, r *http.Request) *Auth {
	t.Helper()
	a, err := Parse(r, S3)
	if err != nil {
		t.Fatal(err)
	}
	c := &Check{Secret: docSecret, Now: docTime(), Region: "us-east-1", Service: "s3", Streamed: true}
	if err := NewVerifier().Verify(r, &a, c); err != nil {
		t.Fatal(err)
	}
	return &a
}

func TestDocumentedChunkedUploads(t *testing.T) {
	for name, doc := range map[string]func() (*http.Request, string){"plain": plainDoc, "trailer": trailerDoc} {
		r, wire := doc()
		a := accepted(t, r)
		for _, from := range []io.Reader{strings.NewReader(wire), iotest.OneByteReader(strings.NewReader(wire))} {
			body := a.Body(from, 66560)
			got, err := io.ReadAll(body)
			if err != nil || len(got) != 66560 || strings.Trim(string(got), "a") != "" {
				t.Fatalf("%s: %d bytes, %v", name, len(got), err)
			}
			if name == "trailer" && (len(body.Trailers()) != 1 || body.Trailers()[0] != Trailer{"x-amz-checksum-crc32c", "sOO8/Q=="}) {
				t.Errorf("trailers are %v", body.Trailers())
			}
		}
	}
}

func TestChunkedRefusesTampering(t *testing.T) {
	for name, test := range map[string]struct {
		old, by, want string
	}{
		"data":              {"aaaa\r\n", "aaab\r\n", "SignatureDoesNotMatch"},
		"signature":         {"=0055", "=1055", "SignatureDoesNotMatch"},
		"last signature":    {"=b6c6", "=b6c7", "SignatureDoesNotMatch"},
		"signature dropped": {";chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", "", "InvalidChunkSizeError"},
		"size":              {"10000;", "ffff;", "InvalidChunkSizeError"},
		"size not hex":      {"10000;", "1000g;", "InvalidChunkSizeError"},
		"size too big":      {"10000;", "fffffffffffffff;", "IncompleteBody"},
		"size overflows":    {"10000;", "ffffffffffffffffff;", "InvalidChunkSizeError"},
		"long header":       {"10000;", "10000;" + strings.Repeat("x", maxLine) + ";", "InvalidChunkSizeError"},
		"more after end":    {"a279d449df9\r\n\r\n", "a279d449df9\r\n\r\nx", ""},
		"no last chunk":     {"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n", "", "not an *aws.Error: unexpected EOF"},
		"trailer":           {"279d449df9\r\n\r\n", "279d449df9\r\nx-amz-meta-a:b\r\n\r\n", "InvalidChunkSizeError"},
	} {
		r, wire := plainDoc()
		changed := strings.Replace(wire, test.old, test.by, 1)
		_, err := io.ReadAll(accepted(t, r).Body(strings.NewReader(changed), 66560))
		if changed != wire && code(err) != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	r, wire := trailerDoc()
	for _, change := range [][2]string{{"sOO8", "sOO9"}, {"signature:d81", "signature:d82"}, {"x-amz-trailer-signature", "x-amz-other"}} {
		_, err := io.ReadAll(accepted(t, r).Body(strings.NewReader(strings.Replace(wire, change[0], change[1], 1)), 66560))
		if code(err) != "SignatureDoesNotMatch" {
			t.Errorf("trailer %v: %v", change, err)
		}
	}
	r, wire = plainDoc()
	for _, length := range []int64{66559, 66561} {
		if _, err := io.ReadAll(accepted(t, r).Body(strings.NewReader(wire), length)); code(err) != "IncompleteBody" {
			t.Errorf("announced %d: %v", length, err)
		}
	}
}

func TestUnsignedChunks(t *testing.T) {
	a := &Auth{Payload: streamedUnsigned}
	for wire, want := range map[string]string{
		"5\r\nhello\r\n0\r\nX-Amz-Checksum-Crc32: abc\r\n\r\n": "",
		"5\r\nhello\r\n0\r\n\r\n":                              "",
		"5\r\nhello":                                           "not an *aws.Error: unexpected EOF",
		"5\r\nhello\r\n":                                       "not an *aws.Error: unexpected EOF",
		"5\r\nhell\r\n0\r\n\r\n":                               "InvalidChunkSizeError",
		"5\r\nhello\r\n0\r\nnocolon\r\n\r\n":                   "InvalidChunkSizeError",
		"5\r\nhello\r\n0\r\n\r\nmore":                          "InvalidChunkSizeError",
		"-5\r\nhello\r\n0\r\n\r\n":                             "InvalidChunkSizeError",
		"":                                                     "not an *aws.Error: unexpected EOF",
	} {
		got, err := io.ReadAll(a.Body(strings.NewReader(wire), 5))
		if code(err) != want || want == "" && string(got) != "hello" {
			t.Errorf("%q: %q, %v, want %q", wire, got, err, want)
		}
	}
}

func TestSignedChunksNeedProof(t *testing.T) {
	r, wire := plainDoc()
	a, _ := Parse(r, S3)
	if _, err := io.ReadAll(a.Body(strings.NewReader(wire), 66560)); code(err) != "AccessDenied" {
		t.Errorf("unproven: %v", err)
	}
	c := &Check{Now: docTime(), Streamed: true}
	if err := NewVerifier().Trust(r, &a, c); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(a.Body(strings.NewReader(wire), 66560))
	if err != nil || len(got) != 66560 {
		t.Errorf("trusted: %d bytes, %v", len(got), err)
	}
}

func TestSmallSignedChunksOnlyAtTheEnd(t *testing.T) {
	a := &Auth{Payload: streamedV4, proof: trusted}
	wire := "5;chunk-signature=0\r\nhello\r\n5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\n\r\n"
	if _, err := io.ReadAll(a.Body(strings.NewReader(wire), -1)); code(err) != "InvalidChunkSizeError" {
		t.Error(err)
	}
}

func TestDigestedBody(t *testing.T) {
	a := &Auth{Payload: digest("hello")}
	if got, err := io.ReadAll(a.Body(strings.NewReader("hello"), -1)); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := io.ReadAll(a.Body(strings.NewReader("hellO"), -1)); code(err) != "XAmzContentSHA256Mismatch" {
		t.Errorf("changed body: %v", err)
	}
}

func FuzzChunked(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:abc\r\n\r\n"), int64(5))
	f.Add([]byte("5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n"), int64(-1))
	f.Add([]byte("ffffffffffffffff\r\n"), int64(0))
	f.Fuzz(func(t *testing.T, wire []byte, length int64) {
		for _, payload := range []string{streamedUnsigned, streamedV4, streamedV4Trailer} {
			a := &Auth{Payload: payload, proof: trusted}
			got, err := io.ReadAll(a.Body(bytes.NewReader(wire), length))
			if len(got) > len(wire) || err == nil && length >= 0 && int64(len(got)) != length {
				t.Errorf("%d bytes out of %d, %d announced", len(got), len(wire), length)
			}
		}
	})
}
