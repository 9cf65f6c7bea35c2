package lambda

import (
	"context"
	"slices"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// stack finds the layers that a function asks for, lowest first. Who may use them
// was asked before: see layerAccess.
func stack(tx kv.Tx, call *aws.Call, arns []string) ([]layerRef, error) {
	if len(arns) > maxLayers {
		return nil, invalid("Cannot reference more than %d layers.", maxLayers)
	}
	var refs []layerRef
	seen := map[string]string{}
	for _, arn := range arns {
		a, err := layerAt(call, arn)
		if err != nil {
			return nil, err
		}
		if a.Number == 0 {
			return nil, invalid("Layer version %s is not valid: it has no version.", arn)
		}
		v, err := a.version(tx)
		if err != nil {
			return nil, invalid("Layer version %s does not exist.", arn)
		}
		if other, ok := seen[a.arn()]; ok {
			return nil, invalid("Two different versions of the same layer are not allowed to be referenced in the same function. %s and %s are versions of the same layer.", other, arn)
		}
		seen[a.arn()] = arn
		refs = append(refs, layerRef{ARN: a.versionARN(), ID: v.ID, CodeSum: v.CodeSum, CodeSize: v.CodeSize, Unzipped: v.Unzipped})
	}
	return refs, nil
}

// restack replaces the layers of a stored configuration.
func (c *configuration) restack(tx kv.Tx, call *aws.Call, arns []string) error {
	next := *c
	var err error
	if next.Layers, err = stack(tx, call, arns); err != nil {
		return err
	}
	if err := next.checkSize(); err != nil {
		return err
	}
	next.hold(tx, 1)
	c.hold(tx, -1)
	c.Layers = next.Layers
	return nil
}

// checkSize refuses code that is too large together with its layers.
func (c *configuration) checkSize() error {
	size := c.Unzipped
	for _, l := range c.Layers {
		size += l.Unzipped
	}
	if len(c.Layers) > 0 && size > maxUnzipped {
		return invalid("Function code combined with layers exceeds the maximum allowed size of %d bytes. The actual size is %d bytes.", maxUnzipped, size)
	}
	return nil
}

// hold counts in each layer that a configuration with c's layers begins to be, or,
// with -1, ceases to. What is in use outlives its deletion.
func (c *configuration) hold(tx kv.Tx, by int64) {
	for _, ref := range c.Layers {
		a := ref.address()
		if v, ok := layerVersions.Get(tx, a.versionKey()); ok && v.ID == ref.ID {
			v.Uses += by
			a.settle(tx, v)
		}
	}
}

func (r layerRef) address() layerAddress {
	m := layered.FindStringSubmatch(r.ARN) // is one
	return layerAddress{kv.Scope{Account: aws.Account(m[2]), Region: aws.Region(m[1])}, m[3], number(m[4])}
}

// layerAccess tells which layers an input wants a function to use: its caller must be
// allowed to read each. AWS: "Giving Lambda permission to use layers from other accounts".
func (s *Service) layerAccess(ctx context.Context, input any) (all []aws.Access, err error) {
	var arns []string
	switch in := input.(type) {
	case *lambda.CreateFunctionInput:
		arns = in.Layers
	case *lambda.UpdateFunctionConfigurationInput:
		arns = in.Layers
	}
	for _, arn := range arns {
		a, err := layerAt(aws.CallFrom(ctx), arn)
		if err != nil {
			continue // the operation will say so
		}
		access, err := s.layerVersionAccess(ctx, a, "lambda:GetLayerVersion")
		if err != nil {
			return nil, err
		}
		all = append(all, access)
	}
	return all, nil
}

func (s *Service) layerVersionAccess(ctx context.Context, a layerAddress, action string) (aws.Access, error) {
	access := aws.Access{Action: action, Resource: a.versionARN(), Owner: a.Account}
	if a.Number == 0 {
		access.Resource = a.arn()
	}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		access.Policy = ""
		if v, err := a.version(tx); err == nil {
			access.Policy = v.Policy
		}
		return nil
	})
	return access, err
}

// layerSubject is the layer that an input is about, and the action that this is.
func layerSubject(operation string, input any) (name string, number int64, action string) {
	action = "lambda:" + operation
	switch in := input.(type) {
	case *lambda.PublishLayerVersionInput:
		return in.LayerName, 0, action
	case *lambda.GetLayerVersionInput:
		return in.LayerName, in.VersionNumber, action
	case *lambda.GetLayerVersionByArnInput:
		return in.Arn, 0, "lambda:GetLayerVersion"
	case *lambda.DeleteLayerVersionInput:
		return in.LayerName, in.VersionNumber, action
	case *lambda.GetLayerVersionPolicyInput:
		return in.LayerName, in.VersionNumber, action
	case *lambda.AddLayerVersionPermissionInput:
		return in.LayerName, in.VersionNumber, action
	case *lambda.RemoveLayerVersionPermissionInput:
		return in.LayerName, in.VersionNumber, action
	}
	return "", 0, ""
}

// describeLayers is what a function's description says of its layers.
func (c *configuration) describeLayers() []lambda.Layer {
	var out []lambda.Layer
	for _, l := range c.Layers {
		out = append(out, lambda.Layer{Arn: &l.ARN, CodeSize: &l.CodeSize})
	}
	return out
}

// sameLayers reports whether two configurations have the same layers in the same order.
func (c *configuration) sameLayers(other *configuration) bool {
	return slices.Equal(c.Layers, other.Layers)
}

// programLayers are the layers as the Runner takes them.
func (s *Service) programLayers(c *configuration) []Code {
	var all []Code
	for _, ref := range c.Layers {
		key := ref.address().codeKey(ref.ID)
		all = append(all, Code{Sum: ref.CodeSum, Zip: func(ctx context.Context) (data []byte, err error) {
			err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
				data = getBytes(tx, &layerCodes, key)
				return nil
			})
			return data, err
		}})
	}
	return all
}
