package local

import (
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// walFS returns the file system that Pebble works on.
//
// An acknowledged write must survive the end of this process, but without
// Options.Sync need not survive a power loss: it has to be handed to the
// operating system, and no more. Pebble knows only two ways to commit: NoSync,
// which leaves the end of the log in a buffer of the process, and Sync, which
// writes the buffer and calls fsync. So every commit is a Sync commit, and here
// the fsync of the log does nothing. Tables and manifests are synced as always,
// in the background, so a power loss costs at most the log since the last flush.
func walFS(fs vfs.FS, sync bool) vfs.FS {
	if sync {
		return fs
	}
	return lazyLogs{fs}
}

const logSuffix = ".log"

type lazyLogs struct{ vfs.FS }

func (l lazyLogs) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.Create(name, category)
	return lazy(name, f), err
}

func (l lazyLogs) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.ReuseForWrite(from, to, category)
	return lazy(to, f), err
}

// Unwrap lets Pebble find what lies beneath.
func (l lazyLogs) Unwrap() vfs.FS { return l.FS }

func lazy(name string, f vfs.File) vfs.File {
	if f == nil || !strings.HasSuffix(name, logSuffix) {
		return f
	}
	return lazyLog{f}
}

// lazyLog is a log file whose durability is left to the operating system.
type lazyLog struct{ vfs.File }

func (lazyLog) Sync() error                { return nil }
func (lazyLog) SyncData() error            { return nil }
func (lazyLog) SyncTo(int64) (bool, error) { return true, nil }
