package function

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"time"
)

// logs collects what the processes of an environment write to standard output
// and error. The plane keeps the pipe's writing end too, and marks in the stream
// itself where a call ends: what a function wrote before its response is in the
// pipe before the mark, so nothing is lost and nothing is waited for by time.
type logs struct {
	r, w *os.File
	now  func() time.Time
	mark []byte

	heard func(Line)
	into  *logs

	marked chan struct{} // holds a token for each mark that was read
	closed chan struct{} // closed when nothing is read any more

	mu      sync.Mutex
	lines   []Line
	bytes   int
	dropped int
}

// newLogs returns an empty log. heard is told of every line of the processes, and
// may be nil; so may into, whose lines these are, too.
func newLogs(now func() time.Time, heard func(Line), into *logs) (*logs, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l := &logs{r: r, w: w, now: now, heard: heard, into: into, marked: make(chan struct{}, 8), closed: make(chan struct{})}
	l.mark = append([]byte{0, 1}, rand.Text()...)
	go l.read()
	return l, nil
}

func (l *logs) read() {
	defer close(l.closed)
	buf := make([]byte, 0, 64<<10)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := l.r.Read(buf[len(buf):cap(buf)])
		buf = l.split(buf[:len(buf)+n])
		if err != nil {
			return
		}
	}
}

// split takes whole lines and marks from the front of b and returns the rest.
func (l *logs) split(b []byte) []byte {
	rest := b
	for {
		at := bytes.Index(rest, l.mark)
		line := rest
		if at >= 0 {
			line = rest[:at]
		}
		for {
			i := bytes.IndexByte(line, '\n')
			if i < 0 {
				break
			}
			l.add(line[:i])
			line = line[i+1:]
		}
		for len(line) > maxLogLine {
			l.add(line[:maxLogLine])
			line = line[maxLogLine:]
		}
		if at < 0 {
			return b[:copy(b[:cap(b)], line)]
		}
		if len(line) > 0 {
			l.add(line)
		}
		rest = rest[at+len(l.mark):]
		l.marked <- struct{}{}
	}
}

func (l *logs) add(line []byte) {
	if l.heard != nil {
		l.heard(Line{At: l.now(), Text: string(line)})
	}
	if l.into != nil {
		l = l.into
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bytes += len(line) + 26; l.bytes > maxLogCall {
		l.dropped += len(line)
		return
	}
	l.lines = append(l.lines, Line{At: l.now(), Text: string(line)})
}

// platform adds a line of the plane's own, which is never dropped.
func (l *logs) platform(format string, a ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, Line{At: l.now(), Text: fmt.Sprintf(format, a...)})
}

// settle returns when everything is collected that was written before it.
func (l *logs) settle() {
	if _, err := l.w.Write(l.mark); err != nil {
		return
	}
	select {
	case <-l.marked:
	case <-l.closed:
	}
}

// take returns the lines since the last take.
func (l *logs) take() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	if l.dropped > 0 {
		lines = append(lines, Line{At: l.now(), Text: fmt.Sprintf("[brume] %d more bytes of log were dropped: a call keeps at most %d", l.dropped, maxLogCall)})
	}
	l.lines, l.bytes, l.dropped = nil, 0, 0
	return lines
}

func (l *logs) close() {
	_ = l.w.Close()
	_ = l.r.Close()
}
