package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/brume-cloud/brume/front/sigv4"
)

// lambdaWorkloads call functions that answer what they are given, in warm
// environments. The functions' own CPU is not counted, but their time is in the
// latencies: take those with -connections 1.
func lambdaWorkloads() []workload {
	return []workload{
		{name: "lambda-invoke", goal: 6, setup: lambdaInvoke("provided.al2023", bootstrapZip)},
		{name: "lambda-python", goal: 6, setup: lambdaInvoke("python3.12", text("app.py", "def h(e, c): return e\n"))},
		{name: "lambda-node", goal: 6, setup: lambdaInvoke("nodejs22.x", text("app.js", "exports.h = async (e) => e;\n"))},
	}
}

func lambdaInvoke(runtime string, code func() ([]byte, error)) func(c *client) (func(*client, int) error, error) {
	return func(c *client) (func(*client, int) error, error) {
		data, err := code()
		if err != nil {
			return nil, err
		}
		name := fmt.Sprint("bench-", time.Now().UnixNano())
		if err := c.createFunction(name, runtime, data); err != nil {
			return nil, err
		}
		event := fmt.Appendf(nil, `{"text":%q}`, strings.Repeat("x", bodySize))
		return func(c *client, _ int) error { return c.lambda("/"+name+"/invocations", event) }, nil
	}
}

// createFunction makes a function with a role of its own, which may write logs.
func (c *client) createFunction(name, language string, code []byte) error {
	var role struct {
		ARN string `xml:"CreateRoleResult>Role>Arn"`
	}
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	if err := c.query("iam", "Action=CreateRole&Version=2010-05-08&RoleName="+name+"&AssumeRolePolicyDocument="+url.QueryEscape(trust), &role); err != nil {
		return err
	}
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}`
	if err := c.query("iam", "Action=PutRolePolicy&Version=2010-05-08&RoleName="+name+"&PolicyName=logs&PolicyDocument="+url.QueryEscape(policy), nil); err != nil {
		return err
	}
	architecture := "x86_64"
	if runtime.GOARCH == "arm64" {
		architecture = "arm64"
	}
	body, err := json.Marshal(map[string]any{
		"FunctionName": name, "Runtime": language, "Handler": "app.h", "Role": role.ARN, "MemorySize": 256, "Timeout": 30,
		"Architectures": []string{architecture}, "Code": map[string]any{"ZipFile": code},
	})
	if err != nil {
		return err
	}
	return c.lambda("", body)
}

// lambda posts to a path below that of functions.
func (c *client) lambda(path string, body []byte) error {
	r, err := http.NewRequest(http.MethodPost, c.url+"/2015-03-31/functions"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	sigv4.Sign(r, body, sigv4.Credential{AccessKeyID: c.key.id, Secret: c.key.secret}, sigv4.Scope{Region: "us-east-1", Service: "lambda", Time: time.Now()})
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode >= 300 || res.Header.Get("X-Amz-Function-Error") != "") {
		err = fmt.Errorf("lambda: %d: %s", res.StatusCode, answer)
	}
	return err
}

// bootstrapZip is this program, which is a function when it is started as one.
func bootstrapZip() ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(self)
	if err != nil {
		return nil, err
	}
	return zipOf("bootstrap", data)
}

func text(name, content string) func() ([]byte, error) {
	return func() ([]byte, error) { return zipOf(name, []byte(content)) }
}

func zipOf(name string, data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	h.SetMode(0o755)
	f, err := w.CreateHeader(h)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// serveFunction answers events with themselves, over the Runtime API at address.
func serveFunction(address string) error {
	base := "http://" + address + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(base + "next")
		if err != nil {
			return err
		}
		event, err := io.ReadAll(next.Body)
		next.Body.Close()
		if err != nil {
			return err
		}
		res, err := http.Post(base+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json", bytes.NewReader(event))
		if err != nil {
			return err
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}
