package glacier_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/brume-cloud/brume/cloudtest"
)

const day = 24 * time.Hour

// desk is a cloud of its own with a vault, and short verbs for stories.
type desk struct {
	*testing.T
	cloud *cloudtest.Cloud
	*glacier.Client
	vault   string
	account string
}

// story runs fn in a bubble, where time is virtual, with a vault called photos.
func story(t *testing.T, fn func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := cloudtest.Start(t, cloudtest.NoRetries())
		d := &desk{T: t, cloud: c, Client: glacier.NewFromConfig(c.Config()), vault: "photos", account: "-"}
		must(d, d.CreateVault, &glacier.CreateVaultInput{AccountId: &d.account, VaultName: &d.vault})
		fn(d)
	})
}

// operation is an operation of the client.
type operation[I, O any] = func(context.Context, *I, ...func(*glacier.Options)) (*O, error)

// must calls an operation that has to succeed.
func must[I, O any](d *desk, op operation[I, O], in *I) *O {
	d.Helper()
	out, err := op(d.Context(), in)
	if err != nil {
		d.Fatal(err)
	}
	return out
}

// refused calls an operation that has to fail, with an error that contains each of want.
func refused[I, O any](d *desk, op operation[I, O], in *I, want ...string) {
	d.Helper()
	_, err := op(d.Context(), in)
	got := describe(err)
	for _, w := range want {
		if !strings.Contains(got, w) {
			d.Errorf("got %s, want %s", got, strings.Join(want, " … "))
			return
		}
	}
}

func describe(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	return fmt.Sprint(err)
}

func (d *desk) want(what string, got, want any) {
	d.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		d.Errorf("%s: %v, want %v", what, got, want)
	}
}

func (d *desk) arn() string { return "arn:aws:glacier:us-east-1:000000000000:vaults/" + d.vault }

// upload uploads an archive and returns its id.
func (d *desk) upload(body []byte, description string) string {
	d.Helper()
	out := must(d, d.UploadArchive, &glacier.UploadArchiveInput{
		AccountId: &d.account, VaultName: &d.vault, ArchiveDescription: &description, Body: bytes.NewReader(body),
	})
	return *out.ArchiveId
}

// begin initiates a job and returns its id.
func (d *desk) begin(p types.JobParameters) string {
	d.Helper()
	return *must(d, d.InitiateJob, &glacier.InitiateJobInput{AccountId: &d.account, VaultName: &d.vault, JobParameters: &p}).JobId
}

func retrieve(archive string) types.JobParameters {
	return types.JobParameters{Type: new("archive-retrieval"), ArchiveId: &archive}
}

func list() types.JobParameters { return types.JobParameters{Type: new("inventory-retrieval")} }

func (d *desk) job(id string) *glacier.DescribeJobOutput {
	d.Helper()
	return must(d, d.DescribeJob, &glacier.DescribeJobInput{AccountId: &d.account, VaultName: &d.vault, JobId: &id})
}

func (d *desk) output(id string, byteRange *string) (*glacier.GetJobOutputOutput, []byte) {
	d.Helper()
	out := must(d, d.GetJobOutput, &glacier.GetJobOutputInput{AccountId: &d.account, VaultName: &d.vault, JobId: &id, Range: byteRange})
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		d.Fatal(err)
	}
	return out, b
}

func (d *desk) describe() *glacier.DescribeVaultOutput {
	d.Helper()
	return must(d, d.DescribeVault, &glacier.DescribeVaultInput{AccountId: &d.account, VaultName: &d.vault})
}

// stating is the desk whose requests state the SHA-256 of their body: the SDK
// leaves that out where it is given a tree hash.
func (d *desk) stating(body string) *desk {
	other := *d
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	other.Client = glacier.NewFromConfig(d.cloud.Config(), func(o *glacier.Options) {
		o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Content-Sha256", sum))
	})
	return &other
}

func pattern(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i>>20 + i>>7)
	}
	return b
}
