package apigateway

import (
	"context"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// cloneAPI makes an API with the parts of another. Their ids stay, since they are
// unique within an API.
func (s *Service) cloneAPI(ctx context.Context, from string, v *api.RestApi) (*api.CreateRestApiOutput, error) {
	err := s.update(ctx, from, func(tx kv.Tx, a address) error {
		d := a.definition(tx)
		to := s.found(tx, a.Scope, v)
		v.RootResourceId = d.API.RootResourceId
		d.API = *v
		to.put(tx, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateRestApiOutput)(v), nil
}

// put stores all that makes up an API, beside what is there.
func (a address) put(tx kv.Tx, d *definition) {
	restAPIs.put(tx, a.key(), &d.API)
	for i := range d.Resources {
		a.putResource(tx, &d.Resources[i])
	}
	for i := range d.Models {
		models.put(tx, part(a, models, *d.Models[i].Name), &d.Models[i])
	}
	for i := range d.Validators {
		validators.put(tx, part(a, validators, *d.Validators[i].Id), &d.Validators[i])
	}
	for i := range d.Authorizers {
		authorizers.put(tx, part(a, authorizers, *d.Authorizers[i].Id), &d.Authorizers[i])
	}
	for i := range d.Responses {
		responses.put(tx, part(a, responses, string(d.Responses[i].ResponseType)), &d.Responses[i])
	}
}
