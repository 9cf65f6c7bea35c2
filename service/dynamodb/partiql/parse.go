package partiql

import (
	"strconv"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// maxDepth bounds nesting, of values and of conditions.
const maxDepth = 40

// parser walks the tokens of a statement. The first mistake ends it.
type parser struct {
	tokens     []token
	at         int
	parameters []attribute.Value
	used       int // parameters
	depth      int // of conditions
	out        *Statement
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) accept(s string) bool {
	if t := p.peek(); t.kind != sign || t.text != s {
		return false
	}
	p.at++
	return true
}

func (p *parser) expect(s string) error {
	if !p.accept(s) {
		return p.unexpected(s)
	}
	return nil
}

func (p *parser) word(keyword string) bool {
	if !p.peek().is(keyword) {
		return false
	}
	p.at++
	return true
}

func (p *parser) expectWord(keyword string) error {
	if !p.word(keyword) {
		return p.unexpected(keyword)
	}
	return nil
}

func (p *parser) unexpected(want string) error {
	t := p.peek()
	if t.kind == end {
		return mistake("the statement ends where %s is expected", want)
	}
	return mistake("%q found where %s is expected", t.text, want)
}

func (p *parser) name() (string, error) {
	t := p.peek()
	if t.kind != word && t.kind != quoted || t.text == "" {
		return "", p.unexpected("a name")
	}
	p.at++
	return t.text, nil
}

// path reads a.b[0].
func (p *parser) path() (expression.Path, error) {
	name, err := p.name()
	path := expression.Path{{Name: name}}
	for err == nil {
		switch {
		case p.accept("."):
			name, err = p.name()
			path = append(path, expression.Element{Name: name})
		case p.accept("["):
			t := p.peek()
			p.at++
			if t.kind == text {
				path = append(path, expression.Element{Name: t.text})
			} else {
				var i int
				if i, err = strconv.Atoi(t.text); err != nil || t.kind != number {
					p.at--
					return nil, p.unexpected("an index")
				}
				path = append(path, expression.Element{Index: i, List: true})
			}
			if err == nil {
				err = p.expect("]")
			}
		default:
			return path, nil
		}
	}
	return nil, err
}

// isValue reports whether a literal or parameter comes next.
func (p *parser) isValue() bool {
	t := p.peek()
	switch t.kind {
	case text, number:
		return true
	case sign:
		return t.text == "?" || t.text == "[" || t.text == "{" || t.text == "<<" || t.text == "-" || t.text == "+"
	case word:
		return t.is("TRUE") || t.is("FALSE") || t.is("NULL")
	}
	return false
}

// value reads a literal or takes a parameter.
func (p *parser) value(depth int) (attribute.Value, error) {
	if depth > maxDepth {
		return "", mistake("values are nested too deeply")
	}
	t := p.peek()
	p.at++
	switch {
	case t.kind == text:
		return attribute.String(t.text), nil
	case t.kind == number:
		return attribute.Number(t.text), nil
	case t.is("TRUE"), t.is("FALSE"):
		return attribute.Bool(t.is("TRUE")), nil
	case t.is("NULL"):
		return attribute.Null(), nil
	case t.kind == sign:
		switch t.text {
		case "?":
			return p.parameter()
		case "-", "+":
			if n := p.peek(); n.kind == number {
				p.at++
				return attribute.Number(t.text + n.text), nil
			}
		case "[":
			list, err := p.values("]", depth)
			return attribute.List(list), err
		case "<<":
			return p.set(depth)
		case "{":
			return p.mapping(depth)
		}
	}
	p.at--
	return "", p.unexpected("a value")
}

func (p *parser) parameter() (attribute.Value, error) {
	if p.used == len(p.parameters) {
		return "", ErrParameters
	}
	p.used++
	return p.parameters[p.used-1], nil
}

// values reads values up to the sign that closes them.
func (p *parser) values(closing string, depth int) (all []attribute.Value, err error) {
	for !p.accept(closing) {
		if len(all) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func (p *parser) set(depth int) (attribute.Value, error) {
	all, err := p.values(">>", depth)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", mistake("a set must not be empty")
	}
	var texts []string
	for _, v := range all {
		if v.Type() != all[0].Type() {
			return "", mistake("the elements of a set must be of one type")
		}
		texts = append(texts, v.Text())
	}
	switch t := all[0].Type(); t {
	case attribute.S, attribute.N, attribute.B:
		return attribute.Set(t+"S", texts), nil
	}
	return "", mistake("a set has strings, numbers or binaries")
}

func (p *parser) mapping(depth int) (attribute.Value, error) {
	fields := map[string]attribute.Value{}
	for !p.accept("}") {
		if len(fields) > 0 {
			if err := p.expect(","); err != nil {
				return "", err
			}
		}
		t := p.peek()
		if t.kind != text && t.kind != quoted && t.kind != word {
			return "", p.unexpected("a name")
		}
		p.at++
		if err := p.expect(":"); err != nil {
			return "", err
		}
		if _, twice := fields[t.text]; twice {
			return "", mistake("%q stands twice in a map", t.text)
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return "", err
		}
		fields[t.text] = v
	}
	return attribute.Within(attribute.Make(fields)), nil
}

// constant reads a value and gives it a placeholder.
func (p *parser) constant() (*expression.Operand, error) {
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	return p.placeholder(v), nil
}

func (p *parser) placeholder(v attribute.Value) *expression.Operand {
	mark := ":" + strconv.Itoa(len(p.out.Values))
	p.out.Values[mark] = v
	return &expression.Operand{Value: mark}
}
