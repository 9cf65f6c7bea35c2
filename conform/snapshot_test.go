package conform

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/api/catalog"
	"github.com/brume-cloud/brume/api/every"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// sdkName is the Go SDK's name of a service, where it is not ours.
var sdkName = map[string]string{
	"cognitoidp": "cognitoidentityprovider", "logs": "cloudwatchlogs", "events": "eventbridge",
	"elbv2": "elasticloadbalancingv2", "elb": "elasticloadbalancing", "stepfunctions": "sfn", "ce": "costexplorer",
}

// snapshot is a request, response or error as a file of the SDK holds it.
type snapshot struct {
	method, target string
	status         int
	header         http.Header
	body           []byte
}

// services opens every model with all of its operations bound.
func services() map[string]*schema.Service {
	all := map[string]*schema.Service{}
	operations := every.Operations()
	for _, m := range catalog.Models() {
		s := schema.Open(m)
		s.Bind(operations[m.Name])
		all[m.Name] = s
	}
	return all
}

// moduleFolders asks go where the SDK's modules lie.
func moduleFolders(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json").Output()
	if err != nil {
		t.Fatalf("go mod download: %v", err)
	}
	all := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var m struct{ Path, Dir string }
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(m.Path)] = m.Dir
	}
	return all
}

func parseSnapshot(b []byte) (*snapshot, error) {
	r := bufio.NewReader(bytes.NewReader(b))
	first, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	s := &snapshot{header: http.Header{}}
	if _, err := fmt.Sscan(first, &s.status); err != nil {
		s.method, s.target, _ = strings.Cut(strings.TrimSpace(first), " ")
	}
	for blank := s.method == ""; ; {
		line, err := r.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if line == "" && (blank || err != nil) {
			break
		}
		blank = true // a request has an empty line before its headers, too
		if k, v, ok := strings.Cut(line, ": "); ok {
			s.header.Add(k, v)
		}
		if err != nil {
			break
		}
	}
	s.body, err = io.ReadAll(r)
	return s, err
}

// eachSnapshot calls fn for every snapshot of a kind: request, response or error.
func eachSnapshot(t *testing.T, kind string, fn func(t *testing.T, svc *schema.Service, name string, s *snapshot)) (n int) {
	t.Helper()
	folders := moduleFolders(t)
	for name, svc := range services() {
		sdk := name
		if other, ok := sdkName[name]; ok {
			sdk = other
		}
		dir := "response_snapshot"
		if kind == "request" {
			dir = "request_snapshot"
		}
		paths, err := filepath.Glob(filepath.Join(folders[sdk], dir, "*."+kind+".snap"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parseSnapshot(b)
			if err != nil {
				t.Fatal(path, err)
			}
			n++
			of := strings.TrimSuffix(filepath.Base(path), "."+kind+".snap")
			t.Run(name+"/"+of, func(t *testing.T) { fn(t, svc, of, s) })
		}
	}
	return n
}

// protocol is the protocol that the snapshot is in.
func (s *snapshot) protocol(svc *schema.Service) schema.Protocol {
	switch {
	case s.header.Get("Smithy-Protocol") != "":
		return schema.CBOR
	case s.header.Get("X-Amz-Target") != "":
		return schema.JSON
	}
	return svc.Protocols[0]
}

// leastRequests and its like guard against a search that finds nothing.
const (
	leastRequests  = 2000
	leastResponses = 900
	leastErrors    = 400
)

func TestRequestsOfTheGoSDKDecode(t *testing.T) {
	skip := exceptions(t, "requests.txt")
	n := eachSnapshot(t, "request", func(t *testing.T, svc *schema.Service, name string, s *snapshot) {
		op := svc.Operation(name)
		if op == nil {
			if svc.Name == "ec2" {
				return // EC2's operations are a chosen list
			}
			t.Skipf("the models do not have %s (yet)", name)
		}
		err := s.decode(svc, op)
		skip.judge(t, svc.Name+"/"+name, err)
	})
	if n < leastRequests {
		t.Errorf("only %d snapshots", n)
	}
}

// decode decodes the request and checks that every member arrived.
func (s *snapshot) decode(svc *schema.Service, op *schema.Operation) error {
	target := s.target
	if svc.Name == "s3" && op.Input != nil && strings.HasPrefix(op.URI, "/{Bucket}") {
		target = "/__Bucket__" + strings.TrimSuffix(target, "/") // the SDK puts it into the host
		if target == "/__Bucket__" && strings.Contains(op.URI, "{Key+}") {
			target += "/"
		}
	}
	path, query, _ := strings.Cut(target, "?")
	r, err := http.NewRequest(s.method, "http://host"+target, bytes.NewReader(s.body))
	if err != nil {
		return err
	}
	r.Header = s.header
	params, err := wire.ParseQuery(query)
	if err != nil {
		return err
	}
	req := &wire.Request{Request: r, Path: path, Params: params, Body: s.body}
	p := s.protocol(svc)
	if p == schema.RESTJSON || p == schema.RESTXML {
		found, labels := wire.NewRoutes(svc).Find(req)
		if found != op {
			name := "nothing"
			if found != nil {
				name = found.Name
			}
			return fmt.Errorf("%s %s routes to %s", s.method, target, name)
		}
		req.Labels = labels
	}
	in, err := wire.For(p).Decode(op, req)
	if _, invalid := err.(*wire.Invalid); err != nil && !invalid {
		return err // placeholders break patterns; that is not what this is about
	}
	if op.Input == nil {
		return nil
	}
	return complete(op.Input, in, string(s.body)+s.target+headerText(s.header))
}

func headerText(h http.Header) string {
	var b strings.Builder
	for k, v := range h {
		fmt.Fprintln(&b, k, v)
	}
	return b.String()
}
