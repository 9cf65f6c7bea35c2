package lambda

import (
	"context"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// States of a mapping.
const (
	creating  = "Creating"
	enabling  = "Enabling"
	enabled   = "Enabled"
	disabling = "Disabling"
	disabled  = "Disabled"
	updating  = "Updating"
	deleting  = "Deleting"
)

// nothingYet is the result of a mapping that has handed no batch over.
const nothingYet = "No records processed"

func (m *mapping) arn() string {
	return aws.NewARN("lambda", m.at.Region, m.at.Account, "event-source-mapping:"+m.id).String()
}

// target is where the mapping's function is.
func (m *mapping) target() address {
	return address{kv.Scope{Account: aws.Account(m.Owner), Region: m.at.Region}, m.Function, m.Qualifier}
}

// CreateEventSourceMapping makes a function get what is in a queue or stream.
func (s *Service) CreateEventSourceMapping(ctx context.Context, in *lambda.CreateEventSourceMappingInput) (*lambda.CreateEventSourceMappingOutput, error) {
	if err := unbuiltMapping(in); err != nil {
		return nil, err
	}
	call := aws.CallFrom(ctx)
	a, err := addressOf(call, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	m := newMapping(kv.Scope{Account: call.Account, Region: call.Region}, aws.UUID(s.Random), in)
	m.Function, m.Qualifier, m.Owner = a.Name, a.Qualifier, string(a.Account)
	if err := m.set(wishOf(in)); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	var t target
	err = kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		t.f, t.c, err = a.version(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.checkSource(ctx, m, t); err != nil {
		return nil, err
	}
	var out *lambda.EventSourceMappingConfiguration
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, _, err := a.version(tx)
		if err != nil {
			return err
		}
		if err := m.alone(tx); err != nil {
			return err
		}
		made := *m
		made.FunctionID, made.Created = f.ID, tx.Now()
		made.enter(tx, creating)
		out = made.describe()
		return nil
	})
	return (*lambda.CreateEventSourceMappingOutput)(out), err
}

// alone refuses a second mapping of the same source to the same function.
func (m *mapping) alone(tx kv.Tx) error {
	for key, other := range mappings.Scan(tx, kv.Prefix(mappings.Prefix(m.at))) {
		if other.Source == m.Source && other.Function == m.Function && other.Qualifier == m.Qualifier && other.Owner == m.Owner {
			parts := mappings.Parts(key)
			return lambda.ErrResourceConflictException(&lambda.ResourceConflictException{Type: new(user)},
				"An event source mapping with event source arn (\" %s \") and function name (\" %s \") already exists. Please update or delete the existing mapping with UUID %s",
				m.Source, m.Function, parts.String())
		}
	}
	return nil
}

// settleKind ends what a change of a mapping has begun.
const settleKind = "lambda.mapping"

// enter stores the mapping in a state that the job ends.
func (m *mapping) enter(tx kv.Tx, state string) {
	m.State, m.Modified = state, tx.Now()
	mappings.Put(tx, m.key(), m)
	job.PutNow(tx, &job.Job{Kind: settleKind, Scope: m.at, ID: m.id})
}

// settle is the job.
func (s *Service) settle(_ context.Context, tx kv.Tx, j *job.Job) error {
	m, ok := findMapping(tx, j.Scope, j.ID)
	switch {
	case !ok:
		return nil
	case m.State == deleting:
		m.drop(tx)
		return nil
	case m.Enabled && m.State == updating:
		m.State = enabled
	case m.Enabled:
		m.State = enabled
		m.startPolling(tx, s.Random.Uint64())
	default:
		m.State = disabled
	}
	mappings.Put(tx, m.key(), m)
	return nil
}

func findMapping(tx kv.Tx, sc kv.Scope, id string) (*mapping, bool) {
	m, ok := mappings.Get(tx, mappingKey(sc, id))
	if ok {
		m.at, m.id = sc, id
	}
	return m, ok
}

// mapping runs fn on a mapping, in a transaction of the call's scope.
func (s *Service) mapping(ctx context.Context, id string, fn func(tx kv.Tx, m *mapping) error) error {
	call := aws.CallFrom(ctx)
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		m, ok := findMapping(tx, kv.Scope{Account: call.Account, Region: call.Region}, id)
		if !ok {
			return noResource("The resource you requested does not exist.")
		}
		return fn(tx, m)
	})
}

// GetEventSourceMapping tells of a mapping.
func (s *Service) GetEventSourceMapping(ctx context.Context, in *lambda.GetEventSourceMappingInput) (*lambda.GetEventSourceMappingOutput, error) {
	var out *lambda.EventSourceMappingConfiguration
	err := s.mapping(ctx, in.UUID, func(_ kv.Tx, m *mapping) error {
		out = m.describe()
		return nil
	})
	return (*lambda.GetEventSourceMappingOutput)(out), err
}

// ListEventSourceMappings lists mappings, of a source and a function if those
// are given. The marker is the id to go on after.
func (s *Service) ListEventSourceMappings(ctx context.Context, in *lambda.ListEventSourceMappingsInput) (*lambda.ListEventSourceMappingsOutput, error) {
	call := aws.CallFrom(ctx)
	sc := kv.Scope{Account: call.Account, Region: call.Region}
	var of address
	if in.FunctionName != nil {
		var err error
		if of, err = addressOf(call, *in.FunctionName, nil); err != nil {
			return nil, err
		}
	}
	size := mappingsPage
	if in.MaxItems != nil {
		size = min(size, int(*in.MaxItems))
	}
	out := &lambda.ListEventSourceMappingsOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = lambda.ListEventSourceMappingsOutput{EventSourceMappings: []lambda.EventSourceMappingConfiguration{}}
		r := kv.Prefix(mappings.Prefix(sc))
		if after := deref(in.Marker); after != "" {
			r.From = mappingKey(sc, after).After()
		}
		for key, m := range mappings.Scan(tx, r) {
			parts := mappings.Parts(key)
			m.at, m.id = sc, parts.String()
			if in.EventSourceArn != nil && m.Source != *in.EventSourceArn || of.Name != "" && m.target() != of {
				continue
			}
			if n := len(out.EventSourceMappings); n == size {
				out.NextMarker = out.EventSourceMappings[n-1].UUID
				break
			}
			out.EventSourceMappings = append(out.EventSourceMappings, *m.describe())
		}
		return nil
	})
	return out, err
}

// mappingsPage is how many mappings a page has at most.
const mappingsPage = 100

// UpdateEventSourceMapping changes a mapping. A batch that is being made or
// handed over goes on by the old settings.
func (s *Service) UpdateEventSourceMapping(ctx context.Context, in *lambda.UpdateEventSourceMappingInput) (*lambda.UpdateEventSourceMappingOutput, error) {
	if err := unbuiltMappingUpdate(in); err != nil {
		return nil, err
	}
	if err := s.checkChange(ctx, in); err != nil {
		return nil, err
	}
	var out *lambda.EventSourceMappingConfiguration
	err := s.mapping(ctx, in.UUID, func(tx kv.Tx, m *mapping) error {
		was := m.Enabled
		if _, err := m.change(aws.CallFrom(ctx), tx, in); err != nil {
			return err
		}
		switch {
		case was == m.Enabled:
			m.enter(tx, updating)
		case m.Enabled:
			m.enter(tx, enabling)
		default:
			m.enter(tx, disabling)
		}
		out = m.describe()
		return nil
	})
	return (*lambda.UpdateEventSourceMappingOutput)(out), err
}

// checkChange asks whether the source can be polled after a change that enables
// the mapping or gives it another function.
func (s *Service) checkChange(ctx context.Context, in *lambda.UpdateEventSourceMappingInput) error {
	var t target
	var changed *mapping
	err := s.mapping(ctx, in.UUID, func(tx kv.Tx, m *mapping) (err error) {
		was := m.Enabled
		if t, err = m.change(aws.CallFrom(ctx), tx, in); m.Enabled && (!was || in.FunctionName != nil) {
			changed = m
		}
		return err
	})
	if err != nil || changed == nil {
		return err
	}
	return s.checkSource(ctx, changed, t)
}

// change makes the mapping what a request wants it to be, without storing it.
func (m *mapping) change(call *aws.Call, tx kv.Tx, in *lambda.UpdateEventSourceMappingInput) (t target, err error) {
	if err := m.settled("update"); err != nil {
		return t, err
	}
	a := m.target()
	if in.FunctionName != nil {
		if a, err = addressOf(call, *in.FunctionName, nil); err != nil {
			return t, err
		}
	}
	t.f, t.c, err = a.version(tx)
	switch {
	case err == nil:
		m.Function, m.Qualifier, m.Owner, m.FunctionID = a.Name, a.Qualifier, string(a.Account), t.f.ID
	case in.FunctionName != nil || m.Enabled || deref(in.Enabled):
		return t, err
	}
	return t, m.set(in)
}

// settled refuses a change while another is not done.
func (m *mapping) settled(change string) error {
	if m.State == enabled || m.State == disabled {
		return nil
	}
	return lambda.ErrResourceInUseException(&lambda.ResourceInUseException{Type: new(user)},
		"Cannot %s the event source mapping because it is in use.", change)
}

// DeleteEventSourceMapping ends a mapping. What it has not handed over stays in
// its source.
func (s *Service) DeleteEventSourceMapping(ctx context.Context, in *lambda.DeleteEventSourceMappingInput) (*lambda.DeleteEventSourceMappingOutput, error) {
	var out *lambda.EventSourceMappingConfiguration
	err := s.mapping(ctx, in.UUID, func(tx kv.Tx, m *mapping) error {
		if err := m.settled("delete"); err != nil {
			return err
		}
		m.Enabled = false
		m.enter(tx, deleting)
		out = m.describe()
		return nil
	})
	return (*lambda.DeleteEventSourceMappingOutput)(out), err
}
