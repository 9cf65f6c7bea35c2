package sns

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// What a delivery is.
const (
	typeNotification             = "Notification"
	typeSubscriptionConfirmation = "SubscriptionConfirmation"
	typeUnsubscribeConfirmation  = "UnsubscribeConfirmation"
)

// envelope is the JSON that wraps a message for subscribers that do not get it
// raw: all of it but what differs between them. It is made once for all whose
// protocol gets the same body.
// AWS: "Parsing Amazon SNS message formats".
type envelope struct {
	made bool
	body string
	seal seal
	head []byte // up to the URL to unsubscribe
	tail []byte // behind it
}

// seal is the signature of a message and how to check it.
type seal struct {
	version, signature, certificate string
}

// prepare makes the envelope of a body.
func (b *broadcast) prepare(body string) error {
	e := &b.note
	if e.made && e.body == body {
		return nil
	}
	e.body, e.made = body, true
	if !b.t.at.fifo() { // AWS: messages of FIFO topics carry no signature
		text := signedText("Message", body, "MessageId", b.m.ID, "Subject", b.m.Subject, "Timestamp", b.m.timestamp(), "TopicArn", b.arn, "Type", typeNotification)
		var err error
		if e.seal, err = b.sign(b.tx, b.t, text); err != nil {
			return err
		}
	}
	w := object{b: make([]byte, 0, 1024+len(body)+len(body)/8)}
	w.field("Type", typeNotification)
	w.field("MessageId", b.m.ID)
	if b.t.at.fifo() {
		w.field("SequenceNumber", b.m.sequenceNumber())
	}
	w.field("TopicArn", b.arn)
	if b.m.Subject != "" {
		w.field("Subject", b.m.Subject)
	}
	w.field("Message", body)
	w.field("Timestamp", b.m.timestamp())
	w.seal(&e.seal)
	e.head = w.b
	e.tail = b.m.appendAttributes(e.tail[:0])
	return nil
}

// notification is the message as a subscriber gets it that does not get it raw.
func (b *broadcast) notification(sub *subscription) (string, error) {
	if err := b.prepare(b.m.bodyFor(sub.Protocol)); err != nil {
		return "", err
	}
	e := &b.note
	var s strings.Builder
	base := b.Endpoint(b.t.at.Region)
	s.Grow(len(e.head) + len(base) + len(b.arn) + len(e.tail) + 128)
	s.Write(e.head)
	s.WriteString(",\n  \"UnsubscribeURL\" : \"")
	s.WriteString(base)
	s.WriteString(unsubscribeQuery)
	s.WriteString(b.arn)
	s.WriteByte(':')
	s.WriteString(sub.id)
	s.WriteByte('"')
	s.Write(e.tail)
	s.WriteString("\n}")
	return s.String(), nil
}

const (
	unsubscribeQuery = "/?Action=Unsubscribe&SubscriptionArn="
	confirmQuery     = "/?Action=ConfirmSubscription&TopicArn="
)

// appendAttributes appends the member MessageAttributes, if there are any.
func (m *message) appendAttributes(out []byte) []byte {
	if len(m.Attributes) == 0 {
		return out
	}
	out = append(out, ",\n  \"MessageAttributes\" : {"...)
	for i := range m.Attributes {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, "\n    "...)
		out = m.Attributes[i].appendJSON(out, " : ")
	}
	return append(out, "\n  }"...)
}

// appendJSON appends "name":{"Type":…,"Value":…}.
func (a *attribute) appendJSON(out []byte, colon string) []byte {
	out = append(appendString(out, a.Name), colon...)
	out = appendString(append(out, `{"Type":`...), a.Type)
	value := a.Text
	if a.binary() {
		value = base64.StdEncoding.EncodeToString(a.Binary)
	}
	out = appendString(append(out, `,"Value":`...), value)
	return append(out, '}')
}

// event is the message as a function gets it.
// AWS: "Process Amazon SNS notifications with Lambda".
func (b *broadcast) event(sub *subscription) ([]byte, error) {
	body := b.m.bodyFor(protocolLambda)
	if err := b.prepare(body); err != nil {
		return nil, err
	}
	out := make([]byte, 0, 1024+len(body)+len(body)/8)
	out = append(out, `{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":`...)
	out = appendString(out, sub.arn())
	out = append(out, `,"Sns":{"Type":"Notification"`...)
	member := func(name, value string) {
		out = append(append(append(out, `,"`...), name...), `":`...)
		out = appendString(out, value)
	}
	member("MessageId", b.m.ID)
	member("TopicArn", b.arn)
	if b.m.Subject == "" {
		out = append(out, `,"Subject":null`...)
	} else {
		member("Subject", b.m.Subject)
	}
	member("Message", body)
	member("Timestamp", b.m.timestamp())
	member("SignatureVersion", b.note.seal.version)
	member("Signature", b.note.seal.signature)
	member("SigningCertUrl", b.note.seal.certificate)
	member("UnsubscribeUrl", b.Endpoint(b.t.at.Region)+unsubscribeQuery+sub.arn())
	out = append(out, `,"MessageAttributes":{`...)
	for i := range b.m.Attributes {
		if i > 0 {
			out = append(out, ',')
		}
		out = b.m.Attributes[i].appendJSON(out, ":")
	}
	return append(out, `}}}]}`...), nil
}

// notice is a message about a subscription itself.
type notice struct {
	kind, token, text string
}

// confirmation is a notice as its endpoint gets it.
func (b *broadcast) confirmation(n *notice) (string, error) {
	link := b.confirmURL(n)
	text := signedText("Message", n.text, "MessageId", b.m.ID, "SubscribeURL", link, "Timestamp", b.m.timestamp(),
		"Token", n.token, "TopicArn", b.arn, "Type", n.kind)
	sealed, err := b.sign(b.tx, b.t, text)
	if err != nil {
		return "", err
	}
	var w object
	w.field("Type", n.kind)
	w.field("MessageId", b.m.ID)
	w.field("Token", n.token)
	w.field("TopicArn", b.arn)
	w.field("Message", n.text)
	w.field("SubscribeURL", link)
	w.field("Timestamp", b.m.timestamp())
	w.seal(&sealed)
	return string(w.b) + "\n}", nil
}

// signedText is what a signature is over: names and values, a line each, but
// for the subject when there is none.
// AWS: "Verifying the signatures of Amazon SNS messages".
func signedText(members ...string) string {
	var s strings.Builder
	for i := 0; i < len(members); i += 2 {
		if members[i] == "Subject" && members[i+1] == "" {
			continue
		}
		s.WriteString(members[i])
		s.WriteByte('\n')
		s.WriteString(members[i+1])
		s.WriteByte('\n')
	}
	return s.String()
}

// object writes a JSON object as AWS lays it out. Its end is the caller's.
type object struct{ b []byte }

func (w *object) field(name, value string) {
	if len(w.b) == 0 {
		w.b = append(w.b, "{\n  "...)
	} else {
		w.b = append(w.b, ",\n  "...)
	}
	w.b = append(appendString(w.b, name), " : "...)
	w.b = appendString(w.b, value)
}

func (w *object) seal(s *seal) {
	if s.version == "" {
		return
	}
	w.field("SignatureVersion", s.version)
	w.field("Signature", s.signature)
	w.field("SigningCertURL", s.certificate)
}

// appendString appends s as a JSON string. As in AWS's messages, only what has
// to be escaped is.
func appendString(out []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			continue
		}
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size - 1
				continue
			}
			out = append(append(out, s[start:i]...), "\uFFFD"...)
			start = i + 1
			continue
		}
		out = append(out, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		case '\b':
			out = append(out, `\b`...)
		case '\f':
			out = append(out, `\f`...)
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(out, s[start:]...), '"')
}

// confirmURL is the link that confirms a subscription.
func (b *broadcast) confirmURL(n *notice) string {
	return b.Endpoint(b.t.at.Region) + confirmQuery + b.arn + "&Token=" + n.token
}
