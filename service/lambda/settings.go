package lambda

import (
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
)

// log takes over what a request sets of the log, and leaves what it does not name.
// AWS: "Configuring advanced logging controls for Lambda functions".
func (c *configuration) log(in *lambda.LoggingConfig) error {
	if in == nil {
		return nil
	}
	put(&c.LogGroup, in.LogGroup)
	if in.LogFormat == lambda.LogFormatText || in.LogFormat == "" && !c.JSON {
		if in.ApplicationLogLevel != "" || in.SystemLogLevel != "" {
			return invalid("To set ApplicationLogLevel or SystemLogLevel, set LogFormat to JSON.")
		}
		c.JSON, c.ApplicationLevel, c.SystemLevel = false, "", ""
		return nil
	}
	if !c.JSON {
		c.JSON, c.ApplicationLevel, c.SystemLevel = true, string(lambda.ApplicationLogLevelINFO), string(lambda.SystemLogLevelINFO)
	}
	if in.ApplicationLogLevel != "" {
		c.ApplicationLevel = string(in.ApplicationLogLevel)
	}
	if in.SystemLogLevel != "" {
		c.SystemLevel = string(in.SystemLogLevel)
	}
	return nil
}

func (c *configuration) describeLog(f *function) *lambda.LoggingConfig {
	out := &lambda.LoggingConfig{LogFormat: lambda.LogFormatText, LogGroup: new(c.group(f))}
	if c.JSON {
		out.LogFormat = lambda.LogFormatJSON
		out.ApplicationLogLevel, out.SystemLogLevel = lambda.ApplicationLogLevel(c.ApplicationLevel), lambda.SystemLogLevel(c.SystemLevel)
	}
	return out
}

// snap takes over whether published versions are to start from snapshots.
func (c *configuration) snap(in *lambda.SnapStart) {
	if in != nil {
		c.SnapStart = in.ApplyOn == lambda.SnapStartApplyOnPublishedVersions
	}
}

// checkSnap refuses SnapStart where AWS does.
// AWS: "Improving startup performance with Lambda SnapStart", supported features.
func (c *configuration) checkSnap() error {
	switch {
	case !c.SnapStart:
		return nil
	case !snappable(c.Runtime):
		return invalid("%s is not supported for SnapStart enabled functions.", c.Runtime)
	case c.Ephemeral > defaultEphemeral:
		return invalid("Ephemeral storage greater than %d MB is not supported for SnapStart enabled functions.", defaultEphemeral)
	}
	return nil
}

// snappable reports whether AWS makes snapshots of a runtime: Java from 11, Python
// from 3.12, .NET from 8.
func snappable(runtime string) bool {
	version, isPython := strings.CutPrefix(runtime, "python3.")
	return isPython && number(version) >= 12 ||
		strings.HasPrefix(runtime, "java") && runtime != "java8" && runtime != "java8.al2" ||
		strings.HasPrefix(runtime, "dotnet") && runtime != "dotnet6" && !strings.HasPrefix(runtime, "dotnetcore")
}

func (c *configuration) describeSnap() *lambda.SnapStartResponse {
	out := &lambda.SnapStartResponse{ApplyOn: lambda.SnapStartApplyOnNone, OptimizationStatus: lambda.SnapStartOptimizationStatusOff}
	if c.SnapStart {
		out.ApplyOn = lambda.SnapStartApplyOnPublishedVersions
		if c.Number > 0 {
			out.OptimizationStatus = lambda.SnapStartOptimizationStatusOn
		}
	}
	return out
}

func (c *configuration) describeTracing() *lambda.TracingConfigResponse {
	if c.Traced {
		return &lambda.TracingConfigResponse{Mode: lambda.TracingModeActive}
	}
	return &lambda.TracingConfigResponse{Mode: lambda.TracingModePassThrough}
}

// settingSubject is the function that an input about its URL or its settings names.
func settingSubject(input any) (name string, qualifier *string) {
	switch in := input.(type) {
	case *lambda.PutFunctionCodeSigningConfigInput:
		return in.FunctionName, nil
	case *lambda.GetFunctionCodeSigningConfigInput:
		return in.FunctionName, nil
	case *lambda.DeleteFunctionCodeSigningConfigInput:
		return in.FunctionName, nil
	case *lambda.PutRuntimeManagementConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.GetRuntimeManagementConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.CreateFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.GetFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.UpdateFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.DeleteFunctionUrlConfigInput:
		return in.FunctionName, in.Qualifier
	case *lambda.ListFunctionUrlConfigsInput:
		return in.FunctionName, nil
	}
	return "", nil
}

// signingSubject is the code signing configuration that an input is about.
func signingSubject(input any) string {
	switch in := input.(type) {
	case *lambda.GetCodeSigningConfigInput:
		return in.CodeSigningConfigArn
	case *lambda.UpdateCodeSigningConfigInput:
		return in.CodeSigningConfigArn
	case *lambda.DeleteCodeSigningConfigInput:
		return in.CodeSigningConfigArn
	case *lambda.ListFunctionsByCodeSigningConfigInput:
		return in.CodeSigningConfigArn
	}
	return ""
}
