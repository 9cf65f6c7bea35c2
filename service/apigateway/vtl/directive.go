package vtl

import "slices"

// known are the directives of the language.
var known = map[string]bool{
	"set": true, "if": true, "elseif": true, "else": true, "end": true, "foreach": true, "macro": true, "define": true,
	"stop": true, "break": true, "return": true, "include": true, "parse": true, "evaluate": true,
}

// directiveName reads #name, #{name} or #@name.
func (p *parser) directiveName() (name string, body bool) {
	start := p.pos
	p.pos++
	body = p.accept("@")
	braces := p.accept("{")
	name = p.identifier()
	if name == "" || braces && !p.accept("}") {
		p.pos = start
		return "", false
	}
	return name, body
}

// directive reads what begins with a hash: see special. A hash before a name
// that is neither a directive nor a macro is text.
func (p *parser) directive(ends []string) (node, string) {
	start := p.pos
	name, body := p.directiveName()
	if !braced(p.src[start:p.pos]) {
		// #elsewhere and #endless are #else and #end before more text.
		for _, d := range []string{"else", "end", "stop", "break", "return"} {
			if !known[name] && len(name) > len(d) && name[:len(d)] == d && p.macros[name] == nil {
				name, p.pos = d, start+1+len(d)
			}
		}
	}
	if slices.Contains(ends, name) {
		p.gobbleAfter(name)
		return nil, name
	}
	if n := p.statement(name); n != nil {
		return n, ""
	}
	if _, ok := p.macros[name]; !ok || p.src[p.pos:] == "" || !p.callFollows() {
		p.pos = start
		return nil, ""
	}
	return p.macroCall(name, body), ""
}

func braced(source string) bool { return len(source) > 1 && source[1] == '{' }

// gobbleAfter takes the end of the line after a directive without arguments.
func (p *parser) gobbleAfter(name string) {
	if name != "elseif" {
		p.gobble()
	}
}

// statement reads the directives of the language, and returns nil for others.
func (p *parser) statement(name string) node {
	switch name {
	case "set":
		return p.set()
	case "if":
		return p.ifs()
	case "foreach":
		return p.foreach()
	case "macro":
		return p.macro()
	case "define":
		p.expect("(")
		variable := p.variable()
		p.closing()
		body, _ := p.block([]string{"end"})
		return &defineNode{name: variable, body: body}
	case "stop", "return":
		p.gobble()
		return haltNode(endAll)
	case "break":
		p.gobble()
		return haltNode(endLoop)
	case "include", "parse", "evaluate":
		p.fail("#" + name + " is not supported")
	case "else", "elseif", "end":
		p.fail("#" + name + " without #if")
	}
	return nil
}

// closing reads the parenthesis that ends a directive's arguments.
func (p *parser) closing() {
	p.expect(")")
	p.gobble()
}

// variable reads $name alone.
func (p *parser) variable() string {
	p.space()
	ref := (*reference)(nil)
	if p.peek() == '$' {
		ref = p.reference()
	}
	if ref == nil || len(ref.steps) > 0 {
		p.fail("expected a variable")
	}
	return ref.name
}

func (p *parser) set() node {
	p.expect("(")
	p.space()
	var to *reference
	if p.peek() == '$' {
		to = p.reference()
	}
	if to == nil {
		p.fail("#set needs a reference")
	}
	if n := len(to.steps); n > 0 && to.steps[n-1].call {
		p.fail("#set cannot set the result of a method")
	}
	p.expect("=")
	value := p.expression()
	p.closing()
	return &setNode{to: to, value: value}
}

func (p *parser) ifs() node {
	n := &ifNode{}
	for {
		p.expect("(")
		condition := p.expression()
		p.closing()
		body, end := p.block([]string{"elseif", "else", "end"})
		n.branches = append(n.branches, branch{condition, body})
		if end == "else" {
			n.otherwise, end = p.block([]string{"end"})
		}
		if end == "end" {
			return n
		}
	}
}

func (p *parser) foreach() node {
	p.expect("(")
	n := &foreachNode{name: p.variable()}
	p.expect("in")
	n.over = p.expression()
	p.closing()
	n.body, _ = p.block([]string{"end"})
	return n
}

// macro reads a definition. Those that are called before they are defined are
// text, as the language has it for a template of one file.
func (p *parser) macro() node {
	p.expect("(")
	p.space()
	name := p.identifier()
	if name == "" || known[name] {
		p.fail("expected a macro's name")
	}
	m := &macro{}
	for p.space(); p.peek() == '$'; p.space() {
		m.parameters = append(m.parameters, p.variable())
		p.space()
		p.accept(",")
	}
	p.closing()
	p.macros[name] = m // known to itself: a macro may call itself
	m.body, _ = p.block([]string{"end"})
	return text("")
}

func (p *parser) callFollows() bool {
	start := p.pos
	p.space()
	if p.peek() == '(' {
		return true
	}
	p.pos = start
	return false
}

// macroCall reads the arguments, which need no commas, and the body of #@name.
func (p *parser) macroCall(name string, body bool) node {
	p.expect("(")
	n := &callNode{name: name}
	for p.space(); !p.accept(")"); p.space() {
		n.arguments = append(n.arguments, p.operand())
		p.space()
		p.accept(",")
	}
	if body {
		p.gobble()
		n.body, _ = p.block([]string{"end"})
		n.hasBody = true
	}
	return n
}
