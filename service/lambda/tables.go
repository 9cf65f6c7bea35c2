package lambda

import (
	"time"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// function is what all versions of a function have in common.
type function struct {
	at address `kv:"-"` // where it was found

	ID       uint64            `kv:"1"` // in the keys of its rows; a function made anew has another
	Tags     map[string]string `kv:"2"`
	Limited  bool              `kv:"3"` // Reserved holds
	Reserved int               `kv:"4"` // calls at a time
	Policy   string            `kv:"5"` // empty for none

	Provisioned int `kv:"61"` // environments, of all versions and aliases

	Loops bool `kv:"60"` // it may call itself by way of others without end

	PolicyRevision string `kv:"6"`
	Last           uint64 `kv:"7"`  // the number of the last version that was published
	Signing        string `kv:"20"` // the ARN of a code signing configuration, or empty
}

// configuration is a version of a function. It never changes but for $LATEST,
// which is number 0.
type configuration struct {
	Number       uint64            `kv:"1"`
	Runtime      string            `kv:"2"`
	Handler      string            `kv:"3"`
	Role         string            `kv:"4"`
	Description  string            `kv:"5"`
	Timeout      int               `kv:"6"` // seconds
	Memory       int               `kv:"7"` // MB
	Ephemeral    int               `kv:"8"` // MB
	Architecture string            `kv:"9"`
	Variables    map[string]string `kv:"10"`
	CodeSum      string            `kv:"11"` // SHA-256 of the zip, in base64
	CodeSize     int64             `kv:"12"` // bytes
	Modified     time.Time         `kv:"13"`
	Revision     string            `kv:"14"`
	LogGroup     string            `kv:"15"`
	RoleSession  string            `kv:"16"` // the unique id of the role's sessions, as of when the role was set
	DeadLetter   string            `kv:"60"` // ARN of the queue or topic that gets events that failed
	Layers       []layerRef        `kv:"30"` // the lowest first
	Unzipped     int64             `kv:"31"` // bytes of the code; 0 when that was not asked

	JSON             bool   `kv:"32"` // the log
	ApplicationLevel string `kv:"33"` // the least, of a log in JSON
	SystemLevel      string `kv:"34"`
	SnapStart        bool   `kv:"35"` // for published versions
	Traced           bool   `kv:"36"` // by X-Ray
	RuntimeOn        string `kv:"37"` // when the runtime is updated; empty for Auto
	RuntimeARN       string `kv:"38"` // which one, with Manual
}

// layerRef is a layer that a configuration has, with what never changes of it.
type layerRef struct {
	ARN      string `kv:"1"` // with the version
	ID       uint64 `kv:"2"`
	CodeSum  string `kv:"3"`
	CodeSize int64  `kv:"4"` // bytes
	Unzipped int64  `kv:"5"` // bytes
}

// layer is what all versions of a layer have in common. It stays when they are deleted.
type layer struct {
	Last uint64 `kv:"1"` // the number of the last version that was published
}

// layerVersion is a version of a layer.
type layerVersion struct {
	ID             uint64                `kv:"1"` // in the keys of its content, and a secret
	Description    string                `kv:"2"`
	License        string                `kv:"3"`
	Runtimes       []lambda.Runtime      `kv:"4"`
	Architectures  []lambda.Architecture `kv:"5"`
	CodeSum        string                `kv:"6"` // SHA-256 of the zip, in base64
	CodeSize       int64                 `kv:"7"` // bytes
	Unzipped       int64                 `kv:"8"` // bytes
	Created        time.Time             `kv:"9"`
	Policy         string                `kv:"10"` // empty for none
	PolicyRevision string                `kv:"11"`
	Uses           int64                 `kv:"12"` // configurations that have it
	Deleted        bool                  `kv:"13"` // it is only there for those
}

// bytesRow is a part of something long.
type bytesRow struct {
	Data []byte `kv:"1"`
}

// policyRow is the policy of a version or of an alias. The function's own is in its row.
type policyRow struct {
	Text     string `kv:"1"`
	Revision string `kv:"2"`
}

// functionURL is the configuration of a function's URL.
type functionURL struct {
	ID        string                     `kv:"1"`
	Account   aws.Account                `kv:"2"`
	Function  string                     `kv:"3"` // its name
	Qualifier string                     `kv:"4"` // an alias, or empty
	Auth      lambda.FunctionUrlAuthType `kv:"5"`
	Mode      lambda.InvokeMode          `kv:"6"`
	Shared    bool                       `kv:"7"` // the fields below hold: CORS was configured
	Origins   []string                   `kv:"8"`
	Methods   []string                   `kv:"9"`
	Allowed   []string                   `kv:"10"` // headers
	Exposed   []string                   `kv:"11"` // headers
	MaxAge    int32                      `kv:"12"` // seconds
	Trusted   bool                       `kv:"13"` // credentials are allowed
	Created   time.Time                  `kv:"14"`
	Modified  time.Time                  `kv:"15"`
}

// signing is a code signing configuration.
type signing struct {
	Description string    `kv:"1"`
	Publishers  []string  `kv:"2"` // ARNs of signing profiles
	Enforce     bool      `kv:"3"` // refuse what is not signed
	Modified    time.Time `kv:"4"`
}

// urlRef is where the URL of a function is.
type urlRef struct {
	ID string `kv:"1"`
}

// alias is a name for a version, or for two.
type alias struct {
	Number      uint64  `kv:"1"`
	Description string  `kv:"2"`
	Revision    string  `kv:"3"`
	Other       uint64  `kv:"4"` // gets some of the calls; 0 for none
	Weight      float64 `kv:"5"` // the part of the calls that Other gets
}

// provision is how many environments are kept ready for a version or an alias.
type provision struct {
	Requested int       `kv:"1"`
	Nonce     uint64    `kv:"2"`
	Modified  time.Time `kv:"3"`
	Reason    string    `kv:"4"` // why not all are there; empty for none
	Memory    int64     `kv:"5"` // MB of all environments, as metered
}

// taken is how much of an account's concurrency in a region is set aside.
type taken struct {
	Calls int `kv:"1"`
}

// The tables. Those of functions but the first begin with the function's id.
var (
	functions = kv.Table[function]{Name: "lambda.function"}     // name
	versions  = kv.Table[configuration]{Name: "lambda.version"} // number
	aliases   = kv.Table[alias]{Name: "lambda.alias"}           // name
	codes     = kv.Table[bytesRow]{Name: "lambda.code"}         // sum, number of the part
	events    = kv.Table[bytesRow]{Name: "lambda.event"}        // request id, number of the part

	provisions = kv.Table[provision]{Name: "lambda.provision"} // qualifier: a version's number or an alias
	takens     = kv.Table[taken]{Name: "lambda.taken"}         // one row

	policies      = kv.Table[policyRow]{Name: "lambda.policy"}          // qualifier: a version's number or an alias
	urls          = kv.Table[functionURL]{Name: "lambda.url"}           // id, of all accounts in a region
	urlRefs       = kv.Table[urlRef]{Name: "lambda.urlref"}             // qualifier
	signings      = kv.Table[signing]{Name: "lambda.signing"}           // id
	layers        = kv.Table[layer]{Name: "lambda.layer"}               // name
	layerVersions = kv.Table[layerVersion]{Name: "lambda.layerversion"} // name, number
	layerCodes    = kv.Table[bytesRow]{Name: "lambda.layercode"}        // the version's id, number of the part
)

func (f *function) versionKey(number uint64) kv.Key {
	return versions.Key(f.at.Scope, kv.Uint(f.ID), kv.Uint(number))
}

func (f *function) aliasKey(name string) kv.Key {
	return aliases.Key(f.at.Scope, kv.Uint(f.ID), kv.String(name))
}

func (f *function) provisionKey(qualifier string) kv.Key {
	return provisions.Key(f.at.Scope, kv.Uint(f.ID), kv.String(qualifier))
}

// provisionOf is the qualifier that a provision's key names.
func provisionOf(key kv.Key) string {
	parts := provisions.Parts(key)
	parts.Skip(1)
	return parts.String()
}

func takenKey(sc kv.Scope) kv.Key { return takens.Key(sc) }

func (f *function) policyKey(qualifier string) kv.Key {
	return policies.Key(f.at.Scope, kv.Uint(f.ID), kv.String(qualifier))
}

// urlKey is in no account's scope: a host tells none.
func urlKey(r aws.Region, id string) kv.Key { return urls.Key(kv.Scope{Region: r}, kv.String(id)) }

func (f *function) urlRefKey(qualifier string) kv.Key {
	return urlRefs.Key(f.at.Scope, kv.Uint(f.ID), kv.String(qualifier))
}

func (f *function) codeKey(sum string) kv.Key {
	return codes.Key(f.at.Scope, kv.Uint(f.ID), kv.String(sum))
}

func (f *function) eventKey(request string) kv.Key {
	return events.Key(f.at.Scope, kv.Uint(f.ID), kv.String(request))
}

func (a signingAddress) key() kv.Key { return signings.Key(a.Scope, kv.String(a.id)) }

func (a layerAddress) key() kv.Key { return layers.Key(a.Scope, kv.String(a.Name)) }

func (a layerAddress) versionKey() kv.Key {
	return layerVersions.Key(a.Scope, kv.String(a.Name), kv.Uint(a.Number))
}

func (a layerAddress) codeKey(id uint64) kv.Key { return layerCodes.Key(a.Scope, kv.Uint(id)) }

// at is the address of the version that a key is of.
func (a layerAddress) at(key kv.Key) layerAddress {
	parts := layerVersions.Parts(key)
	parts.Skip(1)
	a.Number = parts.Uint()
	return a
}

// putBytes stores data in rows below key.
func putBytes(tx kv.Tx, t *kv.Table[bytesRow], key kv.Key, data []byte) {
	for i := 0; i*chunk < len(data); i++ {
		t.Put(tx, key.With(kv.Uint(uint64(i))), &bytesRow{data[i*chunk : min(len(data), (i+1)*chunk)]})
	}
}

// getBytes is what putBytes stored.
func getBytes(tx kv.Tx, t *kv.Table[bytesRow], key kv.Key) []byte {
	var data []byte
	for _, row := range t.Scan(tx, kv.Prefix(key)) {
		data = append(data, row.Data...)
	}
	return data
}

// drop deletes every row of the function.
func (f *function) drop(tx kv.Tx) {
	sc, id := f.at.Scope, kv.Uint(f.ID)
	functions.Delete(tx, f.at.key())
	for _, c := range versions.Scan(tx, kv.Prefix(versions.Prefix(sc, id))) {
		c.hold(tx, -1)
	}
	versions.DeleteAll(tx, versions.Prefix(sc, id))
	aliases.DeleteAll(tx, aliases.Prefix(sc, id))
	policies.DeleteAll(tx, policies.Prefix(sc, id))
	for _, p := range provisions.Scan(tx, kv.Prefix(provisions.Prefix(sc, id))) {
		p.keep(tx, sc, -1)
	}
	provisions.DeleteAll(tx, provisions.Prefix(sc, id))
	recount(tx, sc)
	for _, ref := range urlRefs.Scan(tx, kv.Prefix(urlRefs.Prefix(sc, id))) {
		urls.Delete(tx, urlKey(sc.Region, ref.ID))
	}
	urlRefs.DeleteAll(tx, urlRefs.Prefix(sc, id))
	codes.DeleteAll(tx, codes.Prefix(sc, id))
	events.DeleteAll(tx, events.Prefix(sc, id))
	eventConfigs.DeleteAll(tx, eventConfigs.Prefix(sc, id))
}

// mapping is an event source mapping. Durations are whole seconds.
type mapping struct {
	at kv.Scope `kv:"-"`
	id string   `kv:"-"` // UUID

	Function    string            `kv:"1"` // name
	FunctionID  uint64            `kv:"2"`
	Qualifier   string            `kv:"3"`
	Owner       string            `kv:"4"` // account of the function
	Source      string            `kv:"5"` // ARN
	Batch       int               `kv:"6"` // records
	Window      time.Duration     `kv:"7"`
	Filters     []string          `kv:"8"`  // patterns
	Report      bool              `kv:"9"`  // ReportBatchItemFailures
	Concurrency int               `kv:"10"` // 0 for no limit of its own
	State       string            `kv:"11"`
	Enabled     bool              `kv:"12"` // what State is on its way to
	Modified    time.Time         `kv:"13"`
	Created     time.Time         `kv:"14"`
	Result      string            `kv:"15"` // of the last batch
	Tags        map[string]string `kv:"16"`

	// Of streams only.
	Position  string        `kv:"17"`
	From      time.Time     `kv:"18"` // AT_TIMESTAMP
	Parallel  int           `kv:"19"`
	Bisect    bool          `kv:"20"`
	MaxAge    time.Duration `kv:"21"` // negative for none
	Retries   int           `kv:"22"` // negative for no limit
	Tumbling  time.Duration `kv:"23"`
	OnFailure string        `kv:"24"` // ARN
}

// poller is one poll of a mapping's source: it has a job of its own. Those of
// queues are numbered, and the first is always there; a stream has one that
// looks for shards, and one or more for each shard.
type poller struct {
	Nonce    uint64    `kv:"1"`
	Since    time.Time `kv:"2"` // queue: when the backlog began; stream: when the batch in the making began
	Expires  time.Time `kv:"3"` // queue: when gathered messages are seen by others again
	Retry    time.Time `kv:"4"` // not to call the function before
	Refusals int       `kv:"5"` // for want of concurrency, in a row
	Due      time.Time `kv:"6"` // queue: when the batch is to be handed over, full or not

	// Of a shard.
	Sequence string    `kv:"7"` // of the last record that is done with; empty for none
	Sizes    []int     `kv:"8"` // of the next batches, where a failure has fixed them
	Failures int       `kv:"9"` // of the next batch
	Done     bool      `kv:"10"`
	Factor   int       `kv:"11"` // pollers of the shard
	Window   time.Time `kv:"12"` // start of the tumbling window with state
	State    string    `kv:"13"` // JSON

	Troubles int `kv:"14"` // failures to poll, in a row
}

// The tables of event source mappings. All but the first begin with the id.
var (
	mappings = kv.Table[mapping]{Name: "lambda.mapping"}   // id
	pollers  = kv.Table[poller]{Name: "lambda.poller"}     // lane
	gathered = kv.Table[bytesRow]{Name: "lambda.gathered"} // lane, number of the part
	finished = kv.Table[bytesRow]{Name: "lambda.finished"} // of each shard that is read to its end: wakes who looks for its children
)

func mappingKey(sc kv.Scope, id string) kv.Key { return mappings.Key(sc, kv.String(id)) }

func (m *mapping) key() kv.Key { return mappingKey(m.at, m.id) }

func (m *mapping) pollerKey(lane string) kv.Key {
	return pollers.Key(m.at, kv.String(m.id), kv.String(lane))
}

func (m *mapping) gatheredKey(lane string) kv.Key {
	return gathered.Key(m.at, kv.String(m.id), kv.String(lane))
}

func (m *mapping) finishedKey(lane string) kv.Key {
	return finished.Key(m.at, kv.String(m.id), kv.String(lane))
}

// laneOf is the lane that a poller's key names.
func laneOf(key kv.Key) string {
	parts := pollers.Parts(key)
	parts.Skip(1)
	return parts.String()
}

// drop deletes every row of the mapping.
func (m *mapping) drop(tx kv.Tx) {
	mappings.Delete(tx, m.key())
	pollers.DeleteAll(tx, pollers.Prefix(m.at, kv.String(m.id)))
	gathered.DeleteAll(tx, gathered.Prefix(m.at, kv.String(m.id)))
	finished.DeleteAll(tx, finished.Prefix(m.at, kv.String(m.id)))
}

// parcel is something that is on its way to a destination.
type parcel struct {
	To         string            `kv:"1"` // ARN
	Role       string            `kv:"2"` // who sends it
	Session    string            `kv:"3"` // the unique id of the role's sessions
	Name       string            `kv:"4"` // of the session: the function's
	Function   string            `kv:"5"` // ARN, with the version or alias
	Key        string            `kv:"6"` // of the object, for S3
	Attributes map[string]string `kv:"7"` // for dead letters
	Detail     string            `kv:"8"` // type, for EventBridge
}

// parcels is what parcels hold: id, number of the part.
var parcels = kv.Table[bytesRow]{Name: "lambda.parcel"}

func parcelKey(sc kv.Scope, id string) kv.Key { return parcels.Key(sc, kv.String(id)) }

// eventConfig is how the events of a version or alias are dealt with.
type eventConfig struct {
	Retries   *int          `kv:"1"`
	MaxAge    time.Duration `kv:"2"` // zero for the longest
	OnSuccess string        `kv:"3"` // ARN
	OnFailure string        `kv:"4"`
	Modified  time.Time     `kv:"5"`
}

// eventConfigs are by the function's id and the qualifier, $LATEST included.
var eventConfigs = kv.Table[eventConfig]{Name: "lambda.eventconfig"}

func (f *function) eventConfigKey(qualifier string) kv.Key {
	if qualifier == "" {
		qualifier = latest
	}
	return eventConfigs.Key(f.at.Scope, kv.Uint(f.ID), kv.String(qualifier))
}
