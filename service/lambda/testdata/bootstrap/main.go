// Bootstrap is the function of the tests: its event says what it does.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		res, err := http.Get(url + "next")
		if err != nil {
			return
		}
		b, _ := io.ReadAll(res.Body)
		id := res.Header.Get("Lambda-Runtime-Aws-Request-Id")
		var order struct {
			Print, Env, Fail, Fetch, Read string
			Trace                         bool
			Wrap                          bool            // the event as the body of an answer to API Gateway
			Answer                        json.RawMessage // instead of the event
			Stream                        *streaming
		}
		given := b
		if always := os.Getenv("ALWAYS"); always != "" { // for events that others make
			given = []byte(always)
		}
		_ = json.Unmarshal(given, &order)
		if order.Stream != nil {
			order.Stream.send(url + id + "/response")
			continue
		}
		answer, end := string(b), "/response"
		switch {
		case order.Answer != nil:
			answer = string(order.Answer)
		case bytes.Contains(b, []byte(`"Records":`)):
			answer, end = batch(b)
		}
		if order.Print != "" {
			fmt.Println(order.Print)
		}
		if order.Env != "" {
			text, _ := json.Marshal(os.Getenv(order.Env))
			answer = string(text)
		}
		if order.Wrap {
			text, _ := json.Marshal(map[string]any{"statusCode": 200, "body": string(b)})
			answer = string(text)
		}
		if order.Trace {
			text, _ := json.Marshal(res.Header.Get("Lambda-Runtime-Trace-Id"))
			answer = string(text)
		}
		if order.Read != "" { // a file beside this program
			self, _ := os.Executable()
			data, err := os.ReadFile(filepath.Join(filepath.Dir(self), order.Read))
			text, _ := json.Marshal(fmt.Sprint(string(data), err))
			answer = string(text)
		}
		if order.Fail != "" {
			answer, end = `{"errorType":"Test","errorMessage":"`+order.Fail+`"}`, "/error"
		}
		_, _ = http.Post(url+id+end, "application/json", strings.NewReader(answer))
	}
}

// batch is what the function does with records: it prints them, and fails those
// with the word poison in them. It reports them when REPORT says so. In a
// tumbling window it counts.
func batch(event []byte) (answer, end string) {
	fmt.Println("EVENT " + string(event))
	var in struct {
		Records []json.RawMessage
		Window  any
		State   map[string]int
	}
	_ = json.Unmarshal(event, &in)
	failed := []map[string]string{}
	for _, r := range in.Records {
		var id struct {
			MessageID string
			Dynamodb  struct{ SequenceNumber string }
		}
		if _ = json.Unmarshal(r, &id); bytes.Contains(r, []byte("poison")) {
			failed = append(failed, map[string]string{"itemIdentifier": id.MessageID + id.Dynamodb.SequenceNumber})
		}
	}
	out := map[string]any{}
	switch {
	case os.Getenv("REPORT") != "":
		out["batchItemFailures"] = failed
	case len(failed) > 0:
		return `{"errorType":"Test","errorMessage":"poison"}`, "/error"
	}
	if in.Window != nil {
		out["state"] = map[string]int{"count": in.State["count"] + len(in.Records)}
	}
	text, _ := json.Marshal(out)
	return string(text), "/response"
}

// streaming is an answer in parts.
type streaming struct {
	Type   string
	Parts  []string
	Repeat int    // of the last part
	Wait   string // a URL that is fetched after the first part
	Fail   string
}

func (s *streaming) send(url string) {
	read, write := io.Pipe()
	req, _ := http.NewRequest("POST", url, read)
	req.Header.Set("Lambda-Runtime-Function-Response-Mode", "streaming")
	req.Header.Set("Content-Type", s.Type)
	req.Trailer = http.Header{"Lambda-Runtime-Function-Error-Type": nil, "Lambda-Runtime-Function-Error-Body": nil}
	go func() {
		for i, part := range s.Parts {
			for range 1 + s.Repeat*(i/max(len(s.Parts)-1, 1)) {
				_, _ = io.WriteString(write, part)
			}
			if i == 0 && s.Wait != "" {
				_, _ = http.Get(s.Wait)
			}
		}
		if s.Fail != "" {
			req.Trailer.Set("Lambda-Runtime-Function-Error-Type", "Test")
			req.Trailer.Set("Lambda-Runtime-Function-Error-Body", base64.StdEncoding.EncodeToString([]byte(`{"errorType":"Test","errorMessage":"`+s.Fail+`"}`)))
		}
		_ = write.Close()
	}()
	if res, err := http.DefaultClient.Do(req); err == nil {
		_ = res.Body.Close()
	}
}
