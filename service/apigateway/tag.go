package apigateway

import (
	"context"
	"maps"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/state/kv"
)

// checkTags checks tags. AWS: "Tagging your API Gateway resources", tag restrictions.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("The maximum number of tags per resource is %d", maxTags)
	}
	for key, value := range tags {
		switch {
		case key == "" || len(key) > 128:
			return invalid("Tag keys must be between 1 and 128 characters: %s", key)
		case len(value) > 256:
			return invalid("Tag values must be at most 256 characters: %s", value)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("Tag keys starting with 'aws:' are reserved for system use")
		}
	}
	return nil
}

// tagged runs fn on the tags of the resource with an ARN, and stores what fn
// returns.
func tagged(tx kv.Tx, sc kv.Scope, resource string, fn func(map[string]string) (map[string]string, error)) error {
	a, err := aws.ParseARN(resource)
	if err != nil || a.Service != "apigateway" || a.Region != sc.Region {
		return invalid("Invalid ARN specified in the request")
	}
	e := strings.Split(strings.Trim(a.Resource, "/"), "/")
	switch {
	case len(e) == 2 && e[0] == "restapis":
		at := address{sc, e[1]}
		return restAPIs.retag(tx, at.key(), func(v *api.RestApi) *map[string]string { return &v.Tags }, fn)
	case len(e) == 4 && e[0] == "restapis" && e[2] == "stages":
		return stages.retag(tx, part(address{sc, e[1]}, stages, e[3]), func(v *api.Stage) *map[string]string { return &v.Tags }, fn)
	case len(e) == 2 && e[0] == "apikeys":
		return keys.retag(tx, keyKey(sc, e[1]), func(v *api.ApiKey) *map[string]string { return &v.Tags }, fn)
	case len(e) == 2 && e[0] == "usageplans":
		return plans.retag(tx, planKey(sc, e[1]), func(v *plan) *map[string]string { return &v.Tags }, fn)
	case len(e) == 2 && e[0] == "clientcertificates":
		return certificates.retag(tx, certificateKey(sc, e[1]), func(v *api.ClientCertificate) *map[string]string { return &v.Tags }, fn)
	}
	return missing("Invalid ARN specified in the request")
}

// retag runs fn on the tags of the document at a key, and stores what fn returns.
func (s *shelf[T]) retag(tx kv.Tx, key kv.Key, tags func(*T) *map[string]string, fn func(map[string]string) (map[string]string, error)) error {
	v, ok := s.get(tx, key)
	if !ok {
		return missing("Invalid ARN specified in the request")
	}
	changed, err := fn(*tags(v))
	if err != nil || changed == nil {
		return err
	}
	*tags(v) = changed
	s.put(tx, key, v)
	return nil
}

// isDomain reports whether an ARN is of a custom domain.
func isDomain(resource string) bool { return strings.Contains(resource, ":/domainnames/") }

// TagResource adds tags.
func (s *Service) TagResource(ctx context.Context, in *api.TagResourceInput) (*api.TagResourceOutput, error) {
	if name := proxyevent.Decoded(in.ResourceArn); isDomain(name) {
		_, err := s.Domains.TagResource(ctx, &apigatewayv2.TagResourceInput{ResourceArn: name, Tags: in.Tags})
		return &api.TagResourceOutput{}, err
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		return tagged(tx, scopeOf(ctx), proxyevent.Decoded(in.ResourceArn), func(tags map[string]string) (map[string]string, error) {
			all := map[string]string{}
			maps.Copy(all, tags)
			maps.Copy(all, in.Tags)
			return all, checkTags(all)
		})
	})
	return &api.TagResourceOutput{}, err
}

// UntagResource removes tags.
func (s *Service) UntagResource(ctx context.Context, in *api.UntagResourceInput) (*api.UntagResourceOutput, error) {
	if name := proxyevent.Decoded(in.ResourceArn); isDomain(name) {
		_, err := s.Domains.UntagResource(ctx, &apigatewayv2.UntagResourceInput{ResourceArn: name, TagKeys: in.TagKeys})
		return &api.UntagResourceOutput{}, err
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		return tagged(tx, scopeOf(ctx), proxyevent.Decoded(in.ResourceArn), func(tags map[string]string) (map[string]string, error) {
			left := map[string]string{}
			maps.Copy(left, tags)
			for _, key := range in.TagKeys {
				delete(left, key)
			}
			return left, nil
		})
	})
	return &api.UntagResourceOutput{}, err
}

// GetTags lists the tags of a resource.
func (s *Service) GetTags(ctx context.Context, in *api.GetTagsInput) (*api.GetTagsOutput, error) {
	if name := proxyevent.Decoded(in.ResourceArn); isDomain(name) {
		of, err := s.Domains.GetTags(ctx, &apigatewayv2.GetTagsInput{ResourceArn: name})
		if err != nil {
			return nil, err
		}
		return &api.GetTagsOutput{Tags: of.Tags}, nil
	}
	out := &api.GetTagsOutput{Tags: map[string]string{}}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		return tagged(tx, scopeOf(ctx), proxyevent.Decoded(in.ResourceArn), func(tags map[string]string) (map[string]string, error) {
			maps.Copy(out.Tags, tags)
			return nil, nil
		})
	})
	return out, err
}
