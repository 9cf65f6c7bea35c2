package s3

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// The configurations that a bucket may have, each a row that holds the API's own
// structure. Names are stored: never rename.
const (
	tagSetting          = "tagging"
	encryptionSetting   = "encryption"
	corsSetting         = "cors"
	lifecycleSetting    = "lifecycle"
	websiteSetting      = "website"
	notificationSetting = "notification"
	replicationSetting  = "replication"
	loggingSetting      = "logging"
	lockSetting         = "objectlock"
	accelerateSetting   = "accelerate"
	abacSetting         = "abac"
	paymentSetting      = "requestpayment"
	analyticsSetting    = "analytics" // these and what follows have an id each
	inventorySetting    = "inventory"
	metricsSetting      = "metrics"
	intelligentSetting  = "intelligent-tiering"
)

// set puts a configuration. The caller puts the bucket, which lists it.
func set[T any](tx kv.Tx, b *bucket, name string, v *T) {
	setRow(tx, b.settingKey(name, ""), v)
	if !slices.Contains(b.Settings, name) {
		b.Settings = append(b.Settings, name)
	}
}

func setRow[T any](tx kv.Tx, key kv.Key, v *T) {
	text, err := json.Marshal(v)
	if err != nil {
		kv.Fail(err) // plain structures of the API
	}
	settings.Put(tx, key, &setting{string(text)})
}

// get returns a configuration, if the bucket has it.
func get[T any](tx kv.Tx, b *bucket, name string) (*T, bool) {
	if !slices.Contains(b.Settings, name) {
		return nil, false
	}
	return getRow[T](tx, b.settingKey(name, ""))
}

func getRow[T any](tx kv.Tx, key kv.Key) (*T, bool) {
	row, ok := settings.Get(tx, key)
	if !ok {
		return nil, false
	}
	return parse[T](row), true
}

func parse[T any](row *setting) *T {
	v := new(T)
	if err := json.Unmarshal([]byte(row.Text), v); err != nil {
		kv.Fail(err)
	}
	return v
}

// unset takes a configuration away, as it does the bucket's mention of it.
func unset(tx kv.Tx, b *bucket, name string) {
	settings.Delete(tx, b.settingKey(name, ""))
	b.Settings = slices.DeleteFunc(slices.Clone(b.Settings), func(s string) bool { return s == name })
}

// target is the bucket that a request is about.
type target struct {
	bucket string
	owner  *string // who must own it
}

// place is a configuration that a request is about.
type place struct {
	target
	name    string
	id      string     // of those that there may be many of
	missing *aws.Error // the answer when there is none; nil: an empty one
}

// at is the configuration of a name.
func at(name, bucket string, owner *string) place {
	return place{target: target{bucket, owner}, name: name}
}

// with is one of many.
func (p place) with(id string) place {
	p.id = id
	return p
}

// orElse says what is answered when there is none.
func (p place) orElse(status int, code, message string) place {
	p.missing = errBucket(status, code, message, p.bucket)
	return p
}

// putSetting is an operation that puts a configuration.
func putSetting[T any](ctx context.Context, s *Service, p place, v *T) error {
	if v == nil {
		return errMalformedXML()
	}
	return s.update(ctx, p.bucket, p.owner, func(tx kv.Tx, b *bucket) error {
		set(tx, b, p.name, v)
		b.put(tx)
		return nil
	})
}

// getSetting is an operation that reads one.
func getSetting[T any](ctx context.Context, s *Service, p place) (v *T, err error) {
	err = s.view(ctx, p.bucket, p.owner, func(tx kv.Tx, b *bucket) error {
		var ok bool
		if v, ok = get[T](tx, b, p.name); ok {
			return nil
		}
		if p.missing != nil {
			return p.missing
		}
		v = new(T)
		return nil
	})
	return v, err
}

// deleteSetting is an operation that takes one away. There need not be any.
func (s *Service) deleteSetting(ctx context.Context, p place) error {
	return s.update(ctx, p.bucket, p.owner, func(tx kv.Tx, b *bucket) error {
		unset(tx, b, p.name)
		b.put(tx)
		return nil
	})
}
