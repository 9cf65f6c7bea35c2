package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// Access logs are delivered some minutes after the first line of each.
// AWS: "Logging requests with server access logging": within hours, mostly.
const (
	logDelay = 5 * time.Minute
	logLines = 5000 // in one object
)

// follow has a call logged once it is answered, where its bucket wants that.
func (s *Service) follow(call *aws.Call, b *bucket) {
	if slices.Contains(b.Settings, loggingSetting) && call.Caller.Service != loggingPrincipal {
		call.Answered = func(c *aws.Call) { s.log(c, b) }
	}
}

// log keeps a line, and puts the job that delivers it with those beside it.
// Like AWS's, access logs are no audit: a line that cannot be kept is lost.
func (s *Service) log(c *aws.Call, b *bucket) {
	_ = s.Store.Update(context.Background(), func(tx kv.Tx) error { // what went wrong, the store has logged
		lines.PutStamped(tx, lines.Prefix(b.scope(), b.id()), &small{[]byte(b.line(c))})
		if key := armed.Key(b.scope(), b.id(), kv.String(kindLog)); !armed.Has(tx, key) {
			armed.Put(tx, key, &struct{}{})
			job.Put(tx, &job.Job{Kind: kindLog, Scope: b.scope(), ID: b.Name, Due: tx.Now().Add(logDelay), Payload: kv.Append(nil, &reference{Bucket: b.Name, ID: b.ID})})
		}
		return nil
	})
}

// line is a call in the format of access logs.
// AWS: "Amazon S3 server access log format".
func (b *bucket) line(c *aws.Call) string {
	key := strings.TrimPrefix(strings.TrimPrefix(c.Resource, b.arn()), "/")
	method, resource := restOf(c.Operation)
	uri := "/" + b.Name
	if key != "" {
		uri += "/" + escapePath(key)
	}
	requester, auth := "-", "-"
	if c.Caller.Kind != aws.Anonymous {
		requester, auth = c.Caller.ARN, "AuthHeader"
		if c.Caller.Service != "" {
			requester = "svc:" + c.Caller.Service
		}
	}
	point := "-"
	if b.Point != nil {
		point = b.Point.arn()
	}
	tls := "-"
	if c.TLS {
		tls = "TLSv1.3"
	}
	fields := []string{
		canonical(b.Account), b.Name, c.Start.UTC().Format("[02/Jan/2006:15:04:05 +0000]"), dash(c.SourceIP), requester, c.RequestID,
		"REST." + method + "." + resource, dash(escapePath(key)), strconv.Quote(method + " " + uri + " HTTP/1.1"), strconv.Itoa(c.Status), dash(c.ErrorCode),
		number(c.BytesOut), number(c.BytesOut), strconv.FormatInt(c.Took.Milliseconds(), 10), "-", quote(c.Referer), quote(c.UserAgent), "-",
		c.RequestID, "SigV4", "-", auth, dash(c.Host), tls, point, "-",
	}
	return strings.Join(fields, " ") + "\n"
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func quote(s string) string { return `"` + strings.ReplaceAll(dash(s), `"`, "%22") + `"` }

func number(n int64) string {
	if n == 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}

// restOf is an operation as access logs name it: a method and a resource.
func restOf(operation string) (method, resource string) {
	switch operation {
	case "ListObjects", "ListObjectsV2":
		return "GET", "BUCKET"
	case "CopyObject":
		return "COPY", "OBJECT"
	case "UploadPart":
		return "PUT", "PART"
	case "CompleteMultipartUpload":
		return "POST", "UPLOAD"
	case "CreateMultipartUpload":
		return "POST", "UPLOADS"
	case "AbortMultipartUpload":
		return "DELETE", "UPLOAD"
	case "DeleteObjects":
		return "POST", "MULTI_OBJECT_DELETE"
	}
	for _, v := range [...][2]string{{"Get", "GET"}, {"Head", "HEAD"}, {"Put", "PUT"}, {"Create", "PUT"}, {"Delete", "DELETE"}, {"List", "GET"}, {"Restore", "POST"}, {"Upload", "PUT"}} {
		if rest, ok := strings.CutPrefix(operation, v[0]); ok {
			rest = strings.TrimSuffix(strings.TrimPrefix(rest, "Bucket"), "Configuration")
			if rest == "" {
				rest = "BUCKET"
			}
			return v[1], strings.ToUpper(rest)
		}
	}
	return "POST", strings.ToUpper(operation)
}

// deliverLog is the job that puts the lines of a bucket into an object of the
// bucket for its logs, as S3's log delivery: that bucket must let it.
func (s *Service) deliverLog(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	var r reference
	if err := kv.Decode(j.Payload, &r); err != nil {
		return nil, err
	}
	var text []byte
	var keys []kv.Key
	var to *api.LoggingEnabled
	var now time.Time
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		text, keys, to, now = nil, nil, nil, tx.Now()
		b, ok := bucketOf(tx, j.Scope, r.Bucket, r.ID)
		if !ok {
			b = &bucket{ID: r.ID, Account: string(j.Scope.Account), Region: string(j.Scope.Region)}
		}
		if c, ok := get[api.BucketLoggingStatus](tx, b, loggingSetting); ok {
			to = c.LoggingEnabled
		}
		for key, line := range lines.Scan(tx, kv.Prefix(lines.Prefix(b.scope(), b.id()))) {
			if len(keys) == logLines {
				break
			}
			text, keys = append(text, line.Bytes...), append(keys, append(kv.Key(nil), key...))
		}
		return nil
	})
	if err == nil && to != nil && len(text) > 0 {
		err = s.putLog(ctx, j.Scope, to, &logFile{from: r.Bucket, text: string(text), at: now})
	}
	if err != nil {
		return nil, err
	}
	return func(tx kv.Tx) error {
		for _, key := range keys {
			lines.Delete(tx, key)
		}
		if len(keys) == logLines {
			again := *j
			again.Due = tx.Now().Add(time.Second)
			job.Put(tx, &again)
			return nil
		}
		armed.Delete(tx, armed.Key(j.Scope, kv.Uint(r.ID), kv.String(kindLog)))
		return nil
	}, nil
}

// logFile is lines of a bucket's access log.
type logFile struct {
	from string
	text string
	at   time.Time
}

// putLog stores a file of lines. A bucket that does not take it loses them.
func (s *Service) putLog(ctx context.Context, sc kv.Scope, to *api.LoggingEnabled, f *logFile) error {
	key := to.TargetPrefix
	if by := to.TargetObjectKeyFormat; by != nil && by.PartitionedPrefix != nil {
		key += fmt.Sprintf("%s/%s/%s/%s", sc.Account, sc.Region, f.from, f.at.UTC().Format("2006/01/02/"))
	}
	key += f.at.UTC().Format("2006-01-02-15-04-05-") + aws.Text(s.Random, "0123456789ABCDEF", logDigits)
	ctx = aws.ActAs(ctx, aws.Actor{
		Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: loggingPrincipal}, Account: sc.Account, Region: sc.Region, Source: arn(sc.Region, f.from), SourceAccount: sc.Account,
	})
	_, err := api.NewClient(s.Via).PutObject(ctx, &api.PutObjectInput{Bucket: to.TargetBucket, Key: key, Body: strings.NewReader(f.text), ContentType: new("text/plain")})
	var refused *aws.Error
	if errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
		return nil
	}
	return err
}

const logDigits = 16
