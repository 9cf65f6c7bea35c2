package s3

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/state/kv"
)

// Meter counts usage outside of calls' own; *meter.Meter is one.
type Meter interface {
	Add(call *aws.Call, used []meter.Usage)
}

// tariff is how a storage class is billed.
// AWS: "Understanding your AWS billing and usage reports for Amazon S3", and
// "Understanding and managing Amazon S3 storage classes": minimum sizes and durations.
type tariff struct {
	mark    string // in the names of its dimensions
	least   int64  // smaller objects are billed as this size
	days    int    // those that go earlier are billed for the rest
	index   int64  // bytes that describe an archived object, in its class
	listing int64  // and those of its name, in STANDARD
	indexed string // the mark of the class that index counts in, where it is another
	reads   bool   // reading has a price by the byte
}

func (o *object) tariff() tariff {
	if o.Class == classTiering {
		return tierTariff(o.Tier)
	}
	return tariffOf(o.Class)
}

func tariffOf(class string) tariff {
	switch class {
	case classIA:
		return tariff{mark: "SIA-", least: 128 << 10, days: 30, reads: true}
	case classOneZone:
		return tariff{mark: "ZIA-", least: 128 << 10, days: 30, reads: true}
	case classInstant:
		return tariff{mark: "GIR-", least: 128 << 10, days: 90, reads: true}
	case classGlacier:
		return tariff{mark: "Glacier", days: 90, index: 32 << 10, listing: 8 << 10}
	case classDeep:
		return tariff{mark: "GDA-", days: 180, index: 32 << 10, listing: 8 << 10}
	case classTiering:
		return tariff{mark: "INT-FA-"}
	case classExpress:
		return tariff{mark: "XZ-"}
	case classReduced:
		return tariff{mark: "RRS-"}
	}
	return tariff{}
}

func (t tariff) stored() string { return "TimedStorage-" + t.mark + "ByteHrs" }

// plain is what the dimensions other than stored append.
func (t tariff) plain() string {
	switch t.mark {
	case "Glacier":
		return "ByteHrs"
	case "":
		return ""
	}
	return t.mark[:len(t.mark)-1]
}

func (b *bucket) usage(dimension string) meter.Place {
	return meter.Place{Account: aws.Account(b.Account), Region: aws.Region(b.Region), Service: "s3", Dimension: dimension}
}

// bill begins to bill what a new version takes.
func (b *bucket) bill(tx kv.Tx, o *object) {
	if o.Marker {
		return
	}
	o.Billed = true
	b.charge(tx, o, 1)
	if o.monitored() {
		b.watch(tx)
	}
}

// settle ends it, because the version goes, or goes to another class. What is
// early for its class is billed for the time that is left.
func (b *bucket) settle(tx kv.Tx, o *object) {
	if !o.Billed { // an older Brume put it
		return
	}
	o.Billed = false
	b.charge(tx, o, -1)
	t := o.tariff()
	began := o.Modified
	if !o.Moved.IsZero() {
		began = o.Moved
	}
	if left := began.Add(time.Duration(t.days) * day).Sub(tx.Now()); t.days > 0 && left > 0 {
		size, hours, seconds := max(o.Size, t.least), int64(left/time.Hour), int64(left%time.Hour/time.Second)
		meter.Count(tx, b.usage("EarlyDelete-"+t.plain()), size*hours+size*seconds/3600)
	}
}

// rebill bills o in the place of old. Where there is nothing to it but the
// difference in size, that is all that is counted.
func (b *bucket) rebill(tx kv.Tx, old, o *object) {
	if old.Billed && old.Class == "" && o.Class == "" && !o.Marker {
		o.Billed = true
		meter.Keep(tx, b.usage(tariff{}.stored()), o.Size-old.Size)
		return
	}
	b.settle(tx, old)
	b.bill(tx, o)
}

func (b *bucket) charge(tx kv.Tx, o *object, sign int64) {
	t := o.tariff()
	if t.indexed == "" {
		meter.Keep(tx, b.usage(t.stored()), sign*(o.Size+t.index))
	} else {
		meter.Keep(tx, b.usage(t.stored()), sign*o.Size)
		meter.Keep(tx, b.usage(tariff{mark: t.indexed}.stored()), sign*t.index)
	}
	if o.monitored() {
		meter.Keep(tx, b.usage("Monitoring-Automation-INT"), sign)
	}
	if short := t.least - o.Size; short > 0 {
		meter.Keep(tx, b.usage("TimedStorage-"+t.mark+"SmObjects"), sign*short)
	}
	standard := t.listing
	if o.Thawed {
		standard += o.Size
	}
	if standard > 0 {
		meter.Keep(tx, b.usage(tariff{}.stored()), sign*standard)
	}
}

// thaw begins or ends to bill the copy of a restored object.
// AWS: "Restoring an archived object": both are paid for, the copy as STANDARD.
func (b *bucket) thaw(tx kv.Tx, o *object, thawed bool) {
	if !o.Billed || o.Thawed == thawed {
		return
	}
	b.charge(tx, o, -1)
	o.Thawed = thawed
	b.charge(tx, o, 1)
}

// billPart begins or ends to bill a part of an upload under way.
// AWS: "Uploading and copying objects using multipart upload", pricing: parts
// for an archive wait in STANDARD.
func (b *bucket) billPart(tx kv.Tx, u *upload, p *part, begins bool) {
	t := tariffOf(u.Object.Class)
	if u.Object.archived() {
		t = tariff{}
	}
	switch {
	case begins:
		p.Billed = true
		meter.Keep(tx, b.usage(t.stored()), p.Size)
	case p.Billed:
		p.Billed = false
		meter.Keep(tx, b.usage(t.stored()), -p.Size)
	}
}

// readOut counts the bytes that are read of an object whose class has a price
// for that, and notes the access where one has consequences.
func (s *Service) readOut(ctx context.Context, src *source) {
	if src.o.stale(src.now) {
		s.touch(ctx, src)
	}
	t := tariffOf(src.o.Class)
	if !t.reads || src.size == 0 {
		return
	}
	call := aws.Call{Service: "s3", Account: aws.Account(src.b.Account), Region: aws.Region(src.b.Region)}
	s.Meter.Add(&call, []meter.Usage{{Dimension: "Retrieval-" + t.plain(), Amount: src.size}})
}

// takeOut counts the bytes of an archived object that are restored.
func (b *bucket) takeOut(tx kv.Tx, o *object, tier string) {
	if tier == "" {
		tier = "Standard"
	}
	dimension := tier + "-Retrieval-Bytes"
	if o.Class == classTiering && tier != "Expedited" {
		return // AWS: "Amazon S3 pricing": Intelligent-Tiering has a price for haste alone
	}
	if o.Class == classDeep {
		dimension = "GDA-" + dimension
	}
	meter.Count(tx, b.usage(dimension), o.Size)
}
