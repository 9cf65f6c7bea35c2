package dynamodb

import (
	"slices"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/api/dynamodbstreams"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// globalVersion is the kind of global tables that there are: each replica is a
// table of the name in its region.
const globalVersion = "2019.11.21"

// updateReplicas adds, changes and removes replicas.
func (s *Service) updateReplicas(tx kv.Tx, t *table, updates []dynamodb.ReplicationGroupUpdate) error {
	for i := range updates {
		var err error
		switch u := &updates[i]; {
		case u.Disassociate != nil:
			return aws.NotImplemented("dynamodb", "UpdateTable that disassociates a replica")
		case u.Create != nil:
			if err = s.createReplica(tx, t, aws.Region(u.Create.RegionName)); err == nil {
				err = t.settle(tx, ptr(dynamodb.UpdateReplicationGroupMemberAction(*u.Create)))
			}
		case u.Update != nil:
			err = t.settle(tx, u.Update)
		case u.Delete != nil:
			err = t.deleteReplica(tx, aws.Region(u.Delete.RegionName))
		default:
			err = invalidParameter("One of ReplicationGroupUpdate Create, Update or Delete must be specified")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// in is where the table's replica in a region is.
func (t *table) in(r aws.Region) address {
	return address{kv.Scope{Account: t.at.Account, Region: r}, t.at.Name}
}

// ownRegion refuses an update about the region that it is made in.
func (t *table) ownRegion(r aws.Region) error {
	if r == t.at.Region {
		return invalid("Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.")
	}
	return nil
}

// createReplica makes an empty table like this one, and begins to fill it.
func (s *Service) createReplica(tx kv.Tx, t *table, region aws.Region) error {
	to := t.in(region)
	if err := t.ownRegion(region); err != nil {
		return err
	}
	switch view := string(dynamodbstreams.StreamViewTypeNEWANDOLDIMAGES); {
	case tables.Has(tx, to.key()):
		return invalid("Failed to create a the new replica of table with name: '%s' because one or more replicas already existed as tables.", t.at.Name)
	case t.isFilling():
		return dynamodb.ErrResourceInUseException("Attempt to change a resource which is still in use: Table is being updated: %s", t.at.Name)
	case t.StreamView == "":
		t.StreamView = view
		t.beginStream(tx, s.Random.Uint64())
	case t.StreamView != view:
		return invalid("Table must have a stream with the view %s to be replicated: %s", view, t.at.Name)
	}
	r := *t
	r.at, r.ID, r.UUID, r.Created = to, s.Random.Uint64(), aws.UUID(s.Random), tx.Now()
	r.Attributes, r.Indexes = slices.Clone(t.Attributes), slices.Clone(t.Indexes)
	r.Tags, r.Policy, r.Revision, r.Protected = nil, "", "", false
	r.Hold, r.Lag, r.Insights, r.Destinations = 0, 0, nil, nil
	for i := range r.Indexes {
		r.Indexes[i].Insights = nil
	}
	r.Own = nil
	r.Replicas = []replica{{Region: t.at.Region}}
	for _, other := range t.Replicas {
		r.Replicas = append(r.Replicas, replica{Region: other.Region})
	}
	err := t.eachReplica(tx, func(o *table) error {
		o.Replicas = append(o.Replicas, replica{Region: region})
		return nil
	})
	t.Replicas = append(t.Replicas, replica{Region: region, Filling: true})
	r.beginStream(tx, s.Random.Uint64())
	tables.Put(tx, to.key(), &r)
	(&sweep{Table: t.ID, Region: string(region)}).put(tx, t.at)
	return err
}

func (t *table) isFilling() bool {
	return slices.ContainsFunc(t.Indexes, func(x index) bool { return x.Filling })
}

// deleteReplica deletes the table in another region.
func (t *table) deleteReplica(tx kv.Tx, region aws.Region) error {
	if err := t.ownRegion(region); err != nil {
		return err
	}
	gone, ok := tables.Get(tx, t.in(region).key())
	if !ok || !slices.ContainsFunc(t.Replicas, func(r replica) bool { return r.Region == region }) {
		return invalid("Update global table operation failed because one or more replicas were not part of the global table.")
	}
	gone.at = t.in(region)
	if err := gone.leave(tx); err != nil {
		return err
	}
	gone.endStream(tx)
	gone.drop(tx)
	tables.Delete(tx, gone.at.key())
	t.forgetReplica(region)
	return nil
}

func (t *table) forgetReplica(region aws.Region) {
	t.Replicas = slices.DeleteFunc(t.Replicas, func(r replica) bool { return r.Region == region })
}

// leave tells the other replicas that this one is no more.
func (t *table) leave(tx kv.Tx) error {
	return t.eachReplica(tx, func(o *table) error {
		o.forgetReplica(t.at.Region)
		return nil
	})
}

// eachReplica changes the other replicas.
func (t *table) eachReplica(tx kv.Tx, fn func(*table) error) error {
	for _, r := range t.Replicas {
		o, ok := tables.Get(tx, t.in(r.Region).key())
		if !ok {
			continue
		}
		o.at = t.in(r.Region)
		if err := fn(o); err != nil {
			return err
		}
		tables.Put(tx, o.at.key(), o)
	}
	return nil
}

// synchronize gives the other replicas the settings that are the same in all.
// AWS: "Global tables: settings", which are synchronised.
func (t *table) synchronize(tx kv.Tx, in *dynamodb.UpdateTableInput) error {
	return t.eachReplica(tx, func(o *table) error {
		o.stayWarm()
		read := o.Throughput.Read
		o.Billing, o.Throughput, o.OnDemand, o.OnDemandAt = t.Billing, t.Throughput, t.OnDemand, t.OnDemandAt
		if t.Own != nil && t.Own.Read != 0 && in.ProvisionedThroughput == nil {
			o.Throughput.Read = read // that of t is its own
		}
		o.Encryption = t.Encryption
		if err := o.updateIndexes(tx, in); err != nil {
			return err
		}
		o.applyOwn()
		o.stayWarm()
		return nil
	})
}

// describeReplicas adds the other replicas to a description.
func (t *table) describeReplicas(tx kv.Tx, d *dynamodb.TableDescription) {
	for _, r := range t.Replicas {
		status := dynamodb.ReplicaStatusACTIVE
		if r.Filling {
			status = dynamodb.ReplicaStatusCREATING
		}
		d.GlobalTableVersion = ptr(globalVersion)
		one := dynamodb.ReplicaDescription{RegionName: ptr(string(r.Region)), ReplicaStatus: status, ReplicaArn: ptr(t.in(r.Region).arn())}
		if o, ok := t.in(r.Region).find(tx); ok {
			o.describeOwn(&one)
		}
		d.Replicas = append(d.Replicas, one)
	}
}
