package cloud

import (
	"context"
	"net"
	"time"

	"github.com/brume-cloud/brume/front/listen"
)

// grace is how long running requests may go on after the shutdown began. Long
// polls end at once.
const grace = 5 * time.Second

// Serve answers on l, HTTP and TLS alike, until ctx ends and running requests
// have had their grace. It returns nil after a shutdown.
func (s *System) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, s.stop)()
	server := listen.Server{Handler: s.Handler(), Log: s.log, TLS: s.certs.config, Grace: grace}
	return server.Serve(ctx, l)
}
