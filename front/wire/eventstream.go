package wire

import (
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// Header value types of the event stream encoding
// (application/vnd.amazon.eventstream, Smithy specification).
const (
	eventTrue   = 0
	eventFalse  = 1
	eventByte   = 2
	eventShort  = 3
	eventInt    = 4
	eventLong   = 5
	eventBytes  = 6
	eventString = 7
	eventTime   = 8
)

const (
	eventPrelude = 12 // lengths and their checksum
	eventTrailer = 4  // checksum of the message
)

// eventMessage appends one message: prelude, headers, payload, checksum.
func eventMessage(b, headers, payload []byte) []byte {
	start := len(b)
	total := eventPrelude + len(headers) + len(payload) + eventTrailer
	b = binary.BigEndian.AppendUint32(b, uint32(total))
	b = binary.BigEndian.AppendUint32(b, uint32(len(headers)))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
	b = append(b, headers...)
	b = append(b, payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}

func eventHeader(b []byte, name string, typ byte) []byte {
	b = append(b, byte(len(name)))
	b = append(b, name...)
	return append(b, typ)
}

func eventText(b []byte, name, value string) []byte {
	b = eventHeader(b, name, eventString)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

var eventStreamType = []string{"application/vnd.amazon.eventstream"}

// encodeEvents turns the stream of a payload member, an iter.Seq2[*Union, error],
// into encoded messages.
func (c restCodec) encodeEvents(f *schema.Field, at unsafe.Pointer, res *Response) {
	res.Header["Content-Type"] = eventStreamType
	seq := reflect.NewAt(f.Plan.Type, unsafe.Add(at, f.Offset)).Elem()
	res.Events = func(yield func([]byte, error) bool) {
		for event, err := range seq.Seq2() {
			if e, ok := err.Interface().(error); ok && e != nil {
				yield(nil, e)
				return
			}
			if !yield(encodeEvent(c.body, f.Plan.Shape, event), nil) {
				return
			}
		}
	}
}

// encodeEvent writes one event: union is a pointer to a struct of which one
// member is set.
func encodeEvent(body restBody, shape *schema.Shape, union reflect.Value) []byte {
	for i := range shape.Members {
		m := &shape.Members[i]
		v := union.Elem().FieldByName(schema.FieldName(m.Name))
		if !v.IsValid() || v.IsNil() {
			continue
		}
		headers := eventText(nil, ":message-type", "event")
		headers = eventText(headers, ":event-type", m.Name)
		var payload []byte
		var typ string
		headers, payload, typ = eventContent(body, m.Shape, v, headers)
		if typ != "" {
			headers = eventText(headers, ":content-type", typ)
		}
		return eventMessage(nil, headers, payload)
	}
	return nil
}

func eventContent(body restBody, shape *schema.Shape, v reflect.Value, headers []byte) (h, payload []byte, typ string) {
	plan := eventPlan(shape, v.Type().Elem())
	at := v.UnsafePointer()
	documented := false
	for i := range plan.Fields {
		f := &plan.Fields[i]
		val := f.Present(at)
		switch {
		case val == nil:
		case f.Header:
			headers = appendEventHeader(headers, f, val)
		case f.Member.Payload && f.Kind == schema.Blob:
			return headers, *(*[]byte)(val), octetStream[0]
		case f.Member.Payload && f.Kind == schema.String:
			return headers, []byte(*(*string)(val)), plainText[0]
		case f.Member.Payload:
			return headers, body.encodePayload(nil, nil, f, val), body.contentType()[0]
		default:
			documented = true
		}
	}
	if !documented && len(plan.Fields) == 0 {
		return headers, nil, ""
	}
	f := schema.NewField(&schema.Member{Name: shape.Name, Shape: shape}, plan)
	return headers, body.encodePayload(nil, nil, f, at), body.contentType()[0]
}

// eventPlan plans an event's structure. Events are few and large, so the plan
// is not kept.
func eventPlan(shape *schema.Shape, typ reflect.Type) *schema.Plan {
	return schema.Open(&schema.Source{}).Plan(shape, typ)
}

func appendEventHeader(b []byte, f *schema.Field, v unsafe.Pointer) []byte {
	name := f.WireName()
	switch f.Kind {
	case schema.Boolean:
		if *(*bool)(v) {
			return eventHeader(b, name, eventTrue)
		}
		return eventHeader(b, name, eventFalse)
	case schema.Byte:
		return append(eventHeader(b, name, eventByte), byte(*(*int8)(v)))
	case schema.Short:
		return binary.BigEndian.AppendUint16(eventHeader(b, name, eventShort), uint16(*(*int16)(v)))
	case schema.Integer:
		return binary.BigEndian.AppendUint32(eventHeader(b, name, eventInt), uint32(*(*int32)(v)))
	case schema.Long:
		return binary.BigEndian.AppendUint64(eventHeader(b, name, eventLong), uint64(*(*int64)(v)))
	case schema.Timestamp:
		return binary.BigEndian.AppendUint64(eventHeader(b, name, eventTime), uint64(schema.Time(v).UnixMilli()))
	case schema.Blob:
		b = eventHeader(b, name, eventBytes)
		b = binary.BigEndian.AppendUint16(b, uint16(len(*(*[]byte)(v))))
		return append(b, *(*[]byte)(v)...)
	}
	return eventText(b, name, *(*string)(v))
}

// EventError is the message that ends a stream with an error.
func EventError(code, message string) []byte {
	h := eventText(nil, ":message-type", "error")
	h = eventText(h, ":error-code", code)
	h = eventText(h, ":error-message", message)
	return eventMessage(nil, h, nil)
}
