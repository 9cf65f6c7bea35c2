package glacier

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// wroteTo notes that the vault's last inventory is no longer true, and has the
// next one made at its time of day.
func (v *vault) wroteTo(tx kv.Tx) {
	if !v.Due.IsZero() {
		return
	}
	changed := *v
	changed.Due = nextInventory(v.Created, tx.Now())
	vaults.Put(tx, v.at.key(), &changed)
	job.Put(tx, v.errandFor(kindInventory, v.at.Name, changed.Due))
}

// nextInventory is the first instant after now that is whole days after created.
// AWS: "Downloading a Vault Inventory": an inventory is made about once a day.
func nextInventory(created, now time.Time) time.Time {
	days := now.Sub(created)/inventoryEvery + 1
	return created.Add(days * inventoryEvery)
}

// takeInventory is the job.
func (s *Service) takeInventory(_ context.Context, tx kv.Tx, j *job.Job) error {
	v, ok := findErrand(tx, j)
	if !ok || v.Due.IsZero() {
		return nil
	}
	changed := *v
	changed.Due = time.Time{}
	changed.Inventory = inventory{
		Date: tx.Now(), Archives: v.total(tx, countArchives), Bytes: v.total(tx, countBytes), Number: v.Inventory.Number + 1,
	}
	vaults.Put(tx, v.at.key(), &changed)
	job.PutNow(tx, &job.Job{Kind: kindForget, Scope: j.Scope, ID: j.ID, Payload: j.Payload})
	return nil
}

// forgetGhosts is the job that forgets archives which were deleted before the
// last inventory.
func (s *Service) forgetGhosts(_ context.Context, tx kv.Tx, j *job.Job) error {
	v, ok := findErrand(tx, j)
	if !ok {
		return nil
	}
	var gone []kv.Key
	for _, key := range archives.KeysBy(tx, v.diedBefore(v.Inventory.Number)) {
		if gone = append(gone, key); len(gone) == pageSize {
			job.PutNow(tx, j)
			break
		}
	}
	for _, key := range gone {
		archives.Delete(tx, key)
	}
	return nil
}

// diedBefore is the entries of ghosts that no inventory from this one on has.
func (v *vault) diedBefore(number uint64) kv.Range {
	prefix := archives.IndexPrefix(&ghosts, v.at.Scope, kv.Uint(v.ID))
	return kv.Range{From: prefix, To: prefix.With(kv.Uint(number))}
}

// errand is the payload of jobs about a vault. One that was made anew under the
// name has other errands.
type errand struct {
	Vault uint64 `kv:"1"`
	Name  string `kv:"2"`
}

// errandFor is a job about something of the vault with an id.
func (v *vault) errandFor(kind, id string, due time.Time) *job.Job {
	return &job.Job{Kind: kind, Scope: v.at.Scope, ID: id, Due: due, Payload: kv.Append(nil, &errand{Vault: v.ID, Name: v.at.Name})}
}

// findErrand finds the vault that a job is about, if it is still there.
func findErrand(tx kv.Tx, j *job.Job) (*vault, bool) {
	var e errand
	if err := kv.Decode(j.Payload, &e); err != nil {
		return nil, false
	}
	v, err := address{j.Scope, e.Name}.find(tx)
	return v, err == nil && v.ID == e.Vault
}
