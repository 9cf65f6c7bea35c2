package columnar_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/brume-cloud/brume/service/s3/columnar"
	"github.com/brume-cloud/brume/service/s3/sql"
)

type city struct {
	Name string `parquet:"name"`
	Zip  int32  `parquet:"zip"`
}

type row struct {
	ID     int64     `parquet:"id"`
	Small  uint32    `parquet:"small"`
	Name   *string   `parquet:"name,optional"`
	Ok     bool      `parquet:"ok"`
	Ratio  float64   `parquet:"ratio"`
	Price  int64     `parquet:"price,decimal(2:18)"`
	Day    int32     `parquet:"day,date"`
	At     time.Time `parquet:"at,timestamp(microsecond)"`
	Home   city      `parquet:"home"`
	Grades []int32   `parquet:"grades"`
}

func rows() []row {
	name := "Ada"
	return []row{
		{1, 4294967295, &name, true, 0.5, 1999, 20784, time.UnixMicro(1795808700123456), city{"Bern", 3000}, []int32{1, 2, 3}},
		{2, 0, nil, false, -1e30, -5, -1, time.UnixMicro(-1), city{}, nil},
	}
}

func file(t *testing.T, codec compress.Codec, groups ...[]row) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.Compression(codec))
	for _, g := range groups {
		if _, err := w.Write(g); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func all(int64) bool { return true }

func read(content []byte, wanted func(int64) bool) (string, error) {
	r, err := columnar.Open(bytes.NewReader(content), int64(len(content)), wanted)
	if err != nil {
		return "", err
	}
	defer r.Close()
	var lines []string
	for {
		v, err := r.Next()
		if err == io.EOF {
			return strings.Join(lines, "\n"), nil
		}
		if err != nil {
			return "", err
		}
		lines = append(lines, v.String())
	}
}

const first = `{"id":1,"small":4294967295,"name":"Ada","ok":true,"ratio":0.5,"price":19.99,"day":"2026-11-27T00:00:00Z","at":"2026-11-27T19:45:00.123456Z","home":{"name":"Bern","zip":3000},"grades":3}`

const second = `{"id":2,"small":0,"name":null,"ok":false,"ratio":-1e+30,"price":-0.05,"day":"1969-12-31T00:00:00Z","at":"1969-12-31T23:59:59.999999Z","home":{"name":"","zip":0},"grades":null}`

func TestRows(t *testing.T) {
	for name, codec := range map[string]compress.Codec{"plain": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip} {
		got, err := read(file(t, codec, rows()), all)
		if want := first + "\n" + second; err != nil || got != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}

func TestOtherCompressionIsRefused(t *testing.T) {
	var e *sql.Error
	if _, err := read(file(t, &parquet.Zstd, rows()), all); !errors.As(err, &e) || e.Code != "ParquetUnsupportedCompressionCodec" {
		t.Error(err)
	}
}

func TestRowGroupsAreChosenByWhereTheyBegin(t *testing.T) {
	content := file(t, &parquet.Snappy, rows()[:1], rows()[1:])
	var starts []int64
	if _, err := read(content, func(start int64) bool { starts = append(starts, start); return true }); err != nil || len(starts) != 2 {
		t.Fatal(err, starts)
	}
	for i, want := range []string{first, second} {
		if got, err := read(content, func(start int64) bool { return start == starts[i] }); err != nil || got != want {
			t.Errorf("group %d: %v\n%s", i, err, got)
		}
	}
}

// TestDamage turns every byte of a file over: there may be rows or a fault of the
// file, and nothing else.
func TestDamage(t *testing.T) {
	content := file(t, &parquet.Snappy, rows())
	var e *sql.Error
	for i := range content {
		broken := bytes.Clone(content)
		broken[i] ^= 0xFF
		if _, err := read(broken, all); err != nil && !errors.As(err, &e) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := read(content[:i], all); !errors.As(err, &e) {
			t.Fatalf("%d bytes: %v", i, err)
		}
	}
}

var errDisk = errors.New("the disk is gone")

type lost struct{ io.ReaderAt }

func (l lost) ReadAt(b []byte, off int64) (int, error) {
	if off < 100 {
		return 0, errDisk
	}
	return l.ReaderAt.ReadAt(b, off)
}

func TestAFailureToReadIsNotTheFiles(t *testing.T) {
	content := file(t, &parquet.Snappy, rows())
	r, err := columnar.Open(lost{bytes.NewReader(content)}, int64(len(content)), all)
	if err == nil {
		defer r.Close()
		_, err = r.Next()
	}
	if !errors.Is(err, errDisk) {
		t.Error(err)
	}
}
