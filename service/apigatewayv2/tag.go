package apigatewayv2

import (
	"context"
	"maps"
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// checkTags checks the tags of a resource.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return bad("Too many tags: a resource can have at most %d", maxTags)
	}
	for k, v := range tags {
		switch {
		case k == "" || len(k) > 128 || len(v) > 256:
			return bad("Invalid tag %s: keys have 1 to 128 characters, and values at most 256", k)
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return bad("Invalid tag key. aws: prefixed tag key names are not allowed for external use.")
		}
	}
	return nil
}

// tagged runs fn on the tags of the resource that an ARN names, and stores what
// fn returns; nil leaves them as they are.
func tagged(tx kv.Tx, sc kv.Scope, resource string, fn func(tags map[string]string) map[string]string) error {
	at, err := aws.ParseARN(resource)
	if err != nil || at.Service != "apigateway" || at.Region != sc.Region {
		return bad("Invalid resource ARN specified: %s", resource)
	}
	parts := strings.Split(strings.TrimPrefix(at.Resource, "/"), "/")
	for i, p := range parts {
		if name, err := url.PathUnescape(p); err == nil {
			parts[i] = name // $default comes as %24default
		}
	}
	t := tagging{tx, sc, fn}
	switch {
	case len(parts) == 2 && parts[0] == "apis":
		return retag(t, apis, func(d *apigatewayv2.Api) *map[string]string { return &d.Tags }, parts[1])
	case len(parts) == 4 && parts[0] == "apis" && parts[2] == "stages":
		return retag(t, stages, func(d *apigatewayv2.Stage) *map[string]string { return &d.Tags }, parts[1], parts[3])
	case len(parts) == 2 && parts[0] == "domainnames":
		return retag(t, domains, func(d *apigatewayv2.DomainName) *map[string]string { return &d.Tags }, parts[1])
	case len(parts) == 2 && parts[0] == "vpclinks":
		return retag(t, vpcLinks, func(d *apigatewayv2.VpcLink) *map[string]string { return &d.Tags }, parts[1])
	}
	return bad("Invalid resource ARN specified: %s", resource)
}

// tagging is what is done to the tags of a resource.
type tagging struct {
	tx kv.Tx
	sc kv.Scope
	do func(tags map[string]string) map[string]string
}

// retag is tagged for a resource of a kind, whose tags are where of says.
func retag[T any](t tagging, k *kind[T], of func(*T) *map[string]string, ids ...string) error {
	d, err := k.find(t.tx, t.sc, ids...)
	if err != nil {
		return err
	}
	tags := of(d)
	if changed := t.do(*tags); changed != nil {
		if err := checkTags(changed); err != nil {
			return err
		}
		*tags = changed
		k.put(t.tx, d, t.sc, ids...)
	}
	return nil
}

// TagResource adds tags, replacing those with the same keys.
func (s *Service) TagResource(ctx context.Context, in *apigatewayv2.TagResourceInput) (*apigatewayv2.TagResourceOutput, error) {
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		return tagged(tx, scopeOf(ctx), in.ResourceArn, func(old map[string]string) map[string]string {
			all := map[string]string{}
			maps.Copy(all, old)
			maps.Copy(all, in.Tags)
			return all
		})
	})
	return &apigatewayv2.TagResourceOutput{}, err
}

// UntagResource removes tags. Keys that the resource does not have are no error.
func (s *Service) UntagResource(ctx context.Context, in *apigatewayv2.UntagResourceInput) (*apigatewayv2.UntagResourceOutput, error) {
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		return tagged(tx, scopeOf(ctx), in.ResourceArn, func(old map[string]string) map[string]string {
			all := map[string]string{}
			maps.Copy(all, old)
			for _, k := range in.TagKeys {
				delete(all, k)
			}
			return all
		})
	})
	return &apigatewayv2.UntagResourceOutput{}, err
}

// GetTags returns the tags of a resource.
func (s *Service) GetTags(ctx context.Context, in *apigatewayv2.GetTagsInput) (*apigatewayv2.GetTagsOutput, error) {
	out := &apigatewayv2.GetTagsOutput{Tags: map[string]string{}}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		return tagged(tx, scopeOf(ctx), in.ResourceArn, func(tags map[string]string) map[string]string {
			maps.Copy(out.Tags, tags)
			return nil
		})
	})
	return out, err
}
