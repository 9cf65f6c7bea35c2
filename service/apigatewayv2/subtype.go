package apigatewayv2

import (
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
)

// subtype is an action of an AWS service that a route can lead to, and what is
// said to it.
type subtype struct {
	required []string
	optional []string // beside Region, which all take
}

// subtypes are the actions. AWS: "Integration subtype reference".
func subtypes() map[string]subtype {
	return map[string]subtype{
		"EventBridge-PutEvents":            {[]string{"Detail", "DetailType", "Source"}, []string{"Time", "EventBusName", "Resources", "TraceHeader"}},
		"SQS-SendMessage":                  {[]string{"QueueUrl", "MessageBody"}, []string{"DelaySeconds", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId", "MessageSystemAttributes"}},
		"SQS-ReceiveMessage":               {[]string{"QueueUrl"}, []string{"AttributeNames", "MaxNumberOfMessages", "MessageAttributeNames", "ReceiveRequestAttemptId", "VisibilityTimeout", "WaitTimeSeconds"}},
		"SQS-DeleteMessage":                {[]string{"ReceiptHandle", "QueueUrl"}, nil},
		"SQS-PurgeQueue":                   {[]string{"QueueUrl"}, nil},
		"AppConfig-GetConfiguration":       {[]string{"Application", "Environment", "Configuration", "ClientId"}, []string{"ClientConfigurationVersion"}},
		"Kinesis-PutRecord":                {[]string{"StreamName", "Data", "PartitionKey"}, []string{"SequenceNumberForOrdering", "ExplicitHashKey"}},
		"StepFunctions-StartExecution":     {[]string{"StateMachineArn"}, []string{"Name", "Input"}},
		"StepFunctions-StartSyncExecution": {[]string{"StateMachineArn"}, []string{"Name", "Input", "TraceHeader"}},
		"StepFunctions-StopExecution":      {[]string{"ExecutionArn"}, []string{"Cause", "Error"}},
	}
}

// checkSubtype checks an integration with a service's action.
func checkSubtype(i *apigatewayv2.Integration) error {
	action, ok := subtypes()[*i.IntegrationSubtype]
	switch {
	case !ok:
		return bad("Invalid IntegrationSubtype specified: %s", *i.IntegrationSubtype)
	case deref(i.CredentialsArn) == "":
		return bad("CredentialsArn must be specified for integrations with an IntegrationSubtype")
	case deref(i.IntegrationUri) != "":
		return bad("IntegrationUri is not supported for integrations with an IntegrationSubtype")
	case deref(i.PayloadFormatVersion) == "":
		return bad("PayloadFormatVersion is a required parameter for integration")
	case *i.PayloadFormatVersion != "1.0":
		return bad("Invalid PayloadFormatVersion specified: %s. Integrations with an IntegrationSubtype support 1.0 only", *i.PayloadFormatVersion)
	}
	var missing []string
	for _, p := range action.required {
		if i.RequestParameters[p] == "" {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		return bad("The following required parameters were missing for %s: %s", *i.IntegrationSubtype, strings.Join(missing, ", "))
	}
	for p := range i.RequestParameters {
		if p != "Region" && !slices.Contains(action.required, p) && !slices.Contains(action.optional, p) {
			return bad("Invalid request parameter specified for %s: %s", *i.IntegrationSubtype, p)
		}
	}
	return nil
}
