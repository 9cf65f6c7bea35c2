package local

import (
	"testing"

	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/kv/kvtest"
)

func TestMemory(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return Memory(Options{}) })
}

func TestPebble(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return open(t, Options{Dir: t.TempDir()}) })
}

func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
