package proxyevent_test

import (
	"fmt"
	"testing"

	"github.com/brume-cloud/brume/front/proxyevent"
)

func TestAnswersAreReadByTheirVersion(t *testing.T) {
	for _, c := range []struct{ payload, first, second string }{
		{`{"statusCode":201,"body":"x"}`, "201 map[Content-Type:[application/json]] x", "201 map[Content-Type:[application/json]] x"},
		{`{"statusCode":"201"}`, "201 map[Content-Type:[application/json]] ", "201 map[Content-Type:[application/json]] "},
		{`{"statusCode":200,"headers":{"content-type":"text/plain","n":3,"b":true}}`, "200 map[B:[true] Content-Type:[text/plain] N:[3]] ", "200 map[B:[true] Content-Type:[text/plain] N:[3]] "},
		{`{"statusCode":200,"headers":{"a":"1"},"multiValueHeaders":{"A":["2","3"]}}`, "200 map[A:[2 3] Content-Type:[application/json]] ", "200 map[A:[1] Content-Type:[application/json]] "},
		{`{"statusCode":200,"cookies":["a=b","c=d"]}`, "200 map[Content-Type:[application/json]] ", "200 map[Content-Type:[application/json] Set-Cookie:[a=b c=d]] "},
		{`{"statusCode":200,"body":"eHk=","isBase64Encoded":true}`, "200 map[Content-Type:[application/json]] xy", "200 map[Content-Type:[application/json]] xy"},
		{`{"statusCode":200,"body":"%","isBase64Encoded":true}`, "malformed", "malformed"},
		{`{"statusCode":200,"body":{"not":"text"}}`, "malformed", "malformed"},
		{`{"statusCode":"ok"}`, "malformed", "malformed"},
		{`{"statusCode":600}`, "malformed", "malformed"},
		{`{"message":"hello"}`, "malformed", `200 map[Content-Type:[application/json]] {"message":"hello"}`},
		{`"hello"`, "malformed", `200 map[Content-Type:[application/json]] "hello"`},
		{`null`, "malformed", `200 map[Content-Type:[application/json]] null`},
		{`not JSON`, "malformed", `200 map[Content-Type:[application/json]] not JSON`},
	} {
		for _, v := range []struct {
			name, want string
			read       func([]byte) (*proxyevent.Answer, error)
		}{{"1.0", c.first, proxyevent.ReadFirst}, {"2.0", c.second, proxyevent.ReadSecond}} {
			got := "malformed"
			if a, err := v.read([]byte(c.payload)); err == nil {
				got = fmt.Sprintf("%d %v %s", a.Status, a.Header, a.Body)
			}
			if got != v.want {
				t.Errorf("%s of version %s gives %s, want %s", c.payload, v.name, got, v.want)
			}
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":[1]},"multiValueHeaders":{"b":["c"]},"cookies":["d"],"body":"x","isBase64Encoded":false}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, read := range []func([]byte) (*proxyevent.Answer, error){proxyevent.ReadFirst, proxyevent.ReadSecond} {
			if a, err := read(payload); err == nil && (a.Status < 100 || a.Status > 599) {
				t.Errorf("%q gives the status %d", payload, a.Status)
			}
		}
	})
}
