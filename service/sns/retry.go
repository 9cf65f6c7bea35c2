package sns

import (
	"encoding/json"
	"errors"
	"math"
	"time"
)

// Delivery to endpoints within AWS: after the first attempt, 3 at once, 2 a
// second apart, 10 with a wait that grows from 1 to 20 seconds, and then one
// every 20 seconds: 100,015 attempts over 23 days.
// AWS: "Amazon SNS message delivery retries".
const (
	managedAtOnce   = 3
	managedPre      = 2
	managedGrowing  = 10
	managedAttempts = 100_015
	managedMin      = time.Second
	managedMax      = 20 * time.Second
)

// managedBackoff is the wait before retry n of a delivery within AWS, from 1.
func managedBackoff(n int) time.Duration {
	switch n -= managedAtOnce; {
	case n <= 0:
		return 0
	case n <= managedPre:
		return managedMin
	}
	n -= managedPre
	if n > managedGrowing {
		return managedMax
	}
	return exponential(managedMin, managedMax, n, managedGrowing)
}

// retries is how a delivery to an HTTP endpoint is tried again. Times are in seconds.
type retries struct {
	MinDelay   int    `json:"minDelayTarget"`
	MaxDelay   int    `json:"maxDelayTarget"`
	Number     int    `json:"numRetries"`
	MaxDelayed int    `json:"numMaxDelayRetries"`
	Undelayed  int    `json:"numNoDelayRetries"`
	MinDelayed int    `json:"numMinDelayRetries"`
	Function   string `json:"backoffFunction"`
}

// throttle limits how fast an endpoint gets messages.
type throttle struct {
	PerSecond float64 `json:"maxReceivesPerSecond"`
}

// request is how an endpoint gets messages.
type request struct {
	ContentType string `json:"headerContentType"`
}

// delivery is a delivery policy, of a topic or of a subscription.
// AWS: "Creating an HTTP/S delivery policy".
type delivery struct {
	Retry    *retries  `json:"healthyRetryPolicy,omitempty"`
	Throttle *throttle `json:"throttlePolicy,omitempty"`
	Request  *request  `json:"requestPolicy,omitempty"`

	HTTP *struct {
		Retry           *retries  `json:"defaultHealthyRetryPolicy,omitempty"`
		NoSubscriptions bool      `json:"disableSubscriptionOverrides"`
		Throttle        *throttle `json:"defaultThrottlePolicy,omitempty"`
		Request         *request  `json:"defaultRequestPolicy,omitempty"`
	} `json:"http,omitempty"`
}

// Bounds of a delivery policy.
const (
	maxRetryDelay = 3600
	maxRetries    = 100
)

func defaultRetries() retries {
	return retries{MinDelay: 20, MaxDelay: 20, Number: 3, Function: "linear"}
}

const defaultContentType = "text/plain; charset=UTF-8"

// parseDelivery reads a delivery policy and checks it.
func parseDelivery(text string) (*delivery, error) {
	d := new(delivery)
	if text == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(text), d); err != nil {
		return nil, errors.New("failed to parse JSON.")
	}
	all := []*retries{d.Retry}
	if d.HTTP != nil {
		all = append(all, d.HTTP.Retry)
	}
	for _, r := range all {
		if r == nil {
			continue
		}
		if err := r.check(); err != nil {
			return nil, err
		}
	}
	for _, t := range d.throttles() {
		if t != nil && t.PerSecond < 0 {
			return nil, errors.New("throttlePolicy.maxReceivesPerSecond must be greater than or equal to 1")
		}
	}
	return d, nil
}

func (d *delivery) throttles() []*throttle {
	if d.HTTP != nil {
		return []*throttle{d.Throttle, d.HTTP.Throttle}
	}
	return []*throttle{d.Throttle}
}

func (r *retries) check() error {
	if r.Function == "" {
		r.Function = "linear"
	}
	if r.MinDelay == 0 {
		r.MinDelay = defaultRetries().MinDelay
	}
	if r.MaxDelay == 0 {
		r.MaxDelay = max(r.MinDelay, defaultRetries().MaxDelay)
	}
	switch r.Function {
	case "linear", "arithmetic", "geometric", "exponential":
	default:
		return errors.New("healthyRetryPolicy.backoffFunction must be one of arithmetic, exponential, geometric, linear")
	}
	switch {
	case r.MinDelay < 1 || r.MinDelay > r.MaxDelay:
		return errors.New("healthyRetryPolicy.minDelayTarget must be less than or equal to healthyRetryPolicy.maxDelayTarget")
	case r.MaxDelay > maxRetryDelay:
		return errors.New("healthyRetryPolicy.maxDelayTarget must be less than or equal to 3600")
	case r.Number < 0 || r.Number > maxRetries:
		return errors.New("healthyRetryPolicy.numRetries must be less than or equal to 100")
	case r.Undelayed < 0 || r.MinDelayed < 0 || r.MaxDelayed < 0 || r.Undelayed+r.MinDelayed+r.MaxDelayed > r.Number:
		return errors.New("healthyRetryPolicy.numRetries must be greater than or equal to total of numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries")
	}
	return nil
}

// wait is the wait before retry n, from 1. There are four phases: at once, at
// the least delay, growing, and at the greatest.
func (r *retries) wait(n int) time.Duration {
	least, most := time.Duration(r.MinDelay)*time.Second, time.Duration(r.MaxDelay)*time.Second
	growing := r.Number - r.Undelayed - r.MinDelayed - r.MaxDelayed
	switch {
	case n <= r.Undelayed:
		return 0
	case n <= r.Undelayed+r.MinDelayed:
		return least
	case n > r.Undelayed+r.MinDelayed+growing:
		return most
	}
	n -= r.Undelayed + r.MinDelayed
	switch r.Function {
	case "arithmetic":
		return between(least, most, float64(n*(n+1))/float64(growing*(growing+1)))
	case "geometric":
		return time.Duration(float64(least) * math.Pow(float64(most)/float64(least), part(n, growing)))
	case "exponential":
		return exponential(least, most, n, growing)
	}
	return between(least, most, part(n, growing))
}

// part is how far step n of all is from the first to the last.
func part(n, all int) float64 {
	if all < 2 {
		return 0
	}
	return float64(n-1) / float64(all-1)
}

func between(least, most time.Duration, share float64) time.Duration {
	return least + time.Duration(float64(most-least)*share)
}

// exponential is step n of all on a way from least to most whose steps double.
func exponential(least, most time.Duration, n, all int) time.Duration {
	if all < 2 {
		return least
	}
	return between(least, most, (math.Exp2(float64(n-1))-1)/(math.Exp2(float64(all-1))-1))
}

// plan is the delivery policy that holds for a subscription.
type plan struct {
	retries     retries
	throttle    *throttle
	contentType string
	noOverride  bool
}

func (t *topic) plan() plan {
	p := plan{retries: defaultRetries(), contentType: defaultContentType}
	d, err := parseDelivery(t.Attributes["DeliveryPolicy"])
	if err != nil || d.HTTP == nil {
		return p
	}
	p.noOverride = d.HTTP.NoSubscriptions
	p.override(d.HTTP.Retry, d.HTTP.Throttle, d.HTTP.Request)
	return p
}

func (s *subscription) plan(t *topic) plan {
	p := t.plan()
	if d, err := parseDelivery(s.Attributes["DeliveryPolicy"]); err == nil && !p.noOverride {
		p.override(d.Retry, d.Throttle, d.Request)
	}
	return p
}

func (p *plan) override(r *retries, t *throttle, q *request) {
	if r != nil {
		p.retries = *r
	}
	if t != nil {
		p.throttle = t
	}
	if q != nil && q.ContentType != "" {
		p.contentType = q.ContentType
	}
}

// effectiveDelivery is the topic's delivery policy with all defaults.
func (t *topic) effectiveDelivery() string {
	p := t.plan()
	return toJSON(map[string]any{"http": struct {
		Retry      retries   `json:"defaultHealthyRetryPolicy"`
		NoOverride bool      `json:"disableSubscriptionOverrides"`
		Throttle   *throttle `json:"defaultThrottlePolicy,omitempty"`
		Request    request   `json:"defaultRequestPolicy"`
	}{p.retries, p.noOverride, p.throttle, request{p.contentType}}})
}

// effectiveDelivery is the subscription's delivery policy with all defaults.
func (s *subscription) effectiveDelivery(t *topic) string {
	p := s.plan(t)
	return toJSON(struct {
		Retry      retries   `json:"healthyRetryPolicy"`
		Sickly     *retries  `json:"sicklyRetryPolicy"`
		Throttle   *throttle `json:"throttlePolicy"`
		Request    request   `json:"requestPolicy"`
		Guaranteed bool      `json:"guaranteed"`
	}{p.retries, nil, p.throttle, request{p.contentType}, false})
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of numbers and strings
	}
	return string(b)
}
