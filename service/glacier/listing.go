package glacier

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/kv"
)

// inventoryRange is the entries of archivesInOrder that an inventory retrieval
// asks for, as of the vault's last inventory.
func (v *vault) inventoryRange(r *retrieval) (kv.Range, error) {
	prefix := archives.IndexPrefix(&archivesInOrder, v.at.Scope, kv.Uint(v.ID))
	all := kv.Range{From: prefix, To: prefix.With(kv.Time(v.Inventory.Date)).End()}
	if !r.Start.IsZero() {
		all.From = prefix.With(kv.Time(r.Start))
	}
	if !r.End.IsZero() && !r.End.After(v.Inventory.Date) {
		all.To = prefix.With(kv.Time(r.End))
	}
	if r.Marker == "" {
		return all, nil
	}
	start, err := base64.RawURLEncoding.DecodeString(r.Marker)
	if err != nil || !kv.Prefix(prefix).Contains(start) {
		return all, invalid("Invalid marker: %s", r.Marker)
	}
	if all.From.Compare(start) < 0 {
		all.From = start
	}
	return all, nil
}

// listing is an inventory being written. It goes through the archives page by
// page, so that it needs little memory whatever their number.
type listing struct {
	*Service
	v     *vault // as it was at the beginning
	r     *retrieval
	out   *bufio.Writer
	count int
	next  string // marker of what was left out
}

// write writes the inventory into a blob.
func (l *listing) write(ctx context.Context) (blob.Ref, error) {
	w, err := l.Blobs.Create(ctx)
	if err != nil {
		return blob.Ref{}, err
	}
	defer w.Abort()
	l.out = bufio.NewWriter(w)
	all, err := l.v.inventoryRange(l.r)
	if err != nil {
		return blob.Ref{}, err
	}
	l.begin()
	for more := true; more; {
		var found []*archive
		if found, more, err = l.page(ctx, &all); err != nil {
			return blob.Ref{}, err
		}
		for _, a := range found {
			l.add(a)
		}
	}
	l.end()
	if err := l.out.Flush(); err != nil {
		return blob.Ref{}, err
	}
	return w.Commit()
}

// page reads the next archives, and moves the beginning of left behind them.
func (l *listing) page(ctx context.Context, left *kv.Range) (found []*archive, more bool, err error) {
	from := *left
	err = kv.View(ctx, l.Store, func(tx kv.Tx) error {
		found, more = nil, false
		seen := 0
		for entry, key := range archives.KeysBy(tx, from) {
			if l.r.Limit > 0 && l.count+len(found) == l.r.Limit {
				l.next = *markerOf(entry)
				return nil
			}
			if seen == pageSize {
				more, left.From = true, slices.Clone(entry) // it outlives the transaction
				return nil
			}
			seen++
			if a, ok := archives.Get(tx, key); ok && a.isIn(&l.v.Inventory) {
				a.id = lastPart(archives.Parts(key))
				found = append(found, a)
			}
		}
		return nil
	})
	return found, more, err
}

// begin writes what comes before the archives. Writing errors show in the end.
func (l *listing) begin() {
	if l.r.Format == formatCSV {
		_, _ = io.WriteString(l.out, "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n")
		return
	}
	fmt.Fprintf(l.out, `{"VaultARN":%q,"InventoryDate":%q,"ArchiveList":[`, l.v.at.arn(), listDate(l.v.Inventory.Date))
}

// listDate writes an instant as inventories do.
// AWS: "Get Job Output": to the second.
func listDate(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// listed is an archive in an inventory.
type listed struct {
	ArchiveId          string
	ArchiveDescription string
	CreationDate       string
	Size               int64
	SHA256TreeHash     string
}

func (l *listing) add(a *archive) {
	row := listed{a.id, a.Description, listDate(a.Created), a.Size, hex.EncodeToString(a.TreeHash)}
	if l.r.Format == formatCSV {
		fmt.Fprintf(l.out, "%s,%s,%s,%d,%s\n", row.ArchiveId, csvField(row.ArchiveDescription), row.CreationDate, row.Size, row.SHA256TreeHash)
	} else {
		if l.count > 0 {
			_ = l.out.WriteByte(',')
		}
		b, _ := json.Marshal(&row) // of strings and a number: it cannot fail
		_, _ = l.out.Write(b)
	}
	l.count++
}

func (l *listing) end() {
	if l.r.Format == formatJSON {
		_, _ = io.WriteString(l.out, "]}")
	}
}

// csvField quotes a field that needs it.
// AWS: "Get Job Output": quotes are escaped by a backslash, backslashes are not.
func csvField(s string) string {
	if !strings.ContainsAny(s, `,"`) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
}
