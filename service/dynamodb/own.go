package dynamodb

import (
	"slices"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// own are the settings of a replica that are not those of its global table.
// AWS: "Global tables: settings", which can be overridden.
type own struct {
	Read    int64      `kv:"1"` // units a second, provisioned
	MaxRead int64      `kv:"2"` // likewise, on demand
	Class   string     `kv:"3"`
	Key     string     `kv:"4"` // of KMS
	Indexes []ownIndex `kv:"5"`
}

// ownIndex are those of an index.
type ownIndex struct {
	Name    string `kv:"1"`
	Read    int64  `kv:"2"`
	MaxRead int64  `kv:"3"`
}

// settle gives the replica in a region settings of its own.
func (t *table) settle(tx kv.Tx, u *dynamodb.UpdateReplicationGroupMemberAction) error {
	region := aws.Region(u.RegionName)
	if err := t.ownRegion(region); err != nil {
		return err
	}
	o, ok := tables.Get(tx, t.in(region).key())
	if !ok || !slices.ContainsFunc(t.Replicas, func(r replica) bool { return r.Region == region }) {
		return invalid("Update global table operation failed because one or more replicas were not part of the global table.")
	}
	o.at = t.in(region)
	s := own{}
	if o.Own != nil {
		s = *o.Own
		s.Indexes = slices.Clone(s.Indexes)
	}
	if err := o.overridden(&s.Read, &s.MaxRead, u.ProvisionedThroughputOverride, u.OnDemandThroughputOverride); err != nil {
		return err
	}
	if u.TableClassOverride != "" {
		s.Class = string(u.TableClassOverride)
	}
	if u.KMSMasterKeyId != nil {
		s.Key = *u.KMSMasterKeyId
	}
	for _, g := range u.GlobalSecondaryIndexes {
		if x := o.index(g.IndexName); x == nil || !x.Global {
			return t.noIndex(g.IndexName)
		}
		i := slices.IndexFunc(s.Indexes, func(x ownIndex) bool { return x.Name == g.IndexName })
		if i < 0 {
			i, s.Indexes = len(s.Indexes), append(s.Indexes, ownIndex{Name: g.IndexName})
		}
		if err := o.overridden(&s.Indexes[i].Read, &s.Indexes[i].MaxRead, g.ProvisionedThroughputOverride, g.OnDemandThroughputOverride); err != nil {
			return err
		}
	}
	if s.Read == 0 && s.MaxRead == 0 && s.Class == "" && s.Key == "" && len(s.Indexes) == 0 {
		return nil
	}
	o.Own = &s
	o.applyOwn()
	o.stayWarm()
	tables.Put(tx, o.at.key(), o)
	return nil
}

// overridden sets a read capacity and a maximum, of which one can be by the billing
// mode.
func (t *table) overridden(read, most *int64, p *dynamodb.ProvisionedThroughputOverride, d *dynamodb.OnDemandThroughputOverride) error {
	switch {
	case p != nil && !t.provisioned():
		return invalidParameter("ProvisionedThroughputOverride cannot be specified when BillingMode is PAY_PER_REQUEST")
	case d != nil && t.provisioned():
		return invalidParameter("OnDemandThroughputOverride cannot be specified when BillingMode is PROVISIONED")
	case p != nil && p.ReadCapacityUnits != nil:
		*read = *p.ReadCapacityUnits
	case d != nil && d.MaxReadRequestUnits != nil:
		*most = *d.MaxReadRequestUnits
	}
	return nil
}

// applyOwn puts the replica's own settings in the place of those of all.
func (t *table) applyOwn() {
	s := t.Own
	if s == nil {
		return
	}
	if s.Class != "" {
		t.Class = s.Class
	}
	if s.Key != "" {
		t.Encryption = &encryption{Key: s.Key}
	}
	apply := func(p *throughput, o **onDemand, read, most int64) {
		switch {
		case t.provisioned() && read != 0:
			p.Read = read
		case !t.provisioned() && most != 0:
			d := onDemand{Read: most}
			if *o != nil {
				d.Write = (*o).Write
			}
			*o = &d
		}
	}
	apply(&t.Throughput, &t.OnDemand, s.Read, s.MaxRead)
	for _, i := range s.Indexes {
		if x := t.index(i.Name); x != nil {
			apply(&x.Throughput, &x.OnDemand, i.Read, i.MaxRead)
		}
	}
}

// describeOwn adds a replica's own settings to its description.
func (t *table) describeOwn(d *dynamodb.ReplicaDescription) {
	s := t.Own
	if s == nil {
		return
	}
	override := func(read, most int64) (p *dynamodb.ProvisionedThroughputOverride, o *dynamodb.OnDemandThroughputOverride) {
		if t.provisioned() && read != 0 {
			p = &dynamodb.ProvisionedThroughputOverride{ReadCapacityUnits: &read}
		}
		if !t.provisioned() && most != 0 {
			o = &dynamodb.OnDemandThroughputOverride{MaxReadRequestUnits: &most}
		}
		return p, o
	}
	d.ProvisionedThroughputOverride, d.OnDemandThroughputOverride = override(s.Read, s.MaxRead)
	d.KMSMasterKeyId = textOf(s.Key)
	if s.Class != "" {
		d.ReplicaTableClassSummary = &dynamodb.TableClassSummary{TableClass: dynamodb.TableClass(s.Class)}
	}
	for _, i := range s.Indexes {
		if t.index(i.Name) == nil {
			continue
		}
		g := dynamodb.ReplicaGlobalSecondaryIndexDescription{IndexName: ptr(i.Name)}
		g.ProvisionedThroughputOverride, g.OnDemandThroughputOverride = override(i.Read, i.MaxRead)
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, g)
	}
}
