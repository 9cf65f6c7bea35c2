package sns

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
)

// Types of message attributes. A type may go on after a dot.
const (
	typeString      = "String"
	typeNumber      = "Number"
	typeBinary      = "Binary"
	typeStringArray = "String.Array"
)

func (a *attribute) binary() bool { return strings.HasPrefix(a.Type, typeBinary) }

// draft is a message that is to be published, alone or in a batch.
type draft struct {
	message
	size int // body and attributes, in bytes
}

// newDraft checks what does not depend on where the message goes.
func newDraft(e *sns.PublishBatchRequestEntry) (*draft, error) {
	d := &draft{message: message{Body: e.Message, Subject: deref(e.Subject), Group: deref(e.MessageGroupId), Dedup: deref(e.MessageDeduplicationId)}}
	if e.Subject != nil && !isSubject(d.Subject) {
		return nil, invalid("Subject")
	}
	if e.Message == "" {
		return nil, invalid("Empty message")
	}
	d.size = len(e.Message)
	if err := d.setAttributes(e.MessageAttributes); err != nil {
		return nil, err
	}
	if d.size > maxMessage {
		return nil, invalid("Message too long")
	}
	for name, id := range map[string]*string{"MessageGroupId": e.MessageGroupId, "MessageDeduplicationId": e.MessageDeduplicationId} {
		if id != nil && !isID(*id) {
			return nil, invalid("%s Reason: The %s can only contain alphanumeric and punctuation characters, 1 to 128 in length", name, name)
		}
	}
	return d, nil
}

// isSubject reports whether s can be a subject: it goes into a mail's header.
func isSubject(s string) bool {
	if s == "" || utf8.RuneCountInString(s) > maxSubject || !utf8.ValidString(s) || s[0] == ' ' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func isID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// setAttributes checks message attributes and takes them over.
// AWS: "Amazon SNS message attributes".
func (d *draft) setAttributes(in map[string]sns.MessageAttributeValue) error {
	if len(in) == 0 {
		return nil
	}
	d.Attributes = make([]attribute, 0, len(in))
	for name, v := range in {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		a := attribute{Name: name, Type: v.DataType, Text: deref(v.StringValue), Binary: v.BinaryValue}
		if err := a.check(&v); err != nil {
			return err
		}
		d.size += len(name) + len(a.Type) + len(a.Text) + len(a.Binary)
		d.Attributes = append(d.Attributes, a)
	}
	slices.SortFunc(d.Attributes, func(a, b attribute) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

func badAttribute(format string, args ...any) *aws.Error {
	return sns.ErrInvalidParameterValueException(format, args...)
}

func checkAttributeName(name string) error {
	switch {
	case name == "" || len(name) > maxAttributeName:
		return badAttribute("Length of message attribute name must be less than 256 bytes.")
	case name[0] == '.':
		return badAttribute("Invalid message attribute name starting with character '.' was found.")
	case name[len(name)-1] == '.':
		return badAttribute("Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return badAttribute("Message attribute name can not have successive '.' character.")
	}
	for _, r := range name {
		if r > 0x7f || !isWord(string(r), ".") {
			return badAttribute("Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", r)
		}
	}
	return nil
}

func (a *attribute) check(v *sns.MessageAttributeValue) error {
	kind, _, _ := strings.Cut(a.Type, ".")
	field, given, filled := typeString, v.StringValue != nil, a.Text != ""
	if kind == typeBinary {
		field, given, filled = typeBinary, v.BinaryValue != nil, len(a.Binary) > 0
	}
	switch {
	case kind != typeString && kind != typeNumber && kind != typeBinary || len(a.Type) > maxAttributeName:
		return badAttribute("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", a.Name)
	case v.StringValue == nil && v.BinaryValue == nil, given && !filled:
		return badAttribute("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", a.Name, a.Type)
	case !given:
		return badAttribute("The message attribute '%s' with type '%s' must use field '%s'.", a.Name, a.Type, field)
	}
	if kind == typeNumber {
		if _, err := strconv.ParseFloat(a.Text, 64); err != nil {
			return badAttribute("Could not cast message attribute '%s' value to number.", a.Name)
		}
	}
	return nil
}

// split takes the message apart where it is JSON with a body for each protocol.
// AWS: members that are no strings are ignored.
func (d *draft) split(structure *string, needDefault bool) error {
	if structure == nil {
		return nil
	}
	if *structure != "json" {
		return invalid("MessageStructure")
	}
	var members map[string]any
	if json.Unmarshal([]byte(d.Body), &members) != nil {
		return invalid("Message Structure - JSON message body failed to parse")
	}
	d.Bodies = map[string]string{}
	for name, value := range members {
		if text, ok := value.(string); ok {
			d.Bodies[name] = text
		}
	}
	body, ok := d.Bodies["default"]
	if !ok && needDefault {
		return invalid("Message Structure - No default entry in JSON message body")
	}
	delete(d.Bodies, "default")
	d.Body = body
	return nil
}

// bodyFor is what subscribers of a protocol get.
func (m *message) bodyFor(protocol string) string {
	if body, ok := m.Bodies[protocol]; ok {
		return body
	}
	return m.Body
}

// timestamp is the time of publication as messages carry it.
func (m *message) timestamp() string { return m.Sent.UTC().Format("2006-01-02T15:04:05.000Z") }

// sequenceNumber is the message's place in its FIFO topic, in AWS's form.
func (m *message) sequenceNumber() string { return fmt.Sprintf("1%019d", m.Sequence) }
