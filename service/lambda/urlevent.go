package lambda

import (
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// event makes the event of a request.
// AWS: "Invoking Lambda function URLs", request payload format: that of API
// Gateway's version 2.0, with what does not apply left out.
func (v *visit) event(call *aws.Call) []byte {
	e := proxyevent.NewSecond(call, v.request)
	e.Context.APIID, e.Context.DomainPrefix = v.url.ID, v.url.ID
	if c := &call.Caller; c.Kind != aws.Anonymous {
		e.Context.AccountID = string(c.Account)
		e.Context.Authorizer = &proxyevent.Authorizer{IAM: proxyevent.Signer(c)}
	}
	e.SetBody(v.request.Body, proxyevent.IsText(v.request.Header))
	return e.JSON()
}
