package s3

import (
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
)

func errForm(text string) error {
	return aws.Errorf(http.StatusBadRequest, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data. %s", text)
}

// takeForm makes of a form's upload the PutObject that it stands for, whose
// headers are the form's fields. The gateway finds the form's signature in
// MultipartForm.
// AWS: "POST Object", S3 API Reference.
func (s *Service) takeForm(w http.ResponseWriter, req *wire.Request, bucket string) (http.ResponseWriter, error) {
	_, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, errForm("The boundary is missing.")
	}
	f, err := readForm(multipart.NewReader(req.Request.Body, params["boundary"]))
	if err != nil {
		return nil, err
	}
	f.bucket = bucket
	if f.value("key") == "" {
		return nil, errArgument("key", "", "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.")
	}
	f.fields["key"] = []string{strings.ReplaceAll(f.value("key"), "${filename}", f.filename)}
	if text := f.value("policy"); text != "" {
		p, err := parsePostPolicy(text)
		if err != nil {
			return nil, err
		}
		if err := p.allow(f, s.Clock.Wall()); err != nil {
			return nil, err
		}
		f.file = &measured{from: f.file, least: p.least, most: p.most}
	}
	put := req.Clone(req.Context())
	put.Method, put.ContentLength = http.MethodPut, -1
	put.Header = f.headers()
	put.Body = io.NopCloser(f.file)
	put.MultipartForm = &multipart.Form{Value: f.fields}
	req.Request = put
	req.Path = "/" + url.PathEscape(bucket) + "/" + url.PathEscape(f.value("key"))
	return &formAnswer{ResponseWriter: w, form: f, secure: req.TLS != nil, host: req.Host}, nil
}

// form is an upload from a web page.
type form struct {
	bucket   string
	fields   map[string][]string // by names in lower case
	filename string
	file     io.Reader
}

func (f *form) value(name string) string {
	if v := f.fields[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// readForm reads up to the file. What follows it is not looked at.
func readForm(r *multipart.Reader) (*form, error) {
	f := &form{fields: map[string][]string{}}
	size := 0
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, errArgument("file", "", "POST requires exactly one file upload per request.")
		}
		if err != nil {
			return nil, errForm("")
		}
		name := strings.ToLower(p.FormName())
		if name == "file" {
			f.file, f.filename = p, p.FileName()
			if f.value("content-type") == "" && p.Header.Get("Content-Type") != "" && f.filename != "" {
				f.implied(p.Header.Get("Content-Type"))
			}
			return f, nil
		}
		b, err := io.ReadAll(io.LimitReader(p, int64(maxForm-size)+1))
		if err != nil {
			return nil, errForm("")
		}
		if size += len(name) + len(b); size > maxForm {
			return nil, aws.Errorf(http.StatusBadRequest, "MaxPostPreDataLengthExceededError", "Your POST request fields preceding the upload file were too large.")
		}
		if _, twice := f.fields[name]; !twice {
			f.fields[name] = []string{string(b)}
		}
	}
}

// implied is the file's own type, which the policy need not speak of.
func (f *form) implied(kind string) { f.fields["x-ignore-content-type"] = []string{kind} }

// headers are the form's fields as the headers of a PutObject.
func (f *form) headers() http.Header {
	h := http.Header{}
	for name := range f.fields {
		v := f.value(name)
		switch {
		case name == "acl":
			h.Set("X-Amz-Acl", v)
		case name == "tagging":
			h.Set("X-Amz-Tagging", tagsOfXML(v))
		case name == "x-ignore-content-type":
			if h.Get("Content-Type") == "" {
				h.Set("Content-Type", v)
			}
		case name == "content-type" || name == cacheControl || name == disposition || name == encoding || name == language || name == expires:
			h.Set(name, v)
		case name == "x-amz-algorithm" || name == "x-amz-credential" || name == "x-amz-date" || name == "x-amz-signature" || name == "x-amz-security-token":
		case strings.HasPrefix(name, "x-amz-"):
			h.Set(name, v)
		}
	}
	return h
}

// tagsOfXML turns a Tagging document into the form of the header.
func tagsOfXML(text string) string {
	var doc struct {
		Tags []struct{ Key, Value string } `xml:"TagSet>Tag"`
	}
	if xml.Unmarshal([]byte(text), &doc) != nil {
		return "%" // which no header may be
	}
	q := url.Values{}
	for _, t := range doc.Tags {
		q.Add(t.Key, t.Value)
	}
	return q.Encode()
}

// measured is a file that must keep to a policy's content-length-range.
type measured struct {
	from        io.Reader
	least, most int64
	read        int64
}

func (m *measured) Read(b []byte) (int, error) {
	n, err := m.from.Read(b)
	m.read += int64(n)
	if m.most >= 0 && m.read > m.most {
		return 0, api.ErrEntityTooLarge(&api.EntityTooLarge{ProposedSize: &m.read, MaxSizeAllowed: &m.most}, "Your proposed upload exceeds the maximum allowed size")
	}
	if err == io.EOF && m.read < m.least {
		return 0, api.ErrEntityTooSmall(&api.EntityTooSmall{ProposedSize: &m.read, MinSizeAllowed: &m.least}, "Your proposed upload is smaller than the minimum allowed size")
	}
	return n, err
}

// formAnswer turns the answer of a PutObject into what the form wants.
type formAnswer struct {
	http.ResponseWriter
	form   *form
	secure bool
	host   string
	quiet  bool // the body that comes is not wanted
}

// Unwrap is for http.ResponseController.
func (a *formAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *formAnswer) Write(b []byte) (int, error) {
	if a.quiet {
		return len(b), nil
	}
	return a.ResponseWriter.Write(b)
}

func (a *formAnswer) WriteHeader(status int) {
	if status != http.StatusOK {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	a.quiet = true
	h := a.Header()
	h.Del("Content-Length")
	key, etag := a.form.value("key"), h.Get("Etag")
	scheme := "http://"
	if a.secure {
		scheme = "https://"
	}
	location := scheme + a.host + "/" + a.form.bucket + "/" + url.PathEscape(key)
	h.Set("Location", location)
	to := a.form.value("success_action_redirect")
	if to == "" {
		to = a.form.value("redirect")
	}
	if u, err := url.Parse(to); err == nil && to != "" && u.Host != "" {
		q := u.Query()
		q.Set("bucket", a.form.bucket)
		q.Set("key", key)
		q.Set("etag", etag)
		u.RawQuery = q.Encode()
		h.Set("Location", u.String())
		a.ResponseWriter.WriteHeader(http.StatusSeeOther)
		return
	}
	switch a.form.value("success_action_status") {
	case "200":
		h.Set("Content-Length", "0")
		a.ResponseWriter.WriteHeader(http.StatusOK)
	case "201":
		body, _ := xml.Marshal(struct {
			XMLName                     xml.Name `xml:"PostResponse"`
			Location, Bucket, Key, ETag string
		}{Location: location, Bucket: a.form.bucket, Key: key, ETag: etag}) // plain text: it cannot fail
		body = append([]byte(xml.Header), body...)
		h.Set("Content-Type", "application/xml")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		a.ResponseWriter.WriteHeader(http.StatusCreated)
		a.ResponseWriter.Write(body) //nolint:errcheck // a client that went away needs no answer
	default:
		a.ResponseWriter.WriteHeader(http.StatusNoContent)
	}
}
