package lambda

import (
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/pattern"
	"github.com/brume-cloud/brume/state/kv"
)

// queue reports whether the source is a queue; otherwise it is a stream.
func (m *mapping) queue() bool { return m.service() == "sqs" }

func (m *mapping) fifo() bool { return m.queue() && strings.HasSuffix(m.Source, ".fifo") }

// service is the service that the source is of.
func (m *mapping) service() string {
	arn, _ := aws.ParseARN(m.Source) // was checked
	return arn.Service
}

// unbuiltMapping refuses what only the creation of a mapping has.
func unbuiltMapping(in *lambda.CreateEventSourceMappingInput) error {
	arn, err := aws.ParseARN(deref(in.EventSourceArn))
	switch {
	case in.SelfManagedEventSource != nil, len(in.Topics) > 0, in.AmazonManagedKafkaEventSourceConfig != nil, in.SelfManagedKafkaEventSourceConfig != nil, arn.Service == "kafka":
		return unbuilt("Kafka as an event source")
	case len(in.Queues) > 0 || arn.Service == "mq":
		return unbuilt("Amazon MQ as an event source")
	case in.DocumentDBEventSourceConfig != nil || arn.Service == "rds":
		return unbuilt("DocumentDB as an event source")
	case in.EventSourceArn == nil:
		return invalid("Event source arn or self managed event source is required.")
	case err != nil || arn.Service != "sqs" && arn.Service != "kinesis" && (arn.Service != "dynamodb" || !strings.Contains(arn.Resource, "/stream/")):
		return invalid("Unrecognized event source, must be kinesis, kafka, dynamodb stream or sqs. Unsupported source arn : %s", *in.EventSourceArn)
	case arn.Region != "" && !arn.Account.Valid():
		return invalid("Unrecognized event source arn : %s", *in.EventSourceArn)
	}
	return unbuiltMappingUpdate(wishOf(in))
}

// unbuiltMappingUpdate refuses settings that Brume does not keep.
func unbuiltMappingUpdate(in *lambda.UpdateEventSourceMappingInput) error {
	switch {
	case deref(in.KMSKeyArn) != "":
		return unbuilt("KMSKeyArn of event source mappings")
	case in.ProvisionedPollerConfig != nil:
		return unbuilt("ProvisionedPollerConfig")
	case in.MetricsConfig != nil && len(in.MetricsConfig.Metrics) > 0:
		return unbuilt("MetricsConfig")
	case in.LoggingConfig != nil:
		return unbuilt("LoggingConfig of event source mappings")
	case len(in.SourceAccessConfigurations) > 0:
		return unbuilt("SourceAccessConfigurations")
	}
	return nil
}

// wishOf is the settings that both requests have.
func wishOf(in *lambda.CreateEventSourceMappingInput) *lambda.UpdateEventSourceMappingInput {
	return &lambda.UpdateEventSourceMappingInput{
		Enabled: in.Enabled, BatchSize: in.BatchSize, FilterCriteria: in.FilterCriteria, KMSKeyArn: in.KMSKeyArn, MetricsConfig: in.MetricsConfig,
		LoggingConfig: in.LoggingConfig, ScalingConfig: in.ScalingConfig, MaximumBatchingWindowInSeconds: in.MaximumBatchingWindowInSeconds,
		ParallelizationFactor: in.ParallelizationFactor, DestinationConfig: in.DestinationConfig, MaximumRecordAgeInSeconds: in.MaximumRecordAgeInSeconds,
		BisectBatchOnFunctionError: in.BisectBatchOnFunctionError, MaximumRetryAttempts: in.MaximumRetryAttempts, TumblingWindowInSeconds: in.TumblingWindowInSeconds,
		SourceAccessConfigurations: in.SourceAccessConfigurations, FunctionResponseTypes: in.FunctionResponseTypes, ProvisionedPollerConfig: in.ProvisionedPollerConfig,
	}
}

// newMapping has the defaults, and what can never be changed.
func newMapping(sc kv.Scope, id string, in *lambda.CreateEventSourceMappingInput) *mapping {
	m := &mapping{at: sc, id: id, Source: *in.EventSourceArn, Enabled: true, Result: nothingYet, Tags: in.Tags, Position: string(in.StartingPosition)}
	if in.StartingPositionTimestamp != nil {
		m.From = *in.StartingPositionTimestamp
	}
	if m.Batch = queueBatch; !m.queue() {
		m.Batch, m.Parallel, m.MaxAge, m.Retries = streamBatch, 1, -1, -1
	}
	return m
}

// set takes over what a request sets, and checks the whole.
func (m *mapping) set(in *lambda.UpdateEventSourceMappingInput) error {
	if in.Enabled != nil {
		m.Enabled = *in.Enabled
	}
	if in.BatchSize != nil {
		m.Batch = int(*in.BatchSize)
	}
	seconds(&m.Window, in.MaximumBatchingWindowInSeconds)
	if in.FunctionResponseTypes != nil {
		m.Report = len(in.FunctionResponseTypes) > 0
	}
	if in.ScalingConfig != nil {
		m.Concurrency = int(deref(in.ScalingConfig.MaximumConcurrency))
	}
	if in.FilterCriteria != nil {
		m.Filters = nil
		for _, f := range in.FilterCriteria.Filters {
			m.Filters = append(m.Filters, deref(f.Pattern))
		}
	}
	if err := m.checkFilters(); err != nil {
		return err
	}
	if m.queue() {
		return m.checkQueue(in)
	}
	if in.ParallelizationFactor != nil {
		m.Parallel = int(*in.ParallelizationFactor)
	}
	if in.BisectBatchOnFunctionError != nil {
		m.Bisect = *in.BisectBatchOnFunctionError
	}
	seconds(&m.MaxAge, in.MaximumRecordAgeInSeconds)
	if in.MaximumRetryAttempts != nil {
		m.Retries = int(*in.MaximumRetryAttempts)
	}
	seconds(&m.Tumbling, in.TumblingWindowInSeconds)
	if d := in.DestinationConfig; d != nil && d.OnFailure != nil {
		m.OnFailure = deref(d.OnFailure.Destination)
	}
	return m.checkStream(in)
}

func seconds(to *time.Duration, n *int32) {
	if n != nil {
		*to = time.Duration(*n) * time.Second
	}
}

// filterRules: AWS says nothing of a limit to keys or combinations.
func filterRules() pattern.Rules {
	return pattern.Rules{MaxSize: maxPattern, MaxKeys: maxPattern, MaxCombinations: 1 << 19}
}

func (m *mapping) checkFilters() error {
	if len(m.Filters) > maxFilters {
		return invalid("Number of filters cannot be greater than %d", maxFilters)
	}
	for _, text := range m.Filters {
		if strings.TrimSpace(text) == "{}" {
			continue // AWS: lets everything pass
		}
		if _, err := pattern.Parse(text, filterRules()); err != nil {
			return invalid("Invalid filter pattern definition. %s", err)
		}
	}
	return nil
}

// checkQueue checks the settings of a queue, which are fewer.
func (m *mapping) checkQueue(in *lambda.UpdateEventSourceMappingInput) error {
	unsupported := ""
	switch {
	case m.Position != "" || !m.From.IsZero():
		unsupported = "StartingPosition"
	case in.ParallelizationFactor != nil:
		unsupported = "ParallelizationFactor"
	case in.BisectBatchOnFunctionError != nil:
		unsupported = "BisectBatchOnFunctionError"
	case in.MaximumRecordAgeInSeconds != nil:
		unsupported = "MaximumRecordAgeInSeconds"
	case in.MaximumRetryAttempts != nil:
		unsupported = "MaximumRetryAttempts"
	case in.TumblingWindowInSeconds != nil:
		unsupported = "TumblingWindowInSeconds"
	case in.DestinationConfig != nil && (in.DestinationConfig.OnFailure != nil || in.DestinationConfig.OnSuccess != nil):
		unsupported = "DestinationConfig"
	}
	switch {
	case unsupported != "":
		return invalid("Unsupported parameter for given event source mapping type: %s", unsupported)
	case m.fifo() && m.Window > 0:
		return invalid("Batching window is not supported for FIFO queues")
	case m.fifo() && m.Batch > queueBatch:
		return invalid("Maximum batch size for FIFO queues is %d", queueBatch)
	case m.Batch > queueBatch && m.Window == 0:
		return invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than %d", queueBatch)
	}
	return nil
}

// checkStream checks the settings of a stream.
func (m *mapping) checkStream(in *lambda.UpdateEventSourceMappingInput) error {
	atTimestamp := m.Position == string(lambda.EventSourcePositionATTIMESTAMP)
	destination, err := aws.ParseARN(m.OnFailure)
	switch {
	case in.ScalingConfig != nil:
		return invalid("Unsupported parameter for given event source mapping type: ScalingConfig")
	case m.Position == "":
		return invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
	case atTimestamp && m.service() == "dynamodb":
		return invalid("Unsupported starting position for arn type: %s", m.Source)
	case atTimestamp == m.From.IsZero(): // one without the other
		return invalid("StartingPositionTimestamp must be given with the starting position AT_TIMESTAMP, and with no other.")
	case m.MaxAge >= 0 && m.MaxAge < time.Minute:
		return invalid("1 validation error detected: Value '%d' at 'maximumRecordAgeInSeconds' failed to satisfy constraint: Member must be -1 or at least 60", int(m.MaxAge.Seconds()))
	case m.Tumbling > 0 && m.Parallel > 1:
		return invalid("Tumbling windows are not supported with a ParallelizationFactor greater than 1")
	case in.DestinationConfig != nil && in.DestinationConfig.OnSuccess != nil:
		return invalid("OnSuccess destination is not supported for event source mappings")
	case m.OnFailure != "" && (err != nil || destination.Service != "sqs" && destination.Service != "sns" && destination.Service != "s3" || strings.HasSuffix(m.OnFailure, ".fifo")):
		return invalid("The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=%s)) is invalid.", m.OnFailure)
	}
	return nil
}

// describe is the mapping as answers have it.
func (m *mapping) describe() *lambda.EventSourceMappingConfiguration {
	out := &lambda.EventSourceMappingConfiguration{
		UUID: &m.id, BatchSize: new(int32(m.Batch)), MaximumBatchingWindowInSeconds: new(int32(m.Window.Seconds())), EventSourceArn: &m.Source,
		FunctionArn: new(m.target().qualified()), LastModified: &m.Modified, LastProcessingResult: &m.Result, State: &m.State,
		StateTransitionReason: new("USER_INITIATED"), EventSourceMappingArn: new(m.arn()), FunctionResponseTypes: []lambda.FunctionResponseType{},
	}
	if m.Report {
		out.FunctionResponseTypes = append(out.FunctionResponseTypes, lambda.FunctionResponseTypeReportBatchItemFailures)
	}
	if len(m.Filters) > 0 {
		out.FilterCriteria = &lambda.FilterCriteria{}
		for _, f := range m.Filters {
			out.FilterCriteria.Filters = append(out.FilterCriteria.Filters, lambda.Filter{Pattern: &f})
		}
	}
	if m.Concurrency > 0 {
		out.ScalingConfig = &lambda.ScalingConfig{MaximumConcurrency: new(int32(m.Concurrency))}
	}
	if m.queue() {
		return out
	}
	out.StartingPosition, out.ParallelizationFactor = lambda.EventSourcePosition(m.Position), new(int32(m.Parallel))
	if !m.From.IsZero() {
		out.StartingPositionTimestamp = &m.From
	}
	out.BisectBatchOnFunctionError, out.MaximumRetryAttempts = &m.Bisect, new(int32(m.Retries))
	out.MaximumRecordAgeInSeconds, out.TumblingWindowInSeconds = new(int32(m.MaxAge.Seconds())), new(int32(m.Tumbling.Seconds()))
	if m.MaxAge < 0 {
		out.MaximumRecordAgeInSeconds = new(int32(-1))
	}
	out.DestinationConfig = &lambda.DestinationConfig{OnFailure: &lambda.OnFailure{Destination: aws.Optional(m.OnFailure)}}
	return out
}
