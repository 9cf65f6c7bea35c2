package cloud_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/brume-cloud/brume/cloud"
	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/state/kv/local"
)

func open(t testing.TB, o cloud.Options) *cloud.System {
	t.Helper()
	o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	sys, err := cloud.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

func TestRestartKeepsClockFaultsAndUsage(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Dir(t.TempDir()), cloudtest.NoRetries())
	c.Advance(90 * 24 * time.Hour)
	c.Fault(fault.Rule{Kind: fault.Error, Service: "sqs", Operation: "SendMessage"})
	c.Fault(fault.Rule{Kind: fault.Latency, Latency: time.Second, Service: "nothing", Until: c.Clock().Now().Add(time.Hour)})
	if _, err := sqs.NewFromConfig(c.Config()).ListQueues(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	c.Restart()
	if off := c.Clock().Offset(); off < 90*24*time.Hour-time.Minute {
		t.Errorf("offset %v", off)
	}
	rules, err := c.System().Faults(t.Context())
	if err != nil || len(rules) != 2 || rules[0].ID != "1" {
		t.Errorf("rules %v, %v", rules, err)
	}
	_, err = sqs.NewFromConfig(c.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: awssdk.String("x"), MessageBody: awssdk.String("x")})
	if err == nil {
		t.Error("the fault is not in force")
	}
	lines, err := c.System().Usage(t.Context())
	if err != nil || len(lines) == 0 {
		t.Errorf("usage %v, %v", lines, err)
	}
}

func TestFaultsThatAreOverAreForgotten(t *testing.T) {
	c := cloudtest.Start(t)
	until := c.Clock().Now().Add(time.Hour)
	c.Fault(fault.Rule{Kind: fault.Error, Until: until})
	c.Advance(2 * time.Hour)
	for _, want := range []int{0, 1} {
		rules, err := c.System().Faults(t.Context())
		if err != nil || len(rules) != want {
			t.Errorf("rules %v, %v", rules, err)
		}
		c.Fault(fault.Rule{Kind: fault.Error, Service: "nothing"})
	}
}

func TestSnapshotHasItsOwnTimeAndFaults(t *testing.T) {
	c := cloudtest.Start(t)
	sys, ctx := c.System(), t.Context()
	c.Advance(24 * time.Hour)
	if err := sys.SaveSnapshot(ctx, "a day later"); !errors.Is(err, local.ErrName) {
		t.Errorf("saved under a bad name: %v", err)
	}
	if err := sys.SaveSnapshot(ctx, "day"); err != nil {
		t.Fatal(err)
	}
	c.Fault(fault.Rule{Kind: fault.Error})
	c.Advance(24 * time.Hour)
	if err := sys.LoadSnapshot(ctx, "none"); !errors.Is(err, local.ErrAbsent) {
		t.Errorf("loaded what is not there: %v", err)
	}
	if off := c.Clock().Offset().Round(time.Minute); off != 48*time.Hour {
		t.Errorf("a failed load moved the clock to %v", off)
	}
	if err := sys.LoadSnapshot(ctx, "day"); err != nil {
		t.Fatal(err)
	}
	if off := c.Clock().Offset().Round(time.Minute); off != 24*time.Hour {
		t.Errorf("offset %v", off)
	}
	if rules, err := sys.Faults(ctx); err != nil || len(rules) != 0 {
		t.Errorf("rules %v, %v", rules, err)
	}
	if err := sys.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	if off := c.Clock().Offset(); off != 0 {
		t.Errorf("offset %v after a reset", off)
	}
	c.Advance(time.Hour) // the jobs run again, or this would fail
}

func TestResetEmptiesQueues(t *testing.T) {
	c := cloudtest.Start(t)
	client := sqs.NewFromConfig(c.Config())
	if _, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("q")}); err != nil {
		t.Fatal(err)
	}
	if err := c.System().Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := client.ListQueues(t.Context(), nil)
	if err != nil || len(out.QueueUrls) != 0 {
		t.Errorf("%v, %v", out.QueueUrls, err)
	}
}

func TestCloseEndsLongPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cloudtest.Start(t, cloudtest.NoRetries())
		client := sqs.NewFromConfig(c.Config())
		q, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("q")})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		polled := make(chan error)
		go func() {
			_, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 20})
			polled <- err
		}()
		synctest.Wait()
		go c.System().Close() //nolint:errcheck // closed again by the test's end
		if err := <-polled; err != nil || time.Since(began) != 0 {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		synctest.Wait()
	})
}

// TestShutdownEndsLongPolls is the same through a socket: the server does not
// wait for a poll that has another 20 seconds to go.
func TestShutdownEndsLongPolls(t *testing.T) {
	sys := open(t, cloud.Options{Ephemeral: true})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- sys.Serve(ctx, l) }()
	client := sqs.New(sqs.Options{
		BaseEndpoint: awssdk.String("http://" + l.Addr().String()), Region: "eu-central-1",
		Credentials: awssdk.CredentialsProviderFunc(func(context.Context) (awssdk.Credentials, error) {
			return awssdk.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	q, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	polled := make(chan error, 1)
	began := time.Now()
	go func() {
		_, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 20})
		polled <- err
	}()
	// The poll has arrived, or arrives during the shutdown, which may refuse it.
	stop()
	<-polled
	if err := <-served; err != nil || time.Since(began) > 15*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	if err := sys.Close(); err != nil {
		t.Error(err)
	}
}

func TestOneCloudPerDirectory(t *testing.T) {
	dir := t.TempDir()
	sys := open(t, cloud.Options{Dir: dir})
	var locked *local.LockedError
	if _, err := cloud.Open(cloud.Options{Dir: dir}); !errors.As(err, &locked) {
		t.Errorf("opened twice: %v", err)
	}
	if err := sys.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, cloud.Options{Dir: dir}).Close(); err != nil {
		t.Error(err)
	}
}

func TestNewerDataIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("brume-state 99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var newer *local.FormatError
	if _, err := cloud.Open(cloud.Options{Dir: dir}); !errors.As(err, &newer) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreKeptAndPrivate(t *testing.T) {
	dir := t.TempDir()
	first := open(t, cloud.Options{Dir: dir, Strict: true})
	secrets := first.Secrets()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if secrets.AccessKeyID == "" || secrets.SecretAccessKey == "" || secrets.ControlToken == "" {
		t.Errorf("made %+v", secrets)
	}
	if read, err := cloud.ReadSecrets(dir); err != nil || read != secrets {
		t.Errorf("kept %+v, %v", read, err)
	}
	info, err := os.Stat(filepath.Join(dir, "secrets.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again := open(t, cloud.Options{Dir: dir, Strict: true})
	if again.Secrets() != secrets {
		t.Error("a restart made new secrets")
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTLSForEveryName trusts the authority alone, and asks by the names that
// clients use.
func TestTLSForEveryName(t *testing.T) {
	dir := t.TempDir()
	c := cloudtest.Start(t, cloudtest.Dir(dir), cloudtest.Loopback())
	address := c.Endpoint[len("http://"):]
	fetch := func(host string, roots *x509.CertPool) error {
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
		tr := &http.Transport{DialContext: dial, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}
		defer tr.CloseIdleConnections()
		res, err := (&http.Client{Transport: tr}).Get("https://" + host + "/")
		if err != nil {
			return err
		}
		if res.ProtoMajor != 2 {
			t.Errorf("%s: %s", host, res.Proto)
		}
		return res.Body.Close()
	}
	if err := fetch("localhost", nil); err == nil {
		t.Fatal("trusted without its authority")
	}
	_, err := os.Stat(filepath.Join(dir, "tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	ca := trusted(t, dir)
	for _, host := range []string{
		"localhost", "127.0.0.1", "bucket.s3.localhost", "a.b.execute-api.eu-central-1.localhost",
		"sqs.eu-central-1.amazonaws.com", "bucket.s3.cn-north-1.amazonaws.com.cn",
	} {
		if err := fetch(host, ca); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if err := fetch("bank.example", ca); err == nil {
		t.Error("speaks for a name that is not its own")
	}
	c.Restart()
	address = c.Endpoint[len("http://"):]
	if err := fetch("localhost", ca); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func trusted(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if block, rest := pem.Decode(b); block == nil || len(rest) > 0 {
		t.Fatalf("ca.pem holds more or less than a certificate: %q", b)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(b)
	return pool
}

// BenchmarkStart opens a cloud, has a call answered, and closes it.
func BenchmarkStart(b *testing.B) {
	for name, o := range map[string]cloud.Options{"memory": {Ephemeral: true}, "disk": {Dir: filepath.Join(b.TempDir(), "d")}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				sys := open(b, o)
				r, err := http.NewRequest(http.MethodGet, "http://localhost:4566/_brume/health", nil)
				if err != nil {
					b.Fatal(err)
				}
				sys.Handler().ServeHTTP(discard{}, r)
				if err := sys.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
