package apigateway

import (
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
)

// settingMember is the member of a method's settings that a patch path ends with.
// AWS: "UpdateStage", patch operations.
func settingMember(ending string) string {
	switch ending {
	case "metrics/enabled":
		return "metricsEnabled"
	case "logging/dataTrace":
		return "dataTraceEnabled"
	case "logging/loglevel":
		return "loggingLevel"
	case "throttling/burstLimit":
		return "throttlingBurstLimit"
	case "throttling/rateLimit":
		return "throttlingRateLimit"
	case "caching/enabled":
		return "cachingEnabled"
	case "caching/ttlInSeconds":
		return "cacheTtlInSeconds"
	case "caching/dataEncrypted":
		return "cacheDataEncrypted"
	case "caching/requireAuthorizationForCacheControl":
		return "requireAuthorizationForCacheControl"
	case "caching/unauthorizedCacheControlHeaderStrategy":
		return "unauthorizedCacheControlHeaderStrategy"
	}
	return ""
}

// settingOperation makes of an operation on /PATH/METHOD/… one on the member of
// the stage that the settings are in. Settings that are not there are made first.
func settingOperation(st *api.Stage, op *api.PatchOperation) error {
	e := strings.Split(strings.Trim(deref(op.Path), "/"), "/")
	n := len(e)
	if n >= 2 && op.Op == api.OpRemove && slices.Contains(append(methodNames, "*"), e[n-1]) {
		key := strings.Join(e, "/")
		if _, ok := st.MethodSettings[key]; !ok {
			return invalid("Cannot remove method setting %s because there is no method setting for this method ", key)
		}
		op.Path = new("/methodSettings/" + escape(key))
		return nil
	}
	member := ""
	if n >= 4 {
		member = settingMember(e[n-2] + "/" + e[n-1])
	}
	if member == "" && slices.ContainsFunc(stageRules, func(r rule) bool {
		return !strings.HasPrefix(r.path, "/methodSettings") && matchesPath(r.path, deref(op.Path))
	}) {
		return nil
	}
	if member == "" {
		return invalid("Invalid method setting path: %s. Must be one of: [%s]", deref(op.Path), settingPaths)
	}
	key := strings.Join(e[:n-2], "/")
	if _, ok := st.MethodSettings[key]; !ok {
		if st.MethodSettings == nil {
			st.MethodSettings = map[string]api.MethodSetting{}
		}
		st.MethodSettings[key] = or(settingOf(st, "*/*"), defaultSetting())
	}
	op.Path = new("/methodSettings/" + escape(key) + "/" + member)
	return nil
}

// settingPaths is what AWS answers to a path that is none, in its own punctuation.
const settingPaths = "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, " +
	"/{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, " +
	"/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, " +
	"/{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, " +
	"/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, " +
	"/*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, " +
	"/*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled"

func settingOf(st *api.Stage, key string) *api.MethodSetting {
	if m, ok := st.MethodSettings[key]; ok {
		return &m
	}
	return nil
}

// defaultSetting is what methods do that nothing was set for.
func defaultSetting() api.MethodSetting {
	return api.MethodSetting{
		MetricsEnabled: new(false), LoggingLevel: new("OFF"), DataTraceEnabled: new(false),
		ThrottlingBurstLimit: new(int32(accountBurst)), ThrottlingRateLimit: new(float64(accountRate)),
		CachingEnabled: new(false), CacheTtlInSeconds: new(int32(300)), CacheDataEncrypted: new(false), RequireAuthorizationForCacheControl: new(true),
		UnauthorizedCacheControlHeaderStrategy: api.UnauthorizedCacheControlHeaderStrategySUCCEEDWITHRESPONSEHEADER,
	}
}

// checkSettings checks the settings of a stage's methods.
func checkSettings(all map[string]api.MethodSetting) error {
	for _, m := range all {
		switch or(m.LoggingLevel, "OFF") {
		case "OFF", "ERROR", "INFO":
		default:
			return invalid("Invalid logging level specified: %s. Must be one of: [OFF, ERROR, INFO]", *m.LoggingLevel)
		}
		if n := deref(m.CacheTtlInSeconds); n < 0 || n > maxTTL {
			return invalid("Invalid cache ttl specified, must be between 0 and 3600 seconds")
		}
		if deref(m.ThrottlingRateLimit) < 0 || deref(m.ThrottlingBurstLimit) < 0 {
			return invalid("Invalid throttling limit specified, must not be negative")
		}
	}
	return nil
}

// setting is what a stage says of a method: its own settings, or those of all.
// AWS: "UpdateStage": a path is written with ~1 for /; Terraform writes it without
// the first one.
func setting(st *api.Stage, path, method string) *api.MethodSetting {
	if len(st.MethodSettings) == 0 {
		return nil
	}
	for _, key := range []string{escape(path) + "/" + method, strings.TrimPrefix(path, "/") + "/" + method, escape(strings.TrimPrefix(path, "/")) + "/" + method, "*/*"} {
		if m, ok := st.MethodSettings[key]; ok {
			return &m
		}
	}
	return nil
}
