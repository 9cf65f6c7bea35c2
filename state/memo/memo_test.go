package memo_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/state/memo"
)

func TestAValueIsItsTextsOwn(t *testing.T) {
	c := memo.New[int]()
	found := 0
	for i := range 10_000 {
		c.Keep(strconv.Itoa(i), i)
	}
	for i := range 10_000 {
		if v, ok := c.Find(strconv.Itoa(i)); ok {
			found++
			if v != i {
				t.Fatalf("the value of %d is %d", i, v)
			}
		}
	}
	if found == 0 || found > 1024 {
		t.Errorf("found %d values: the cache keeps some, and is bounded", found)
	}
}

func TestAVeryLongTextIsNotKept(t *testing.T) {
	c := memo.New[int]()
	long := strings.Repeat("x", 1<<20)
	c.Keep(long, 1)
	if _, ok := c.Find(long); ok {
		t.Error("it was kept")
	}
}
