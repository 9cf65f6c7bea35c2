package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// figure is what one run of a workload gave.
type figure struct {
	cpu      time.Duration // of the server, for one step
	rate     float64       // steps a second
	p50, p99 time.Duration
}

func run(o *options, out io.Writer) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, _, err := start("bare net/http", "http://"+address, "/", self, "-serve-bare", address)
	if err != nil {
		return err
	}
	defer bare.stop()
	targets, stop, err := o.targets(out)
	defer stop()
	if err != nil {
		return err
	}
	unit, err := o.median(func() (figure, error) { return o.measure(bareClient(bare, o.connections)) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%-15s %-14s %9s %8s %9s %9s %9s\n", "workload", "endpoint", "CPU/op", "× bare", "ops/s", "p50", "p99")
	t := table{out, unit}
	t.row("1 KiB echo", bare.name, unit, 0)
	for _, w := range slices.Concat(workloads(), s3Workloads(), dynamoWorkloads(), lambdaWorkloads(), apiWorkloads()) {
		if !strings.Contains(w.name, o.only) || w.late != nil && w.late(o) == 0 {
			continue
		}
		for i := range targets {
			if targets[i].files && !w.files {
				continue
			}
			f, err := o.median(func() (figure, error) { return o.measureWorkload(&targets[i], &w) })
			if err != nil {
				fmt.Fprintf(out, "%-15s %-14s %v\n", w.name, targets[i].name, err)
				continue
			}
			t.row(w.name, targets[i].name, f, w.goal)
		}
	}
	if o.upload > 0 {
		if err := upload(newClient(&targets[0], o.connections), o.upload, out); err != nil {
			return err
		}
	}
	if o.sockets > 0 {
		if err := sockets(newClient(&targets[0], o.connections), o.sockets, out); err != nil {
			return err
		}
	}
	for i := range targets {
		fmt.Fprintf(out, "%s: %.1f MiB resident at the end\n", targets[i].name, targets[i].resident())
	}
	return nil
}

// targets are what is measured, of which stop ends those that were started.
func (o *options) targets(out io.Writer) (all []target, stop func(), err error) {
	var started []*target
	stop = func() {
		for _, t := range started {
			t.stop()
		}
	}
	all = o.peers
	if o.brume != "" {
		b, err := startBrume(o, out)
		if err != nil {
			return nil, stop, err
		}
		started = append(started, b)
		all = append([]target{*b}, all...)
	}
	if o.nginx != "" {
		n, err := startNginx(o.nginx)
		if err != nil {
			return nil, stop, err
		}
		started = append(started, n)
		all = append(all, *n)
	}
	return all, stop, nil
}

// table prints figures as multiples of the unit.
type table struct {
	out  io.Writer
	unit figure
}

func (t *table) row(workload, name string, f figure, goal float64) {
	line := fmt.Sprintf("%-15s %-14s %7.1fµs %7.2f× %9.0f %9s %9s", workload, name, float64(f.cpu)/1e3, float64(f.cpu)/float64(t.unit.cpu), f.rate, f.p50.Round(time.Microsecond), f.p99.Round(time.Microsecond))
	if goal > 0 {
		line += fmt.Sprintf("   goal %.1f×", goal)
	}
	fmt.Fprintln(t.out, line)
}

// median runs fn o.rounds times and returns the run with the median CPU.
func (o *options) median(fn func() (figure, error)) (figure, error) {
	var all []figure
	for range o.rounds {
		f, err := fn()
		if err != nil {
			return f, err
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b figure) int { return cmp.Compare(a.cpu, b.cpu) })
	return all[len(all)/2], nil
}

func bareClient(t *target, connections int) (*client, func(*client, int) error, func(*client) error) {
	c := newClient(t, connections)
	body := strings.Repeat("x", bodySize)
	return c, func(c *client, _ int) error {
		res, err := c.http.Post(c.url+"/", "text/plain", strings.NewReader(body))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}, nil
}

func (o *options) measureWorkload(t *target, w *workload) (figure, error) {
	c := newClient(t, o.connections)
	step, err := w.setup(c)
	if err != nil {
		return figure{}, err
	}
	return o.measure(c, step, w.drain)
}

// measure runs step on all connections for the duration, after a tenth of it to warm up.
func (o *options) measure(c *client, step func(*client, int) error, drain func(*client) error) (figure, error) {
	if _, _, err := o.load(c, step, o.duration/10); err != nil {
		return figure{}, err
	}
	before, err := c.cpu()
	if err != nil {
		return figure{}, err
	}
	began := time.Now()
	n, latencies, err := o.load(c, step, o.duration)
	if err != nil {
		return figure{}, err
	}
	took := time.Since(began)
	if drain != nil {
		if err := drain(c); err != nil {
			return figure{}, err
		}
	}
	after, err := c.cpu()
	if err != nil || n == 0 {
		return figure{}, err
	}
	slices.Sort(latencies)
	return figure{
		cpu: (after - before) / time.Duration(n), rate: float64(n) / took.Seconds(),
		p50: latencies[len(latencies)/2], p99: latencies[len(latencies)*99/100],
	}, nil
}

func (o *options) load(c *client, step func(*client, int) error, d time.Duration) (int, []time.Duration, error) {
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	all := make([][]time.Duration, o.connections)
	end := time.Now().Add(d)
	for w := range o.connections {
		wg.Go(func() {
			for time.Now().Before(end) && failed.Load() == nil {
				began := time.Now()
				if err := step(c, w); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				all[w] = append(all[w], time.Since(began))
			}
		})
	}
	wg.Wait()
	var latencies []time.Duration
	for _, l := range all {
		latencies = append(latencies, l...)
	}
	c.sent += int64(len(latencies))
	if err := failed.Load(); err != nil {
		return 0, nil, *err
	}
	return len(latencies), latencies, nil
}

// startBrume starts the binary on fresh data, with an access key of its own so
// that signatures are verified, and reports start-up time and memory.
func startBrume(o *options, out io.Writer) (*target, error) {
	dir, err := os.MkdirTemp("", "brume-bench-")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	t, took, err := start("brume", "http://"+address, "/_brume/health", o.brume, "up", "--listen", address, "--data", filepath.Join(dir, "data"))
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	stop := t.stop
	t.stop = func() { stop(); os.RemoveAll(dir) }
	fmt.Fprintf(out, "brume: first answer after %s, %.1f MiB resident\n", took.Round(100*time.Microsecond), t.resident())
	t.key = credential{"test", "test"}
	c := newClient(t, o.connections)
	if err := accessKey(c); err != nil {
		fmt.Fprintf(out, "brume: signatures are NOT verified: %v\n", err)
	}
	before := t.resident()
	if err := furnish(c, o); err != nil {
		return nil, err
	}
	if o.things+o.queues+o.backlog+o.keys+o.items > 0 {
		fmt.Fprintf(out, "brume: %+.1f MiB for %d topics and users, %d queues, %d messages, %d objects and %d items\n",
			t.resident()-before, o.things, o.things+o.queues, o.backlog, o.keys, o.items)
	}
	return t, nil
}

// accessKey makes an IAM user that may do everything, and takes its key.
func accessKey(c *client) error {
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	if err := c.query("iam", "Action=CreateUser&Version=2010-05-08&UserName=bench", nil); err != nil {
		return err
	}
	if err := c.query("iam", "Action=PutUserPolicy&Version=2010-05-08&UserName=bench&PolicyName=all&PolicyDocument="+url.QueryEscape(policy), nil); err != nil {
		return err
	}
	var key struct {
		ID     string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
		Secret string `xml:"CreateAccessKeyResult>AccessKey>SecretAccessKey"`
	}
	if err := c.query("iam", "Action=CreateAccessKey&Version=2010-05-08&UserName=bench", &key); err != nil {
		return err
	}
	c.key = credential{key.ID, key.Secret}
	return nil
}

// furnish makes the queues and the backlog that the figures are to be taken with.
func furnish(c *client, o *options) error {
	for i := range o.things {
		if err := c.query("sns", fmt.Sprint("Action=CreateTopic&Version=2010-03-31&Name=furniture-", i), nil); err != nil {
			return err
		}
		if err := c.query("iam", fmt.Sprint("Action=CreateUser&Version=2010-05-08&UserName=furniture-", i), nil); err != nil {
			return err
		}
	}
	for i := range o.things + o.queues {
		if _, err := c.createQueue(fmt.Sprint("furniture-", i)); err != nil {
			return err
		}
	}
	return errors.Join(c.fillQueue(o.backlog), c.fillBucket(o.keys), c.fillTable(o.items))
}

// fillQueue queues n messages in backlogQueue.
func (c *client) fillQueue(n int) error {
	if n == 0 {
		return nil
	}
	queue, err := c.createQueue(backlogQueue)
	if err != nil {
		return err
	}
	var entries []string
	for i := range 10 {
		entries = append(entries, fmt.Sprintf(`{"Id":"%d","MessageBody":%q}`, i, strings.Repeat("x", bodySize)))
	}
	batch := fmt.Sprintf(`{"QueueUrl":%q,"Entries":[%s]}`, queue, strings.Join(entries, ","))
	return c.steps(n/len(entries), func(int) error { return c.json("sqs", "AmazonSQS.SendMessageBatch", batch, nil) })
}

// steps makes n steps on all connections.
func (c *client) steps(n int, step func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, c.connections)
	for w := range c.connections {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && errs[w] == nil; i = int(next.Add(1)) - 1 {
				errs[w] = step(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
