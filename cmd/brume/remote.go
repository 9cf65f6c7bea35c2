package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/brume-cloud/brume/cloud"
	"github.com/brume-cloud/brume/cloud/control"
	"github.com/brume-cloud/brume/front/origin"
)

// remote is the running cloud that a command is for.
type remote struct {
	Endpoint string `default:"http://localhost:4566" env:"BRUME_ENDPOINT" placeholder:"URL" help:"Where the cloud is."`
	Token    string `env:"BRUME_TOKEN" placeholder:"TOKEN" help:"The control token of a strict cloud; found in the data directory when not given."`
	Data     string `default:".brume" env:"BRUME_DATA" type:"path" placeholder:"DIR" help:"The cloud's data directory."`
}

// aboutTimeout is for asking who is there; other calls may take their time.
const aboutTimeout = time.Second

func (r *remote) about() (about control.About, err error) {
	err = r.send(&http.Client{Timeout: aboutTimeout}, &request{method: http.MethodGet, path: "health", out: &about})
	return about, err
}

// request is a call of the control API.
type request struct {
	method, path string
	in, out      any // may be nil
}

func (r *remote) get(path string, out any) error {
	return r.send(http.DefaultClient, &request{http.MethodGet, path, nil, out})
}

func (r *remote) post(path string, in, out any) error {
	return r.send(http.DefaultClient, &request{http.MethodPost, path, in, out})
}

func (r *remote) remove(path string) error {
	return r.send(http.DefaultClient, &request{http.MethodDelete, path, nil, nil})
}

func (r *remote) send(client *http.Client, q *request) error {
	req, err := r.prepare(q)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return r.explain(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("the cloud at %s broke off its answer: %w", r.Endpoint, err)
	}
	if res.StatusCode != http.StatusOK {
		var refusal struct{ Error string }
		if json.Unmarshal(body, &refusal) != nil || refusal.Error == "" {
			return fmt.Errorf("%s does not answer as a brume does (%s): say where the cloud is with --endpoint", r.Endpoint, res.Status)
		}
		return errors.New(refusal.Error)
	}
	if q.out == nil {
		return nil
	}
	if err := json.Unmarshal(body, q.out); err != nil {
		return fmt.Errorf("%s does not answer as this version of brume expects: %w", r.Endpoint, err)
	}
	return nil
}

func (r *remote) prepare(q *request) (*http.Request, error) {
	var body bytes.Buffer
	if q.in != nil {
		if err := json.NewEncoder(&body).Encode(q.in); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequest(q.method, strings.TrimSuffix(r.Endpoint, "/")+"/_brume/"+q.path, &body)
	if err != nil || req.URL.Host == "" {
		return nil, usageError{fmt.Errorf("--endpoint %s is not a URL: write it like http://localhost:4566", r.Endpoint)}
	}
	req.Header.Set("Content-Type", "application/json")
	token := r.Token
	if token == "" && r.Data != "" && isLocal(req.URL.Hostname()) {
		secrets, err := cloud.ReadSecrets(r.Data)
		if err != nil {
			return nil, err
		}
		token = secrets.ControlToken
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}

// isLocal keeps the token of this machine's cloud from being sent to another.
func isLocal(host string) bool { return origin.IsLoopback(host) }

func (r *remote) explain(err error) error {
	var cause *url.Error
	if errors.As(err, &cause) {
		err = cause.Err
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no cloud answers at %s: start one with brume up, or say where it is with --endpoint", r.Endpoint)
	}
	return fmt.Errorf("cannot reach %s: %w; say where the cloud is with --endpoint", r.Endpoint, err)
}
