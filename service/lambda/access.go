package lambda

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Access implements aws.Guard: which function a call is about, and its policy.
// AWS: "Actions, resources, and condition keys for AWS Lambda": the action of
// Invoke is InvokeFunction.
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	if operation == "Invoke" || strings.HasPrefix(operation, "InvokeWith") {
		operation = "InvokeFunction"
	}
	if v, ok := input.(*visit); ok {
		return s.urlAccess(ctx, v)
	}
	if name, n, action := layerSubject(operation, input); name != "" {
		if a, err := layerAt(aws.CallFrom(ctx), name); err == nil {
			if n > 0 {
				a.Number = uint64(n)
			}
			access, err := s.layerVersionAccess(ctx, a, action)
			return []aws.Access{access}, err
		}
	}
	more, err := s.layerAccess(ctx, input)
	if err != nil {
		return nil, err
	}
	access := aws.Access{Action: "lambda:" + operation, Resource: "*"}
	if id := mappingOf(input); id != "" {
		c := aws.CallFrom(ctx)
		access.Resource = (&mapping{at: kv.Scope{Account: c.Account, Region: c.Region}, id: id}).arn()
	}
	if arn := signingSubject(input); arn != "" {
		access.Resource, access.Owner = arn, signingAt(arn).Account
	}
	if name, qualifier := subject(input); name != "" {
		if a, err := addressOf(aws.CallFrom(ctx), name, qualifier); err == nil {
			access.Resource, access.Owner = a.qualified(), a.Account
			err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
				if f, err := a.find(tx); err == nil {
					access.Policy, _ = f.policy(tx)
				}
				return nil
			})
			return append([]aws.Access{access}, more...), err
		}
	}
	return append([]aws.Access{access}, more...), nil
}

// mappingOf is the event source mapping that an input names.
func mappingOf(input any) string {
	switch in := input.(type) {
	case *lambda.GetEventSourceMappingInput:
		return in.UUID
	case *lambda.UpdateEventSourceMappingInput:
		return in.UUID
	case *lambda.DeleteEventSourceMappingInput:
		return in.UUID
	case *lambda.TagResourceInput:
		return mappingOfARN(in.Resource)
	case *lambda.UntagResourceInput:
		return mappingOfARN(in.Resource)
	case *lambda.ListTagsInput:
		return mappingOfARN(in.Resource)
	}
	return ""
}

// subject is the function that an input names.
func subject(input any) (name string, qualifier *string) {
	switch in := input.(type) {
	case *lambda.CreateFunctionInput:
		return in.FunctionName, nil
	case *lambda.GetFunctionInput:
		return in.FunctionName, in.Qualifier
	case *lambda.GetFunctionConfigurationInput:
		return in.FunctionName, in.Qualifier
	case *lambda.UpdateFunctionCodeInput:
		return in.FunctionName, nil
	case *lambda.UpdateFunctionConfigurationInput:
		return in.FunctionName, nil
	case *lambda.DeleteFunctionInput:
		return in.FunctionName, in.Qualifier
	case *lambda.InvokeInput:
		return in.FunctionName, in.Qualifier
	case *lambda.InvokeWithResponseStreamInput:
		return in.FunctionName, in.Qualifier
	case *lambda.PublishVersionInput:
		return in.FunctionName, nil
	case *lambda.ListVersionsByFunctionInput:
		return in.FunctionName, nil
	case *lambda.CreateAliasInput:
		return in.FunctionName, nil
	case *lambda.GetAliasInput:
		return in.FunctionName, nil
	case *lambda.UpdateAliasInput:
		return in.FunctionName, nil
	case *lambda.DeleteAliasInput:
		return in.FunctionName, nil
	case *lambda.ListAliasesInput:
		return in.FunctionName, nil
	case *lambda.AddPermissionInput:
		return in.FunctionName, in.Qualifier
	case *lambda.RemovePermissionInput:
		return in.FunctionName, in.Qualifier
	case *lambda.GetPolicyInput:
		return in.FunctionName, in.Qualifier
	case *lambda.TagResourceInput:
		return in.Resource, nil
	case *lambda.UntagResourceInput:
		return in.Resource, nil
	case *lambda.ListTagsInput:
		return in.Resource, nil
	case *lambda.PutFunctionConcurrencyInput:
		return in.FunctionName, nil
	case *lambda.GetFunctionConcurrencyInput:
		return in.FunctionName, nil
	case *lambda.DeleteFunctionConcurrencyInput:
		return in.FunctionName, nil
	}
	if name, qualifier = subjectOfConfig(input); name != "" {
		return name, qualifier
	}
	return settingSubject(input)
}

// subjectOfConfig is subject for the settings of events and of provisioned concurrency.
func subjectOfConfig(input any) (name string, qualifier *string) {
	switch in := input.(type) {
	case *lambda.PutFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.UpdateFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.GetFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.DeleteFunctionEventInvokeConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.ListFunctionEventInvokeConfigsInput:
		return in.FunctionName, nil
	case *lambda.PutProvisionedConcurrencyConfigInput:
		return in.FunctionName, &in.Qualifier
	case *lambda.GetProvisionedConcurrencyConfigInput:
		return in.FunctionName, &in.Qualifier
	case *lambda.DeleteProvisionedConcurrencyConfigInput:
		return in.FunctionName, &in.Qualifier
	case *lambda.ListProvisionedConcurrencyConfigsInput:
		return in.FunctionName, nil
	case *lambda.GetFunctionRecursionConfigInput:
		return in.FunctionName, nil
	case *lambda.PutFunctionRecursionConfigInput:
		return in.FunctionName, nil
	}
	return "", nil
}
