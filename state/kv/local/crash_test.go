package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// crashDir makes the test binary a process that writes to the store there,
// and tells of each acknowledged write, until it is killed.
const crashDir = "BRUME_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func crashKey(client, n int) kv.Key {
	return kv.NewKey(kv.String("crash"), kv.Int(int64(client)), kv.Int(int64(n)))
}

func writeUntilKilled(dir string) {
	s, err := Open(Options{Dir: dir})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for client := range 8 {
		wg.Go(func() {
			n := resume(s, client)
			for ; ; n++ {
				err := s.Update(context.Background(), func(tx kv.Tx) error {
					tx.Put(crashKey(client, n), make([]byte, 100+n%2000))
					tx.Add(kv.NewKey(kv.String("count")), 1)
					return nil
				})
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				os.Stdout.WriteString(fmt.Sprintf("%d %d\n", client, n)) // one write: it is there or not
			}
		})
	}
	wg.Wait()
}

// resume returns the number after the client's last write.
func resume(s *Store, client int) (n int) {
	_ = s.View(context.Background(), func(tx kv.Tx) error {
		r := kv.Prefix(kv.NewKey(kv.String("crash"), kv.Int(int64(client))))
		r.Reverse = true
		for k := range tx.Scan(r) {
			rd := kv.Read(k)
			rd.Skip(2)
			n = int(rd.Int()) + 1
			break
		}
		return nil
	})
	return n
}

func TestAcknowledgedWritesSurviveAKill(t *testing.T) {
	dir := t.TempDir()
	acked := map[int]int{} // client → acknowledged writes
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		killWhileWriting(t, dir, 200+round*100, acked)
		s := open(t, Options{Dir: dir})
		total := 0
		for client := range 8 {
			got := resume(s, client)
			total += got
			if got < acked[client] {
				t.Fatalf("round %d: client %d was told of %d writes, and %d are there", round, client, acked[client], got)
			}
		}
		_ = s.View(t.Context(), func(tx kv.Tx) error {
			keys := 0
			for range tx.Scan(kv.Prefix(kv.NewKey(kv.String("crash")))) {
				keys++
			}
			count, _ := tx.Get(kv.NewKey(kv.String("count")))
			if keys != total || kv.CounterValue(count) != int64(total) {
				t.Errorf("round %d: %d keys, %d written, %d counted", round, keys, total, kv.CounterValue(count))
			}
			return nil
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killWhileWriting runs the writing process and kills it after so many lines.
func killWhileWriting(t *testing.T, dir string, lines int, acked map[int]int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scan := bufio.NewScanner(out)
	for n := 0; scan.Scan(); n++ {
		client, written, ok := strings.Cut(scan.Text(), " ")
		c, err1 := strconv.Atoi(client)
		w, err2 := strconv.Atoi(written)
		if !ok || err1 != nil || err2 != nil {
			t.Fatalf("the writing process says %q", scan.Text())
		}
		acked[c] = w + 1
		if n == lines {
			_ = cmd.Process.Kill() // SIGKILL; what is in the pipe still counts
		}
	}
	_ = cmd.Wait()
}

func TestTornLogIsTolerated(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	put(t, s, "a", "1")
	put(t, s, "b", "2")
	// What a power loss leaves: the log without its end.
	copyDir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copyDir, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(copyDir, enginePrefix+"*", "*"+logSuffix))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}
	info, err := os.Stat(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(logs[0], info.Size()-3); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	torn := open(t, Options{Dir: copyDir})
	defer torn.Close()
	if got := dump(t, torn); got != "(a)=1 " && got != "(a)=1 (b)=2 " {
		t.Errorf("holds %q", got)
	}
	put(t, torn, "c", "3")
}

func TestReopenKeepsEverything(t *testing.T) {
	for _, sync := range []bool{false, true} {
		o := Options{Dir: t.TempDir(), Sync: sync}
		var last uint64
		for round := range 4 {
			s := open(t, o)
			put(t, s, fmt.Sprint("k", round), "v")
			err := s.Update(t.Context(), func(tx kv.Tx) error {
				tx.Put(kv.NewKey(kv.String("n")), nil)
				tx.OnCommit(func(v uint64) {
					if v <= last {
						t.Errorf("version %d after %d", v, last)
					}
					last = v
				})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if round == 1 {
				if err := errors.Join(s.Save(t.Context(), "x"), s.Load(t.Context(), "x")); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, o)
		wantDump(t, s, "(k0)=v (k1)=v (k2)=v (k3)=v (n)= ")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDirectoryBelongsToOneStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	_, err := Open(Options{Dir: dir})
	if locked, ok := errors.AsType[*LockedError](err); !ok || locked.Dir != dir || !strings.Contains(err.Error(), "--data") {
		t.Errorf("second Open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{Dir: dir})
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("brume-state 99\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); !strings.Contains(fmt.Sprint(err), "brume-state 99") {
		t.Errorf("Open of a newer format: %v", err)
	}
}

func TestOpenIsQuick(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	for i := range 100 {
		put(t, s, fmt.Sprint(i), "v")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s = open(t, Options{Dir: dir})
	t.Logf("opened in %v", time.Since(start))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
