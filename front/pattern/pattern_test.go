package pattern

import "testing"

// The stories are those of SNS's filter policies, beside that service.
func TestPatternOfARecord(t *testing.T) {
	rules := Rules{MaxSize: 4096, MaxKeys: 100, MaxCombinations: 100}
	p, err := Parse(`{"eventName":["INSERT"],"dynamodb":{"NewImage":{"n":{"N":[{"prefix":"1"}]}}}}`, rules)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]bool{
		`{"eventName":"INSERT","dynamodb":{"NewImage":{"n":{"N":"12"}}}}`: true,
		`{"eventName":"INSERT","dynamodb":{"NewImage":{"n":{"N":"2"}}}}`:  false,
		`{"eventName":"REMOVE","dynamodb":{}}`:                            false,
	} {
		n, ok := ParseNode(body)
		if !ok || p.Match(n) != want {
			t.Errorf("%s: want %v", body, want)
		}
	}
	if _, err := Parse(`{"a":{"b":[1]}}`, Rules{Flat: true, MaxSize: 100, MaxKeys: 1, MaxCombinations: 1}); err != ErrNested {
		t.Errorf("got %v", err)
	}
}
