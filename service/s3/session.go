package s3

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// The modes of a session with a directory bucket.
const (
	modeRead  = "ReadOnly"
	modeWrite = "ReadWrite"
)

// Identity is whose a session's credentials are.
type Identity struct {
	Secret  string
	Token   string // must come with every request
	Expired bool
	Caller  aws.Caller
}

// Identity tells whose a session's access key is; ok is false when nobody has it.
func (s *Service) Identity(ctx context.Context, accessKeyID string) (id Identity, ok bool, err error) {
	account, named := aws.AccountOfKey(accessKeyID)
	if !named {
		return id, false, nil
	}
	key := sessions.Key(sessionScope(account, aws.CallFrom(ctx).Region), kv.String(accessKeyID))
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		row, found := sessions.Get(tx, key)
		if ok = found; !ok {
			return nil
		}
		id = Identity{Secret: row.Secret, Token: row.Token, Expired: !tx.Now().Before(row.Expires)}
		return json.Unmarshal([]byte(row.Caller), &id.Caller)
	})
	return id, ok, err
}

// CreateSession gives credentials for a directory bucket. Without a mode, it is
// the one that allows the most of what the caller may have.
// AWS: "Authorizing Zonal endpoint API operations with CreateSession".
func (s *Service) CreateSession(ctx context.Context, in *api.CreateSessionInput) (*api.CreateSessionOutput, error) {
	if in.SessionMode == "" {
		asked := *in
		asked.SessionMode = modeWrite
		out, err := aws.Invoke[api.CreateSessionOutput](ctx, s.Via, "s3", "CreateSession", &asked)
		var e *aws.Error
		if errors.As(err, &e) && e.Status == http.StatusForbidden {
			asked.SessionMode = modeRead
			return aws.Invoke[api.CreateSessionOutput](ctx, s.Via, "s3", "CreateSession", &asked)
		}
		return out, err
	}
	call := aws.CallFrom(ctx)
	var out *api.CreateSessionOutput
	err := s.update(ctx, in.Bucket, nil, func(tx kv.Tx, b *bucket) error {
		seal, err := b.sealOf(tx, &api.PutObjectInput{ServerSideEncryption: in.ServerSideEncryption, SSEKMSKeyId: in.SSEKMSKeyId, SSEKMSEncryptionContext: in.SSEKMSEncryptionContext, BucketKeyEnabled: in.BucketKeyEnabled})
		if err != nil {
			return err
		}
		who := call.Caller
		who.Zonal = &aws.Zonal{Bucket: b.Name, ID: b.ID, ReadOnly: in.SessionMode == modeRead}
		made, err := s.issue(tx, call.Region, &who)
		out = &api.CreateSessionOutput{
			Credentials: made, ServerSideEncryption: seal.shown(), SSEKMSKeyId: aws.Optional(seal.Key),
			SSEKMSEncryptionContext: aws.Optional(seal.Context), BucketKeyEnabled: aws.Optional(seal.BucketKey),
		}
		return err
	})
	return out, err
}

// issue stores a session of a caller, and removes some that are over.
func (s *Service) issue(tx kv.Tx, r aws.Region, who *aws.Caller) (*api.SessionCredentials, error) {
	if !who.Account.Valid() {
		return nil, errDenied()
	}
	sc := sessionScope(who.Account, r)
	all := sessions.IndexPrefix(&sessionsByEnd, sc)
	n := 0
	for _, key := range sessions.KeysBy(tx, kv.Range{From: all, To: all.With(kv.Time(tx.Now().Add(-sessionKept)))}) {
		sessions.Delete(tx, key)
		if n++; n == sessionSweep {
			break
		}
	}
	text, err := json.Marshal(who)
	if err != nil {
		return nil, err
	}
	row := &session{
		Secret: aws.Text(s.Random, aws.AlphaNumeric+"+/", sessionSecret), Token: aws.Text(s.Random, aws.AlphaNumeric+"+/", sessionToken),
		Expires: tx.Now().Truncate(time.Second).Add(sessionLife), Caller: string(text),
	}
	id := aws.NewKeyID(s.Random, "ASIA", who.Account)
	sessions.Put(tx, sessions.Key(sc, kv.String(id)), row)
	return &api.SessionCredentials{AccessKeyId: id, SecretAccessKey: row.Secret, SessionToken: row.Token, Expiration: row.Expires}, nil
}

// zonal are the operations on a directory bucket that a session allows, and
// whether reading is all that they do.
// AWS: "Directory bucket API operations", Zonal endpoint API operations.
func zonal(operation string) (mode string, ok bool) {
	switch operation {
	case "GetObject", "HeadObject", "ListObjectsV2", "GetObjectAttributes", "ListParts", "ListMultipartUploads", "HeadBucket":
		return modeRead, true
	case "PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "RenameObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy",
		"CompleteMultipartUpload", "AbortMultipartUpload":
		return modeWrite, true
	}
	return "", false
}

// regional are the actions for operations on directory buckets that take
// permissions of their own.
func regional(operation string) (action string, ok bool) {
	ok = slices.Contains([]string{
		"CreateBucket", "DeleteBucket", "PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy", "PutBucketEncryption", "GetBucketEncryption", "DeleteBucketEncryption",
		"PutBucketLifecycleConfiguration", "GetBucketLifecycleConfiguration", "DeleteBucketLifecycle",
	}, operation)
	action = operation
	if name, found := configurationAction(operation); found {
		action = name
	}
	return "s3express:" + action, ok
}

// express are the accesses of a call to a directory bucket, or of a session.
func (g *guard) express(operation string, at subject) ([]aws.Access, error) {
	mode, objects := zonal(operation)
	action, settings := regional(operation)
	who := g.call.Caller.Zonal
	switch {
	case operation == "CreateBucket" && who == nil:
		return []aws.Access{{Action: action, Resource: directoryARN(g.call.Region, g.call.Account, at.bucket)}}, nil
	case who != nil && (!objects || who.Bucket != at.bucket || who.ReadOnly && mode == modeWrite):
		return nil, errDenied()
	}
	b, ok := g.bucket(at.bucket)
	switch {
	case !ok:
		return nil, nil // which the operation will say
	case who != nil && who.ID != b.ID:
		return nil, errDenied()
	case at.version != "" && at.version != nullVersion:
		return nil, errArgument("versionId", at.version, "Invalid version id specified")
	case operation == "CreateSession":
		if in := g.input.(*api.CreateSessionInput); in.SessionMode != "" { // else it asks for one itself
			return []aws.Access{g.session(at.bucket, string(in.SessionMode))}, nil
		}
		return nil, nil
	case settings:
		return []aws.Access{{Action: action, Resource: b.arn(), Owner: aws.Account(b.Account), Policy: b.Policy}}, nil
	case !objects:
		return nil, errMethod()
	}
	var all []aws.Access
	if who == nil {
		all = append(all, g.session(at.bucket, mode))
	}
	switch in := g.input.(type) {
	case *api.CopyObjectInput:
		all = append(all, g.source(in.CopySource)...)
	case *api.UploadPartCopyInput:
		all = append(all, g.source(in.CopySource)...)
	}
	return all, nil
}

// session is the right to have a session with a directory bucket, which is all
// that is needed for its objects.
func (g *guard) session(name, mode string) aws.Access {
	b, _ := g.bucket(name) // which is there
	return aws.Access{
		Action: "s3express:CreateSession", Resource: b.arn(), Owner: aws.Account(b.Account), Policy: b.Policy,
		Keys: func(key string) ([]string, bool) {
			if strings.EqualFold(key, "s3express:SessionMode") {
				return []string{mode}, true
			}
			return nil, false
		},
	}
}
