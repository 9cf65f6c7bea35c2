package dynamodb

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/state/kv"
)

// partition is where in a table all items with one partition key are: the first
// half of a digest of its value. It makes keys short whatever the value is.
type partition struct{ high, low uint64 }

func (p partition) parts() []kv.Part { return []kv.Part{kv.Uint(p.high), kv.Uint(p.low)} }

func digest(b []byte) partition {
	sum := sha256.Sum256(b)
	return partition{binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])}
}

// keyBytes is a key attribute's value as bytes that order as values do.
func keyBytes(v value) string {
	if v.Is(attribute.N) {
		return string(number(v.Text()).AppendKey(nil))
	}
	return v.Text()
}

func partitionOf(v value) partition { return digest([]byte(keyBytes(v))) }

// partitionOfAll is partitionOf for a key of several attributes.
func partitionOfAll(all []value) partition {
	if len(all) == 1 {
		return partitionOf(all[0])
	}
	var b []byte
	for _, v := range all {
		k := keyBytes(v)
		b = append(binary.AppendUvarint(b, uint64(len(k))), k...)
	}
	return digest(b)
}

// partitionIn is the partition in an index of an item that is in it.
func (x *index) partitionIn(it item) partition {
	if len(x.Keys.Hashes) == 0 {
		return partitionOf(it.Value(x.Keys.Hash))
	}
	var all []value
	for _, name := range x.Keys.hashes() {
		all = append(all, it.Value(name))
	}
	return partitionOfAll(all)
}

// sortPart is text even where the value is not, for kv.TextPrefix.
func sortPart(v value) kv.Part { return kv.String(keyBytes(v)) }

// primary is the digest of an item's whole primary key.
func (t *table) primary(it item) partition {
	hash := keyBytes(it.Value(t.Keys.Hash))
	b := append(binary.AppendUvarint(nil, uint64(len(hash))), hash...)
	if t.Keys.Range != "" {
		b = append(b, keyBytes(it.Value(t.Keys.Range))...)
	}
	return digest(b)
}

// itemKey is the key of the item, or of the item with the key, it.
func (t *table) itemKey(it item) kv.Key {
	p := partitionOf(it.Value(t.Keys.Hash))
	if t.Keys.Range == "" {
		return items.Key(t.at.Scope, kv.Uint(t.ID), kv.Uint(p.high), kv.Uint(p.low))
	}
	return items.Key(t.at.Scope, kv.Uint(t.ID), kv.Uint(p.high), kv.Uint(p.low), sortPart(it.Value(t.Keys.Range)))
}

// entryKey is the key of an item's entry in an index.
func (t *table) entryKey(x *index, it item) kv.Key {
	parts := append([]kv.Part{kv.Uint(t.ID), kv.Uint(x.ID)}, x.partitionIn(it).parts()...)
	if x.Keys.Range != "" {
		parts = append(parts, sortPart(it.Value(x.Keys.Range)))
	}
	for _, name := range x.Keys.Ranges {
		parts = append(parts, sortPart(it.Value(name)))
	}
	return entries.Key(t.at.Scope, append(parts, t.primary(it).parts()...)...)
}

// typeOfKey is the type that a key attribute must have.
func (t *table) typeOfKey(name string) string {
	for _, d := range t.Attributes {
		if d.Name == name {
			return d.Type
		}
	}
	return ""
}

// names returns the attributes of the key.
func (k keys) names() []string {
	if k.many() {
		return append(k.hashes(), k.ranges()...)
	}
	if k.Range == "" {
		return []string{k.Hash}
	}
	return []string{k.Hash, k.Range}
}

// many reports whether there are several attributes of a type.
func (k keys) many() bool { return len(k.Hashes)+len(k.Ranges) > 0 }

func (k keys) hashes() []string { return append([]string{k.Hash}, k.Hashes...) }

func (k keys) ranges() []string {
	if k.Range == "" {
		return nil
	}
	return append([]string{k.Range}, k.Ranges...)
}

func (k keys) has(name string) bool {
	return name == k.Hash || name != "" && name == k.Range || k.many() && slices.Contains(k.names(), name)
}

// same reports whether two keys are of the same attributes.
func (k keys) same(o keys) bool {
	return slices.Equal(k.hashes(), o.hashes()) && slices.Equal(k.ranges(), o.ranges())
}

// checkedKey checks a Key parameter, which has exactly the table's key attributes,
// and returns it normalised.
func (t *table) checkedKey(key item) (item, error) {
	key, err := checkedItem(key)
	if err != nil {
		return "", err
	}
	if key.Len() != len(t.Keys.names()) || !t.hasKey(key) {
		return "", wrongKey()
	}
	return key, t.checkKeySizes(key)
}

func wrongKey() error { return invalid("The provided key element does not match the schema") }

// hasKey reports whether an item has the table's key attributes, with their types.
func (t *table) hasKey(it item) bool {
	for _, name := range t.Keys.names() {
		if !it.Value(name).Is(t.typeOfKey(name)) {
			return false
		}
	}
	return true
}

// checkUpdatedKeys refuses an update that makes a key of an index empty, which has
// other words than a whole item with such a key.
func (t *table) checkUpdatedKeys(it item) error {
	for i := range t.Indexes {
		for _, name := range t.Indexes[i].Keys.names() {
			v, ok := it.Get(name)
			if !ok || t.Keys.has(name) || keySize(v) > 0 {
				continue
			}
			kind := "string"
			if v.Is(attribute.B) {
				kind = "binary"
			}
			return invalid("%s The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty %s value.", notValid, kind)
		}
	}
	return nil
}

// notValid begins the errors for empty keys. AWS: a transaction with one is refused
// rather than cancelled.
const notValid = "One or more parameter values are not valid."

// checkWhole checks an item that is to be stored: values, key, index keys, size.
func (t *table) checkWhole(it item) error {
	for _, name := range t.Keys.names() {
		v, ok := it.Get(name)
		if !ok {
			return invalidParameter("Missing the key %s in the item", name)
		}
		if got, want := v.Type(), t.typeOfKey(name); got != want {
			return invalidParameter("Type mismatch for key %s expected: %s actual: %s", name, want, got)
		}
	}
	if err := t.checkKeySizes(it); err != nil {
		return err
	}
	for i := range t.Indexes {
		if err := t.checkIndexKey(&t.Indexes[i], it); err != nil {
			return err
		}
	}
	if itemSize(it) > maxItem {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

// checkKeySizes refuses empty and too long key values.
func (t *table) checkKeySizes(it item) error {
	for _, name := range t.Keys.names() {
		v := it.Value(name)
		n := keySize(v)
		switch {
		case n == 0 && v.Is(attribute.S):
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
		case n == 0:
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: %s", name)
		case name == t.Keys.Hash && n > maxHashKey:
			return invalidParameter("Size of hashkey has exceeded the maximum size limit of%d bytes", maxHashKey)
		case name == t.Keys.Range && n > maxRangeKey:
			return invalidParameter("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxRangeKey)
		}
	}
	return nil
}

func keySize(v value) int {
	if v.Is(attribute.N) {
		return 1
	}
	return len(v.Text())
}

// checkIndexKey refuses an item that has a key attribute of an index with
// another type or an impossible value. One that lacks it is not in the index.
func (t *table) checkIndexKey(x *index, it item) error {
	for _, name := range x.Keys.names() {
		v, ok := it.Get(name)
		if !ok || t.Keys.has(name) {
			continue
		}
		if got, want := v.Type(), t.typeOfKey(name); got != want {
			return invalidParameter("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", name, want, got, x.Name)
		}
		most := maxHashKey
		if name == x.Keys.Range || slices.Contains(x.Keys.Ranges, name) {
			most = maxRangeKey
		}
		switch n := keySize(v); {
		case n == 0 && v.Is(attribute.S):
			return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: %s, IndexKey: %s", x.Name, name)
		case n == 0:
			return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty binary value. IndexName: %s, IndexKey: %s", x.Name, name)
		case n > most:
			return invalidParameter("Size of an index key has exceeded the maximum size limit of %d bytes. IndexName: %s, IndexKey: %s", most, x.Name, name)
		}
	}
	if x.Keys.many() {
		return checkManySizes(x, it)
	}
	return nil
}

// checkManySizes refuses keys of several attributes that are too long together.
func checkManySizes(x *index, it item) error {
	for _, part := range []struct {
		names []string
		most  int
	}{{x.Keys.hashes(), maxHashKey}, {x.Keys.ranges(), maxRangeKey}} {
		n := 0
		for _, name := range part.names {
			if v, ok := it.Get(name); ok {
				n += keySize(v)
			}
		}
		if n > part.most {
			return invalidParameter("Size of an index key has exceeded the maximum size limit of %d bytes. IndexName: %s, IndexKey: %s", part.most, x.Name, strings.Join(part.names, ", "))
		}
	}
	return nil
}
