package function

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test's own program the bootstrap of provided.al2023
// functions, so that the tests need nothing but Go.
func TestMain(m *testing.M) {
	if api := os.Getenv("AWS_LAMBDA_RUNTIME_API"); api != "" && strings.Contains(os.Args[0], "/extensions/") {
		outside(api)
		return
	} else if api != "" {
		bootstrap(api)
		return
	}
	if dir := os.Getenv("BRUME_TEST_SERVER"); dir != "" {
		startServer(dir)
		return
	}
	os.Exit(m.Run())
}

// order is the event that the test's bootstrap obeys.
type order struct {
	Do   string
	Text string
	N    int
}

func bootstrap(api string) {
	url := "http://" + api + "/2018-06-01/runtime/"
	if os.Getenv("_HANDLER") == "bad.init" {
		_, _ = http.Post(url+"init/error", "application/json", strings.NewReader(`{"errorType":"Bad.Init","errorMessage":"no"}`))
		os.Exit(1)
	}
	events := make(chan string, 8)
	if os.Getenv("_HANDLER") == "with.extension" {
		go extend(api, events)
		<-events
	}
	fmt.Println("initialised")
	for calls := 1; ; calls++ {
		res, err := http.Get(url + "invocation/next")
		if err != nil || res.StatusCode != http.StatusOK {
			os.Exit(0)
		}
		b, _ := io.ReadAll(res.Body)
		var o order
		_ = json.Unmarshal(b, &o)
		id := res.Header.Get("Lambda-Runtime-Aws-Request-Id")
		kind, answer := obey(o, res.Header, calls)
		if o.Do == "extension" {
			answer = strings.NewReader(<-events)
		}
		at := url + "invocation/" + id + "/" + kind
		req, _ := http.NewRequest("POST", at, answer)
		if o.Do == "stream" {
			req.Header.Set("Lambda-Runtime-Function-Response-Mode", "streaming")
			req.Header.Set("Content-Type", "text/plain")
		}
		if post, err := http.DefaultClient.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, post.Body)
			_ = post.Body.Close()
		}
	}
}

func obey(o order, h http.Header, calls int) (kind string, answer io.Reader) {
	say := func(v any) io.Reader {
		b, _ := json.Marshal(v)
		return bytes.NewReader(b)
	}
	switch o.Do {
	case "headers":
		return "response", say(h)
	case "variables":
		return "response", say(os.Environ())
	case "log":
		fmt.Print(o.Text)
	case "flood":
		line := strings.Repeat("x", 1023) + "\n"
		for range o.N {
			fmt.Print(line)
		}
	case "exit":
		os.Exit(o.N)
	case "hang":
		select {}
	case "error":
		return "error", strings.NewReader(`{"errorType":"My.Error","errorMessage":"` + o.Text + `"}`)
	case "large":
		return "response", strings.NewReader(`"` + strings.Repeat("a", o.N) + `"`)
	case "memory":
		var keep [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			keep = append(keep, b)
			time.Sleep(time.Millisecond)
		}
	case "hog":
		var keep [][]byte
		for {
			b := make([]byte, 64<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			keep = append(keep, b)
		}
	case "stream":
		return "response", io.MultiReader(strings.NewReader("one,"), strings.NewReader("two"))
	case "forks":
		n := 0
		for range o.N {
			if exec.Command("/bin/sleep", "1000").Start() == nil {
				n++
			}
		}
		return "response", say(n)
	case "leave": // a process that leaves its group and its session
		c := exec.Command("/usr/bin/setsid", "/bin/sleep", "1000")
		err := c.Start()
		return "response", say(fmt.Sprint(err))
	case "fill":
		err := os.WriteFile("/tmp/large", make([]byte, o.N), 0o600)
		return "response", say(fmt.Sprint(err))
	case "read":
		_, err := os.ReadFile(o.Text)
		return "response", say(fmt.Sprint(err))
	case "write":
		err := os.WriteFile(o.Text, nil, 0o600)
		return "response", say(fmt.Sprint(err))
	case "dial":
		_, err := net.Dial("tcp", o.Text)
		return "response", say(fmt.Sprint(err))
	}
	return "response", say(map[string]any{"calls": calls, "text": o.Text, "uid": os.Getuid()})
}

// extend is an internal extension: it registers and passes on its events.
func extend(api string, events chan<- string) {
	url := "http://" + api + "/2020-01-01/extension/"
	req, _ := http.NewRequest("POST", url+"register", strings.NewReader(`{"events":["INVOKE"]}`))
	req.Header.Set("Lambda-Extension-Name", "inner")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	id := res.Header.Get("Lambda-Extension-Identifier")
	events <- "registered"
	for {
		req, _ := http.NewRequest("GET", url+"event/next", nil)
		req.Header.Set("Lambda-Extension-Identifier", id)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return
		}
		b, _ := io.ReadAll(res.Body)
		events <- string(b)
	}
}
