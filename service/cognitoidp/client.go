package cognitoidp

import (
	"context"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// AWS: ids of clients are of digits and small letters, as are secrets.
const (
	idAlphabet   = "abcdefghijklmnopqrstuvwxyz0123456789"
	clientLength = 26
	secretLength = 52
)

// CreateUserPoolClient makes a client.
func (s *Service) CreateUserPoolClient(ctx context.Context, in *cognitoidp.CreateUserPoolClientInput) (*cognitoidp.CreateUserPoolClientOutput, error) {
	if deref(in.GenerateSecret) && in.ClientSecret != nil {
		return nil, invalid("GenerateSecret and ClientSecret cannot both be given.")
	}
	out := new(cognitoidp.CreateUserPoolClientOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		if n := count(tx, kv.Prefix(clients.Prefix(p.at.Scope, kv.String(p.at.ID))), maxClients); n == maxClients {
			return cognitoidp.ErrLimitExceededException("The maximum number of app clients, %d, has been reached.", maxClients)
		}
		c := &client{pool: p, ID: aws.Text(s.Random, idAlphabet, clientLength), Name: in.ClientName, Secret: deref(in.ClientSecret), Created: tx.Now(), Modified: tx.Now()}
		if deref(in.GenerateSecret) {
			c.Secret = aws.Text(s.Random, idAlphabet, secretLength)
		}
		if err := c.set(tx, clientUpdateOf(in)); err != nil {
			return err
		}
		c.put(tx)
		out.UserPoolClient = c.describe()
		return nil
	})
	return out, err
}

// clientUpdateOf is the part of a new client's settings that can be changed later.
func clientUpdateOf(in *cognitoidp.CreateUserPoolClientInput) *cognitoidp.UpdateUserPoolClientInput {
	return &cognitoidp.UpdateUserPoolClientInput{
		RefreshTokenValidity: in.RefreshTokenValidity, AccessTokenValidity: in.AccessTokenValidity, IdTokenValidity: in.IdTokenValidity,
		TokenValidityUnits: in.TokenValidityUnits, ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes,
		ExplicitAuthFlows: in.ExplicitAuthFlows, SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs,
		LogoutURLs: in.LogoutURLs, DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows,
		AllowedOAuthScopes: in.AllowedOAuthScopes, AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient,
		AnalyticsConfiguration: in.AnalyticsConfiguration, PreventUserExistenceErrors: in.PreventUserExistenceErrors,
		EnableTokenRevocation: in.EnableTokenRevocation, EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		AuthSessionValidity: in.AuthSessionValidity, RefreshTokenRotation: in.RefreshTokenRotation,
	}
}

// describe is the client as callers see it.
func (c *client) describe() *cognitoidp.UserPoolClientType {
	d := *c.settings
	d.UserPoolId, d.ClientId, d.ClientName, d.ClientSecret = &c.pool.at.ID, &c.ID, &c.Name, aws.Optional(c.Secret)
	d.CreationDate, d.LastModifiedDate = &c.Created, &c.Modified
	return &d
}

// DescribeUserPoolClient returns a client's settings, its secret among them.
func (s *Service) DescribeUserPoolClient(ctx context.Context, in *cognitoidp.DescribeUserPoolClientInput) (*cognitoidp.DescribeUserPoolClientOutput, error) {
	out := new(cognitoidp.DescribeUserPoolClientOutput)
	err := s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		c, err := p.client(tx, in.ClientId)
		if err == nil {
			out.UserPoolClient = c.describe()
		}
		return err
	})
	return out, err
}

// UpdateUserPoolClient replaces a client's settings.
// AWS: UpdateUserPoolClient: what is left out returns to its default.
func (s *Service) UpdateUserPoolClient(ctx context.Context, in *cognitoidp.UpdateUserPoolClientInput) (*cognitoidp.UpdateUserPoolClientOutput, error) {
	out := new(cognitoidp.UpdateUserPoolClientOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		c, err := p.client(tx, in.ClientId)
		if err != nil {
			return err
		}
		if err := c.set(tx, in); err != nil {
			return err
		}
		if in.ClientName != nil {
			c.Name = *in.ClientName
		}
		c.Modified = tx.Now()
		c.put(tx)
		out.UserPoolClient = c.describe()
		return nil
	})
	return out, err
}

// ListUserPoolClients lists clients in the order of their ids.
func (s *Service) ListUserPoolClients(ctx context.Context, in *cognitoidp.ListUserPoolClientsInput) (*cognitoidp.ListUserPoolClientsOutput, error) {
	pg, err := newPage(deref(in.MaxResults), in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListUserPoolClientsOutput)
	err = s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		*out = cognitoidp.ListUserPoolClientsOutput{UserPoolClients: []cognitoidp.UserPoolClientDescription{}}
		for key, c := range clients.Scan(tx, pg.of(kv.Prefix(clients.Prefix(p.at.Scope, kv.String(p.at.ID))))) {
			if len(out.UserPoolClients) == pg.size {
				out.NextToken = pg.token(key)
				return nil
			}
			out.UserPoolClients = append(out.UserPoolClients, cognitoidp.UserPoolClientDescription{ClientId: &c.ID, ClientName: &c.Name, UserPoolId: &p.at.ID})
		}
		return nil
	})
	return out, err
}

// DeleteUserPoolClient deletes a client.
func (s *Service) DeleteUserPoolClient(ctx context.Context, in *cognitoidp.DeleteUserPoolClientInput) (*cognitoidp.DeleteUserPoolClientOutput, error) {
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		c, err := p.client(tx, in.ClientId)
		if err == nil {
			c.drop(tx)
		}
		return err
	})
	return &cognitoidp.DeleteUserPoolClientOutput{}, err
}
