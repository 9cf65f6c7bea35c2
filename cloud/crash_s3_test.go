package cloud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Bounds of the crash test of objects.
const (
	crashPutters = 4
	crashPuts    = 60 // acknowledged objects in a round, at most, before the kill
	crashSize    = 200_000
)

// TestNoAcknowledgedObjectIsLost kills the real program while it stores objects,
// small and large, and reads back all that it had acknowledged.
func TestNoAcknowledgedObjectIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the program")
	}
	binary := filepath.Join(t.TempDir(), "brume")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/brume-cloud/brume/cmd/brume").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	acknowledged := map[string]int{} // key -> size
	for round := range crashRounds {
		p := launch(t, binary, dir)
		shelf := p.shelf(t)
		acks := make(chan string, crashPutters)
		sizes := sync.Map{}
		var putters sync.WaitGroup
		for putter := range crashPutters {
			putters.Go(func() {
				for i := 0; ; i++ {
					key, size := fmt.Sprintf("%d/%d/%d", round, putter, i), (i*7919*(putter+1))%crashSize
					if _, err := shelf.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("crash"), Key: &key, Body: bytes.NewReader(content(key, size))}); err != nil {
						return // killed
					}
					sizes.Store(key, size)
					acks <- key
				}
			})
		}
		go func() { putters.Wait(); close(acks) }()
		enough, n := 1+random.IntN(crashPuts), 0
		for key := range acks {
			size, _ := sizes.Load(key)
			acknowledged[key] = size.(int)
			if n++; n == enough {
				p.kill(t)
			}
		}
	}
	p := launch(t, binary, dir)
	shelf := p.shelf(t)
	for key, size := range acknowledged {
		out, err := shelf.GetObject(t.Context(), &s3.GetObjectInput{Bucket: new("crash"), Key: &key})
		if err != nil {
			t.Errorf("object %s was acknowledged: %v", key, err)
			continue
		}
		got, err := io.ReadAll(out.Body)
		out.Body.Close()
		if err != nil || !bytes.Equal(got, content(key, size)) {
			t.Errorf("object %s: %d bytes of %d, %v", key, len(got), size, err)
		}
	}
	p.stop(t)
	t.Logf("%d objects acknowledged, in %d crashes", len(acknowledged), crashRounds)
}

// content is what the object of a key holds.
func content(key string, size int) []byte {
	return bytes.Repeat([]byte(key+"\n"), size/(len(key)+1)+1)[:size]
}

// shelf is a client with a bucket to put objects into.
func (p *process) shelf(t *testing.T) *s3.Client {
	t.Helper()
	shelf := s3.New(s3.Options{
		BaseEndpoint: &p.endpoint, Region: "eu-central-1", Retryer: awssdk.NopRetryer{}, UsePathStyle: true,
		Credentials: awssdk.CredentialsProviderFunc(func(context.Context) (awssdk.Credentials, error) {
			return awssdk.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	_, err := shelf.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: new("crash"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"}})
	var mine *types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &mine) {
		p.kill(t)
		t.Fatal(err)
	}
	return shelf
}
