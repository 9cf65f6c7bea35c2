package s3

import (
	"net/http"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
)

// The storage classes that a request can choose.
// AWS: "Understanding and managing Amazon S3 storage classes".
const (
	classStandard = "STANDARD"
	classIA       = "STANDARD_IA"
	classOneZone  = "ONEZONE_IA"
	classTiering  = "INTELLIGENT_TIERING"
	classInstant  = "GLACIER_IR"
	classGlacier  = "GLACIER"
	classDeep     = "DEEP_ARCHIVE"
	classReduced  = "REDUCED_REDUNDANCY"
	classExpress  = "EXPRESS_ONEZONE" // of directory buckets, which have no other
)

// storageClass checks a class. STANDARD is kept as none.
func storageClass(name string) (string, error) {
	switch name {
	case "", classStandard:
		return "", nil
	case classIA, classOneZone, classTiering, classInstant, classGlacier, classDeep, classReduced:
		return name, nil
	}
	return "", aws.Errorf(http.StatusBadRequest, "InvalidStorageClass", "The storage class you specified is not valid")
}

// classFor is the class that a request gives its object.
func (b *bucket) classFor(in *api.PutObjectInput) (string, error) {
	if b.isDirectory() {
		return expressClass(in)
	}
	return storageClass(string(in.StorageClass))
}

func (o *object) shownClass() string {
	if o.Class == "" {
		return classStandard
	}
	return o.Class
}

// archived reports whether the object must be restored to be read.
func (o *object) archived() bool {
	return o.Class == classGlacier || o.Class == classDeep || o.Tier == tierArchive || o.Tier == tierDeep
}

// readable refuses to read an archived object that has no restored copy.
func (o *object) readable(now time.Time) error {
	if !o.archived() || o.restored(now) {
		return nil
	}
	return api.ErrInvalidObjectState(&api.InvalidObjectState{StorageClass: api.StorageClass(o.Class), AccessTier: api.IntelligentTieringAccessTier(o.Tier)}, "The operation is not valid for the object's storage class")
}

func (o *object) restored(now time.Time) bool {
	if o.Class == classTiering { // it is about to be moved back
		return o.archived() && !o.Restoring.IsZero() && !now.Before(o.Restoring)
	}
	return o.archived() && now.Before(o.Restored) && !now.Before(o.Restoring)
}

func (o *object) restoring(now time.Time) bool { return o.archived() && now.Before(o.Restoring) }
