package function

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// variables are all that the function's processes see: nothing of the server's
// own environment.
//
// AWS: Lambda, "Defined runtime environment variables": a function may change
// those in the first part; those in the second are reserved.
func (e *environment) variables(own map[string]string) map[string]string {
	s, task, opt := e.spec, e.sandbox.taskRoot(), e.sandbox.layersRoot()
	v := map[string]string{
		"LANG":            "en_US.UTF-8",
		"TZ":              ":UTC",
		"PATH":            e.runtime.bin + ":/usr/local/bin:/usr/bin:/bin:" + opt + "/bin",
		"LD_LIBRARY_PATH": strings.Join([]string{task, task + "/lib", opt + "/lib"}, ":"),
		"HOME":            e.sandbox.temporary(),
	}
	if t := e.sandbox.temporary(); t != "/tmp" {
		v["TMPDIR"] = t
	}
	e.runtime.searchPaths(v, s.Runtime, task, opt)
	maps.Copy(v, own)
	maps.Copy(v, map[string]string{
		"_HANDLER":                        s.Handler,
		"AWS_REGION":                      s.Region,
		"AWS_EXECUTION_ENV":               "AWS_Lambda_" + s.Runtime,
		"AWS_LAMBDA_FUNCTION_NAME":        s.Function,
		"AWS_LAMBDA_FUNCTION_VERSION":     s.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(s.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  s.initialization(),
		"AWS_LAMBDA_LOG_STREAM_NAME":      e.stream,
		"AWS_LAMBDA_RUNTIME_API":          e.address,
		"LAMBDA_TASK_ROOT":                task,
		"LAMBDA_RUNTIME_DIR":              e.sandbox.runtimeRoot(),
	})
	v["AWS_LAMBDA_LOG_FORMAT"] = "Text"
	if s.JSON {
		v["AWS_LAMBDA_LOG_FORMAT"], v["AWS_LAMBDA_LOG_LEVEL"] = "JSON", s.ApplicationLevel
	}
	for name, value := range map[string]string{
		"AWS_DEFAULT_REGION":        s.Region,
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/" + s.Function,
		"AWS_XRAY_CONTEXT_MISSING":  "LOG_ERROR",
		"AWS_XRAY_DAEMON_ADDRESS":   "127.0.0.1:2000",
	} {
		if _, ok := v[name]; !ok {
			v[name] = value
		}
	}
	return v
}

// initialization is when environments are made, as AWS calls it.
func (s *Spec) initialization() string {
	if s.Key == s.Pool {
		return "provisioned-concurrency"
	}
	return "on-demand"
}

// environ is v as a process takes it.
func environ(v map[string]string) []string {
	out := make([]string, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if name != "" && !strings.ContainsAny(name, "=\x00") && !strings.Contains(v[name], "\x00") {
			out = append(out, name+"="+v[name])
		}
	}
	return out
}

// atStart are variables that a process reads as it starts: a function that sets
// one cannot be given to a spare.
func atStart(name string) bool {
	for _, p := range []string{"LD_", "DYLD_", "PYTHON", "NODE_", "UV_", "MALLOC_", "GLIBC_", "OPENSSL_", "SSL_", "LC_", "RUBY", "GEM_", "BUNDLE_", "LANG", "TZ"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return name == "AWS_LAMBDA_EXEC_WRAPPER"
}
