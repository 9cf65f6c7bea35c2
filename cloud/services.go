package cloud

import (
	"context"
	"math/rand/v2"
	"net/http"

	apigatewayapi "github.com/brume-cloud/brume/api/apigateway"
	apigatewayv2api "github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/api/catalog"
	cognitoidentityapi "github.com/brume-cloud/brume/api/cognitoidentity"
	cognitoidpapi "github.com/brume-cloud/brume/api/cognitoidp"
	dynamodbapi "github.com/brume-cloud/brume/api/dynamodb"
	dynamodbstreamsapi "github.com/brume-cloud/brume/api/dynamodbstreams"
	glacierapi "github.com/brume-cloud/brume/api/glacier"
	iamapi "github.com/brume-cloud/brume/api/iam"
	lambdaapi "github.com/brume-cloud/brume/api/lambda"
	logsapi "github.com/brume-cloud/brume/api/logs"
	s3api "github.com/brume-cloud/brume/api/s3"
	s3controlapi "github.com/brume-cloud/brume/api/s3control"
	snsapi "github.com/brume-cloud/brume/api/sns"
	sqsapi "github.com/brume-cloud/brume/api/sqs"
	stsapi "github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/gateway"
	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/front/pace"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/service/apigatewayv2"
	"github.com/brume-cloud/brume/service/cognitoidentity"
	"github.com/brume-cloud/brume/service/cognitoidp"
	"github.com/brume-cloud/brume/service/dynamodb"
	"github.com/brume-cloud/brume/service/glacier"
	"github.com/brume-cloud/brume/service/iam"
	"github.com/brume-cloud/brume/service/lambda"
	"github.com/brume-cloud/brume/service/logs"
	"github.com/brume-cloud/brume/service/s3"
	"github.com/brume-cloud/brume/service/sns"
	"github.com/brume-cloud/brume/service/sqs"
	"github.com/brume-cloud/brume/state/job"
)

// built is the list of the services that Brume has, by their names in api/. A
// service of the catalogue that is not in it is routed, and answers
// NotImplemented.
func built() map[string]entry {
	return map[string]entry{
		"apigatewayv2":    {operations: apigatewayv2api.Operations, open: openAPIGatewayV2, invalid: apigatewayv2.Invalid},
		"apigateway":      {operations: apigatewayapi.Operations, open: openAPIGateway},
		"cognitoidentity": {operations: cognitoidentityapi.Operations, open: openCognitoIdentity, invalid: cognitoidentity.Invalid},
		"cognitoidp":      {operations: cognitoidpapi.Operations, open: openCognito, invalid: cognitoidp.Invalid},
		"dynamodb":        {operations: dynamodbapi.Operations, open: openDynamoDB, invalid: dynamodb.Invalid},
		"dynamodbstreams": {operations: dynamodbstreamsapi.Operations, open: openDynamoDBStreams},
		"glacier":         {operations: glacierapi.Operations, open: openGlacier, invalid: glacier.Invalid, denied: glacier.Denied},
		"iam":             {operations: iamapi.Operations, open: openIAM, invalid: iam.Invalid},
		"lambda":          {operations: lambdaapi.Operations, open: openLambda, bodyLimit: lambda.BodyLimit},
		"logs":            {operations: logsapi.Operations, open: openLogs, invalid: logs.Invalid},
		"s3":              {operations: s3api.Operations, open: openS3, invalid: s3.Invalid},
		"s3control":       {operations: s3controlapi.Operations, open: openS3Control, invalid: s3.ControlInvalid},
		"sns":             {operations: snsapi.Operations, open: openSNS, invalid: sns.Invalid, denied: sns.Denied},
		"sqs":             {operations: sqsapi.Operations, open: openSQS, invalid: sqs.Invalid, pathMember: "QueueUrl"},
		"sts":             {operations: stsapi.Operations, open: openSTS},
	}
}

// What follows joins each service to what it needs of the cloud.

func openDynamoDB(s *System, via aws.Invoker) any {
	return dynamodb.New(dynamodb.Deps{Store: s.store, Random: random{}, Meter: s.meter, Via: via, Pace: new(pace.Buckets)})
}

func openDynamoDBStreams(s *System, _ aws.Invoker) any {
	s.streams = dynamodb.NewStreams(s.store)
	return s.streams
}

func openGlacier(s *System, via aws.Invoker) any {
	return glacier.New(glacier.Deps{Store: s.store, Blobs: s.blobs, Clock: s.clock, Random: random{}, Via: via, Meter: s.meter, Log: s.log, Saved: s.hasSnapshots})
}

func openIAM(s *System, _ aws.Invoker) any { return s.identities.iam }

func openLambda(s *System, via aws.Invoker) any {
	return lambda.New(lambda.Deps{
		Store: s.store, Random: random{}, Via: via, Meter: s.meter, Log: s.log, Runner: s.functions, Endpoint: s.endpoint, Sources: sources{s}, Pace: new(pace.Buckets),
		Logs: s.logs,
	})
}

func openLogs(s *System, via aws.Invoker) any {
	return logs.New(logs.Deps{Store: s.store, Random: random{}, Via: via, Meter: s.meter, Settle: s.logs.Settle})
}

func openS3(s *System, via aws.Invoker) any {
	s.s3 = s3.New(s3.Deps{Store: s.store, Blobs: s.objects, Clock: s.clock, Random: random{}, Via: via, Meter: s.meter, Log: s.log, Saved: s.hasSnapshots})
	return s.s3
}

func openS3Control(s *System, _ aws.Invoker) any { return s3.NewControl(s.store, random{}) }

func openSNS(s *System, via aws.Invoker) any {
	s.sns = sns.New(sns.Deps{Store: s.store, Random: random{}, Via: via, Meter: s.meter, HTTP: s.outside.HTTP(), Log: s.log, Endpoint: s.endpoint})
	return s.sns
}

func openSQS(s *System, _ aws.Invoker) any {
	s.sqs = sqs.New(sqs.Deps{Store: s.store, Clock: s.clock, Random: random{}, Done: s.done})
	return s.sqs
}

func openSTS(s *System, _ aws.Invoker) any { return s.identities.sts }

// entry is one service of the list.
type entry struct {
	operations []schema.Dispatch
	open       func(s *System, via aws.Invoker) any
	invalid    func(*schema.Operation, *wire.Invalid) *aws.Error // nil: the words that most services use
	denied     func(message string) *aws.Error                   // nil: the code that most services use
	pathMember string                                            // see gateway.Endpoint
	bodyLimit  int64                                             // bytes; 0: the limit that most services have
}

// services is what the list was made into.
type services struct {
	endpoints []gateway.Endpoint
	jobs      []job.Kind
	within    *within
	names     []string
	pages     map[string]http.Handler // below gateway.ControlPath, by the prefix of their paths
}

func makeServices(s *System) services {
	list := built()
	all := services{within: new(within), pages: map[string]http.Handler{}}
	s.logs = logwriter.New(all.within, s.log)
	for _, model := range catalog.Models() {
		e, ok := list[model.Name]
		if !ok {
			all.endpoints = append(all.endpoints, gateway.Endpoint{Model: model})
			continue
		}
		all.names = append(all.names, model.Name)
		service := e.open(s, all.within)
		if worker, ok := service.(interface{ Jobs() []job.Kind }); ok {
			all.jobs = append(all.jobs, worker.Jobs()...)
		}
		if host, ok := service.(interface{ Page() (string, http.Handler) }); ok {
			prefix, page := host.Page()
			all.pages[prefix] = page
		}
		all.endpoints = append(all.endpoints, gateway.Endpoint{
			Model: model, Operations: e.operations, Service: service, Invalid: e.invalid, Denied: e.denied, PathMember: e.pathMember, BodyLimit: e.bodyLimit,
		})
		ask(&all.endpoints[len(all.endpoints)-1], service)
	}
	return all
}

// ask notes what a service has for the gateway beside its operations.
func ask(at *gateway.Endpoint, service any) {
	if f, ok := service.(interface {
		Front(context.Context, http.ResponseWriter, *wire.Request) (http.ResponseWriter, error)
	}); ok {
		at.Front = f.Front
	}
	if f, ok := service.(interface {
		Site(context.Context, *wire.Request) bool
	}); ok {
		at.Site = f.Site
	}
	if p, ok := service.(interface {
		Proof(string, http.Header, []byte) error
	}); ok {
		at.Proof = p.Proof
	}
}

// within is the way from one service to another. The gateway that it leads
// through is made after the services.
type within struct{ gate *gateway.Gateway }

// Invoke implements aws.Invoker.
func (w *within) Invoke(ctx context.Context, service, operation string, input any) (any, error) {
	return w.gate.Invoke(ctx, service, operation, input)
}

// ServeHTTP implements http.Handler, for requests that are made within.
func (w *within) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.gate.ServeHTTP(rw, r) }

// random is the runtime's generator, which is cryptographically strong.
type random struct{}

// Uint64 implements aws.Random.
func (random) Uint64() uint64 { return rand.Uint64() }

// endpoint is the URL that a region's services are reached at: the same for all.
func (s *System) endpoint(aws.Region) string { return "http://" + s.opts.Address }
