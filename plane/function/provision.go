package function

import (
	"context"
	"fmt"
)

// Provision keeps n environments ready in the pool of each spec: initialised
// ahead, never ended for being idle, and replaced when they end. It returns when
// all are there, or why they are not: ErrBusy when the plane has no room, an error
// that wraps ErrUnsupported, or what was wrong with the function's initialisation.
// Then it ends those that the same owner had in other pools; without specs, all.
func (p *Plane) Provision(ctx context.Context, owner string, specs []Spec, n int) error {
	pools := map[string]bool{}
	for _, s := range specs {
		pools[s.Pool] = true
		if err := p.provisionOne(ctx, owner, s, n); err != nil {
			return err
		}
	}
	p.mu.Lock()
	var others []string
	for key, f := range p.fleets {
		if f.owner == owner && f.want > 0 && !pools[key] {
			others = append(others, key)
		}
	}
	p.mu.Unlock()
	for _, key := range others {
		p.Forget(key)
	}
	return nil
}

func (p *Plane) provisionOne(ctx context.Context, owner string, s Spec, n int) error {
	s.fill()
	key := s.Pool
	s.Key = key
	p.mu.Lock()
	f := p.fleets[key]
	if f == nil {
		f = &fleet{all: map[*environment]bool{}}
		p.fleets[key] = f
	}
	f.want, f.spec, f.owner, f.failed = n, &s, owner, false
	var surplus []*environment
	for f.live-len(surplus) > n && len(f.idle) > 0 {
		e := f.idle[0]
		f.idle = f.idle[1:]
		e.stopTimer()
		surplus = append(surplus, e)
	}
	p.mu.Unlock()
	for _, e := range surplus {
		p.discard(e)
	}
	return p.provision(ctx, f)
}

// Provisioned returns how many environments of a pool have initialised.
func (p *Plane) Provisioned(pool string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.fleets[pool]; f != nil {
		return f.live - f.starting
	}
	return 0
}

// provision starts environments until the fleet has what it wants.
func (p *Plane) provision(ctx context.Context, f *fleet) error {
	for {
		more, evicted, err := p.lacking(f)
		switch {
		case err != nil:
			return err
		case evicted != nil:
			p.discard(evicted)
			continue
		case !more:
			return nil
		}
		e, failed, err := p.cold(ctx, f.spec, &Event{})
		p.mu.Lock()
		f.starting--
		f.failed = failed != nil || err != nil
		p.mu.Unlock()
		switch {
		case err != nil:
			return err
		case failed != nil && failed.err != nil:
			p.discard(e)
			return failed.err
		case failed != nil:
			p.discard(e)
			return fmt.Errorf("function: the initialisation failed: %s%s", failed.message, failed.payload)
		}
		p.keep(e)
	}
}

// lacking makes room for one more environment if the fleet wants one.
func (p *Plane) lacking(f *fleet) (more bool, evicted *environment, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return false, nil, ErrClosed
	case f.live >= f.want || p.fleets[f.spec.Key] != f:
		return false, nil, nil
	}
	if p.live >= p.config.MaxEnvironments {
		if evicted = p.longestIdle(); evicted == nil {
			return false, nil, ErrBusy
		}
		return false, evicted, nil
	}
	f.live++
	f.starting++
	p.live++
	p.ending.Add(1)
	return true, nil, nil
}

// replace starts another environment for a provisioned one that has ended,
// unless the function fails as it starts: then who has provisioned it is told
// when they ask again. The plane's mutex is held.
func (p *Plane) replace(f *fleet) {
	if p.closed || f.failed || f.live >= f.want {
		return
	}
	p.ending.Go(func() {
		if err := p.provision(context.Background(), f); err != nil {
			p.config.Log.Warn("a provisioned environment could not be replaced", "function", f.spec.Function, "error", err)
		}
	})
}

// provisioned takes an idle environment of a pool, or nil.
func (p *Plane) provisioned(pool string) *environment {
	for {
		p.mu.Lock()
		f := p.fleets[pool]
		if p.closed || f == nil || len(f.idle) == 0 {
			p.mu.Unlock()
			return nil
		}
		e := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		e.stopTimer()
		p.mu.Unlock()
		if e.usable() {
			return e
		}
		p.discard(e)
	}
}
