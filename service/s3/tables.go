package s3

import (
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/kv"
)

// bucket is a bucket, with what nearly every call about it needs. All other
// configurations are rows of their own, in settings.
type bucket struct {
	Name  string       `kv:"-"` // where it was found
	Point *accessPoint `kv:"-"` // that it was reached through; mostly nil

	ID         uint64    `kv:"1"` // in the keys of its rows; a bucket made anew has another
	Account    string    `kv:"2"`
	Region     string    `kv:"3"`
	Created    time.Time `kv:"4"`
	Versioning string    `kv:"5"` // empty until it is set for the first time
	Ownership  string    `kv:"6"` // who owns objects; empty: their writers
	Locks      bool      `kv:"7"` // object lock is on
	Settings   []string  `kv:"8"` // the names of its rows in settings
	Block      block     `kv:"9"`
	Policy     string    `kv:"10"`
	ACL        []grant   `kv:"11"` // besides the owner's own
	Arms       uint64    `kv:"12"` // changes with the lifecycle, so that jobs of the former one end
	Public     bool      `kv:"13"` // its policy lets anybody in
}

// block is what a public access block forbids.
type block struct {
	Set      bool `kv:"1"` // it has one at all
	ACLs     bool `kv:"2"`
	Ignore   bool `kv:"3"`
	Policy   bool `kv:"4"`
	Restrict bool `kv:"5"`
}

// accessPoint is a way to a bucket with a policy of its own.
type accessPoint struct {
	Name    string      `kv:"-"` // these are where it was found
	Account aws.Account `kv:"-"`
	Region  aws.Region  `kv:"-"`

	Bucket  string            `kv:"1"`
	ID      uint64            `kv:"2"` // the bucket's: one made anew is another
	Owner   string            `kv:"3"` // the bucket's account
	Alias   string            `kv:"4"`
	VPC     string            `kv:"5"` // whence it is reached; empty: from the Internet
	Block   block             `kv:"6"`
	Created time.Time         `kv:"7"`
	Policy  string            `kv:"8"`
	Public  bool              `kv:"9"` // its policy lets anybody in
	Tags    map[string]string `kv:"10"`
}

// session is a set of credentials for a directory bucket.
type session struct {
	Secret  string    `kv:"1"`
	Token   string    `kv:"2"`
	Expires time.Time `kv:"3"`
	Caller  string    `kv:"4"` // aws.Caller as JSON
}

// rename is a request to rename an object that was answered.
type rename struct {
	From string    `kv:"1"`
	To   string    `kv:"2"`
	At   time.Time `kv:"3"`
}

// signpost is where an alias leads.
type signpost struct {
	Account string `kv:"1"`
	Region  string `kv:"2"`
	Name    string `kv:"3"`
}

// grant is a permission that an ACL gives.
type grant struct {
	Kind       string `kv:"1"` // CanonicalUser or Group
	Grantee    string `kv:"2"` // a canonical user's id, or a group's URI
	Permission string `kv:"3"`
}

// object is a version of an object, or a delete marker.
type object struct {
	Key string `kv:"-"` // where it was found

	Version   string            `kv:"1"` // its id; empty: null
	Seq       uint64            `kv:"2"` // its place among the versions of its key: a later one has a greater
	Marker    bool              `kv:"3"` // a delete marker
	Modified  time.Time         `kv:"4"`
	Size      int64             `kv:"5"`
	ETag      string            `kv:"6"` // without quotes
	Content   content           `kv:"7"`
	Sum       sum               `kv:"8"`
	Parts     int               `kv:"9"` // of an object that was uploaded in parts
	Type      string            `kv:"10"`
	Headers   map[string]string `kv:"11"` // other headers that come back, by their names in lower case
	Meta      map[string]string `kv:"12"`
	Class     string            `kv:"13"` // storage class; empty: STANDARD
	Owner     string            `kv:"14"` // the account; empty: the bucket's
	ACL       []grant           `kv:"15"` // besides the owner's own
	Tags      map[string]string `kv:"16"`
	Seal      seal              `kv:"17"` // encryption
	Lock      lock              `kv:"18"`
	Restored  time.Time         `kv:"19"` // until when the copy of an archived object can be read
	Restoring time.Time         `kv:"20"` // when the restore under way ends
	Copied    string            `kv:"21"` // replication status
	Since     time.Time         `kv:"22"` // when it stopped being the latest version
	Moved     time.Time         `kv:"23"` // when lifecycle gave it its storage class
	Upload    string            `kv:"24"` // the id of the upload that it was made by

	Billed bool `kv:"25"` // its storage is being metered
	Thawed bool `kv:"26"` // so is that of its restored copy

	Tier string    `kv:"27"` // where Intelligent-Tiering has it; empty: Frequent Access
	Read time.Time `kv:"28"` // by Intelligent-Tiering's account, to the day

	expiration *string `kv:"-"` // x-amz-expiration of the answer to its put
}

// entry is what a listing shows of an object: some fields of the same row.
type entry struct {
	Key string `kv:"-"` // where it was found

	Modified  time.Time `kv:"4"`
	Size      int64     `kv:"5"`
	ETag      string    `kv:"6"`
	Sum       sum       `kv:"8"`
	Class     string    `kv:"13"`
	Owner     string    `kv:"14"`
	Restored  time.Time `kv:"19"`
	Restoring time.Time `kv:"20"`
	Tier      string    `kv:"27"`
}

// content is where an object's bytes are: in one of three places, or nowhere
// when there are none.
type content struct {
	Row   uint64   `kv:"1"` // in bodies: small ones
	Blob  blob.Ref `kv:"2"`
	Parts uint64   `kv:"3"` // in extents: the parts of an upload
}

// sum is an object's additional checksum.
type sum struct {
	Algorithm string `kv:"1"` // empty: none
	Value     string `kv:"2"` // in Base64
	Composite bool   `kv:"3"` // of the parts' checksums, not of the bytes
}

// seal is how an object is encrypted, as far as that shows.
type seal struct {
	Algorithm string `kv:"1"` // AES256, aws:kms or aws:kms:dsse
	Key       string `kv:"2"` // ARN of the KMS key
	Context   string `kv:"3"`
	BucketKey bool   `kv:"4"`
	Customer  string `kv:"5"` // MD5 of the customer's key, in Base64; empty: none
}

// lock keeps a version from being deleted.
type lock struct {
	Mode  string    `kv:"1"` // GOVERNANCE or COMPLIANCE
	Until time.Time `kv:"2"`
	Hold  bool      `kv:"3"` // legal hold
	Held  bool      `kv:"4"` // a legal hold was set, be it on or off
}

// small is the bytes of a small object or part.
type small struct {
	Bytes []byte `kv:"1"`
}

// text is a small to read: a string is not copied once more.
type text struct {
	Bytes string `kv:"1"`
}

// holders counts the rows that refer to a blob.
type holders struct {
	Count int `kv:"1"`
}

// upload is a multipart upload that was not completed yet. object has what the
// object will be.
type upload struct {
	Key string `kv:"-"`
	ID  string `kv:"-"`

	Number    uint64    `kv:"1"` // in the keys of its parts
	Began     time.Time `kv:"2"`
	Initiator string    `kv:"3"` // ARN
	Object    object    `kv:"4"`
	Stated    bool      `kv:"5"` // the uploader chose the checksum
}

// part is a part of an upload, or of an object that was uploaded in parts.
type part struct {
	Number   int       `kv:"1"`
	Size     int64     `kv:"2"`
	ETag     string    `kv:"3"`
	Sum      sum       `kv:"4"`
	Content  content   `kv:"5"`
	Modified time.Time `kv:"6"`
	Billed   bool      `kv:"7"` // its storage is being metered, while it is no object's
}

// setting is a configuration of a bucket: the API's structure as JSON.
type setting struct {
	Text string `kv:"1"`
}

// pointer tells which version of a key is the null version, or has an id.
type pointer struct {
	Seq uint64 `kv:"1"`
}

// The tables. Buckets lie in a scope of their partition, because their names
// are unique in it; all others in the scope of the bucket's account and region,
// and begin with the bucket's ID. Table names are stored: never rename.
var (
	buckets  = kv.Table[bucket]{Name: "s3.bucket", Indexes: []kv.Index[bucket]{byAccount}} // name
	settings = kv.Table[setting]{Name: "s3.setting"}                                       // name, id

	objects  = kv.Table[object]{Name: "s3.object"}  // key: the latest version, unless it is a delete marker
	entries  = kv.Table[entry]{Name: "s3.object"}   // the same rows, to list
	versions = kv.Table[object]{Name: "s3.version"} // key, ^seq: all others, the newest first
	strays   = kv.Table[pointer]{Name: "s3.stray"}  // key, version id: a replica, whose id tells not its place
	nulls    = kv.Table[pointer]{Name: "s3.null"}   // key: the null version, where it is in versions
	bodies   = kv.Table[small]{Name: "s3.body"}     // content's Row
	texts    = kv.Table[text]{Name: "s3.body"}      // the same rows, to read
	extents  = kv.Table[part]{Name: "s3.extent"}    // content's Parts, first byte
	uploads  = kv.Table[upload]{Name: "s3.upload"}  // key, id
	parts    = kv.Table[part]{Name: "s3.part"}      // upload's Number, part number
	held     = kv.Table[holders]{Name: "s3.blob"}   // the blob's id; in no scope
	lines    = kv.Table[small]{Name: "s3.logline"}  // stamp: of the bucket's access log, not delivered yet
	armed    = kv.Table[struct{}]{Name: "s3.armed"} // what: a job of the bucket that is put
)

// The tables of S3 Control. Access points lie in the scope of their own account,
// aliases with the names of buckets, an account's block in its account and partition.
var (
	points        = kv.Table[accessPoint]{Name: "s3.accesspoint", Indexes: []kv.Index[accessPoint]{byBucket}} // name
	aliases       = kv.Table[signpost]{Name: "s3.alias"}                                                      // alias
	accountBlocks = kv.Table[block]{Name: "s3.accountblock"}
)

// renames are the requests that told a token.
var renames = kv.Table[rename]{Name: "s3.rename", Indexes: []kv.Index[rename]{renamesByTime}} // token

var renamesByTime = kv.Index[rename]{Name: "time", Key: func(r *rename) ([]kv.Part, bool) {
	return []kv.Part{kv.Time(r.At)}, true
}}

func (b *bucket) renameKey(token string) kv.Key {
	return renames.Key(b.scope(), b.id(), kv.String(token))
}

// sessions are with directory buckets, in their caller's account and partition.
var sessions = kv.Table[session]{Name: "s3.session", Indexes: []kv.Index[session]{sessionsByEnd}} // access key

var sessionsByEnd = kv.Index[session]{Name: "end", Key: func(s *session) ([]kv.Part, bool) {
	return []kv.Part{kv.Time(s.Expires)}, true
}}

func sessionScope(account aws.Account, r aws.Region) kv.Scope {
	return kv.Scope{Account: account, Region: r.Global()}
}

// byBucket finds the access points of a bucket.
var byBucket = kv.Index[accessPoint]{Name: "bucket", Key: func(p *accessPoint) ([]kv.Part, bool) {
	return []kv.Part{kv.String(p.Bucket)}, true
}}

func pointScope(account aws.Account, r aws.Region) kv.Scope {
	return kv.Scope{Account: account, Region: r}
}

func (p *accessPoint) key() kv.Key {
	return points.Key(pointScope(p.Account, p.Region), kv.String(p.Name))
}

func aliasKey(r aws.Region, alias string) kv.Key { return aliases.Key(worldOf(r), kv.String(alias)) }

func accountBlockKey(account aws.Account, r aws.Region) kv.Key {
	return accountBlocks.Key(kv.Scope{Account: account, Region: r.Global()})
}

// byAccount finds an account's buckets.
var byAccount = kv.Index[bucket]{Name: "account", Key: func(b *bucket) ([]kv.Part, bool) {
	return []kv.Part{kv.String(b.Account)}, true
}}

// worldOf is the scope in which the names of buckets are unique.
func worldOf(r aws.Region) kv.Scope { return kv.Scope{Region: r.Global()} }

func bucketKey(r aws.Region, name string) kv.Key { return buckets.Key(worldOf(r), kv.String(name)) }

func (b *bucket) scope() kv.Scope {
	return kv.Scope{Account: aws.Account(b.Account), Region: aws.Region(b.Region)}
}

func (b *bucket) put(tx kv.Tx) { buckets.Put(tx, bucketKey(aws.Region(b.Region), b.Name), b) }

func (b *bucket) id() kv.Part { return kv.Uint(b.ID) }

func (b *bucket) objectKey(key string) kv.Key { return objects.Key(b.scope(), b.id(), kv.String(key)) }

func (b *bucket) versionKey(key string, seq uint64) kv.Key {
	return versions.Key(b.scope(), b.id(), kv.String(key), kv.Uint(^seq))
}

func (b *bucket) nullKey(key string) kv.Key { return nulls.Key(b.scope(), b.id(), kv.String(key)) }

func (b *bucket) strayKey(key, id string) kv.Key {
	return strays.Key(b.scope(), b.id(), kv.String(key), kv.String(id))
}

func (b *bucket) bodyKey(row uint64) kv.Key { return bodies.Key(b.scope(), b.id(), kv.Uint(row)) }

func (b *bucket) extentKey(row uint64, from int64) kv.Key {
	return extents.Key(b.scope(), b.id(), kv.Uint(row), kv.Int(from))
}

func (b *bucket) uploadKey(key, id string) kv.Key {
	return uploads.Key(b.scope(), b.id(), kv.String(key), kv.String(id))
}

func (b *bucket) partKey(upload uint64, number int) kv.Key {
	return parts.Key(b.scope(), b.id(), kv.Uint(upload), kv.Uint(uint64(number)))
}

func (b *bucket) settingKey(name, id string) kv.Key {
	return settings.Key(b.scope(), b.id(), kv.String(name), kv.String(id))
}

// armedKey tells whether the bucket's job of a kind is put.
func (b *bucket) armedKey(kind string) kv.Key {
	return armed.Key(b.scope(), b.id(), kv.String(kind))
}

func heldKey(id blob.ID) kv.Key { return held.Key(kv.Scope{}, kv.String(id)) }

// after is the least string behind all that begin with prefix; ok is false when
// there is none.
func after(prefix string) (next string, ok bool) {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			return prefix[:i] + string([]byte{prefix[i] + 1}), true
		}
	}
	return "", false
}

// behind is the least key behind k.
func behind(k kv.Key) kv.Key { return append(k[:len(k):len(k)], 0) }
