package glacier_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/brume-cloud/brume/cloudtest"
)

// kept is a desk whose cloud is in a directory.
type kept struct {
	*desk
	dir string
}

func keptStory(t *testing.T, fn func(d *kept)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		c := cloudtest.Start(t, cloudtest.NoRetries(), cloudtest.Dir(dir))
		d := &desk{T: t, cloud: c, Client: glacier.NewFromConfig(c.Config()), vault: "photos", account: "-"}
		must(d, d.CreateVault, &glacier.CreateVaultInput{AccountId: &d.account, VaultName: &d.vault})
		fn(&kept{d, dir})
	})
}

// blobs is how many blobs there are once all that is due has been done.
func (d *kept) blobs() (n int) {
	d.Helper()
	d.cloud.Advance(time.Second)
	err := filepath.WalkDir(filepath.Join(d.dir, "blobs"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return n
}

func TestBytesAreGoneWhenNobodyHoldsThem(t *testing.T) {
	keptStory(t, func(d *kept) {
		id := d.upload([]byte("x"), "")
		wrong := &glacier.UploadArchiveInput{AccountId: &d.account, VaultName: &d.vault, Body: bytes.NewReader([]byte("hello")), Checksum: new(empty)}
		refused(d.desk, d.stating("hello").UploadArchive, wrong, "Checksum mismatch")
		d.want("blobs of an archive", d.blobs(), 1)
		d.begin(retrieve(id))
		d.cloud.Advance(5 * time.Hour)
		must(d.desk, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &id})
		d.want("blobs of a job's output", d.blobs(), 1)
		d.cloud.Advance(day)
		d.want("blobs when the job is over", d.blobs(), 0)

		d.begin(list())
		d.cloud.Advance(5 * time.Hour)
		d.want("blobs of an inventory", d.blobs(), 1)
		d.cloud.Advance(day)
		d.want("blobs when it is over", d.blobs(), 0)

		m := d.multipart(1 << 20)
		must(d.desk, d.UploadMultipartPart, m.part(0, []byte("one")))
		must(d.desk, d.UploadMultipartPart, m.part(0, []byte("two")))
		d.want("blobs of a part", d.blobs(), 1)
		must(d.desk, d.AbortMultipartUpload, &glacier.AbortMultipartUploadInput{AccountId: &d.account, VaultName: &d.vault, UploadId: &m.id})
		d.want("blobs of an aborted upload", d.blobs(), 0)

		m = d.multipart(1 << 20)
		must(d.desk, d.UploadMultipartPart, m.part(0, []byte("one")))
		d.begin(list())
		d.cloud.Advance(6 * time.Hour)
		must(d.desk, d.DeleteVault, &glacier.DeleteVaultInput{AccountId: &d.account, VaultName: &d.vault})
		d.want("blobs of a deleted vault", d.blobs(), 0)
	})
}

func TestArchiveSurvivesARestart(t *testing.T) {
	keptStory(t, func(d *kept) {
		job := d.begin(retrieve(d.upload([]byte("kept"), "")))
		d.cloud.Restart()
		d.Client = glacier.NewFromConfig(d.cloud.Config())
		d.cloud.Advance(5 * time.Hour)
		_, got := d.output(job, nil)
		d.want("archive", string(got), "kept")
	})
}

func TestSavedStateKeepsItsArchives(t *testing.T) {
	keptStory(t, func(d *kept) {
		id := d.upload([]byte("saved"), "")
		if err := d.cloud.System().SaveSnapshot(d.Context(), "before"); err != nil {
			t.Fatal(err)
		}
		must(d.desk, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &id})
		d.cloud.Advance(day)
		if err := d.cloud.System().LoadSnapshot(d.Context(), "before"); err != nil {
			t.Fatal(err)
		}
		job := d.begin(retrieve(id))
		d.cloud.Advance(5 * time.Hour)
		_, got := d.output(job, nil)
		d.want("archive", string(got), "saved")
	})
}

// age makes all blobs older than the time of the bubble, which files do not know.
func (d *kept) age() {
	old := time.Now().Add(-day)
	err := filepath.WalkDir(filepath.Join(d.dir, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			err = os.Chtimes(path, old, old)
		}
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
}

// TestSpaceComesBackWithoutSavedStates deletes what only a saved state needed.
func TestSpaceComesBackWithoutSavedStates(t *testing.T) {
	keptStory(t, func(d *kept) {
		gone, stays := d.upload([]byte("gone"), ""), d.upload([]byte("stays"), "")
		system := d.cloud.System()
		if err := system.SaveSnapshot(d.Context(), "before"); err != nil {
			t.Fatal(err)
		}
		must(d.desk, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &gone})
		d.age()
		time.Sleep(3 * day)
		d.want("blobs while there is a saved state", d.blobs(), 2)
		if err := system.RemoveSnapshot(d.Context(), "before"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(day)
		d.want("blobs", d.blobs(), 1)
		job := d.begin(retrieve(stays))
		d.cloud.Advance(5 * time.Hour)
		_, got := d.output(job, nil)
		d.want("archive", string(got), "stays")
	})
}

func TestOutputSaysHowLongItIs(t *testing.T) {
	story(t, func(d *desk) {
		job := d.begin(retrieve(d.upload(pattern(100_000), "")))
		d.cloud.Advance(5 * time.Hour)
		out, _ := d.output(job, new("bytes=1000-"))
		raw := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response)
		d.want("Content-Length", raw.ContentLength, 99_000)
	})
}

func TestUsersAreHeldToTheirPolicies(t *testing.T) {
	story(t, func(d *desk) {
		people := iam.NewFromConfig(d.cloud.Config())
		name := "alice"
		_, err := people.CreateUser(d.Context(), &iam.CreateUserInput{UserName: &name})
		if err != nil {
			t.Fatal(err)
		}
		_, err = people.PutUserPolicy(d.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: &name, PolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glacier:Upload*","Resource":"` + d.arn() + `"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		key, err := people.CreateAccessKey(d.Context(), &iam.CreateAccessKeyInput{UserName: &name})
		if err != nil {
			t.Fatal(err)
		}
		alice := *d
		alice.Client = glacier.NewFromConfig(d.cloud.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
		id := alice.upload(pattern(2<<20), "hers") // a streamed body with a signature that is checked
		p := retrieve(id)
		refused(&alice, alice.InitiateJob, &glacier.InitiateJobInput{AccountId: &d.account, VaultName: &d.vault, JobParameters: &p},
			"AccessDeniedException", "user/alice is not authorized to perform: glacier:InitiateJob on resource: "+d.arn())
		must(d, d.SetVaultAccessPolicy, d.setPolicy(statement("Allow", "arn:aws:iam::000000000000:user/alice", "InitiateJob", "")))
		alice.begin(p)
	})
}

func TestUsageIsMetered(t *testing.T) {
	story(t, func(d *desk) {
		p := retrieve(d.upload(pattern(3<<20), ""))
		p.Tier, p.RetrievalByteRange = new("Bulk"), new("0-1048575")
		d.begin(p)
		lines, err := d.cloud.System().Usage(d.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, l := range lines {
			got[l.Dimension] = l.Amount
		}
		d.want("usage", got, map[string]int64{"Bulk-Retrieval-Bytes": 1 << 20, "Bulk-Retrieval-Requests": 1, "Requests-Tier1": 1, "Requests-Tier2": 2})
	})
}
