package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/brume-cloud/brume/front/sigv4"
)

func lambdaWorkloads() []workload {
	return []workload{
		{name: "lambda-invoke", goal: 6, setup: lambdaInvoke},
	}
}

// echo is a function that answers with its event, as a program.
const echo = `package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
)

func main() {
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		res, err := http.Get(url + "next")
		if err != nil {
			panic(err)
		}
		event, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res, err = http.Post(url+res.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json", bytes.NewReader(event)); err == nil {
			io.Copy(io.Discard, res.Body) // so that the connection is used again
			res.Body.Close()
		}
	}
}
`

// echoZip builds the function's code.
func echoZip() ([]byte, error) {
	dir, err := os.MkdirTemp("", "brume-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "bootstrap")
	if err := os.WriteFile(source, []byte(echo), 0o644); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	return b.Bytes(), err
}

// lambda makes a call of the Lambda API.
func (c *client) lambda(method, path string, body []byte) error {
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	sigv4.Sign(r, body, sigv4.Credential{AccessKeyID: c.key.id, Secret: c.key.secret}, sigv4.Scope{Region: "us-east-1", Service: "lambda", Time: time.Now()})
	var answer bytes.Buffer
	h, err := c.do(r, &answer)
	if err == nil && h.Get("X-Amz-Function-Error") != "" {
		err = fmt.Errorf("the function failed: %s", answer.Bytes())
	}
	return err
}

// architecture is this machine's, as Lambda calls it.
func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

// createFunction makes a function of a zip, with a role of the same name.
func (c *client) createFunction(name string, code []byte) error {
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	if err := c.query("iam", "Action=CreateRole&Version=2010-05-08&RoleName="+name+"&AssumeRolePolicyDocument="+url.QueryEscape(trust), nil); err != nil {
		return err
	}
	logs := "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	if err := c.query("iam", "Action=AttachRolePolicy&Version=2010-05-08&RoleName="+name+"&PolicyArn="+url.QueryEscape(logs), nil); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"FunctionName": name, "Runtime": "provided.al2023", "Handler": "none", "Role": "arn:aws:iam::000000000000:role/" + name,
		"Architectures": []string{architecture()}, "Code": map[string]string{"ZipFile": base64.StdEncoding.EncodeToString(code)},
	})
	if err != nil {
		return err
	}
	return c.lambda(http.MethodPost, "/2015-03-31/functions", body)
}

// lambdaInvoke calls a warm function and waits for its answer.
func lambdaInvoke(c *client) (func(*client, int) error, error) {
	code, err := echoZip()
	if err != nil {
		return nil, err
	}
	name := fmt.Sprint("bench-", time.Now().UnixNano())
	if err := c.createFunction(name, code); err != nil {
		return nil, err
	}
	event := []byte(`{"hello":"world"}`)
	invoke := func(c *client, _ int) error {
		return c.lambda(http.MethodPost, "/2015-03-31/functions/"+name+"/invocations", event)
	}
	return invoke, c.steps(4*c.connections, func(i int) error { return invoke(c, i) })
}
