// Bootstrap is the function of the tests: its event says what it does.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
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
			Print, Env, Fail, Fetch string
			Trace                   bool
		}
		_ = json.Unmarshal(b, &order)
		answer, end := string(b), "/response"
		if bytes.Contains(b, []byte(`"Records":`)) {
			answer, end = batch(b)
		}
		if order.Print != "" {
			fmt.Println(order.Print)
		}
		if order.Env != "" {
			text, _ := json.Marshal(os.Getenv(order.Env))
			answer = string(text)
		}
		if order.Trace {
			text, _ := json.Marshal(res.Header.Get("Lambda-Runtime-Trace-Id"))
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
