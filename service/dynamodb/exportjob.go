package dynamodb

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	s3api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// exportKind writes one file of an export, and at the end its manifests. The
// object and the progress are one transaction.
// AWS: "DynamoDB table export output format".
const exportKind = "ddb.export"

// exportAttempts is how often a file that could not be written is tried again.
const exportAttempts = 10

// run puts the job.
func (e *export) run(tx kv.Tx) {
	job.PutNow(tx, &job.Job{Kind: exportKind, Scope: e.at, ID: e.ID})
}

// export is the job.
func (s *Service) export(ctx context.Context, tx kv.Tx, j *job.Job) error {
	e, ok := exports.Get(tx, exports.Key(j.Scope, kv.String(j.ID)))
	if !ok {
		return nil
	}
	e.at = j.Scope
	t, ok := tables.Get(tx, address{j.Scope, e.Table}.key())
	if !ok {
		return nil // it cannot be deleted meanwhile
	}
	t.at = address{j.Scope, e.Table}
	var caller aws.Caller
	if err := json.Unmarshal(e.Caller, &caller); err != nil {
		return err
	}
	w := &exporter{export: e, ctx: aws.ActAs(ctx, aws.Actor{Caller: caller, Account: j.Scope.Account, Region: j.Scope.Region, Source: t.at.arn()}), s3: s3api.NewClient(s.Via)}
	more, err := w.step(tx, t)
	switch {
	case err == nil && more:
		e.put(tx)
		e.run(tx)
		return nil
	case err == nil:
		e.Status = string(dynamodb.ExportStatusCOMPLETED)
	case !failsForGood(err) && j.Attempt+1 < exportAttempts:
		return err
	default:
		e.Status = string(dynamodb.ExportStatusFAILED)
		e.Code, e.Message = failureOf(err)
	}
	e.Ended = tx.Now()
	e.put(tx)
	files.DeleteAll(tx, files.Prefix(e.at, kv.String(e.ID)))
	t.Copies--
	tables.Put(tx, t.at.key(), t)
	t.forgetUndo(tx)
	return nil
}

// failsForGood reports whether a call's error is one that trying again does not
// help against.
func failsForGood(err error) bool {
	var e *aws.Error
	return errors.As(err, &e) && !aws.MayPass(err)
}

// failureOf tells of the failure of a call to S3.
func failureOf(err error) (code, message string) {
	var e *aws.Error
	if errors.As(err, &e) {
		return "S3" + e.Code, e.Message
	}
	return "UNKNOWN", "Internal failure"
}

// exporter is a run of the job.
type exporter struct {
	*export
	ctx context.Context
	s3  s3api.Client
}

// object is the key of an object of the export.
func (e *export) object(name string) string {
	key := "AWSDynamoDB/" + e.ID + "/" + name
	if rest, ok := strings.CutPrefix(name, "data/"); ok && !e.From.IsZero() {
		key = "AWSDynamoDB/data/" + rest // AWS: incremental exports share the folder of their data
	}
	if e.Prefix != "" {
		key = e.Prefix + "/" + key
	}
	return key
}

// write puts an object, and returns its ETag.
func (w *exporter) write(name string, body []byte) (etag string, err error) {
	in := &s3api.PutObjectInput{Bucket: w.Bucket, Key: w.object(name), Body: bytes.NewReader(body), ExpectedBucketOwner: textOf(w.Owner)}
	switch w.SSE {
	case "AES256":
		in.ServerSideEncryption = s3api.ServerSideEncryptionAES256
	case "KMS":
		in.ServerSideEncryption, in.SSEKMSKeyId = s3api.ServerSideEncryptionAwsKms, textOf(w.Key)
	}
	out, err := w.s3.PutObject(w.ctx, in)
	if err != nil {
		return "", err
	}
	return strings.Trim(deref(out.ETag), `"`), nil
}

// step writes the next file, or the manifests when there is nothing left; more says
// whether to come back.
func (w *exporter) step(tx kv.Tx, t *table) (more bool, err error) {
	if w.Files == 0 {
		if _, err := w.write("_started", nil); err != nil {
			return false, err
		}
	}
	var text bytes.Buffer
	n := int64(0)
	for st := range w.states(tx, t) {
		line, err := w.line(t, st)
		if err != nil {
			return false, err
		}
		if line != nil {
			text.Write(append(line, '\n'))
			n++
		}
		if w.After = []byte(st.place); text.Len() >= exportFile {
			more = true
			break
		}
	}
	if n > 0 || w.Files == 0 {
		if err := w.file(tx, text.Bytes(), n); err != nil {
			return false, err
		}
	}
	if more {
		return true, nil
	}
	return false, w.manifests(tx)
}

// states walks the items that are exported, as they were.
func (w *exporter) states(tx kv.Tx, t *table) func(func(*state) bool) {
	if w.From.IsZero() {
		return t.asOf(tx, w.After, w.Moment)
	}
	return t.asOf(tx, w.After, moment{At: w.From.Add(-1)}, w.Moment) // AWS: the beginning is inclusive
}

// line writes an item or its change; nil when there is none.
func (w *exporter) line(t *table, st *state) ([]byte, error) {
	at := func(i int) item {
		if len(st.was[i]) == 0 {
			return ""
		}
		it := decode(nil, st.was[i])
		w.Bytes += int64(itemSize(it))
		return it
	}
	if w.From.IsZero() {
		it := at(0)
		if it == "" {
			return nil, nil
		}
		return json.Marshal(map[string]any{"Item": plain(it)})
	}
	if st.last.IsZero() {
		return nil, nil
	}
	was, is := at(0), at(1)
	key := is
	if key == "" {
		key = was
	}
	if key == "" {
		return nil, nil // it came and went
	}
	all := map[string]any{
		"Metadata": map[string]any{"WriteTimestampMicros": map[string]string{"N": strconv.FormatInt(st.last.UnixMicro(), 10)}},
		"Keys":     plain(topLevel(t.Keys.names()).of(key)),
	}
	if was != "" && w.View != string(dynamodb.ExportViewTypeNEWIMAGE) {
		all["OldImage"] = plain(was)
	}
	if is != "" {
		all["NewImage"] = plain(is)
	}
	return json.Marshal(all)
}

// file writes a file of items, compressed.
func (w *exporter) file(tx kv.Tx, text []byte, items int64) error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(text) // to memory
	z.Close()
	sum := md5.Sum(packed.Bytes())
	name := fmt.Sprintf("data/%s.json.gz", fileName(w.ID, w.Files))
	etag, err := w.write(name, packed.Bytes())
	if err != nil {
		return err
	}
	files.Put(tx, files.Key(w.at, kv.String(w.ID), kv.Uint(uint64(w.Files))), &exported{Items: items, MD5: sum[:], ETag: etag, Key: w.object(name)})
	w.Items += items
	w.Files++
	return nil
}

// fileName is the name of a file of an export: another for every file.
func fileName(id string, n int) string {
	sum := md5.Sum(fmt.Appendf(nil, "%s/%d", id, n))
	return hex.EncodeToString(sum[:13])
}

// manifests writes what tells of the files.
func (w *exporter) manifests(tx kv.Tx) error {
	var list bytes.Buffer
	for _, f := range files.Scan(tx, kv.Prefix(files.Prefix(w.at, kv.String(w.ID)))) {
		line, err := json.Marshal(manifestFile{f.Items, base64.StdEncoding.EncodeToString(f.MD5), f.ETag, f.Key})
		if err != nil {
			return err
		}
		list.Write(append(line, '\n'))
	}
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	s := manifestSummary{
		Version: "2020-06-30", ExportARN: w.arn(), StartTime: stamp(w.Started), EndTime: stamp(tx.Now()), TableARN: address{w.at, w.Table}.arn(), TableID: w.TableID,
		Bucket: w.Bucket, Prefix: textOf(w.Prefix), SSE: textOf(w.SSE), Key: textOf(w.Key), Files: w.object("manifest-files.json"),
		Bytes: w.Bytes, Items: w.Items, Format: "DYNAMODB_JSON", Type: string(w.kind()),
	}
	if w.From.IsZero() {
		s.ExportTime = stamp(w.At)
	} else {
		s.Version, s.From, s.To, s.View = "2023-08-01", stamp(w.From), stamp(w.At), w.View
	}
	summary, err := json.Marshal(s)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		text []byte
	}{{"manifest-files", list.Bytes()}, {"manifest-summary", summary}} {
		if _, err := w.write(m.name+".json", m.text); err != nil {
			return err
		}
		sum := md5.Sum(m.text)
		if _, err := w.write(m.name+".md5", []byte(base64.StdEncoding.EncodeToString(sum[:]))); err != nil {
			return err
		}
	}
	return nil
}

// manifestFile is a line of manifest-files.json.
type manifestFile struct {
	Items int64  `json:"itemCount"`
	MD5   string `json:"md5Checksum"`
	ETag  string `json:"etag"`
	Key   string `json:"dataFileS3Key"`
}

// manifestSummary is manifest-summary.json.
type manifestSummary struct {
	Version    string  `json:"version"`
	ExportARN  string  `json:"exportArn"`
	StartTime  string  `json:"startTime"`
	EndTime    string  `json:"endTime"`
	TableARN   string  `json:"tableArn"`
	TableID    string  `json:"tableId"`
	ExportTime string  `json:"exportTime,omitempty"`
	From       string  `json:"exportFromTime,omitempty"`
	To         string  `json:"exportToTime,omitempty"`
	Bucket     string  `json:"s3Bucket"`
	Prefix     *string `json:"s3Prefix"`
	SSE        *string `json:"s3SseAlgorithm"`
	Key        *string `json:"s3SseKmsKeyId"`
	Files      string  `json:"manifestFilesS3Key"`
	Bytes      int64   `json:"billedSizeBytes"`
	Items      int64   `json:"itemCount"`
	Format     string  `json:"outputFormat"`
	View       string  `json:"outputView,omitempty"`
	Type       string  `json:"exportType"`
}
