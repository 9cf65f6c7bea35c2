package function

import (
	"context"
	"slices"
)

// fleet is the environments of one key.
type fleet struct {
	idle []*environment // the last used one last
	all  map[*environment]bool
	live int // with those that are being started

	// Of a fleet that is provisioned.
	want     int // how many there are to be
	starting int
	owner    string
	spec     *Spec
	failed   bool // the last one did not start
}

// enter counts a call in its share. leave ends it.
func (p *Plane) enter(s *Spec) (leave func(), err error) {
	if s.Share == "" {
		return func() {}, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls[s.Share] >= s.MaxCalls {
		return nil, ErrBusy
	}
	p.calls[s.Share]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.calls[s.Share]--; p.calls[s.Share] == 0 {
			delete(p.calls, s.Share)
		}
	}, nil
}

// warm takes the environment that was used last, or makes room for a new one
// and returns nil.
func (p *Plane) warm(s *Spec) (*environment, error) {
	for {
		e, evicted, err := p.choose(s)
		if evicted != nil {
			p.discard(evicted)
			continue
		}
		if e == nil || err != nil {
			return nil, err
		}
		if e.usable() {
			return e, nil
		}
		p.discard(e)
	}
}

// choose looks once: evicted has to be ended before looking again.
func (p *Plane) choose(s *Spec) (e, evicted *environment, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, ErrClosed
	}
	f := p.fleets[s.Key]
	if f == nil {
		f = &fleet{all: map[*environment]bool{}}
		p.fleets[s.Key] = f
	}
	if n := len(f.idle); n > 0 {
		e = f.idle[n-1]
		f.idle = f.idle[:n-1]
		e.stopTimer()
		return e, nil, nil
	}
	if p.live >= p.config.MaxEnvironments {
		if evicted = p.longestIdle(); evicted == nil {
			return nil, nil, ErrBusy
		}
		return nil, evicted, nil
	}
	f.live++
	p.live++
	p.ending.Add(1) // until cold has told Close of the environment
	return nil, nil, nil
}

// longestIdle takes an idle environment of another function to make room.
func (p *Plane) longestIdle() *environment {
	var from *fleet
	for _, f := range p.fleets {
		if f.want == 0 && len(f.idle) > 0 && (from == nil || f.idle[0].born.Before(from.idle[0].born)) {
			from = f
		}
	}
	if from == nil {
		return nil
	}
	e := from.idle[0]
	from.idle = from.idle[1:]
	e.stopTimer()
	return e
}

// usable says whether a warm environment may have another call.
func (e *environment) usable() bool {
	select {
	case <-e.main.exited:
		return false
	default:
		return e.plane.wall.now().Sub(e.born) < maxAge
	}
}

// cold starts an environment for a call. After an error there is none.
func (p *Plane) cold(ctx context.Context, s *Spec, ev *Event) (*environment, *failure, error) {
	e, err := p.register(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	e.sayInit()
	failed := e.await(ctx, ev.RequestID, initLimit(s))
	p.refill(e.runtime)
	return e, failed, nil
}

// register starts an environment and notes that it is there.
func (p *Plane) register(ctx context.Context, s *Spec) (*environment, error) {
	defer p.ending.Done()
	e, err := p.start(ctx, s)
	if err != nil {
		p.leave(s.Key, nil)
		return nil, err
	}
	p.mu.Lock()
	p.all[e] = true
	if f := p.fleets[s.Key]; f != nil { // not forgotten meanwhile
		f.all[e] = true
	}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		p.discard(e)
		return nil, ErrClosed
	}
	return e, nil
}

// start makes an environment, of a spare worker if one waits.
func (p *Plane) start(ctx context.Context, s *Spec) (*environment, error) {
	r, err := p.runtimes.find(s.Runtime, s.Architecture)
	if err != nil {
		return nil, err
	}
	var own map[string]string
	if s.Variables != nil {
		if own, err = s.Variables(ctx); err != nil {
			return nil, err
		}
	}
	e := p.takeSpare(r, own)
	if e == nil {
		if e, err = p.newEnvironment(r); err != nil {
			return nil, err
		}
	}
	if err = e.assign(ctx, s); err == nil {
		err = e.launch(own)
	}
	if err != nil {
		e.end()
		return nil, err
	}
	return e, nil
}

// keep holds an environment for the next call, until it was idle for long. A
// function in a hurry is not frozen: stopping and waking cost more than it does.
func (p *Plane) keep(e *environment) {
	p.mu.Lock()
	f := p.fleets[e.spec.Key]
	if p.closed || f == nil || !f.all[e] {
		p.mu.Unlock()
		p.discard(e)
		return
	}
	stopFreeze := p.wall.after(freezeAfter, func() { p.freezeIdle(e) })
	stopReclaim := func() bool { return true }
	if f.want == 0 {
		stopReclaim = p.wall.after(idleTimeout, func() { p.reclaim(e) })
	}
	e.stopTimer = func() bool { return stopFreeze() && stopReclaim() || stopReclaim() }
	f.idle = append(f.idle, e)
	p.mu.Unlock()
}

// freezeIdle freezes an environment that has no call.
func (p *Plane) freezeIdle(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.fleets[e.spec.Key]; f == nil || !slices.Contains(f.idle, e) {
		return
	}
	if e.telemetry.flush(); e.telemetry.busy() {
		p.wall.after(freezeAfter, func() { p.freezeIdle(e) })
		return
	}
	e.freeze(true)
}

// reclaim ends an environment that is still idle.
func (p *Plane) reclaim(e *environment) {
	p.mu.Lock()
	f := p.fleets[e.spec.Key]
	i := -1
	if f != nil {
		i = slices.Index(f.idle, e)
	}
	if i >= 0 {
		f.idle = slices.Delete(f.idle, i, i+1)
	}
	p.mu.Unlock()
	if i >= 0 {
		p.discard(e)
	}
}

// discard ends an environment of a function and makes its room free.
func (p *Plane) discard(e *environment) {
	e.end()
	p.leave(e.spec.Key, e)
}

// leave makes the room of an environment free, or that of one that could not be
// started.
func (p *Plane) leave(key string, e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
	delete(p.all, e)
	f := p.fleets[key]
	if f == nil || e != nil && !f.all[e] {
		return
	}
	delete(f.all, e)
	if f.live--; f.live == 0 && f.want == 0 {
		delete(p.fleets, key)
	}
	if e != nil {
		p.replace(f)
	}
}
