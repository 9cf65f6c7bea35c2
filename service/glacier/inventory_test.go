package glacier_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
)

// inventory is an inventory in JSON.
type inventory struct {
	VaultARN, InventoryDate string
	ArchiveList             []struct {
		ArchiveId, ArchiveDescription, CreationDate, SHA256TreeHash string
		Size                                                        int
	}
}

// inventory runs a job and returns its output, and the descriptions in it.
func (d *desk) inventory(p types.JobParameters) (i inventory, names string, job *glacier.DescribeJobOutput) {
	d.Helper()
	id := d.begin(p)
	d.cloud.Advance(5 * time.Hour)
	out, b := d.output(id, nil)
	d.want("type", *out.ContentType, "application/json")
	if err := json.Unmarshal(b, &i); err != nil {
		d.Fatal(err)
	}
	for _, a := range i.ArchiveList {
		names += a.ArchiveDescription
	}
	job = d.job(id)
	d.want("size", *job.InventorySizeInBytes, len(b))
	return i, names, job
}

func TestInventoryIsAsOfItsDate(t *testing.T) {
	story(t, func(d *desk) {
		a := d.upload([]byte("1"), "a")
		d.cloud.Advance(time.Millisecond)
		d.upload([]byte("22"), "b")
		d.cloud.Advance(day)
		must(d, d.DeleteArchive, &glacier.DeleteArchiveInput{AccountId: &d.account, VaultName: &d.vault, ArchiveId: &a})
		d.cloud.Advance(time.Millisecond)
		d.upload([]byte("333"), "c")
		i, names, job := d.inventory(list())
		d.want("before the next inventory", names, "ab")
		d.want("ARN", i.VaultARN, d.arn())
		d.want("archive", i.ArchiveList[0].ArchiveId, a)
		d.want("size", i.ArchiveList[1].Size, 2)
		d.want("action", job.Action, "InventoryRetrieval")
		d.want("format", *job.InventoryRetrievalParameters.Format, "JSON")
		d.cloud.Advance(day)
		_, names, _ = d.inventory(list())
		d.want("after it", names, "bc")
	})
}

func TestInventoryIsFilteredByDateAndLimit(t *testing.T) {
	story(t, func(d *desk) {
		start := time.Now()
		for _, name := range []string{"a", "b", "c", "d"} {
			d.upload([]byte(name), name)
			d.cloud.Advance(time.Hour)
		}
		d.cloud.Advance(day)
		at := func(hours int) *string {
			return new(start.Add(time.Duration(hours) * time.Hour).UTC().Format(time.RFC3339))
		}
		p := list()
		p.InventoryRetrievalParameters = &types.InventoryRetrievalJobInput{StartDate: at(1), EndDate: at(3)}
		_, names, job := d.inventory(p)
		d.want("from 1 to 3", names, "bc")
		d.want("start", *job.InventoryRetrievalParameters.StartDate, *at(1))

		p.InventoryRetrievalParameters = &types.InventoryRetrievalJobInput{Limit: new("3")}
		_, names, job = d.inventory(p)
		d.want("the first three", names, "abc")
		p.InventoryRetrievalParameters.Marker = job.InventoryRetrievalParameters.Marker
		_, names, job = d.inventory(p)
		d.want("the rest", names, "d")
		if m := job.InventoryRetrievalParameters.Marker; m != nil {
			t.Errorf("marker %s after the end", *m)
		}
		p.InventoryRetrievalParameters.Marker = new("zzzz")
		refused(d, d.InitiateJob, &glacier.InitiateJobInput{AccountId: &d.account, VaultName: &d.vault, JobParameters: &p}, "InvalidParameterValueException: Invalid marker: zzzz")
	})
}

func TestInventoryIsWrittenAsCSV(t *testing.T) {
	story(t, func(d *desk) {
		id := d.upload([]byte("hello"), `a,b "c\`)
		created := time.Now().UTC().Format(time.RFC3339)
		d.cloud.Advance(day)
		p := list()
		p.Format = new("CSV")
		job := d.begin(p)
		d.cloud.Advance(5 * time.Hour)
		out, b := d.output(job, nil)
		d.want("type", *out.ContentType, "text/csv")
		d.want("inventory", string(b), "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n"+
			id+`,"a,b \"c\",`+created+",5,2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n")
	})
}

func TestInventoryIsWrittenPageByPage(t *testing.T) {
	story(t, func(d *desk) {
		var want strings.Builder
		for i := range 1005 {
			d.upload([]byte("x"), fmt.Sprint(i, "."))
			fmt.Fprint(&want, i, ".")
			d.cloud.Advance(time.Millisecond)
		}
		d.cloud.Advance(day)
		_, names, _ := d.inventory(list())
		if names != want.String() {
			t.Error(names)
		}
	})
}
