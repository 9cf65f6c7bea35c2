package function

import (
	"fmt"
	"testing"
)

// The benchmarks say what a call costs over the function's own time, which is
// nothing here.

var languages = []struct{ name, program, runtime, handler, file, code string }{
	{"binary", "true", "provided.al2023", "h", "bootstrap*", ""},
	{"python", "python3", "python3.11", "app.h", "app.py", "def h(e, c): return e\n"},
	{"node", "node", "nodejs20.x", "app.h", "app.js", "exports.h = async (e) => e;"},
}

func BenchmarkWarm(b *testing.B) {
	for _, l := range languages {
		b.Run(l.name, func(b *testing.B) {
			needs(b, l.program)
			p := newPlane(b)
			s := benchSpec(b, l.runtime, l.handler, l.file, l.code)
			invoke(b, p, s, order{})
			for b.Loop() {
				invoke(b, p, s, order{})
			}
		})
	}
}

func benchSpec(b *testing.B, runtime, handler, file, code string) Spec {
	if code == "" {
		code = own()
	}
	return languageSpec(b, runtime, handler, map[string]string{file: code})
}

func BenchmarkCold(b *testing.B) {
	for _, l := range languages {
		for _, spares := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/spare=%v", l.name, spares), func(b *testing.B) {
				needs(b, l.program)
				p := newPlane(b, func(c *Config) { c.NoSpares = !spares })
				s := benchSpec(b, l.runtime, l.handler, l.file, l.code)
				_, _ = p.Prepare(s)
				for i := 0; b.Loop(); i++ {
					b.StopTimer()
					p.ending.Wait()
					p.ready()
					s.Key = fmt.Sprint(i)
					b.StartTimer()
					invoke(b, p, s, order{})
					b.StopTimer()
					p.Forget(s.Key)
					b.StartTimer()
				}
			})
		}
	}
}

// ready returns when every spare has asked for its function.
func (p *Plane) ready() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.spares {
		if e.main != nil {
			<-e.waits
		}
	}
}
