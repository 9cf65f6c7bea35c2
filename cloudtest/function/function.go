// Package function makes Lambda functions for tests. The function does what its
// event, or its variable ALWAYS, says, and answers with its event otherwise: see
// service/lambda/testdata/bootstrap.
package function

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/brume-cloud/brume/cloudtest"
)

// source is the program.
const source = "github.com/brume-cloud/brume/service/lambda/testdata/bootstrap"

// Zip builds the program, once in a process.
var Zip = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "bootstrap")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is below the system's own
	file := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", file, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	data, err := os.ReadFile(file)
	return Archive("bootstrap", data), err
})

// Archive is a zip of one executable file.
func Archive(name string, data []byte) []byte {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	h.SetMode(0o755)
	f, _ := w.CreateHeader(h) // a buffer takes all
	_, _ = f.Write(data)
	_ = w.Close()
	return buf.Bytes()
}

const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`

// Function is a function to make.
type Function struct {
	Name   string
	Caller string // the service principal that may call it; "" for none
	Always string // what it does whatever its event; "" for what the event says
}

// Create makes a function with its role, and returns its ARN.
func (f Function) Create(t *testing.T, c *cloudtest.Cloud) string {
	t.Helper()
	name := f.Name
	code, err := Zip()
	if err != nil {
		t.Fatal(err)
	}
	roles, functions := iam.NewFromConfig(c.Config()), lambda.NewFromConfig(c.Config())
	role, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(trust)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: new("logs"),
		PolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	arch := types.ArchitectureX8664
	if runtime.GOARCH == "arm64" {
		arch = types.ArchitectureArm64
	}
	made, err := functions.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Role: role.Role.Arn, Runtime: types.RuntimeProvidedal2023, Handler: new("bootstrap"), Code: &types.FunctionCode{ZipFile: code},
		Architectures: []types.Architecture{arch}, Environment: &types.Environment{Variables: map[string]string{"ALWAYS": f.Always}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.Caller == "" {
		return *made.FunctionArn
	}
	_, err = functions.AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &name, StatementId: new("call"), Action: new("lambda:InvokeFunction"), Principal: &f.Caller,
	})
	if err != nil {
		t.Fatal(err)
	}
	return *made.FunctionArn
}
