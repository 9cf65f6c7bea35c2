package local

import (
	"errors"
	"maps"
	"sync"
	"time"
)

// shelf keeps the saved states of a store in memory: frozen copies of the tree.
type shelf struct {
	mu     sync.Mutex
	states map[string]saved
}

type saved struct {
	tree *tree
	at   time.Time
}

func (s *shelf) save(e engine, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.states[name]; ok {
		return ErrExists
	}
	if s.states == nil {
		s.states = map[string]saved{}
	}
	s.states[name] = saved{e.(*memory).frozen.Load(), time.Now()}
	return nil
}

func (s *shelf) list() (all []SnapshotInfo, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, state := range maps.All(s.states) {
		all = append(all, SnapshotInfo{Name: name, Saved: state.at})
	}
	return all, nil
}

func (s *shelf) remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.states[name]; !ok {
		return ErrAbsent
	}
	delete(s.states, name)
	return nil
}

func (s *shelf) get(name string) (*tree, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state, ok := s.states[name]; ok {
		return state.tree, nil
	}
	return nil, ErrAbsent
}

func (s *shelf) prepare(name string) (candidate, error) {
	if name == "" {
		return candidate{engine: newMemory()}, nil
	}
	t, err := s.get(name)
	if err != nil {
		return candidate{}, err
	}
	return candidate{engine: memoryOf(t)}, nil
}

// fork copies the state into a new data directory.
func (s *shelf) fork(name, dir string) error {
	t, err := s.get(name)
	if err != nil {
		return err
	}
	o := Options{Dir: dir}.withDefaults()
	h, err := newHome(&o)
	if err != nil {
		return err
	}
	defer h.unlock()
	c, err := h.prepare("")
	if err != nil {
		return err
	}
	return errors.Join(copyTree(c, t), c.close(), c.adopt())
}

// copyTree writes all of t to e, in batches.
func copyTree(e engine, t *tree) error {
	const batchBytes = 4 << 20
	b, size := e.begin(), 0
	var err error
	t.Scan(func(x entry) bool {
		b.set(x.key, x.value)
		if size += len(x.key) + len(x.value); size > batchBytes {
			err = b.commit()
			b, size = e.begin(), 0
		}
		return err == nil
	})
	if err != nil {
		b.drop()
		return err
	}
	return b.commit()
}
