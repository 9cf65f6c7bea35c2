package function

import (
	"runtime"
	"testing"
)

func TestEnvironmentsGoByTheMachinesMemory(t *testing.T) {
	for _, c := range []struct {
		memory int64
		want   int
	}{{0, 50}, {1 << 30, 50}, {8 << 30, 128}, {24 << 30, 384}, {256 << 30, 1000}} {
		if got := environments(c.memory); got != c.want {
			t.Errorf("%d bytes: %d environments, want %d", c.memory, got, c.want)
		}
	}
	if runtime.GOOS != "windows" && machineMemory() < 1<<28 {
		t.Errorf("this machine has %d bytes of memory", machineMemory())
	}
}
