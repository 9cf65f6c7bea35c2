package iam

import (
	"context"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Services that take such credentials. AWS: "CreateServiceSpecificCredential".
func takesServiceCredentials(service string) (apiKey, ok bool) {
	switch service {
	case "codecommit.amazonaws.com", "cassandra.amazonaws.com":
		return false, true
	case "bedrock.amazonaws.com", "logs.amazonaws.com":
		return true, true
	}
	return false, false
}

const serviceSecretLength = 44

// CreateServiceSpecificCredential makes a credential for one service.
func (s *Service) CreateServiceSpecificCredential(ctx context.Context, in *api.CreateServiceSpecificCredentialInput) (*api.CreateServiceSpecificCredentialOutput, error) {
	apiKey, ok := takesServiceCredentials(in.ServiceName)
	if !ok {
		return nil, api.ErrServiceNotSupportedException("No such service %s is supported for Service Specific Credentials", in.ServiceName)
	}
	if in.CredentialAgeDays != nil && !apiKey {
		return nil, api.ErrInvalidInputException("CredentialAgeDays is not supported for %s.", in.ServiceName)
	}
	var out api.CreateServiceSpecificCredentialOutput
	err := s.update(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		n := 1
		for _, c := range credentialsOf(t, &serviceCreds, u.ID) {
			if c.Service == in.ServiceName {
				n++
			}
		}
		if n > maxServiceCreds {
			return exceeded("ServiceSpecificCredentialsPerUser", maxServiceCreds)
		}
		c := &serviceCred{credential: credential{ID: t.uniqueID(prefixServiceCred), Created: t.Now()}, Service: in.ServiceName}
		name := u.Name + "-at-" + string(t.Account)
		if n > 1 {
			name += "+" + strconv.Itoa(n-1)
		}
		if c.UserName = name; apiKey {
			c.UserName, c.Alias = "", name
		}
		if in.CredentialAgeDays != nil {
			c.Expires = t.Now().AddDate(0, 0, int(*in.CredentialAgeDays))
		}
		out.ServiceSpecificCredential = t.renewSecret(u, c)
		return nil
	})
	return &out, err
}

// renewSecret gives a credential a new secret, stores it, and shows it once.
func (t *tx) renewSecret(u *user, c *serviceCred) *api.ServiceSpecificCredential {
	c.Secret = aws.Text(t.Random, secretAlphabet, serviceSecretLength-1) + "="
	serviceCreds.Put(t.Tx, credentialKey(t, &serviceCreds, u.ID, c.ID), c)
	m := showServiceCred(u, c)
	out := &api.ServiceSpecificCredential{
		CreateDate: m.CreateDate, ExpirationDate: m.ExpirationDate, ServiceName: m.ServiceName, ServiceUserName: m.ServiceUserName,
		ServiceCredentialAlias: m.ServiceCredentialAlias, ServiceSpecificCredentialId: m.ServiceSpecificCredentialId, UserName: m.UserName, Status: m.Status,
	}
	if c.Alias != "" {
		out.ServiceCredentialSecret = &c.Secret
	} else {
		out.ServicePassword = &c.Secret
	}
	return out
}

func showServiceCred(u *user, c *serviceCred) api.ServiceSpecificCredentialMetadata {
	out := api.ServiceSpecificCredentialMetadata{
		UserName: u.Name, Status: status(c.Inactive), ServiceUserName: filled(c.UserName), ServiceCredentialAlias: filled(c.Alias),
		CreateDate: c.Created, ServiceSpecificCredentialId: c.ID, ServiceName: c.Service,
	}
	if !c.Expires.IsZero() {
		out.ExpirationDate = &c.Expires
	}
	return out
}

// ResetServiceSpecificCredential replaces the secret.
func (s *Service) ResetServiceSpecificCredential(ctx context.Context, in *api.ResetServiceSpecificCredentialInput) (*api.ResetServiceSpecificCredentialOutput, error) {
	var out api.ResetServiceSpecificCredentialOutput
	err := s.update(ctx, func(t *tx) error {
		u, c, err := t.serviceCred(ctx, in.UserName, in.ServiceSpecificCredentialId)
		if err == nil {
			out.ServiceSpecificCredential = t.renewSecret(u, c)
		}
		return err
	})
	return &out, err
}

// UpdateServiceSpecificCredential switches a credential on or off.
func (s *Service) UpdateServiceSpecificCredential(ctx context.Context, in *api.UpdateServiceSpecificCredentialInput) (*api.UpdateServiceSpecificCredentialOutput, error) {
	return &api.UpdateServiceSpecificCredentialOutput{}, s.update(ctx, func(t *tx) error {
		u, c, err := t.serviceCred(ctx, in.UserName, in.ServiceSpecificCredentialId)
		if err != nil {
			return err
		}
		c.Inactive = in.Status == api.StatusTypeInactive
		serviceCreds.Put(t.Tx, credentialKey(t, &serviceCreds, u.ID, c.ID), c)
		return nil
	})
}

// DeleteServiceSpecificCredential removes a credential.
func (s *Service) DeleteServiceSpecificCredential(ctx context.Context, in *api.DeleteServiceSpecificCredentialInput) (*api.DeleteServiceSpecificCredentialOutput, error) {
	return &api.DeleteServiceSpecificCredentialOutput{}, s.update(ctx, func(t *tx) error {
		u, c, err := t.serviceCred(ctx, in.UserName, in.ServiceSpecificCredentialId)
		if err == nil {
			serviceCreds.Delete(t.Tx, credentialKey(t, &serviceCreds, u.ID, c.ID))
		}
		return err
	})
}

// ListServiceSpecificCredentials lists a user's credentials, or everybody's.
func (s *Service) ListServiceSpecificCredentials(ctx context.Context, in *api.ListServiceSpecificCredentialsInput) (*api.ListServiceSpecificCredentialsOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.ServiceSpecificCredentialMetadata]
	err = s.view(ctx, func(t *tx) error {
		var of []*user
		if or(in.AllUsers, false) {
			for _, u := range users.Scan(t.Tx, kv.Prefix(users.Prefix(t.Scope))) {
				of = append(of, u)
			}
		} else {
			u, err := t.subject(aws.CallFrom(ctx), in.UserName)
			if err != nil {
				return err
			}
			of = append(of, u)
		}
		all := []api.ServiceSpecificCredentialMetadata{}
		for _, u := range of {
			for _, c := range credentialsOf(t, &serviceCreds, u.ID) {
				if strings.EqualFold(c.Service, or(in.ServiceName, c.Service)) {
					all = append(all, showServiceCred(u, c))
				}
			}
		}
		out, err = slice(all, p)
		return err
	})
	return &api.ListServiceSpecificCredentialsOutput{ServiceSpecificCredentials: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

func (t *tx) serviceCred(ctx context.Context, userName *string, id string) (*user, *serviceCred, error) {
	u, err := t.subject(aws.CallFrom(ctx), userName)
	if err != nil {
		return nil, nil, err
	}
	if c, ok := serviceCreds.Get(t.Tx, credentialKey(t, &serviceCreds, u.ID, id)); ok {
		return u, c, nil
	}
	return nil, nil, api.ErrNoSuchEntityException("No such credential %s exists", id)
}
