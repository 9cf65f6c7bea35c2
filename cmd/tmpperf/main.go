// Command tmpperf is a scratch server.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime/debug"

	"github.com/brume-cloud/brume/cloud"
)

func main() {
	debug.SetGCPercent(400)
	s, err := cloud.Open(cloud.Options{Dir: os.Args[2], Address: os.Args[1], Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go http.ListenAndServe("127.0.0.1:6060", nil)
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Serve(context.Background(), l))
}
