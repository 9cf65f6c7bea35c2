package lambda

import (
	"slices"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
)

// set takes over what a request sets. Sizes and patterns are the model's.
func (c *configuration) set(in *lambda.UpdateFunctionConfigurationInput) error {
	put(&c.Role, in.Role)
	put(&c.Handler, in.Handler)
	put(&c.Description, in.Description)
	if in.Runtime != "" {
		c.Runtime = string(in.Runtime)
	}
	if in.Timeout != nil {
		if *in.Timeout > maxTimeout { // the model has no such limit
			return invalid("Value '%d' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to %d", *in.Timeout, maxTimeout)
		}
		c.Timeout = int(*in.Timeout)
	}
	if in.MemorySize != nil {
		if *in.MemorySize > maxMemory { // the model's is that of capacity providers
			return invalid("'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to %d", maxMemory)
		}
		c.Memory = int(*in.MemorySize)
	}
	if in.EphemeralStorage != nil {
		c.Ephemeral = int(in.EphemeralStorage.Size)
	}
	if in.DeadLetterConfig != nil {
		c.DeadLetter = deref(in.DeadLetterConfig.TargetArn)
	}
	if err := c.log(in.LoggingConfig); err != nil {
		return err
	}
	if in.TracingConfig != nil {
		c.Traced = in.TracingConfig.Mode == lambda.TracingModeActive
	}
	c.snap(in.SnapStart)
	if in.Environment != nil {
		if err := checkVariables(in.Environment.Variables); err != nil {
			return err
		}
		c.Variables = in.Environment.Variables
	}
	return c.checkSnap()
}

func put(to, from *string) {
	if from != nil {
		*to = *from
	}
}

// reserved are the variables that Lambda sets.
// AWS: "Working with Lambda environment variables", defined runtime variables.
// Those that only have defaults may be set.
func reserved(name string) bool {
	return slices.Contains([]string{
		"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
		"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
	}, name)
}

func checkVariables(all map[string]string) error {
	var bad []string
	size := 0
	for name, value := range all {
		size += len(name) + len(value)
		if reserved(name) {
			bad = append(bad, name)
		}
	}
	const prefix = "Lambda was unable to configure your environment variables because the environment variables you have provided "
	if len(bad) > 0 {
		slices.Sort(bad)
		return invalid(prefix+"contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(bad, ", "))
	}
	if size > maxVariables {
		return invalid(prefix + "exceeded the 4KB limit.")
	}
	return nil
}

// unbuiltSettings refuses what Brume does not keep, unless it is the default.
func unbuiltSettings(in *lambda.UpdateFunctionConfigurationInput) error {
	switch {
	case in.VpcConfig != nil && len(in.VpcConfig.SubnetIds)+len(in.VpcConfig.SecurityGroupIds) > 0:
		return unbuilt("VpcConfig")
	case deref(in.KMSKeyArn) != "":
		return unbuilt("KMSKeyArn")
	case len(in.FileSystemConfigs) > 0:
		return unbuilt("FileSystemConfigs")
	case in.ImageConfig != nil:
		return unbuilt("ImageConfig")
	case in.CapacityProviderConfig != nil:
		return unbuilt("CapacityProviderConfig")
	case in.DurableConfig != nil:
		return unbuilt("DurableConfig")
	case in.RuntimeConfig != nil:
		return unbuilt("RuntimeConfig")
	case in.AcceleratorConfig != nil:
		return unbuilt("AcceleratorConfig")
	}
	return nil
}

// group is the log group of the function.
func (c *configuration) group(f *function) string {
	if c.LogGroup != "" {
		return c.LogGroup
	}
	return "/aws/lambda/" + f.at.Name
}

// version is the configuration's number as callers know it.
func (c *configuration) version() string {
	if c.Number == 0 {
		return latest
	}
	return strconv.FormatUint(c.Number, 10)
}

// describe is the configuration as answers have it.
func (c *configuration) describe(f *function) *lambda.FunctionConfiguration {
	out := &lambda.FunctionConfiguration{
		FunctionName: new(f.at.Name), FunctionArn: new(f.at.qualified()), Runtime: lambda.Runtime(c.Runtime), Role: new(c.Role),
		Handler: new(c.Handler), CodeSize: new(c.CodeSize), Description: new(c.Description), Timeout: new(int32(c.Timeout)),
		MemorySize: new(int32(c.Memory)), LastModified: new(c.Modified.UTC().Format("2006-01-02T15:04:05.000+0000")),
		CodeSha256: new(c.CodeSum), Version: new(c.version()), RevisionId: new(c.Revision), PackageType: lambda.PackageTypeZip,
		State: lambda.StateActive, LastUpdateStatus: lambda.LastUpdateStatusSuccessful,
		Architectures: []lambda.Architecture{lambda.Architecture(c.Architecture)}, EphemeralStorage: &lambda.EphemeralStorage{Size: int32(c.Ephemeral)},
		TracingConfig: c.describeTracing(), SnapStart: c.describeSnap(), LoggingConfig: c.describeLog(f),
	}
	if c.DeadLetter != "" {
		out.DeadLetterConfig = &lambda.DeadLetterConfig{TargetArn: &c.DeadLetter}
	}
	out.Layers = c.describeLayers()
	if len(c.Variables) > 0 {
		out.Environment = &lambda.EnvironmentResponse{Variables: c.Variables}
	}
	return out
}
