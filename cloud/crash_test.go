package cloud_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Bounds of the crash test.
const (
	crashRounds  = 5
	crashSenders = 8
	crashAfter   = 200 // acknowledged messages in a round, at most, before the kill
)

// TestNoAcknowledgedMessageIsLost kills the real program under load, again and
// again, and looks for every message whose sending it had acknowledged.
func TestNoAcknowledgedMessageIsLost(t *testing.T) {
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
	acknowledged := map[string]bool{}
	for round := range crashRounds {
		p := launch(t, binary, dir)
		for _, body := range p.load(t, round, 1+random.IntN(crashAfter)) {
			acknowledged[body] = true
		}
	}
	p := launch(t, binary, dir)
	found := p.drain(t)
	p.stop(t)
	for body := range acknowledged {
		if !found[body] {
			t.Errorf("message %s was acknowledged and is lost", body)
		}
	}
	t.Logf("%d messages acknowledged, %d found, in %d crashes", len(acknowledged), len(found), crashRounds)
}

// process is a running program.
type process struct {
	cmd      *exec.Cmd
	endpoint string
	client   *sqs.Client
	queue    *string
}

// launch starts the program on a port of its choice and waits until it says
// where it answers.
func launch(t *testing.T, binary, dir string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "up", "--listen", "127.0.0.1:0", "--data", dir, "--log-level", "error")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, ok := strings.Cut(line, "up at ")
	endpoint, _, _ := strings.Cut(rest, ",")
	if !ok {
		t.Fatalf("the program said %q, %v", line, err)
	}
	p := &process{cmd: cmd, endpoint: endpoint, client: sqs.New(sqs.Options{
		BaseEndpoint: &endpoint, Region: "eu-central-1", Retryer: awssdk.NopRetryer{},
		Credentials: awssdk.CredentialsProviderFunc(func(context.Context) (awssdk.Credentials, error) {
			return awssdk.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})}
	q, err := p.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("crash")})
	if err != nil {
		p.kill(t)
		t.Fatal(err)
	}
	p.queue = q.QueueUrl
	return p
}

// load sends from many connections at once, kills the program after enough
// acknowledgements, while others are under way, and returns what was
// acknowledged.
func (p *process) load(t *testing.T, round, enough int) (acknowledged []string) {
	t.Helper()
	acks := make(chan string, crashSenders)
	var senders sync.WaitGroup
	for sender := range crashSenders {
		senders.Go(func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf("%d/%d/%d", round, sender, i)
				if _, err := p.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: p.queue, MessageBody: &body}); err != nil {
					return // killed
				}
				acks <- body
			}
		})
	}
	go func() { senders.Wait(); close(acks) }()
	for body := range acks {
		if acknowledged = append(acknowledged, body); len(acknowledged) == enough {
			p.kill(t)
		}
	}
	if len(acknowledged) < enough {
		t.Errorf("the program ended by itself after %d messages", len(acknowledged))
		p.kill(t)
	}
	return acknowledged
}

// kill ends the program as suddenly as it can be, and waits until it is gone.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	_ = p.cmd.Wait() // it reports the kill
}

// stop ends the program in peace.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

// drain receives until the queue is empty.
func (p *process) drain(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		out, err := p.client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: p.queue, MaxNumberOfMessages: 10, VisibilityTimeout: 3600, WaitTimeSeconds: 0,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return found
		}
		for _, m := range out.Messages {
			found[*m.Body] = true
		}
	}
	t.Fatal("the queue does not become empty")
	return nil
}
