package sns

import (
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/aws"
)

// Protocols that a subscription can have.
const (
	protocolSQS         = "sqs"
	protocolLambda      = "lambda"
	protocolFirehose    = "firehose"
	protocolHTTP        = "http"
	protocolHTTPS       = "https"
	protocolEmail       = "email"
	protocolEmailJSON   = "email-json"
	protocolSMS         = "sms"
	protocolApplication = "application"
)

// checkEndpoint checks that an endpoint is one of its protocol, and suits the topic.
func checkEndpoint(a address, protocol, endpoint string) error {
	if endpoint == "" {
		return invalid("Endpoint Reason: Please specify an endpoint")
	}
	if a.fifo() && protocol != protocolSQS {
		return invalid("Invalid protocol type: %s", protocol)
	}
	good, otherwise := false, ""
	switch protocol {
	case protocolSQS:
		good, otherwise = isARN(endpoint, "sqs", ""), "SQS endpoint ARN"
		if good && !a.fifo() && strings.HasSuffix(endpoint, fifoSuffix) {
			return invalid("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
		}
	case protocolLambda:
		good, otherwise = isARN(endpoint, "lambda", "function:"), "Lambda endpoint ARN"
	case protocolFirehose:
		good, otherwise = isARN(endpoint, "firehose", "deliverystream/"), "Firehose endpoint ARN"
	case protocolApplication:
		good, otherwise = isARN(endpoint, "sns", "endpoint/"), "ApplicationEndpoint ARN"
	case protocolHTTP, protocolHTTPS:
		u, err := url.Parse(endpoint)
		if err == nil && u.Scheme == protocol && u.Host == "" {
			return invalid("Unreachable Endpoint")
		}
		good, otherwise = err == nil && u.Scheme == protocol, "Endpoint must match the specified protocol"
	case protocolEmail, protocolEmailJSON:
		at := strings.IndexByte(endpoint, '@')
		good, otherwise = at > 0 && at < len(endpoint)-1 && !strings.ContainsAny(endpoint, " \r\n"), "Email address"
	case protocolSMS:
		good, otherwise = isPhone(endpoint), "Invalid SMS endpoint: "+endpoint
	default:
		otherwise = "Amazon SNS does not support this protocol string: " + protocol
	}
	if !good {
		return invalid("%s", otherwise)
	}
	return nil
}

func isARN(s, service, resource string) bool {
	a, err := aws.ParseARN(s)
	return err == nil && a.Service == service && a.Account.Valid() && a.Region != "" && strings.HasPrefix(a.Resource, resource)
}

// isPhone reports whether s is a number in E.164's form.
func isPhone(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	if len(digits) < 5 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

// needsConfirmation reports whether an endpoint has to agree to a subscription.
// AWS: those within AWS do not, if they belong to the account that subscribes.
func needsConfirmation(protocol, endpoint string, subscriber aws.Account) bool {
	switch protocol {
	case protocolSQS, protocolLambda, protocolFirehose:
		a, err := aws.ParseARN(endpoint)
		return err != nil || a.Account != subscriber
	case protocolSMS, protocolApplication:
		return false
	}
	return true
}
