package dynamodb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
)

// newTable checks a CreateTable and makes the record of the table.
func newTable(in *dynamodb.CreateTableInput) (*table, error) {
	t := &table{Protected: deref(in.DeletionProtectionEnabled), Class: string(in.TableClass)}
	steps := []func() error{
		func() error { return badName(addressName(in.TableName), "tableName", minTableName) },
		func() (err error) { t.Keys, err = keysOf(in.KeySchema, 1); return err },
		func() error { return t.define(in.AttributeDefinitions) },
		func() error { return t.setBilling(in.BillingMode, in.ProvisionedThroughput) },
		func() error { return t.addLocals(in.LocalSecondaryIndexes) },
		func() error { return t.addGlobals(in.GlobalSecondaryIndexes) },
		func() error { return t.checkDefinitions() },
		func() error { return t.setStream(in.StreamSpecification) },
		func() error { return t.setEncryption(in.SSESpecification) },
		func() error { return t.addTags(in.Tags) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return t, t.limitOnDemand(in.OnDemandThroughput)
}

// addressName is the name in a TableName, which may be an ARN.
func addressName(name string) string {
	if a, ok := addressOfARN(name); ok {
		return a.Name
	}
	return name
}

// keysOf reads a key schema, in which there may be so many attributes of each type.
func keysOf(schema []dynamodb.KeySchemaElement, most int) (keys, error) {
	var k keys
	if len(schema) == 0 || schema[0].KeyType != dynamodb.KeyTypeHASH {
		return k, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	k.Hash = schema[0].AttributeName
	if len(schema) > 2 && most > 1 {
		return manyKeysOf(schema)
	}
	switch {
	case len(schema) > 2:
		var all []string
		for _, e := range schema {
			all = append(all, fmt.Sprintf("KeySchemaElement(attributeName=%s, keyType=%s)", e.AttributeName, e.KeyType))
		}
		return k, invalid("1 validation error detected: Value '[%s]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2", strings.Join(all, ", "))
	case most > 1 && len(schema) == 2 && schema[1].KeyType == dynamodb.KeyTypeHASH:
		return manyKeysOf(schema)
	case len(schema) == 1:
		return k, nil
	case schema[1].KeyType != dynamodb.KeyTypeRANGE:
		return k, invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	case schema[1].AttributeName == k.Hash:
		return k, invalid("Invalid KeySchema: Some index key attribute have no definition")
	}
	k.Range = schema[1].AttributeName
	return k, nil
}

// manyKeysOf reads a key schema with several attributes of a type.
// AWS: "Multi-attribute keys pattern".
func manyKeysOf(schema []dynamodb.KeySchemaElement) (k keys, err error) {
	var hashes, ranges []string
	for _, e := range schema {
		if slices.Contains(hashes, e.AttributeName) || slices.Contains(ranges, e.AttributeName) {
			return k, invalid("Invalid KeySchema: An attribute is named more than once: %s", e.AttributeName)
		}
		switch {
		case e.KeyType == dynamodb.KeyTypeRANGE:
			ranges = append(ranges, e.AttributeName)
		case len(ranges) > 0:
			return k, invalid("Invalid KeySchema: HASH key attributes must come before RANGE key attributes")
		default:
			hashes = append(hashes, e.AttributeName)
		}
	}
	if len(hashes) > maxKeyParts || len(ranges) > maxKeyParts {
		return k, invalid("Invalid KeySchema: a key has at most %d HASH and %d RANGE key attributes", maxKeyParts, maxKeyParts)
	}
	k.Hash, k.Hashes = hashes[0], hashes[1:]
	if len(ranges) > 0 {
		k.Range, k.Ranges = ranges[0], ranges[1:]
	}
	return k, nil
}

// define takes attribute definitions, new ones beside those that are there.
func (t *table) define(definitions []dynamodb.AttributeDefinition) error {
	for _, d := range definitions {
		if len(d.AttributeName) > maxKeyName {
			return invalidParameter("Attribute name is too large, must be less than %d bytes", maxKeyName+1)
		}
		had := t.typeOfKey(d.AttributeName)
		if had != "" && had != string(d.AttributeType) {
			return invalid("Cannot have two attributes with the same name")
		}
		if had == "" {
			t.Attributes = append(t.Attributes, definition{d.AttributeName, string(d.AttributeType)})
		}
	}
	return nil
}

// checkDefinitions refuses key attributes without a definition, and the reverse.
func (t *table) checkDefinitions() error {
	used := t.Keys.names()
	for i := range t.Indexes {
		used = append(used, t.Indexes[i].Keys.names()...)
	}
	slices.Sort(used)
	used = slices.Compact(used)
	var defined []string
	for _, d := range t.Attributes {
		defined = append(defined, d.Name)
	}
	for _, name := range used {
		if !slices.Contains(defined, name) {
			return invalidParameter("Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]", strings.Join(used, ", "), strings.Join(defined, ", "))
		}
	}
	switch {
	case len(used) == len(defined):
		return nil
	case len(t.Indexes) == 0:
		return invalidParameter("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	return invalidParameter("Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]", strings.Join(defined, ", "), strings.Join(used, ", "))
}

// setBilling sets the billing mode and the capacity.
func (t *table) setBilling(mode dynamodb.BillingMode, p *dynamodb.ProvisionedThroughput) error {
	if mode == dynamodb.BillingModePAYPERREQUEST {
		if p != nil {
			return invalidParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		t.Billing = string(mode)
		return nil
	}
	if p == nil {
		return invalidParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	t.Billing = string(dynamodb.BillingModePROVISIONED)
	t.Throughput = throughput{Read: p.ReadCapacityUnits, Write: p.WriteCapacityUnits}
	return nil
}

func (t *table) provisioned() bool { return t.Billing == string(dynamodb.BillingModePROVISIONED) }

func (t *table) addLocals(locals []dynamodb.LocalSecondaryIndex) error {
	if len(locals) > maxLocals {
		return invalidParameter("Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocals)
	}
	for i := range locals {
		l := &locals[i]
		if t.Keys.Range == "" {
			return invalidParameter("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
		}
		x := index{Name: l.IndexName}
		if err := t.addIndex(&x, l.KeySchema, l.Projection); err != nil {
			return err
		}
		switch {
		case x.Keys.Range == "":
			return invalidParameter("Index KeySchema does not have a range key for index: %s", x.Name)
		case x.Keys.Hash != t.Keys.Hash:
			return invalidParameter("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", x.Name, x.Keys.Hash, t.Keys.Hash)
		}
	}
	return nil
}

func (t *table) addGlobals(globals []dynamodb.GlobalSecondaryIndex) error {
	for i := range globals {
		g := &globals[i]
		x := index{Name: g.IndexName, Global: true, OnDemand: onDemandOf(g.OnDemandThroughput)}
		if err := t.capacityOf(&x, g.ProvisionedThroughput); err != nil {
			return err
		}
		if err := t.addIndex(&x, g.KeySchema, g.Projection); err != nil {
			return err
		}
	}
	return nil
}

// capacityOf sets the capacity of a new global index.
func (t *table) capacityOf(x *index, p *dynamodb.ProvisionedThroughput) error {
	switch {
	case t.provisioned() && p == nil:
		return invalidParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified for index: %s", x.Name)
	case !t.provisioned() && p != nil:
		return invalidParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: %s when BillingMode is PAY_PER_REQUEST", x.Name)
	case p != nil:
		x.Throughput = throughput{Read: p.ReadCapacityUnits, Write: p.WriteCapacityUnits}
	}
	return nil
}

// addIndex completes an index, checks it and adds it to the table.
func (t *table) addIndex(x *index, schema []dynamodb.KeySchemaElement, p *dynamodb.Projection) error {
	if err := validName(x.Name); err != nil {
		return err
	}
	if t.index(x.Name) != nil {
		return invalidParameter("Duplicate index name: %s", x.Name)
	}
	var err error
	most := 1
	if x.Global {
		most = maxKeyParts
	}
	if x.Keys, err = keysOf(schema, most); err != nil {
		return err
	}
	if err := x.project(p); err != nil {
		return err
	}
	t.LastIndex++
	x.ID = t.LastIndex
	t.Indexes = append(t.Indexes, *x)
	globals, projected := 0, 0
	for i := range t.Indexes {
		projected += len(t.Indexes[i].Include)
		if t.Indexes[i].Global {
			globals++
		}
	}
	switch {
	case globals > maxGlobals:
		return invalidParameter("GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobals)
	case projected > maxProjected:
		return invalidParameter("Number of projected attributes in all indexes exceeds the per-table limit of %d", maxProjected)
	}
	return nil
}

// project sets what an index projects.
func (x *index) project(p *dynamodb.Projection) error {
	if p == nil || p.ProjectionType == "" {
		return invalidParameter("Unknown ProjectionType: null")
	}
	x.Projection, x.Include = string(p.ProjectionType), p.NonKeyAttributes
	include := p.ProjectionType == dynamodb.ProjectionTypeINCLUDE
	switch {
	case include && len(x.Include) == 0:
		return invalidParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	case !include && len(x.Include) > 0:
		return invalidParameter("ProjectionType is %s, but NonKeyAttributes is specified", p.ProjectionType)
	}
	return nil
}

func (t *table) setStream(s *dynamodb.StreamSpecification) error {
	switch {
	case s == nil:
		return nil
	case s.StreamEnabled && s.StreamViewType == "":
		return invalidParameter("StreamViewType must be specified when StreamEnabled is true")
	case !s.StreamEnabled && s.StreamViewType != "":
		return invalidParameter("StreamViewType cannot be specified when StreamEnabled is false")
	}
	t.StreamView = string(s.StreamViewType)
	return nil
}

func (t *table) setEncryption(s *dynamodb.SSESpecification) error {
	if s == nil {
		return nil
	}
	t.Encryption = nil
	if deref(s.Enabled) {
		t.Encryption = &encryption{Key: deref(s.KMSMasterKeyId)}
		if t.Encryption.Key == "" {
			t.Encryption.Key = managedKey
		}
	}
	return nil
}

// limitOnDemand sets the maxima of an on-demand table.
func (t *table) limitOnDemand(o *dynamodb.OnDemandThroughput) error {
	if o == nil {
		return nil
	}
	for _, m := range []struct {
		name  string
		units *int64
	}{{"MaxReadRequestUnits", o.MaxReadRequestUnits}, {"MaxWriteRequestUnits", o.MaxWriteRequestUnits}} {
		switch {
		case m.units == nil:
		case t.provisioned():
			return invalidParameter("%s for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED", m.name)
		case *m.units < 1 && *m.units != -1:
			return invalidParameter("Requested %s for OnDemandThroughput for table is outside of valid range", m.name)
		}
	}
	t.OnDemand = onDemandOf(o)
	return nil
}

func onDemandOf(o *dynamodb.OnDemandThroughput) *onDemand {
	if o == nil {
		return nil
	}
	return &onDemand{Read: deref(o.MaxReadRequestUnits), Write: deref(o.MaxWriteRequestUnits)}
}

// managedKey is the KMS key that AWS keeps for the service.
const managedKey = "alias/aws/dynamodb"
