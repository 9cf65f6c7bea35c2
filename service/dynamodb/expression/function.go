package expression

// function is what is known of a function of the language.
type function struct {
	operands  int
	condition bool // is a condition by itself
	update    bool // of update expressions
	path      bool // the first operand must be a path
}

// functionOf finds a function. Their names are in lower case.
func functionOf(name string) (function, bool) {
	switch name {
	case "attribute_exists", "attribute_not_exists":
		return function{operands: 1, condition: true, path: true}, true
	case "attribute_type", "begins_with", "contains":
		return function{operands: 2, condition: true}, true
	case "size":
		return function{operands: 1}, true
	case "if_not_exists":
		return function{operands: 2, update: true, path: true}, true
	case "list_append":
		return function{operands: 2, update: true}, true
	}
	return function{}, false
}

// check refuses operands that the function cannot have.
func (f function) check(o *Operand) error {
	if f.path && o.Args[0].Path == nil {
		return mistake("Operator or function requires a document path; operator or function: %s", o.Function)
	}
	if f.update {
		return nil
	}
	for _, a := range o.Args {
		if a.Function == "" || a.Function == "size" && o.Function != "size" {
			continue
		}
		return misused(a.Function)
	}
	return nil
}

// misused is the error for a function where it has no place.
func misused(name string) error {
	return mistake("The function is not allowed to be used this way in an expression; function: %s", name)
}
