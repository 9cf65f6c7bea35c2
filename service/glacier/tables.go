package glacier

import (
	"time"

	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/kv"
)

// vault is a vault and its settings.
type vault struct {
	at address `kv:"-"` // where it was found

	ID        uint64            `kv:"1"` // in the keys of its rows
	Created   time.Time         `kv:"2"`
	Tags      map[string]string `kv:"3"`
	Policy    string            `kv:"4"`
	Topic     string            `kv:"5"` // ARN
	Events    []string          `kv:"6"`
	Lock      lock              `kv:"7"`
	Inventory inventory         `kv:"8"`
	Due       time.Time         `kv:"9"` // of the next inventory; zero while nothing was written since the last
}

// lock is a vault's lock; without an ID there is none.
type lock struct {
	ID      string    `kv:"1"`
	Policy  string    `kv:"2"`
	Created time.Time `kv:"3"`
	Locked  bool      `kv:"4"` // for good
}

// inventory says what a vault had at a date. Inventories are numbered, because
// a clock that stands still does not tell what came first.
type inventory struct {
	Date     time.Time `kv:"1"`
	Archives int64     `kv:"2"`
	Bytes    int64     `kv:"3"`
	Number   uint64    `kv:"4"` // from 1; 0 is none
}

// archive is an archive. One that was deleted stays until the next inventory
// when the last one has it.
type archive struct {
	id string `kv:"-"`

	Vault       uint64    `kv:"1"`
	Content     uint64    `kv:"2"`
	Size        int64     `kv:"3"`
	TreeHash    []byte    `kv:"4"`
	Description string    `kv:"5"`
	Created     time.Time `kv:"6"`
	Born        uint64    `kv:"7"` // the inventory that there was then
	Deleted     bool      `kv:"8"`
	Died        uint64    `kv:"9"` // as Born
}

// isIn reports whether the archive is in an inventory.
func (a *archive) isIn(i *inventory) bool {
	return a.Born < i.Number && (!a.Deleted || a.Died >= i.Number)
}

// content is bytes that archives and jobs hold.
type content struct {
	Holders int `kv:"1"`
}

// piece is a run of a content's bytes.
type piece struct {
	Blob     blob.Ref `kv:"1"`
	TreeHash []byte   `kv:"2"`
}

// leaf has the SHA-256 of each mebibyte of a piece. They are kept apart because
// only ranges need them.
type leaf struct {
	Sums []byte `kv:"1"`
}

// upload is a multipart upload in progress. Its pieces are those of Content.
type upload struct {
	Content     uint64    `kv:"1"`
	PartSize    int64     `kv:"2"`
	Description string    `kv:"3"`
	Created     time.Time `kv:"4"`
}

// finished remembers a multipart upload that is over, for those who repeat
// themselves.
type finished struct {
	Archive  string `kv:"1"` // empty: aborted
	TreeHash []byte `kv:"2"`
	Size     int64  `kv:"3"`
}

// retrieval is a job in Glacier's sense: an archive or an inventory that is
// being made ready for download.
type retrieval struct {
	id string `kv:"-"`

	Vault       uint64    `kv:"1"`
	Action      string    `kv:"2"`
	Description string    `kv:"3"`
	Tier        string    `kv:"4"`
	Topic       string    `kv:"5"`
	Created     time.Time `kv:"6"`
	Completed   time.Time `kv:"7"` // zero while in progress
	Failure     string    `kv:"8"` // why it failed, when it did

	// Of an archive.
	Archive     string `kv:"9"`
	Content     uint64 `kv:"10"` // held once completed
	Size        int64  `kv:"11"` // of the archive
	TreeHash    []byte `kv:"12"` // of the archive
	From        int64  `kv:"13"` // the range
	To          int64  `kv:"14"` // not in it any more
	RangeHash   []byte `kv:"15"` // nil when the range is not aligned to the tree
	ArchiveText string `kv:"16"` // the archive's description

	// Of an inventory.
	Format string    `kv:"17"`
	Start  time.Time `kv:"18"`
	End    time.Time `kv:"19"`
	Limit  int       `kv:"20"`
	Marker string    `kv:"21"` // to begin at; once completed, to go on at
	Output blob.Ref  `kv:"22"`
}

// haul is a Standard retrieval in progress, as the data retrieval policy counts it.
type haul struct {
	Bytes int64 `kv:"1"`
}

// retrievalPolicy is an account's data retrieval policy in a region.
type retrievalPolicy struct {
	Strategy     string `kv:"1"`
	BytesPerHour int64  `kv:"2"`
}

// capacity is a provisioned capacity unit.
type capacity struct {
	Start   time.Time `kv:"1"`
	Expires time.Time `kv:"2"`
}

// The tables.
var (
	vaults     = kv.Table[vault]{Name: "glacier.vault"}                                                            // name
	archives   = kv.Table[archive]{Name: "glacier.archive", Indexes: []kv.Index[archive]{archivesInOrder, ghosts}} // vault, id
	uploads    = kv.Table[upload]{Name: "glacier.upload"}                                                          // vault, id
	finishes   = kv.Table[finished]{Name: "glacier.finished"}                                                      // vault, upload id
	retrievals = kv.Table[retrieval]{Name: "glacier.retrieval", Indexes: []kv.Index[retrieval]{retrievalsInOrder}} // vault, id
	counts     = kv.Table[struct{}]{Name: "glacier.count"}                                                         // vault, what
	contents   = kv.Table[content]{Name: "glacier.content"}                                                        // id
	pieces     = kv.Table[piece]{Name: "glacier.piece"}                                                            // content, offset
	leaves     = kv.Table[leaf]{Name: "glacier.leaf"}                                                              // content, offset
	policies   = kv.Table[retrievalPolicy]{Name: "glacier.retrievalpolicy"}                                        // one for all
	hauls      = kv.Table[haul]{Name: "glacier.haul"}                                                              // end, job id
	allowances = kv.Table[haul]{Name: "glacier.allowance"}                                                         // day
	capacities = kv.Table[capacity]{Name: "glacier.capacity"}                                                      // id
	armed      = kv.Table[struct{}]{Name: "glacier.armed"}                                                         // what: a job that is put; in no scope
)

// archivesInOrder is the order of inventories.
var archivesInOrder = kv.Index[archive]{Name: "created", Key: func(a *archive) ([]kv.Part, bool) {
	return []kv.Part{kv.Uint(a.Vault), kv.Time(a.Created)}, true
}}

// ghosts finds the archives that are deleted and still in an inventory.
var ghosts = kv.Index[archive]{Name: "deleted", Key: func(a *archive) ([]kv.Part, bool) {
	return []kv.Part{kv.Uint(a.Vault), kv.Uint(a.Died)}, a.Deleted
}}

// retrievalsInOrder is the order of job lists.
var retrievalsInOrder = kv.Index[retrieval]{Name: "created", Key: func(r *retrieval) ([]kv.Part, bool) {
	return []kv.Part{kv.Uint(r.Vault), kv.Time(r.Created)}, true
}}

func (v *vault) archiveKey(id string) kv.Key {
	return archives.Key(v.at.Scope, kv.Uint(v.ID), kv.String(id))
}

func (v *vault) uploadKey(id string) kv.Key {
	return uploads.Key(v.at.Scope, kv.Uint(v.ID), kv.String(id))
}

func (v *vault) finishedKey(id string) kv.Key {
	return finishes.Key(v.at.Scope, kv.Uint(v.ID), kv.String(id))
}

func (v *vault) retrievalKey(id string) kv.Key {
	return retrievals.Key(v.at.Scope, kv.Uint(v.ID), kv.String(id))
}

// Counters of a vault, as of now.
const (
	countArchives = "archives"
	countBytes    = "bytes"
)

func (v *vault) countKey(what string) kv.Key {
	return counts.Key(v.at.Scope, kv.Uint(v.ID), kv.String(what))
}

func (v *vault) count(tx kv.Tx, a, bytes int64) {
	tx.Add(v.countKey(countArchives), a)
	tx.Add(v.countKey(countBytes), bytes)
}

func (v *vault) total(tx kv.Tx, what string) int64 {
	n, _ := tx.Get(v.countKey(what))
	return kv.CounterValue(n)
}

// lastPart is the last text element of a key.
func lastPart(r kv.Reader) string {
	r.Skip(1)
	return r.String()
}
