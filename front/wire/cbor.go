package wire

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// cborCodec is Smithy RPC v2 CBOR: POST /service/{Service}/operation/{Operation}.
type cborCodec struct{}

func (cborCodec) Decode(op *schema.Operation, req *Request) (any, error) {
	in := op.NewInput()
	d := cborDecoder{cborParser: cborParser{b: req.Body}}
	if err := d.document(op.InputPlan(), pointer(in)); err != nil {
		return nil, err
	}
	return d.finish(op.InputPlan(), in, pointer(in))
}

var (
	applicationCBOR = []string{"application/cbor"}
	rpcV2CBOR       = []string{"rpc-v2-cbor"}
)

func cborHeaders(res *Response) {
	res.Header["Content-Type"] = applicationCBOR
	res.Header["Smithy-Protocol"] = rpcV2CBOR
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
}

func (cborCodec) Encode(op *schema.Operation, out any, res *Response) {
	res.Status = op.Status
	cborHeaders(res)
	if op.Output == nil {
		res.Header.Del("Content-Type")
		return
	}
	e := cborEncoder{b: res.Body}
	e.structure(op.OutputPlan(), pointer(out))
	res.Body = e.b
}

func (cborCodec) EncodeError(svc *schema.Service, err *aws.Error, res *Response) {
	res.Status = err.Status
	cborHeaders(res)
	queryError(svc, err, res)
	e := cborEncoder{b: res.Body}
	plan := detailPlan(svc, err)
	e.b = append(e.b, cborMap<<5|cborIndefinite)
	e.text("__type")
	e.text(qualified(svc, err))
	if err.Message != "" {
		e.text(messageName(svc, err))
		e.text(err.Message)
	}
	if plan != nil {
		e.members(plan, pointer(err.Detail))
	}
	e.b = append(e.b, cborSimple<<5|cborBreak)
	res.Body = e.b
}

// cborEncoder appends CBOR.
type cborEncoder struct{ b []byte }

func (e *cborEncoder) head(major byte, arg uint64) {
	m := major << 5
	switch {
	case arg < 24:
		e.b = append(e.b, m|byte(arg))
	case arg <= math.MaxUint8:
		e.b = append(e.b, m|24, byte(arg))
	case arg <= math.MaxUint16:
		e.b = binary.BigEndian.AppendUint16(append(e.b, m|25), uint16(arg))
	case arg <= math.MaxUint32:
		e.b = binary.BigEndian.AppendUint32(append(e.b, m|26), uint32(arg))
	default:
		e.b = binary.BigEndian.AppendUint64(append(e.b, m|27), arg)
	}
}

func (e *cborEncoder) text(s string) {
	e.head(cborText, uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *cborEncoder) integer(n int64) {
	if n < 0 {
		e.head(cborNegative, uint64(-1-n))
		return
	}
	e.head(cborUint, uint64(n))
}

func (e *cborEncoder) double(f float64) {
	e.b = binary.BigEndian.AppendUint64(append(e.b, cborSimple<<5|cborDouble), math.Float64bits(f))
}

func (e *cborEncoder) structure(p *schema.Plan, at unsafe.Pointer) {
	e.b = append(e.b, cborMap<<5|cborIndefinite)
	e.members(p, at)
	e.b = append(e.b, cborSimple<<5|cborBreak)
}

func (e *cborEncoder) members(p *schema.Plan, at unsafe.Pointer) {
	for i := range p.Fields {
		f := &p.Fields[i]
		if v := f.Present(at); v != nil {
			e.text(f.WireName())
			e.value(f.Plan, v)
		}
	}
}

func (e *cborEncoder) value(p *schema.Plan, at unsafe.Pointer) {
	if at == nil {
		e.b = append(e.b, cborSimple<<5|cborNull)
		return
	}
	switch p.Shape.Kind {
	case schema.Structure:
		e.structure(p, at)
	case schema.List:
		n, data := p.Len(at)
		e.head(cborArray, uint64(n))
		for i := range n {
			e.value(p.Elem, p.At(data, i))
		}
	case schema.Map:
		e.b = append(e.b, cborMap<<5|cborIndefinite)
		for k, v := range entries(p, at) {
			e.text(k)
			e.value(p.Elem, v)
		}
		e.b = append(e.b, cborSimple<<5|cborBreak)
	default:
		e.scalar(p, at)
	}
}

func (e *cborEncoder) scalar(p *schema.Plan, at unsafe.Pointer) {
	switch p.Shape.Kind {
	case schema.String:
		e.text(*(*string)(at))
	case schema.Blob:
		b := *(*[]byte)(at)
		e.head(cborBytes, uint64(len(b)))
		e.b = append(e.b, b...)
	case schema.Boolean:
		v := byte(cborFalse)
		if *(*bool)(at) {
			v = cborTrue
		}
		e.b = append(e.b, cborSimple<<5|v)
	case schema.Timestamp:
		e.head(cborTag, tagEpoch)
		e.double(float64(schema.Time(at).UnixMilli()) / 1e3)
	case schema.Float:
		e.b = binary.BigEndian.AppendUint32(append(e.b, cborSimple<<5|cborSingle), math.Float32bits(*(*float32)(at)))
	case schema.Double:
		e.double(*(*float64)(at))
	case schema.Byte:
		e.integer(int64(*(*int8)(at)))
	case schema.Short:
		e.integer(int64(*(*int16)(at)))
	case schema.Integer:
		e.integer(int64(*(*int32)(at)))
	case schema.Long:
		e.integer(*(*int64)(at))
	}
}
