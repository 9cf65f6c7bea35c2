package apigateway

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
)

// queryAnswer is the answer of a service with the Query protocol in JSON: API Gateway
// asks for that (Accept: application/json), and templates are written for it, such as
// $input.path('$.SendMessageResponse.SendMessageResult.MessageId'). ok is false for
// what is no such answer.
func queryAnswer(body []byte) (text []byte, ok bool) {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return nil, false
		}
		root, begins := token.(xml.StartElement)
		if !begins {
			continue
		}
		name := root.Name.Local
		if !strings.HasSuffix(name, "Response") {
			return nil, false
		}
		value, err := element(d)
		if err != nil {
			return nil, false
		}
		if name != "ErrorResponse" {
			value = map[string]any{name: value}
		}
		text, err = json.Marshal(value)
		return text, err == nil
	}
}

// element reads what is within an element: text, members of a list, or what its
// children are by their names; nil for nothing.
func element(d *xml.Decoder) (any, error) {
	var text strings.Builder
	var list []any
	children := map[string]any{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.StartElement:
			value, err := element(d)
			if err != nil {
				return nil, err
			}
			name := token.Name.Local
			switch old := children[name].(type) {
			case nil:
				children[name] = value
			case []any:
				children[name] = append(old, value)
			default:
				children[name] = []any{old, value}
			}
			if name == "member" {
				list = append(list, value)
			}
		case xml.EndElement:
			switch {
			case list != nil:
				return list, nil
			case len(children) > 0:
				return children, nil
			case text.Len() > 0:
				return text.String(), nil
			}
			return nil, nil
		}
	}
}
