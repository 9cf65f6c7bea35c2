package control

import (
	"context"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/aws"
)

// Clock is how the cloud's clock stands.
type Clock struct {
	Now    time.Time `json:"now"`    // virtual
	Wall   time.Time `json:"wall"`   // real
	Offset Duration  `json:"offset"` // how far now is ahead of wall
}

// Move tells where to move the clock: forward by a duration, or to a moment.
type Move struct {
	By Duration  `json:"by,omitzero"`
	To time.Time `json:"to,omitzero"`
}

func timeRoutes(mux *http.ServeMux, c Cloud) {
	handle(mux, "GET /_brume/clock", func(context.Context, *none) (Clock, error) { return readClock(c), nil })
	handle(mux, "POST /_brume/clock", func(ctx context.Context, m *Move) (Clock, error) {
		by, err := m.from(c.Clock().Now())
		if err == nil {
			err = c.Advance(ctx, by)
		}
		return readClock(c), err
	})
}

func readClock(c Cloud) Clock {
	k := c.Clock()
	return Clock{Now: k.Now(), Wall: k.Wall(), Offset: Duration(k.Offset())}
}

// from returns how far to advance a clock that shows now.
func (m *Move) from(now time.Time) (time.Duration, error) {
	by := time.Duration(m.By)
	switch {
	case (m.By == 0) == m.To.IsZero():
		return 0, aws.Errorf(http.StatusBadRequest, "BadRequest", `say either how far, {"by": "90d"}, or where to, {"to": "2031-05-01T00:00:00Z"}`)
	case !m.To.IsZero():
		by = m.To.Sub(now)
	}
	if by < 0 {
		return 0, aws.Errorf(http.StatusBadRequest, "BadRequest", "the clock shows %s and only goes forward: reset, or load a snapshot, to go back", now.Format(time.RFC3339))
	}
	return by, nil
}
