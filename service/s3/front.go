package s3

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
)

// Front sees S3's requests before an operation is sought: it takes the bucket
// from the host's name to the path, serves websites, answers CORS preflights and
// adds CORS headers, and makes of a form's upload the PutObject that it is.
func (s *Service) Front(ctx context.Context, w http.ResponseWriter, req *wire.Request) (http.ResponseWriter, error) {
	bucket, endpoint := hosted(req.Host)
	if strings.HasPrefix(endpoint, websiteLabel) {
		return nil, s.visit(ctx, w, req, bucket)
	}
	if err := s.accelerated(ctx, bucket, endpoint); err != nil {
		return nil, err
	}
	bucket, err := s.pointAt(ctx, bucket, endpoint)
	if err != nil {
		return nil, err
	}
	if bucket != "" && strings.HasPrefix(req.Path, "/") {
		req.Path = "/" + url.PathEscape(bucket) + req.Path // an ARN has a slash
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(req.Path, "/"), "/")
	if name == "" || req.Path[0] != '/' {
		markDirectories(req)
		return w, nil
	}
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	if req.Method == http.MethodOptions {
		return nil, s.preflight(ctx, w, req, name)
	}
	if req.Header.Get("Origin") != "" {
		if err := s.allowOrigin(ctx, w, req, name); err != nil {
			return nil, err
		}
	}
	// AWS: "PutObject" (Content-Length): S3 wants to know how much comes.
	if req.Method == http.MethodPut && len(req.TransferEncoding) > 0 && req.Header.Get("X-Amz-Decoded-Content-Length") == "" {
		return nil, aws.Errorf(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented: Transfer-Encoding")
	}
	if req.Method == http.MethodPost && rest == "" && strings.HasPrefix(req.Header.Get("Content-Type"), "multipart/form-data") {
		return s.takeForm(w, req, name)
	}
	pays := signsToPay(req)
	if pays {
		aws.CallFrom(ctx).Pays = true
	}
	if pays || req.Header.Get(payerHeader) != "" {
		return s.charging(ctx, w, req, name)
	}
	return w, nil
}

// visit answers at a website's host, where CORS rules hold as well.
func (s *Service) visit(ctx context.Context, w http.ResponseWriter, req *wire.Request, bucket string) error {
	if req.Method == http.MethodOptions {
		return s.preflight(ctx, w, req, bucket)
	}
	if req.Header.Get("Origin") != "" {
		if err := s.allowOrigin(ctx, w, req, bucket); err != nil {
			return err
		}
	}
	return s.serveSite(ctx, w, req, bucket)
}

// suffixes are the domains under which S3's hosts lie.
// AWS: "Virtual hosting of general purpose buckets".
func suffixes() []string {
	return []string{".localhost", ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".c2s.ic.gov", ".sc2s.sgov.gov"}
}

const websiteLabel = "s3-website" // begins the label of websites' hosts

// farthest is how many labels stand between the service's and the domain at
// most: dualstack and the region.
const farthest = 2

// hosted finds the bucket in a host's name, and the label that says which of S3's
// endpoints it is: s3, s3-website-… and s3-accesspoint among others. Clients that
// were only told of localhost put the bucket right before it.
func hosted(host string) (bucket, endpoint string) {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for _, suffix := range suffixes() {
		rest, ok := strings.CutSuffix(name, suffix)
		if !ok {
			continue
		}
		labels := strings.Split(rest, ".")
		for i := len(labels) - 1; i >= max(0, len(labels)-1-farthest); i-- {
			if labels[i] == "s3" || strings.HasPrefix(labels[i], "s3-") || strings.HasPrefix(labels[i], expressLabel) {
				bucket = strings.Join(labels[:i], ".")
				if bucket == "" {
					return "", ""
				}
				return bucket, labels[i]
			}
		}
		if suffix == ".localhost" {
			return rest, ""
		}
	}
	return "", ""
}
