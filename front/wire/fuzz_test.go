package wire

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/brume-cloud/brume/api/cloudwatch"
	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/api/ec2"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/api/route53"
	"github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// operation opens one operation of a service.
func operation(m *schema.Source, ops []schema.Dispatch, name string) *schema.Operation {
	svc := schema.Open(m)
	svc.Bind(ops)
	return svc.Operation(name)
}

// shapes are operations whose inputs have every kind of shape between them.
func shapes() []*schema.Operation {
	return []*schema.Operation{
		operation(dynamodb.Model(), dynamodb.Operations, "PutItem"),
		operation(cloudwatch.Model(), cloudwatch.Operations, "PutMetricData"),
		operation(route53.Model(), route53.Operations, "ChangeResourceRecordSets"),
		operation(ec2.Model(), ec2.Operations, "RunInstances"),
		operation(sqs.Model(), sqs.Operations, "SendMessage"),
		operation(lambda.Model(), lambda.Operations, "CreateFunction"),
	}
}

// decoded decodes body as any operation's input: nil when it is refused, which
// must be in AWS's words.
func decoded(t *testing.T, c Codec, op *schema.Operation, req *Request) any {
	in, err := c.Decode(op, req)
	switch err.(type) {
	case nil, *Invalid:
		return in
	case *aws.Error:
		return nil
	}
	t.Fatalf("%s: an error of ours: %v", op.Name, err)
	return nil
}

func post(body []byte) *Request {
	return &Request{Request: &http.Request{Method: "POST", Header: http.Header{}}, Path: "/", Body: body}
}

// again checks that what was decoded and encoded is decoded to the same.
func again(t *testing.T, c Codec, op *schema.Operation, in any, body []byte) {
	back, err := c.Decode(op, post(body))
	if _, invalid := err.(*Invalid); err != nil && !invalid {
		t.Fatalf("%s: our own %q is refused: %v", op.Name, body, err)
	}
	if a, b := plain(op, in), plain(op, back); a != b {
		t.Fatalf("%s: %q\nis %s\nnot  %s", op.Name, body, b, a)
	}
}

// plain writes an input as JSON in the order of the model, for comparison.
func plain(op *schema.Operation, in any) string {
	var e jsonEncoder
	e.structure(op.InputPlan(), pointer(in))
	return string(e.b)
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"TableName":"t","Item":{"a":{"L":[{"S":"x"},{"M":{"b":{"N":"1"}}},{"BOOL":true},{"NULL":true},{"B":"AAE="},{"SS":["é\ud83d\ude00\n"]}]}}}`,
		`{"Namespace":"n","MetricData":[{"MetricName":"m","Timestamp":1.5e9,"Value":-1.5,"Values":[1,2e3,"NaN"],"StorageResolution":60}]}`,
		`{"QueueUrl":"u","MessageBody":"b","DelaySeconds":1.0,"MessageAttributes":{"k":{"DataType":"Binary","BinaryValue":"AA=="}}}`,
		`{"MinCount":1,"BlockDeviceMappings":[{"Ebs":{"Encrypted":false}}]}`, `[null]`, `{"a":[[[]]]}`, `"\u00`,
	} {
		f.Add([]byte(s))
	}
	ops := shapes()
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, op := range ops {
			c := For(schema.JSON)
			if in := decoded(t, c, op, post(body)); in != nil {
				again(t, c, op, in, []byte(plain(op, in)))
			}
			decoded(t, For(schema.RESTJSON), op, post(body))
		}
	})
}

func FuzzCBOR(f *testing.F) {
	for _, v := range []any{
		map[string]any{"Namespace": "n", "MetricData": []any{map[string]any{"MetricName": "m", "Value": 1.5, "Timestamp": cbor.Tag{Number: 1, Content: 1.5e9}, "Counts": []float32{1}, "StorageResolution": -60}}},
		map[string]any{"TableName": "t", "Item": map[string]any{"a": map[string]any{"B": []byte{0}, "M": map[string]any{"b": map[string]any{"BOOL": true}}, "L": nil}}},
		map[string]any{"QueueUrl": "u", "unknown": []any{1, nil, map[string]any{}}},
	} {
		b, err := cbor.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\xbf\x69Namespace\x7f\x61a\x61b\xff\xff"))
	f.Add([]byte("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"))
	ops := shapes()
	f.Fuzz(func(t *testing.T, body []byte) {
		p := cborParser{b: body}
		ours := p.skipItem(0) == nil && p.pos == len(body)
		if theirs := cbor.Wellformed(body) == nil; theirs != ours && shallow(body) {
			t.Errorf("%x: well-formed is %v, and ours says %v", body, theirs, ours)
		}
		for _, op := range ops {
			c := For(schema.CBOR)
			if in := decoded(t, c, op, post(body)); in != nil {
				var e cborEncoder
				e.structure(op.InputPlan(), pointer(in))
				again(t, c, op, in, e.b)
			}
		}
	})
}

// shallow leaves out what either decoder may refuse for its depth.
func shallow(body []byte) bool { return len(body) < 24 }

func FuzzForm(f *testing.F) {
	for _, s := range []string{
		"Action=PutMetricData&Namespace=n&MetricData.member.1.MetricName=m&MetricData.member.1.Dimensions.member.2.Name=d&MetricData.member.1.Value=1e3&MetricData.member.1.Timestamp=2020-01-01T00:00:00Z",
		"Action=RunInstances&MinCount=1&BlockDeviceMapping.1.Ebs.Encrypted=true&TagSpecification.1.Tag.1.Key=k&SecurityGroupId.1=a&SecurityGroupId.3=b",
		"QueueUrl=u&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=String&MessageBody=a%20b+c", "a.=&.=&=&%", "MetricData=&MetricData.=1&MetricData.member.99999999999999999999=1",
	} {
		f.Add(s)
	}
	ops := shapes()
	f.Fuzz(func(t *testing.T, body string) {
		for _, op := range ops {
			decoded(t, For(schema.Query), op, post([]byte(body)))
			decoded(t, For(schema.EC2), op, post([]byte(body)))
		}
		params, err := ParseQuery(body)
		if len(params) > maxParameters || err != nil && len(params) > strings.Count(body, "&") {
			t.Errorf("%d parameters, %v", len(params), err)
		}
	})
}

func FuzzXML(f *testing.F) {
	for _, s := range []string{
		`<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>a</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>1.2.3.4</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`,
		`<Tagging><TagSet><Tag><Key>a&amp;&#x1;</Key><Value><![CDATA[x]]></Value></Tag></TagSet></Tagging>`, `<a><a><a></a></a>`, `<?xml version="1.0" encoding="x"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`,
	} {
		f.Add([]byte(s))
	}
	ops := append(shapes(), operation(s3.Model(), s3.Operations, "PutBucketTagging"), operation(s3.Model(), s3.Operations, "PutBucketLifecycleConfiguration"),
		operation(s3.Model(), s3.Operations, "PutBucketAcl"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, op := range ops {
			c := For(schema.RESTXML)
			in := decoded(t, c, op, post(body))
			if in == nil || op.Service.Protocols[0] != schema.RESTXML || op.Input.Payload != nil {
				continue
			}
			again(t, c, op, in, xmlBody{}.encode(nil, op, op.InputPlan(), pointer(in)))
		}
	})
}

func FuzzREST(f *testing.F) {
	f.Add("GET", "/b/k%2F/../x", "x-id=GetObject&partNumber=1&versionId=%zz", "bytes=0-1", "1")
	f.Add("PUT", "/b//", "tagging", "Mon, 01 Jan 2020 00:00:00 GMT", "a, \"b,\\\"c\", ")
	f.Add("POST", "/2015-03-31/functions/f:1/invocations", "Qualifier=&Qualifier=2", "", "e30=")
	services := []*schema.Service{open(s3.Model(), s3.Operations), open(lambda.Model(), lambda.Operations), open(route53.Model(), route53.Operations)}
	var routes []*Routes
	for _, svc := range services {
		routes = append(routes, NewRoutes(svc))
	}
	f.Fuzz(func(t *testing.T, method, path, query, h1, h2 string) {
		for i, svc := range services {
			req := post(nil)
			req.Method, req.Path = method, path
			req.Params, _ = ParseQuery(query)
			op, labels := routes[i].Find(req)
			if op == nil {
				continue
			}
			if strings.Count(op.URI, "{") != len(labels) {
				t.Errorf("%s of %s: labels %q", path, op.URI, labels)
			}
			req.Labels = labels
			for _, name := range headerNames(op) {
				req.Header[http.CanonicalHeaderKey(name)] = []string{h1, h2}
			}
			c := For(svc.Protocols[0])
			decoded(t, c, op, req)
		}
	})
}

func open(m *schema.Source, ops []schema.Dispatch) *schema.Service {
	svc := schema.Open(m)
	svc.Bind(ops)
	return svc
}

// headerNames are the headers that the operation's input reads.
func headerNames(op *schema.Operation) (all []string) {
	if op.Input == nil {
		return nil
	}
	for i := range op.Input.Members {
		if m := &op.Input.Members[i]; m.Location == schema.InHeader || m.Location == schema.InHeaders {
			all = append(all, m.WireName())
		}
	}
	return all
}
