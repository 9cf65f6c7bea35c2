package glacier_test

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
)

// mpu is a multipart upload.
type mpu struct {
	*desk
	id   string
	size int // of a part
}

func (d *desk) multipart(partSize int) *mpu {
	d.Helper()
	out := must(d, d.InitiateMultipartUpload, &glacier.InitiateMultipartUploadInput{
		AccountId: &d.account, VaultName: &d.vault, ArchiveDescription: new("in parts"), PartSize: new(strconv.Itoa(partSize)),
	})
	return &mpu{d, *out.UploadId, partSize}
}

func (m *mpu) part(from int, b []byte) *glacier.UploadMultipartPartInput {
	return &glacier.UploadMultipartPartInput{
		AccountId: &m.account, VaultName: &m.vault, UploadId: &m.id, Body: bytes.NewReader(b), Range: new(fmt.Sprintf("bytes %d-%d/*", from, from+len(b)-1)),
	}
}

func (m *mpu) complete(size int, treeHash string) *glacier.CompleteMultipartUploadInput {
	return &glacier.CompleteMultipartUploadInput{AccountId: &m.account, VaultName: &m.vault, UploadId: &m.id, ArchiveSize: new(strconv.Itoa(size)), Checksum: &treeHash}
}

func (m *mpu) parts(limit *int32, marker *string) *glacier.ListPartsOutput {
	m.Helper()
	return must(m.desk, m.ListParts, &glacier.ListPartsInput{AccountId: &m.account, VaultName: &m.vault, UploadId: &m.id, Limit: limit, Marker: marker})
}

// treeHashOf asks the service, by way of another vault.
func (d *desk) treeHashOf(body []byte) string {
	d.Helper()
	must(d, d.CreateVault, &glacier.CreateVaultInput{AccountId: &d.account, VaultName: new("other")})
	return *must(d, d.UploadArchive, &glacier.UploadArchiveInput{AccountId: &d.account, VaultName: new("other"), Body: bytes.NewReader(body)}).Checksum
}

func TestPartsBecomeAnArchive(t *testing.T) {
	story(t, func(d *desk) {
		body := pattern(5<<20 + 12345)
		m := d.multipart(2 << 20)
		part := func(i int) []byte { return body[i*m.size : min((i+1)*m.size, len(body))] }
		var sums [3]string
		var sent sync.WaitGroup
		for i := range sums { // side by side
			sent.Go(func() {
				out, err := d.UploadMultipartPart(d.Context(), m.part(i*m.size, part(i)))
				if err != nil {
					t.Error(err)
					return
				}
				sums[i] = *out.Checksum
			})
		}
		sent.Wait()
		for i, sum := range sums {
			d.want("tree hash of a part", sum, d.treeHashOf(part(i)))
		}
		listed := m.parts(nil, nil)
		d.want("parts", len(listed.Parts), 3)
		d.want("second part", *listed.Parts[1].RangeInBytes, "2097152-4194303")
		d.want("part size", listed.PartSizeInBytes, 2<<20)
		first := m.parts(new(int32(2)), nil)
		d.want("the last part", *m.parts(nil, first.Marker).Parts[0].RangeInBytes, "4194304-5255224")
		ups := must(d, d.ListMultipartUploads, &glacier.ListMultipartUploadsInput{AccountId: &d.account, VaultName: &d.vault})
		d.want("uploads", *ups.UploadsList[0].MultipartUploadId, m.id)

		hash := d.treeHashOf(body)
		refused(d, d.CompleteMultipartUpload, m.complete(len(body)-1, hash), "InvalidParameterValueException: Invalid x-amz-archive-size")
		refused(d, d.CompleteMultipartUpload, m.complete(len(body), empty), "InvalidParameterValueException: Invalid x-amz-sha256-tree-hash: "+empty)
		done := must(d, d.CompleteMultipartUpload, m.complete(len(body), hash))
		again := must(d, d.CompleteMultipartUpload, m.complete(len(body), hash))
		d.want("archive, the second time", *again.ArchiveId, *done.ArchiveId)
		refused(d, d.ListParts, &glacier.ListPartsInput{AccountId: &d.account, VaultName: &d.vault, UploadId: &m.id}, "ResourceNotFoundException")
		refused(d, d.AbortMultipartUpload, &glacier.AbortMultipartUploadInput{AccountId: &d.account, VaultName: &d.vault, UploadId: &m.id}, "ResourceNotFoundException")

		job := d.begin(retrieve(*done.ArchiveId))
		d.cloud.Advance(5 * time.Hour)
		out, got := d.output(job, nil)
		if !bytes.Equal(got, body) || *out.Checksum != hash {
			t.Errorf("%d bytes with tree hash %s", len(got), *out.Checksum)
		}
		across, got := d.output(job, new("bytes=1048576-4194303"))
		if !bytes.Equal(got, body[1<<20:4<<20]) || across.Checksum != nil {
			t.Errorf("%d bytes across parts, tree hash %v", len(got), across.Checksum)
		}
		inner, got := d.output(job, new("bytes=3145728-4194303"))
		d.want("tree hash within a part", *inner.Checksum, d.treeHashOf(got))
		refused(d, d.CompleteMultipartUpload, m.complete(len(body), hash), "ResourceNotFoundException") // hours later
	})
}

func TestPartsWithAGapAreNoArchive(t *testing.T) {
	story(t, func(d *desk) {
		m := d.multipart(1 << 20)
		a, b := pattern(1<<20), pattern(100)
		must(d, d.UploadMultipartPart, m.part(0, a))
		must(d, d.UploadMultipartPart, m.part(2<<20, b))
		hash := d.treeHashOf(append(a, b...))
		refused(d, d.CompleteMultipartUpload, m.complete(len(a)+len(b), hash), "InvalidParameterValueException")
		must(d, d.UploadMultipartPart, m.part(1<<20, b)) // a short one within
		refused(d, d.CompleteMultipartUpload, m.complete(len(a)+2*len(b), hash), "InvalidParameterValueException")
		empty := d.multipart(1 << 20)
		refused(d, d.CompleteMultipartUpload, empty.complete(1, hash), "InvalidParameterValueException")
	})
}

func TestPartIsUploadedAnew(t *testing.T) {
	story(t, func(d *desk) {
		m := d.multipart(1 << 20)
		must(d, d.UploadMultipartPart, m.part(0, []byte("wrong")))
		must(d, d.UploadMultipartPart, m.part(0, []byte("right")))
		done := must(d, d.CompleteMultipartUpload, m.complete(5, d.treeHashOf([]byte("right"))))
		job := d.begin(retrieve(*done.ArchiveId))
		d.cloud.Advance(5 * time.Hour)
		_, got := d.output(job, nil)
		d.want("archive", string(got), "right")
	})
}

func TestMultipartRulesAreChecked(t *testing.T) {
	story(t, func(d *desk) {
		for _, size := range []string{"0", "1048575", "3145728", "8589934592", "x"} {
			refused(d, d.InitiateMultipartUpload, &glacier.InitiateMultipartUploadInput{AccountId: &d.account, VaultName: &d.vault, PartSize: &size},
				"InvalidParameterValueException: Invalid part size: "+size+". Part size must not be null, must be a power of two and be between 1048576 and 4294967296 bytes.")
		}
		refused(d, d.InitiateMultipartUpload, &glacier.InitiateMultipartUploadInput{AccountId: &d.account, VaultName: &d.vault}, "MissingParameterValueException: Required parameter missing: x-amz-part-size")
		m := d.multipart(1 << 20)
		refused(d, d.UploadMultipartPart, m.part(5, []byte("x")), "InvalidParameterValueException: Invalid Content-Range")
		refused(d, d.UploadMultipartPart, m.part(0, pattern(1<<20+1)), "InvalidParameterValueException: Invalid Content-Range")
		short := m.part(0, []byte("hello"))
		short.Range = new("bytes 0-9/*")
		refused(d, d.UploadMultipartPart, short, "InvalidParameterValueException: Invalid Content-Length: 5")
		wrong := m.part(0, []byte("hello"))
		wrong.Checksum = new(empty)
		refused(d, d.stating("hello").UploadMultipartPart, wrong, "InvalidParameterValueException: Checksum mismatch")
		must(d, d.AbortMultipartUpload, &glacier.AbortMultipartUploadInput{AccountId: &d.account, VaultName: &d.vault, UploadId: &m.id})
		must(d, d.AbortMultipartUpload, &glacier.AbortMultipartUploadInput{AccountId: &d.account, VaultName: &d.vault, UploadId: &m.id})
		refused(d, d.UploadMultipartPart, m.part(0, []byte("x")), "ResourceNotFoundException: The upload ID was not found: "+m.id)
	})
}
