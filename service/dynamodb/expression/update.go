package expression

import "strings"

// ParseProjection reads a projection expression: paths, separated by commas.
func ParseProjection(source string, marks *Placeholders) ([]Path, error) {
	p, err := begin(source, marks)
	if err != nil {
		return nil, err
	}
	var paths []Path
	for first := true; first || p.accept(","); first = false {
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	return paths, checkOverlap(paths)
}

// ParseUpdate reads an update expression.
func ParseUpdate(source string, marks *Placeholders) (*Update, error) {
	p, err := begin(source, marks)
	if err != nil {
		return nil, err
	}
	u, seen := new(Update), map[string]bool{}
	for p.peek().kind != endOfText {
		action := p.action(u, p.peek())
		if action == nil {
			return nil, p.unexpected()
		}
		section := strings.ToUpper(p.take().text)
		if seen[section] {
			return nil, mistake(`The "%s" section can only be used once in an update expression;`, section)
		}
		seen[section] = true
		for first := true; first || p.accept(","); first = false {
			if err := action(); err != nil {
				return nil, err
			}
		}
	}
	return u, u.Check()
}

// action returns what reads one action of the section that t begins, nil when it
// begins none.
func (p *parser) action(u *Update, t token) func() error {
	switch {
	case t.isWord("SET"):
		return func() error { return p.set(u) }
	case t.isWord("REMOVE"):
		return func() error {
			path, err := p.path()
			u.Remove = append(u.Remove, path)
			return err
		}
	case t.isWord("ADD"):
		return func() error { return p.change(&u.Add) }
	case t.isWord("DELETE"):
		return func() error { return p.change(&u.Delete) }
	}
	return nil
}

func (p *parser) set(u *Update) error {
	path, err := p.path()
	if err != nil {
		return err
	}
	if err := p.expect("="); err != nil {
		return err
	}
	to, err := p.addend()
	if err != nil {
		return err
	}
	if t := p.peek(); t.is("+") || t.is("-") {
		p.at++
		if err := p.operator(); err != nil {
			return err
		}
		second, err := p.addend()
		if err != nil {
			return err
		}
		to = &Operand{Function: t.text, Args: []*Operand{to, second}}
	}
	u.Set = append(u.Set, Assignment{path, to})
	return nil
}

// addend reads an operand of SET, which may be in parentheses.
func (p *parser) addend() (*Operand, error) {
	if p.accept("(") {
		o, err := p.addend()
		if err != nil {
			return nil, err
		}
		return o, p.expect(")")
	}
	o, err := p.operand()
	if err != nil {
		return nil, err
	}
	if f, ok := functionOf(o.Function); ok && !f.update {
		return nil, mistake("The function is not allowed in an update expression; function: %s", o.Function)
	}
	return o, nil
}

func (p *parser) change(to *[]Change) error {
	path, err := p.path()
	if err != nil {
		return err
	}
	t := p.peek()
	if t.kind != valueMark {
		return p.unexpected()
	}
	p.at++
	*to = append(*to, Change{path, t.text})
	return p.marks.value(t.text)
}
