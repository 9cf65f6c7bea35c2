package glacier_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

// empty is the SHA-256 of nothing.
const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestArchiveIsRetrievedAsItWasUploaded(t *testing.T) {
	story(t, func(d *desk) {
		body := pattern(3<<20 + 100)
		up := must(d, d.UploadArchive, &glacier.UploadArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveDescription: new("summer"), Body: bytes.NewReader(body)})
		d.want("location", *up.Location, "/000000000000/vaults/photos/archives/"+*up.ArchiveId)
		job := d.begin(retrieve(*up.ArchiveId))
		refused(d, d.GetJobOutput, &glacier.GetJobOutputInput{AccountId: &d.account, VaultName: &d.vault, JobId: &job}, "InvalidParameterValueException: The job is not currently available for download: "+job)
		d.want("status", d.job(job).StatusCode, "InProgress")
		d.cloud.Advance(5 * time.Hour)
		j := d.job(job)
		d.want("status", j.StatusCode, "Succeeded")
		d.want("range", *j.RetrievalByteRange, "0-3145827")
		d.want("tree hash", *j.SHA256TreeHash, *up.Checksum)
		d.want("tier", *j.Tier, "Standard")
		out, got := d.output(job, nil)
		if !bytes.Equal(got, body) {
			t.Errorf("%d other bytes", len(got))
		}
		d.want("checksum", *out.Checksum, *up.Checksum)
		d.want("description", *out.ArchiveDescription, "summer")
		d.want("type", *out.ContentType, "application/octet-stream")
		d.want("status", out.Status, 200)
	})
}

func TestJobExpiresADayAfterItCompleted(t *testing.T) {
	story(t, func(d *desk) {
		job := d.begin(retrieve(d.upload([]byte("x"), "")))
		d.cloud.Advance(5*time.Hour + day - time.Second)
		d.output(job, nil)
		d.cloud.Advance(time.Second)
		refused(d, d.DescribeJob, &glacier.DescribeJobInput{AccountId: &d.account, VaultName: &d.vault, JobId: &job}, "ResourceNotFoundException: The job ID was not found: "+job)
	})
}

func TestTiersTakeTheirTime(t *testing.T) {
	for tier, takes := range map[string]time.Duration{"Expedited": 5 * time.Minute, "Standard": 5 * time.Hour, "Bulk": 12 * time.Hour} {
		story(t, func(d *desk) {
			p := retrieve(d.upload([]byte("x"), ""))
			p.Tier = &tier
			job := d.begin(p)
			d.cloud.Advance(takes - time.Second)
			d.want(tier+" before its time", d.job(job).StatusCode, "InProgress")
			d.cloud.Advance(time.Second)
			d.want(tier+" after its time", d.job(job).StatusCode, "Succeeded")
		})
	}
}

func TestUploadThatIsNotAsStatedIsRefused(t *testing.T) {
	story(t, func(d *desk) {
		in := &glacier.UploadArchiveInput{AccountId: &d.account, VaultName: &d.vault, Body: strings.NewReader("hello"), Checksum: new(empty)}
		refused(d, d.stating("hello").UploadArchive, in, "InvalidParameterValueException: Checksum mismatch: expected "+empty+", computed 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
		in = &glacier.UploadArchiveInput{AccountId: &d.account, VaultName: &d.vault, Body: strings.NewReader("hello"), ArchiveDescription: new(strings.Repeat("x", 1025))}
		refused(d, d.UploadArchive, in, "InvalidParameterValueException")
		in = &glacier.UploadArchiveInput{AccountId: &d.account, VaultName: new("nowhere"), Body: strings.NewReader("hello")}
		refused(d, d.UploadArchive, in, "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:000000000000:vaults/nowhere")
	})
}

func TestErrorsHaveTheirTypeAndCode(t *testing.T) {
	story(t, func(d *desk) {
		for _, k := range []struct {
			hash   string // x-amz-content-sha256
			tree   string
			status int
			code   string
		}{
			{strings.Repeat("0", 64), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", 403, "InvalidSignatureException"},
			{"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "", 400, "MissingParameterValueException"},
			{"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", 201, ""},
		} {
			req, err := http.NewRequestWithContext(d.Context(), "POST", d.cloud.Endpoint+"/-/vaults/photos/archives", strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Amz-Content-Sha256", k.hash)
			req.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
			req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/"+time.Now().UTC().Format("20060102")+"/us-east-1/glacier/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="+strings.Repeat("0", 64))
			if k.tree != "" {
				req.Header.Set("X-Amz-Sha256-Tree-Hash", k.tree)
			}
			res, err := d.cloud.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Type, Code, Message string }
			if err := json.Unmarshal(b, &got); err != nil || res.StatusCode != k.status || got.Code != k.code || k.code != "" && got.Type != "Client" {
				t.Errorf("%d %s, want %d %s", res.StatusCode, b, k.status, k.code)
			}
			res.Body.Close()
		}
	})
}

func TestRangesAreRetrievedAndDownloaded(t *testing.T) {
	story(t, func(d *desk) {
		const mb = 1 << 20
		body := pattern(6*mb + mb/2)
		id := d.upload(body, "")
		for _, k := range []struct {
			retrieved  string
			downloaded string
			first, end int  // what comes of it
			checked    bool // with a tree hash
		}{
			{"", "bytes=0-99", 0, 100, false},
			{"", "bytes=2097152-4194303", 2 * mb, 4 * mb, true},
			{"", "bytes=1048576-3145727", mb, 3 * mb, false},
			{"", "bytes=6291456-", 6 * mb, 6*mb + mb/2, true},
			{"", "bytes=6291456-999999999", 6 * mb, 6*mb + mb/2, true},
			{"4194304-6815743", "", 4 * mb, 6*mb + mb/2, true},
			{"4194304-6815743", "bytes=1048576-2097151", 5 * mb, 6 * mb, true},
			{"1048576-3145727", "", mb, 3 * mb, false},
			{"1048576-3145727", "bytes=0-1048575", mb, 2 * mb, false},
		} {
			p := retrieve(id)
			p.Tier = new("Expedited")
			if k.retrieved != "" {
				p.RetrievalByteRange = &k.retrieved
			}
			job := d.begin(p)
			d.cloud.Advance(5 * time.Minute)
			var r *string
			if k.downloaded != "" {
				r = &k.downloaded
			}
			out, got := d.output(job, r)
			if !bytes.Equal(got, body[k.first:k.end]) {
				t.Errorf("%s %s: %d other bytes", k.retrieved, k.downloaded, len(got))
			}
			if (out.Checksum != nil) != k.checked {
				t.Errorf("%s %s: tree hash %v", k.retrieved, k.downloaded, out.Checksum)
			}
			if out.Checksum != nil {
				again := must(d, d.UploadArchive, &glacier.UploadArchiveInput{AccountId: &d.account, VaultName: &d.vault, Body: bytes.NewReader(got)})
				d.want("tree hash of "+k.retrieved+" "+k.downloaded, *out.Checksum, *again.Checksum)
			}
		}
		job := d.begin(retrieve(id))
		d.cloud.Advance(5 * time.Hour)
		out, _ := d.output(job, new("bytes=0-1023"))
		d.want("status", out.Status, 206)
		d.want("content range", *out.ContentRange, "bytes 0-1023/6815744")
		for _, bad := range []string{"bytes=6815744-", "bytes=5-4", "0-1"} {
			refused(d, d.GetJobOutput, &glacier.GetJobOutputInput{AccountId: &d.account, VaultName: &d.vault, JobId: &job, Range: &bad}, "InvalidParameterValueException: Invalid range: "+bad)
		}
		for _, bad := range []string{"1-1048575", "0-1048576", "0-99999999", "x"} {
			p := retrieve(id)
			p.RetrievalByteRange = &bad
			refused(d, d.InitiateJob, &glacier.InitiateJobInput{AccountId: &d.account, VaultName: &d.vault, JobParameters: &p}, "InvalidParameterValueException: Invalid retrieval byte range: "+bad)
		}
	})
}

func TestDeletedArchiveStaysForJobsThatAreComplete(t *testing.T) {
	story(t, func(d *desk) {
		id := d.upload([]byte("kept"), "")
		done := d.begin(retrieve(id))
		d.cloud.Advance(5 * time.Hour)
		late := d.begin(retrieve(id))
		must(d, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &id})
		p := retrieve(id)
		refused(d, d.InitiateJob, &glacier.InitiateJobInput{AccountId: &d.account, VaultName: &d.vault, JobParameters: &p}, "ResourceNotFoundException: The archive ID was not found: "+id)
		d.cloud.Advance(5 * time.Hour)
		d.want("the job under way", d.job(late).StatusCode, "Failed")
		_, got := d.output(done, nil)
		d.want("the job that was complete", string(got), "kept")
		refused(d, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: new("x")}, "InvalidParameterValueException")
	})
}

func TestJobParametersAreChecked(t *testing.T) {
	story(t, func(d *desk) {
		id := d.upload([]byte("x"), "")
		for _, k := range []struct {
			p    types.JobParameters
			want string
		}{
			{types.JobParameters{}, "MissingParameterValueException: Required parameter missing: Type"},
			{types.JobParameters{Type: new("x")}, "InvalidParameterValueException: Invalid job type: x"},
			{types.JobParameters{Type: new("select")}, "NotImplemented"},
			{types.JobParameters{Type: new("archive-retrieval")}, "MissingParameterValueException: Required parameter missing: ArchiveId"},
			{types.JobParameters{Type: new("archive-retrieval"), ArchiveId: &id, Tier: new("Fast")}, "InvalidParameterValueException: Invalid tier: Fast"},
			{types.JobParameters{Type: new("archive-retrieval"), ArchiveId: &id, Format: new("JSON")}, "InvalidParameterValueException"},
			{types.JobParameters{Type: new("archive-retrieval"), ArchiveId: &id, SNSTopic: new("x")}, "InvalidParameterValueException: Invalid SNS topic: x"},
			{types.JobParameters{Type: new("archive-retrieval"), ArchiveId: new("none")}, "ResourceNotFoundException: The archive ID was not found: none"},
			{types.JobParameters{Type: new("inventory-retrieval"), Format: new("XML")}, "InvalidParameterValueException: Invalid format: XML"},
			{types.JobParameters{Type: new("inventory-retrieval"), ArchiveId: &id}, "InvalidParameterValueException"},
			{types.JobParameters{Type: new("inventory-retrieval"), InventoryRetrievalParameters: &types.InventoryRetrievalJobInput{Limit: new("0")}}, "InvalidParameterValueException: Invalid limit: 0"},
			{types.JobParameters{Type: new("inventory-retrieval"), InventoryRetrievalParameters: &types.InventoryRetrievalJobInput{StartDate: new("today")}}, "InvalidParameterValueException: Invalid StartDate: today"},
			{types.JobParameters{Type: new("inventory-retrieval")}, "ResourceNotFoundException: Inventory not found"},
		} {
			refused(d, d.InitiateJob, &glacier.InitiateJobInput{AccountId: &d.account, VaultName: &d.vault, JobParameters: &k.p}, k.want)
		}
	})
}

func TestJobsAreListedInTheirOrder(t *testing.T) {
	story(t, func(d *desk) {
		id := d.upload([]byte("x"), "")
		var all []string
		for range 3 {
			all = append(all, d.begin(retrieve(id)))
			d.cloud.Advance(2 * time.Hour)
		}
		list := func(in glacier.ListJobsInput) (ids []string, marker *string) {
			in.AccountId, in.VaultName = &d.account, &d.vault
			out := must(d, d.ListJobs, &in)
			for _, j := range out.JobList {
				ids = append(ids, *j.JobId)
			}
			return ids, out.Marker
		}
		got, _ := list(glacier.ListJobsInput{})
		d.want("all", got, all)
		got, _ = list(glacier.ListJobsInput{Completed: new("true")})
		d.want("completed", got, all[:1])
		got, _ = list(glacier.ListJobsInput{Statuscode: new("InProgress")})
		d.want("in progress", got, all[1:])
		got, marker := list(glacier.ListJobsInput{Limit: new(int32(2))})
		d.want("the first two", got, all[:2])
		got, marker = list(glacier.ListJobsInput{Marker: marker})
		d.want("the rest", got, all[2:])
		if marker != nil {
			t.Errorf("marker %s", *marker)
		}
		refused(d, d.ListJobs, &glacier.ListJobsInput{AccountId: &d.account, VaultName: &d.vault, Statuscode: new("x")}, "InvalidParameterValueException")
	})
}
