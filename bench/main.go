// Bench measures what a call costs the server: CPU per operation, operations a
// second, and latency, for one or more endpoints side by side in one run.
//
//	go run ./bench                                         Brume, against a bare net/http handler
//	go run ./bench -peer goaws=http://127.0.0.1:4100,1234  and a peer, with its process id
//	go run ./bench -only sqs -for 10s
//	go run ./bench -only late -keys 1000000 -items 10000000
//	                                                       what a call costs when there is much
//	go run ./bench -only lambda -connections 1             warm calls of functions, for their latency
//	go run ./bench -only api -sockets 10000                API Gateway, and the memory of connections
//	go run ./bench -only s3-get-8m -nginx nginx            and nginx, with the same file
//
// The unit is the bare handler: a net/http server that reads 1 KiB and answers
// 1 KiB, measured in the same run, because machines differ and ratios do not.
// Server CPU is what the process used between two moments (user and system
// time), so it counts garbage collection and compaction, and is the steadiest
// figure on a shared machine. Linux only.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	if api := os.Getenv("AWS_LAMBDA_RUNTIME_API"); api != "" { // started as a function: see lambda.go
		log.Fatal(serveFunction(api))
	}
	o := options{}
	flag.IntVar(&o.connections, "connections", 16, "concurrent connections")
	flag.DurationVar(&o.duration, "for", 5*time.Second, "how long each workload runs")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; the median is reported")
	flag.StringVar(&o.only, "only", "", "run the workloads whose name has this in it")
	flag.StringVar(&o.brume, "brume", "bin/brume", "the brume binary; empty to leave it out")
	flag.IntVar(&o.backlog, "backlog", 0, "messages to queue before measuring, for figures under load")
	flag.IntVar(&o.queues, "queues", 0, "queues to make before measuring")
	flag.IntVar(&o.keys, "keys", 0, "objects to put into one bucket before measuring")
	flag.IntVar(&o.items, "items", 0, "items to put into one table before measuring")
	flag.IntVar(&o.upload, "upload", 0, "GiB to upload as one object, to see what memory that takes")
	flag.IntVar(&o.sockets, "sockets", 0, "idle WebSocket connections to open, to see what memory they take")
	flag.StringVar(&o.nginx, "nginx", "", "an nginx binary, to compare the sending of files with")
	flag.IntVar(&o.things, "things", 0, "queues, topics and users to make before measuring")
	flag.Func("peer", "NAME=URL,PID of another endpoint; may be repeated", o.addPeer)
	serve := flag.String("serve-bare", "", "internal: serve the bare handler on this address")
	flag.Parse()
	if *serve != "" {
		log.Fatal(serveBare(*serve))
	}
	if err := run(&o, os.Stdout); err != nil {
		log.Fatal("bench: ", err)
	}
}

// options are the flags.
type options struct {
	connections, rounds     int
	backlog, queues, things int
	keys, items, upload     int
	sockets                 int
	duration                time.Duration
	only, brume, nginx      string
	peers                   []target
}

func (o *options) addPeer(s string) error {
	name, rest, ok := strings.Cut(s, "=")
	url, pid, ok2 := strings.Cut(rest, ",")
	n, err := strconv.Atoi(pid)
	if !ok || !ok2 || err != nil {
		return fmt.Errorf("want NAME=URL,PID")
	}
	o.peers = append(o.peers, target{name: name, url: strings.TrimSuffix(url, "/"), pid: n, key: credential{"test", "test"}})
	return nil
}
