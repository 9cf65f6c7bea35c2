// Package vtl is the Velocity Template Language as API Gateway speaks it: the
// language of Velocity 1.7, Java's methods that templates call, and the variables
// $input, $util, $context and $stageVariables. It knows nothing of AWS's API.
//
// Templates are hostile: limits.go says what bounds them.
package vtl

import "fmt"

// Template is a compiled template. It never changes.
type Template struct {
	body   block
	macros map[string]*macro
}

// SyntaxError says where a template cannot be read.
type SyntaxError struct {
	Line   int
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Compile reads a template. The error is a *SyntaxError.
func Compile(source string) (t *Template, err error) {
	defer func() {
		if p := recover(); p != nil {
			bad, ok := p.(*SyntaxError)
			if !ok {
				panic(p)
			}
			t, err = nil, bad
		}
	}()
	if len(source) > MaxSource {
		return nil, &SyntaxError{Line: 1, Reason: "the template is too long"}
	}
	p := &parser{src: source, macros: map[string]*macro{}}
	body, _ := p.block(nil)
	return &Template{body: body, macros: p.macros}, nil
}
