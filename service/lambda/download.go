package lambda

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// downloadPath is where code can be fetched from, below Deps.Endpoint.
const downloadPath = "/_brume/lambda/code/"

// download names code: of a version of a function, or of a layer.
type download struct {
	kv.Scope
	kind, name, version string
}

func (d download) path() string {
	return downloadPath + strings.Join([]string{string(d.Account), string(d.Region), d.kind, d.name, d.version}, "/")
}

// location is a URL that code can be fetched from for ten minutes, without credentials.
// AWS: "GetFunction", Code. The signature's key is the id of what has the code: it is
// random, and nobody is told it.
func (s *Service) location(d download, id uint64, now time.Time) string {
	expires := strconv.FormatInt(now.Add(downloadFor).Unix(), 10)
	return s.Endpoint(d.Region) + d.path() + "?" + url.Values{"Expires": {expires}, "Signature": {d.sign(id, expires)}}.Encode()
}

func (d download) sign(id uint64, expires string) string {
	h := hmac.New(sha256.New, binary.BigEndian.AppendUint64(nil, id))
	fmt.Fprintf(h, "%s\n%s", d.path(), expires)
	return hex.EncodeToString(h.Sum(nil))
}

// Page tells where ServeCode is to be reached.
func (s *Service) Page() (prefix string, page http.Handler) {
	return downloadPath, http.HandlerFunc(s.ServeCode)
}

// ServeCode answers requests to the URLs that location makes.
func (s *Service) ServeCode(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, downloadPath), "/")
	if len(parts) != 5 {
		http.NotFound(w, r)
		return
	}
	d := download{kv.Scope{Account: aws.Account(parts[0]), Region: aws.Region(parts[1])}, parts[2], parts[3], parts[4]}
	query := r.URL.Query()
	zip, ok, err := s.open(r.Context(), d, query.Get("Expires"), query.Get("Signature"))
	switch {
	case err != nil:
		s.Log.Error("code cannot be read", "error", err)
		http.Error(w, "The code cannot be read.", http.StatusInternalServerError)
	case !ok:
		http.Error(w, "Request has expired, or its signature does not match.", http.StatusForbidden)
	default:
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Length", strconv.Itoa(len(zip)))
		_, _ = w.Write(zip) // a client that went away needs no answer
	}
}

// open returns the code that a URL names, if it is there and the URL is good.
func (s *Service) open(ctx context.Context, d download, expires, signature string) (zip []byte, ok bool, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		id, read, found := d.find(tx)
		until, err := strconv.ParseInt(expires, 10, 64)
		ok = found && err == nil && tx.Now().Unix() <= until && hmac.Equal([]byte(signature), []byte(d.sign(id, expires)))
		if ok {
			zip = read()
		}
		return nil
	})
	return zip, ok, err
}

func (d download) find(tx kv.Tx) (id uint64, read func() []byte, found bool) {
	switch d.kind {
	case "layer":
		a := layerAddress{d.Scope, d.name, number(d.version)}
		v, err := a.version(tx)
		if err != nil {
			return 0, nil, false
		}
		return v.ID, func() []byte { return getBytes(tx, &layerCodes, a.codeKey(v.ID)) }, true
	case "function":
		f, c, err := address{d.Scope, d.name, d.version}.version(tx)
		if err != nil {
			return 0, nil, false
		}
		return f.ID, func() []byte { return getBytes(tx, &codes, f.codeKey(c.CodeSum)) }, true
	}
	return 0, nil, false
}
