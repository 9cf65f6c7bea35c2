package s3

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// report is an inventory's report being written.
// AWS: "Locating your inventory list" says where everything lies, and "Inventory
// manifest" what is in it.
type report struct {
	*Service
	census
	b   *bucket
	c   *api.InventoryConfiguration
	ctx context.Context
}

// manifest tells where a report is.
type manifest struct {
	SourceBucket      string         `json:"sourceBucket"`
	DestinationBucket string         `json:"destinationBucket"`
	Version           string         `json:"version"`
	CreationTimestamp string         `json:"creationTimestamp"` // milliseconds
	FileFormat        string         `json:"fileFormat"`
	FileSchema        string         `json:"fileSchema"`
	Files             []manifestFile `json:"files"`
}

type manifestFile struct {
	Key  string `json:"key"`
	Size int64  `json:"size"`
	MD5  string `json:"MD5checksum"`
}

const manifestVersion = "2016-11-30"

func (r *report) write() error {
	to := r.c.Destination.S3BucketDestination
	bucket, _ := inventoryBucket(r.c)
	folder := r.Bucket + "/" + r.Config + "/"
	if prefix := strings.TrimSuffix(deref(to.Prefix), "/"); prefix != "" {
		folder = prefix + "/" + folder
	}
	rows := &roll{report: r, fields: orderFields(r.c), md5: md5.New()}
	rows.zip = gzip.NewWriter(&rows.ready)
	data := folder + "data/" + aws.UUID(r.Random) + ".csv.gz"
	if err := r.put(data, rows); err != nil {
		return err
	}
	m, err := json.MarshalIndent(&manifest{
		SourceBucket: r.Bucket, DestinationBucket: to.Bucket, Version: manifestVersion, CreationTimestamp: decimal(r.At.UnixMilli()), FileFormat: string(to.Format),
		FileSchema: rows.schema(), Files: []manifestFile{{data, rows.size, hex.EncodeToString(rows.md5.Sum(nil))}},
	}, "", "  ")
	if err != nil {
		return err
	}
	sum := md5.Sum(m)
	at := folder + r.At.UTC().Format("2006-01-02T15-04Z") + "/"
	for _, f := range []struct{ key, text string }{
		{folder + "hive/dt=" + r.At.UTC().Format("2006-01-02-15-04") + "/symlink.txt", "s3://" + bucket + "/" + data + "\n"},
		{at + "manifest.json", string(m)},
		{at + "manifest.checksum", hex.EncodeToString(sum[:])},
	} {
		if err := r.put(f.key, strings.NewReader(f.text)); err != nil {
			return err
		}
	}
	return nil
}

// put stores a file of the report as S3, which the destination must allow.
func (r *report) put(key string, body io.Reader) error {
	to := r.c.Destination.S3BucketDestination
	bucket, _ := inventoryBucket(r.c)
	in := &api.PutObjectInput{Bucket: bucket, Key: key, Body: body, ACL: ownerFull, ExpectedBucketOwner: to.AccountId}
	if e := to.Encryption; e != nil && e.SSEKMS != nil {
		in.ServerSideEncryption, in.SSEKMSKeyId = sealKMS, &e.SSEKMS.KeyId
	} else if e != nil {
		in.ServerSideEncryption = sealS3
	}
	_, err := api.NewClient(r.Via).PutObject(r.ctx, in)
	return err
}

// refusedIsDone drops an error that another try would not change.
func refusedIsDone(err error) error {
	var refused *aws.Error
	if errors.As(err, &refused) && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusTooManyRequests {
		return nil
	}
	return err
}

// roll is the rows of a report as they are read: so much of the bucket is listed
// as the reader needs.
type roll struct {
	*report
	fields []inventoryField
	zip    *gzip.Writer
	ready  bytes.Buffer
	after  string // the last key that was listed
	began  bool
	ended  bool
	size   int64
	md5    hash.Hash
}

func (l *roll) Read(p []byte) (int, error) {
	for l.ready.Len() == 0 {
		if l.ended {
			return 0, io.EOF
		}
		if err := l.more(); err != nil {
			return 0, err
		}
	}
	n, _ := l.ready.Read(p)
	l.size += int64(n)
	l.md5.Write(p[:n])
	return n, nil
}

// more lists some keys, with all of their versions.
func (l *roll) more() error {
	var text []byte
	var last string
	var end bool
	err := kv.View(l.ctx, l.Store, func(tx kv.Tx) error {
		text, last, end = nil, l.after, true
		prefix := ""
		if l.c.Filter != nil {
			prefix = l.c.Filter.Prefix
		}
		h := &history{listing: &listing{prefix: prefix}, b: l.b, tx: tx}
		from, seen := l.after, 0
		if !l.began {
			from = prefix
		}
		for o := range h.all(from, !l.began) {
			latest := seen == 0 || o.Key != last
			if latest && seen >= batch {
				end = false
				break
			}
			seen, last = seen+1, o.Key
			if l.c.IncludedObjectVersions == "All" || latest && !o.Marker {
				text = l.row(text, o, latest)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.after, l.began, l.ended = last, true, end
	_, err = l.zip.Write(text) // a buffer takes everything
	if err == nil && end {
		err = l.zip.Close()
	}
	return err
}

func (l *roll) schema() string {
	all := []string{"Bucket", "Key"}
	if l.c.IncludedObjectVersions == "All" {
		all = append(all, "VersionId", "IsLatest", "IsDeleteMarker")
	}
	for _, f := range l.fields {
		all = append(all, string(f.name))
	}
	return strings.Join(all, ", ")
}

// row appends the line of a version. Keys are URL-encoded, but for slashes.
func (l *roll) row(text []byte, o *object, latest bool) []byte {
	fields := []string{l.Bucket, strings.ReplaceAll(url.QueryEscape(o.Key), "%2F", "/")}
	if l.c.IncludedObjectVersions == "All" {
		fields = append(fields, o.Version, truth(latest), truth(o.Marker))
	}
	for _, f := range l.fields {
		value := ""
		if !o.Marker || f.name == "LastModifiedDate" || f.name == "ObjectOwner" {
			value = f.of(l.report, o)
		}
		fields = append(fields, value)
	}
	for i, f := range fields {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, '"')
		text = append(text, strings.ReplaceAll(f, `"`, `""`)...)
		text = append(text, '"')
	}
	return append(text, '\n')
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func truth(b bool) string { return strconv.FormatBool(b) }

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// status is the encryption as reports name it.
func (l *seal) status() string {
	switch {
	case l.Customer != "":
		return "SSE-C"
	case l.Algorithm == sealDue:
		return "DSSE-KMS"
	case l.Algorithm == sealKMS:
		return "SSE-KMS"
	case l.Algorithm == sealS3:
		return "SSE-S3"
	}
	return "NOT-SSE"
}
