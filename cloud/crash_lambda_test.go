package cloud_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Bounds of the crash test of functions.
const (
	lambdaRounds = 3
	lambdaEvents = 20 // acknowledged in a round, of each sort, at most, before the kill
)

// TestNoEventIsLost kills the real program while it hands events and messages to
// a function, and looks for each in what the function has printed.
func TestNoEventIsLost(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("builds and runs the program, and functions as processes")
	}
	dir := t.TempDir()
	binary := built(t, dir, "brume", "github.com/brume-cloud/brume/cmd/brume")
	code := zipped(t, built(t, dir, "bootstrap", "github.com/brume-cloud/brume/service/lambda/testdata/bootstrap"))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	data := t.TempDir()
	var marks []string
	for round := range lambdaRounds {
		p := launch(t, binary, data)
		f := p.functions()
		if round == 0 {
			f.make(t, p, code)
		}
		for i := range 1 + random.IntN(lambdaEvents) {
			mark := fmt.Sprintf("mark-%d-%d-", round, i)
			_, err := f.Invoke(t.Context(), &lambda.InvokeInput{
				FunctionName: new("crash"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`{"Print":"` + mark + `event"}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: p.queue, MessageBody: new(mark + "message")}); err != nil {
				t.Fatal(err)
			}
			marks = append(marks, mark+"event", mark+"message")
		}
		p.kill(t)
	}
	p := launch(t, binary, data)
	lost := p.functions().missing(t, p, marks)
	p.stop(t)
	if len(lost) > 0 {
		t.Errorf("lost: %s", lost)
	}
	t.Logf("%d acknowledged in %d crashes", len(marks), lambdaRounds)
}

// built builds a program and returns where it is.
func built(t *testing.T, dir, name, program string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	build := exec.Command("go", "build", "-o", file, program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return file
}

func zipped(t *testing.T, file string) []byte {
	t.Helper()
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	f, err := w.CreateHeader(h)
	if err == nil {
		_, err = f.Write(program)
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// functions are clients of a running program.
type functions struct {
	*lambda.Client
	roles *iam.Client
	logs  *cwl.Client
}

func (p *process) functions() *functions {
	config := awssdk.Config{
		BaseEndpoint: &p.endpoint, Region: "eu-central-1", Credentials: p.client.Options().Credentials,
		Retryer: func() awssdk.Retryer { return awssdk.NopRetryer{} },
	}
	return &functions{lambda.NewFromConfig(config), iam.NewFromConfig(config), cwl.NewFromConfig(config)}
}

// make makes the function and maps the queue to it.
func (f *functions) make(t *testing.T, p *process, code []byte) {
	t.Helper()
	const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	const may = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["logs:*","sqs:*"],"Resource":"*"}}`
	role, err := f.roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: new("crash"), AssumeRolePolicyDocument: new(trust)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: new("crash"), PolicyName: new("p"), PolicyDocument: new(may)}); err != nil {
		t.Fatal(err)
	}
	arch := types.ArchitectureX8664
	if runtime.GOARCH == "arm64" {
		arch = types.ArchitectureArm64
	}
	_, err = f.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: new("crash"), Role: role.Role.Arn, Runtime: types.RuntimeProvidedal2023, Handler: new("h"),
		Code: &types.FunctionCode{ZipFile: code}, Architectures: []types.Architecture{arch},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: new("crash"), EventSourceArn: new("arn:aws:sqs:eu-central-1:000000000000:crash"),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// missing waits for marks in the function's log, and returns those that do not come.
func (f *functions) missing(t *testing.T, p *process, marks []string) (lost []string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		// What was received and not deleted comes back after its visibility timeout.
		if res, err := http.Post(p.endpoint+"/_brume/clock", "application/json", strings.NewReader(`{"by": "31s"}`)); err == nil {
			_ = res.Body.Close()
		}
		var printed strings.Builder
		pages := cwl.NewFilterLogEventsPaginator(f.logs, &cwl.FilterLogEventsInput{LogGroupName: new("/aws/lambda/crash"), FilterPattern: new("mark")})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				break // nothing is logged yet
			}
			for _, e := range page.Events {
				printed.WriteString(*e.Message)
			}
		}
		lost = nil
		for _, mark := range marks {
			if !strings.Contains(printed.String(), mark) {
				lost = append(lost, mark)
			}
		}
		if len(lost) == 0 {
			return nil
		}
	}
	return lost
}
