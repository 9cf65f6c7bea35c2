package function

// A spare is an environment whose interpreter has started and waits, sandboxed
// and frozen by nothing but a read, for a function; for functions with a
// bootstrap of their own it is an empty sandbox. Only when a runtime has been
// asked for does a spare of it start, and one is kept of each.

// takeSpare returns the spare of r, unless the function's variables have to be
// there when the process starts. The next one is started when the function has
// initialised, so that the two do not contend.
func (p *Plane) takeSpare(r *found, own map[string]string) *environment {
	for name := range own {
		if r.bootstrap != "" && atStart(name) {
			return nil
		}
	}
	p.mu.Lock()
	e := p.spares[r.name]
	delete(p.spares, r.name)
	p.mu.Unlock()
	if e == nil {
		return nil
	}
	e.stopTimer()
	if e.main == nil {
		return e
	}
	select {
	case <-e.main.exited:
		e.end()
		return nil
	default:
		return e
	}
}

// refill has a spare of r started if there is none.
func (p *Plane) refill(r *found) {
	if p.config.NoSpares || r.noSpare {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.spares[r.name]; ok || p.closed || p.starting[r.name] {
		return
	}
	p.starting[r.name] = true
	p.ending.Go(func() { p.startSpare(r) })
}

func (p *Plane) startSpare(r *found) {
	e, err := p.newSpare(r)
	if err != nil {
		p.config.Log.Warn("function: no worker could be started ahead", "runtime", r.name, "error", err)
	}
	p.mu.Lock()
	delete(p.starting, r.name)
	if e != nil && !p.closed {
		e.stopTimer = p.wall.after(idleTimeout, func() { p.dropSpare(r.name, e) })
		p.spares[r.name] = e
		e = nil
	}
	p.mu.Unlock()
	if e != nil {
		e.end()
	}
}

func (p *Plane) newSpare(r *found) (*environment, error) {
	e, err := p.newEnvironment(r)
	if err != nil || r.bootstrap == "" {
		return e, err
	}
	c, err := r.command(e.sandbox, 0)
	if err == nil {
		c.env = environ(map[string]string{
			"BRUME_SPARE": "1", "AWS_LAMBDA_RUNTIME_API": e.address, "LANG": "en_US.UTF-8", "TZ": ":UTC",
			"PATH": r.bin + ":/usr/local/bin:/usr/bin:/bin", "LD_LIBRARY_PATH": "/var/task:/var/task/lib:/opt/lib",
		})
		err = e.startMain(c)
	}
	if err != nil {
		e.end()
		return nil, err
	}
	return e, nil
}

func (p *Plane) dropSpare(name string, e *environment) {
	p.mu.Lock()
	mine := p.spares[name] == e
	if mine {
		delete(p.spares, name)
	}
	p.mu.Unlock()
	if mine {
		e.end()
	}
}
