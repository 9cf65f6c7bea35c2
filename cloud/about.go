package cloud

import (
	"runtime/debug"

	"github.com/brume-cloud/brume/cloud/control"
)

// Version returns the version that this program was built as.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// About returns what the cloud says of itself.
func (s *System) About() control.About {
	a := control.About{Status: "ok", Version: Version(), Started: s.started, Auth: "open", Services: s.names}
	if s.opts.Strict {
		a.Auth = "strict"
	}
	if !s.opts.Ephemeral {
		a.Data = s.opts.Dir
	}
	return a
}
