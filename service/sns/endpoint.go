package sns

import (
	"context"
	"maps"
	"strings"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// endpointAt finds the application and the id that an endpoint's ARN names.
func endpointAt(arn, parameter string) (app appAddress, id string, err error) {
	a, invalidARN := parseARN(arn, parameter)
	if invalidARN != nil {
		return app, "", invalidARN
	}
	f := strings.Split(a.Resource, "/")
	if a.Service != "sns" || len(f) != 4 || f[0] != "endpoint" {
		return app, "", invalid("%s Reason: Wrong number of slashes in relative portion of the ARN.", parameter)
	}
	return appAddress{kv.Scope{Account: a.Account, Region: a.Region}, f[1], f[2]}, f[3], nil
}

func (a appAddress) endpointARN(id string) string {
	return aws.NewARN("sns", a.Region, a.Account, "endpoint/"+a.Platform+"/"+a.Name+"/"+id).String()
}

func (a appAddress) endpointKey(id string) kv.Key {
	return endpoints.Key(a.Scope, kv.String(a.Platform), kv.String(a.Name), kv.String(id))
}

// CreatePlatformEndpoint makes an endpoint of a device's token, or returns the
// one that is there.
func (s *Service) CreatePlatformEndpoint(ctx context.Context, in *sns.CreatePlatformEndpointInput) (*sns.CreatePlatformEndpointOutput, error) {
	a, err := applicationAt(in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	if in.Token == "" {
		return nil, invalid("Token Reason: Invalid token")
	}
	e := &endpoint{Token: in.Token, Attributes: map[string]string{"Enabled": "true"}}
	if in.CustomUserData != nil {
		e.Attributes["CustomUserData"] = *in.CustomUserData
	}
	if err := e.set(in.Attributes); err != nil {
		return nil, err
	}
	var arn string
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err != nil {
			return err
		}
		prefix := endpoints.IndexPrefix(&byToken, a.Scope, kv.String(e.Token), kv.String(a.Platform), kv.String(a.Name))
		for key, old := range endpoints.ScanBy(tx, kv.Prefix(prefix)) {
			parts := endpoints.Parts(key)
			parts.Skip(2)
			if arn = a.endpointARN(parts.String()); !maps.Equal(old.Attributes, e.Attributes) {
				return invalid("Token Reason: Endpoint %s already exists with the same Token, but different attributes.", arn)
			}
			return nil
		}
		id := aws.UUID(s.Random)
		arn = a.endpointARN(id)
		endpoints.Put(tx, a.endpointKey(id), e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sns.CreatePlatformEndpointOutput{EndpointArn: &arn}, nil
}

// set checks attributes and takes them over.
func (e *endpoint) set(attributes map[string]string) error {
	for name, value := range attributes {
		switch name {
		case "Token":
			e.Token = value
			continue
		case "Enabled":
			value = strings.ToLower(value)
			if value != "true" && value != "false" {
				return invalid("Attributes Reason: Invalid value for attribute: Enabled: must be true or false")
			}
		case "CustomUserData":
			if len(value) > maxCustomUserData {
				return invalid("Attributes Reason: Invalid value for attribute: CustomUserData: must be at most 2048 bytes long in UTF-8 encoding")
			}
		default:
			return invalid("Attributes Reason: Invalid attribute name: %s", name)
		}
		e.Attributes[name] = value
	}
	return nil
}

func (e *endpoint) all() map[string]string {
	m := maps.Clone(e.Attributes)
	m["Token"] = e.Token
	return m
}

// updateEndpoint runs fn on the endpoint that an ARN names and keeps it.
func (s *Service) updateEndpoint(ctx context.Context, arn string, fn func(*endpoint) error) error {
	a, id, err := endpointAt(arn, "EndpointArn")
	if err != nil {
		return err
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		e, ok := endpoints.Get(tx, a.endpointKey(id))
		if !ok {
			return sns.ErrNotFoundException("Endpoint does not exist")
		}
		if err := fn(e); err != nil {
			return err
		}
		endpoints.Put(tx, a.endpointKey(id), e)
		return nil
	})
}

// GetEndpointAttributes returns the attributes of an endpoint.
func (s *Service) GetEndpointAttributes(ctx context.Context, in *sns.GetEndpointAttributesInput) (*sns.GetEndpointAttributesOutput, error) {
	a, id, err := endpointAt(in.EndpointArn, "EndpointArn")
	if err != nil {
		return nil, err
	}
	out := new(sns.GetEndpointAttributesOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		e, ok := endpoints.Get(tx, a.endpointKey(id))
		if !ok {
			return sns.ErrNotFoundException("Endpoint does not exist")
		}
		out.Attributes = e.all()
		return nil
	})
	return out, err
}

// SetEndpointAttributes sets attributes of an endpoint.
func (s *Service) SetEndpointAttributes(ctx context.Context, in *sns.SetEndpointAttributesInput) (*sns.SetEndpointAttributesOutput, error) {
	err := s.updateEndpoint(ctx, in.EndpointArn, func(e *endpoint) error { return e.set(in.Attributes) })
	return &sns.SetEndpointAttributesOutput{}, err
}

// DeleteEndpoint deletes an endpoint. Deleting one that is not there is no error.
func (s *Service) DeleteEndpoint(ctx context.Context, in *sns.DeleteEndpointInput) (*sns.DeleteEndpointOutput, error) {
	a, id, err := endpointAt(in.EndpointArn, "EndpointArn")
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		endpoints.Delete(tx, a.endpointKey(id))
		return nil
	})
	return &sns.DeleteEndpointOutput{}, err
}

// ListEndpointsByPlatformApplication lists the endpoints of an application.
func (s *Service) ListEndpointsByPlatformApplication(ctx context.Context, in *sns.ListEndpointsByPlatformApplicationInput) (*sns.ListEndpointsByPlatformApplicationOutput, error) {
	a, err := applicationAt(in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	p, err := newPage(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(sns.ListEndpointsByPlatformApplicationOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = sns.ListEndpointsByPlatformApplicationOutput{Endpoints: []sns.Endpoint{}}
		if _, err := a.find(tx); err != nil {
			return err
		}
		for key, e := range endpoints.Scan(tx, p.of(kv.Prefix(endpoints.Prefix(a.Scope, kv.String(a.Platform), kv.String(a.Name))))) {
			if len(out.Endpoints) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			parts := endpoints.Parts(key)
			parts.Skip(2)
			arn := a.endpointARN(parts.String())
			out.Endpoints = append(out.Endpoints, sns.Endpoint{EndpointArn: &arn, Attributes: e.all()})
		}
		return nil
	})
	return out, err
}

// publishToEndpoint publishes to one device.
func (s *Service) publishToEndpoint(ctx context.Context, arn string, structure *string, d *draft) (*sns.PublishOutput, error) {
	if err := d.split(structure, false); err != nil {
		return nil, err
	}
	a, id, err := endpointAt(arn, "TargetArn")
	if err != nil {
		return nil, err
	}
	messageID := aws.UUID(s.Random)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		m := d.message
		m.ID = messageID
		err := s.pushTo(ctx, tx, device{a, id}, &m)
		if isNotFound(err) {
			return invalid("TargetArn Reason: No endpoint found for the target arn specified")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &sns.PublishOutput{MessageId: &messageID}, nil
}

// push delivers the message to a subscribed device.
func (b *broadcast) push(arn string) error {
	a, id, err := endpointAt(arn, "TargetArn")
	if err != nil {
		return err
	}
	return b.pushTo(b.ctx, b.tx, device{a, id}, b.m)
}

// device is where an endpoint is.
type device struct {
	appAddress
	id string
}

// pushTo puts a push notification into the outbox: what the platform would
// have got, its own form of the message where there is one.
func (s *Service) pushTo(ctx context.Context, tx kv.Tx, to device, m *message) error {
	a, id := to.appAddress, to.id
	e, ok := endpoints.Get(tx, a.endpointKey(id))
	if !ok {
		return sns.ErrNotFoundException("Endpoint does not exist")
	}
	app, err := a.find(tx)
	switch {
	case err != nil:
		return err
	case app.Attributes["Enabled"] == "false":
		return sns.ErrPlatformApplicationDisabledException("Platform application is disabled")
	case e.Attributes["Enabled"] == "false":
		return sns.ErrEndpointDisabledException("Endpoint is disabled")
	}
	attributes := map[string]string{"Token": e.Token, "Platform": a.Platform}
	for i := range m.Attributes {
		if !m.Attributes[i].binary() {
			attributes[m.Attributes[i].Name] = m.Attributes[i].Text
		}
	}
	s.put(ctx, tx, a.Scope, &Letter{
		ID: m.ID, Protocol: protocolApplication, To: a.endpointARN(id), Subject: m.Subject, Body: m.bodyFor(a.Platform), Attributes: attributes,
	})
	return nil
}
