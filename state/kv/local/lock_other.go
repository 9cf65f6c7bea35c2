//go:build !unix

package local

import (
	"errors"
	"os"
)

var errLocked = errors.New("locked")

// lockFile relies on Pebble's own lock of the engine's directory.
func lockFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
}
