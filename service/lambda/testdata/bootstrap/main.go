// Bootstrap is the function of the tests: its event says what it does.
package main

import (
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
		var order struct{ Print, Env, Fail, Read string }
		_ = json.Unmarshal(b, &order)
		answer, end := string(b), "/response"
		if order.Print != "" {
			fmt.Println(order.Print)
		}
		if order.Env != "" {
			text, _ := json.Marshal(os.Getenv(order.Env))
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
