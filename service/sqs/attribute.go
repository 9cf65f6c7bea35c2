package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
)

// setAttributes checks message attributes and takes them over.
// AWS: "Amazon SQS message metadata".
func (d *draft) setAttributes(in map[string]sqs.MessageAttributeValue) error {
	if len(in) > maxAttributes {
		return badAttribute("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(in), maxAttributes)
	}
	d.Attributes = make(map[string]attribute, len(in))
	for name, v := range in {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		a, err := newAttribute(name, &v)
		if err != nil {
			return err
		}
		d.Attributes[name] = a
		d.size += len(name) + len(a.Type) + len(a.Text) + len(a.Binary)
	}
	d.sum = digest(d.Attributes)
	return nil
}

func badAttribute(format string, args ...any) error {
	return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", format, args...)
}

func checkAttributeName(name string) error {
	low := strings.ToLower(name)
	switch {
	case name == "" || len(name) > maxAttributeName:
		return badAttribute("Length of message attribute name must be from 1 to %d bytes.", maxAttributeName)
	case strings.HasPrefix(low, "aws.") || strings.HasPrefix(low, "amazon."):
		return badAttribute("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.")
	case name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, ".."):
		return badAttribute("You can't use message attribute names beginning or ending with '.', or with two in succession.")
	case !isWord(strings.ReplaceAll(name, ".", "")):
		return badAttribute("Invalid non-alphanumeric character was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.")
	}
	return nil
}

func newAttribute(name string, v *sqs.MessageAttributeValue) (attribute, error) {
	a := attribute{Type: v.DataType, Text: deref(v.StringValue), Binary: v.BinaryValue}
	kind, _, _ := strings.Cut(a.Type, ".")
	switch {
	case a.Type == "":
		return a, badAttribute("The message attribute '%s' must contain non-empty message attribute type.", name)
	case len(a.Type) > maxAttributeName || kind != "String" && kind != "Number" && kind != "Binary":
		return a, badAttribute("The type of message (user) attribute '%s' is invalid. You must use only the following supported type prefixes: Binary, Number, String.", name)
	case len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0:
		return a, badAttribute("Message attribute list values in SendMessage operation are not supported.")
	case kind == "Binary" && len(a.Binary) == 0, kind != "Binary" && a.Text == "":
		return a, badAttribute("The message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, kind)
	}
	if r, bad := forbidden(a.Text); bad {
		return a, sqs.ErrInvalidMessageContents("Invalid binary character '#x%X' was found in the message attribute '%s' value, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF", r, name)
	}
	if kind == "Number" {
		if _, ok := new(big.Float).SetString(a.Text); !ok || strings.ContainsAny(a.Text, "xXpP_i") {
			return a, badAttribute("Can't cast the value of message (user) attribute '%s' to a number.", name)
		}
	}
	return a, nil
}

// digest is the MD5 of message attributes.
// AWS: "Calculating the MD5 message digest for message attributes".
func digest(attributes map[string]attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	const text, binary = 1, 2
	h := md5.New()
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		hashPart(h, []byte(name))
		hashPart(h, []byte(a.Type))
		if strings.HasPrefix(a.Type, "Binary") {
			h.Write([]byte{binary})
			hashPart(h, a.Binary)
			continue
		}
		h.Write([]byte{text})
		hashPart(h, []byte(a.Text))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashPart(h hash.Hash, b []byte) {
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
	h.Write(b)
}

// selectAttributes returns the attributes that a receiver asks for: by name, by
// prefix (name.*), or all.
func (m *message) selectAttributes(names []string) map[string]attribute {
	if len(m.Attributes) == 0 || len(names) == 0 {
		return nil
	}
	var out map[string]attribute
	for name, a := range m.Attributes {
		if !wanted(name, names) {
			continue
		}
		if out == nil {
			out = map[string]attribute{}
		}
		out[name] = a
	}
	return out
}

func wanted(name string, names []string) bool {
	for _, n := range names {
		prefix, any := strings.CutSuffix(n, ".*")
		if n == name || n == "All" || n == "*" || any && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func apiAttributes(in map[string]attribute) map[string]sqs.MessageAttributeValue {
	if in == nil {
		return nil
	}
	out := make(map[string]sqs.MessageAttributeValue, len(in))
	for name, a := range in {
		v := sqs.MessageAttributeValue{DataType: a.Type}
		if strings.HasPrefix(a.Type, "Binary") {
			v.BinaryValue = a.Binary
		} else {
			v.StringValue = strptr(a.Text)
		}
		out[name] = v
	}
	return out
}
