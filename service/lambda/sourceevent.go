package lambda

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/pattern"
)

// queueRecord is a message as functions get it.
// AWS: "Using Lambda with Amazon SQS", example standard queue message event.
type queueRecord struct {
	MessageID         string                      `json:"messageId"`
	ReceiptHandle     string                      `json:"receiptHandle"`
	Body              string                      `json:"body"`
	Attributes        map[string]string           `json:"attributes"`
	MessageAttributes map[string]messageAttribute `json:"messageAttributes"`
	AttributesSum     string                      `json:"md5OfMessageAttributes,omitempty"`
	BodySum           string                      `json:"md5OfBody"`
	EventSource       string                      `json:"eventSource"`
	SourceARN         string                      `json:"eventSourceARN"`
	Region            string                      `json:"awsRegion"`
}

type messageAttribute struct {
	Text     *string  `json:"stringValue,omitempty"`
	Binary   []byte   `json:"binaryValue,omitempty"`
	Texts    []string `json:"stringListValues"`
	Binaries [][]byte `json:"binaryListValues"`
	Type     string   `json:"dataType"`
}

func (m *mapping) record(from *sqs.Message) queueRecord {
	source, _ := aws.ParseARN(m.Source) // was checked
	r := queueRecord{
		MessageID: deref(from.MessageId), ReceiptHandle: deref(from.ReceiptHandle), Body: deref(from.Body), Attributes: from.Attributes,
		MessageAttributes: map[string]messageAttribute{}, AttributesSum: deref(from.MD5OfMessageAttributes), BodySum: deref(from.MD5OfBody),
		EventSource: "aws:sqs", SourceARN: m.Source, Region: string(source.Region),
	}
	for name, a := range from.MessageAttributes {
		r.MessageAttributes[name] = messageAttribute{a.StringValue, a.BinaryValue, []string{}, [][]byte{}, a.DataType}
	}
	return r
}

// encode is JSON as AWS writes it: with < and > as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// failures is the ids that a function reports as failed. AWS: no ids are no
// failures; an answer of another form, or an empty id, is a failure of all.
func failures(answer []byte) (ids map[string]bool, ok bool) {
	var report *struct {
		Failures *[]struct {
			ID *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if len(bytes.TrimSpace(answer)) == 0 {
		return nil, true
	}
	if err := json.Unmarshal(answer, &report); err != nil {
		return nil, false
	}
	if report == nil || report.Failures == nil {
		return nil, true
	}
	ids = map[string]bool{}
	for _, f := range *report.Failures {
		if deref(f.ID) == "" {
			return nil, false
		}
		ids[*f.ID] = true
	}
	return ids, true
}

// wants reports whether a record passes one of the filters. data is the content
// at key, which a filter may look into when it is JSON.
// AWS: "Control which events Lambda sends to your function".
func (m *mapping) wants(record []byte, key, data string) bool {
	if len(m.Filters) == 0 {
		return true
	}
	for _, text := range m.Filters {
		if strings.TrimSpace(text) == "{}" {
			return true
		}
		p, err := pattern.Parse(text, filterRules())
		if err != nil { // was checked
			continue
		}
		if n, ok := pattern.ParseNode(string(m.opened(record, text, content{key, data}))); ok && p.Match(n) {
			return true
		}
	}
	return false
}

// content is what producers have put into a record.
type content struct{ key, data string }

// opened is a record whose content is JSON where the filter looks into it.
func (m *mapping) opened(record []byte, filter string, c content) []byte {
	var parts, wanted map[string]json.RawMessage
	if c.key == "" || json.Unmarshal([]byte(filter), &wanted) != nil || !bytes.HasPrefix(bytes.TrimSpace(wanted[c.key]), []byte("{")) {
		return record
	}
	if json.Unmarshal(record, &parts) != nil {
		return record
	}
	delete(parts, c.key) // AWS: content that is not JSON does not match
	if json.Valid([]byte(c.data)) {
		parts[c.key] = json.RawMessage(c.data)
	}
	out, err := json.Marshal(parts)
	if err != nil {
		return record
	}
	return out
}

// decoded is base64 as text.
func decoded(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return ""
	}
	return string(b)
}
