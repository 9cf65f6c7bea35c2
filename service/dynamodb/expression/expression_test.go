package expression

import (
	"strings"
	"testing"
)

func marks() *Placeholders {
	return &Placeholders{
		Names:    map[string]string{"#n": "name", "#s": "status"},
		HasValue: func(s string) bool { return len(s) == 2 && s[1] >= 'a' && s[1] <= 'z' },
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestMistakesAreToldInAWSWords(t *testing.T) {
	condition := func(s string) error { _, err := ParseCondition(s, marks()); return err }
	update := func(s string) error { _, err := ParseUpdate(s, marks()); return err }
	projection := func(s string) error { _, err := ParseProjection(s, marks()); return err }
	for _, c := range []struct {
		parse        func(string) error
		source, want string
	}{
		{condition, "a = = :v", `Syntax error; token: "=", near: "= = :v"`},
		{condition, "_a = :v", `Syntax error; token: "_", near: "_a"`},
		{condition, "a = ", `Syntax error; token: "<EOF>", near: "="`},
		{condition, " ", `The expression can not be empty;`},
		{condition, "name = :v", `Attribute name is a reserved keyword; reserved keyword: name`},
		{condition, "a.Status = :v", `Attribute name is a reserved keyword; reserved keyword: Status`},
		{condition, "#x = :v", `An expression attribute name used in the document path is not defined; attribute name: #x`},
		{condition, "a = :missing", `An expression attribute value used in expression is not defined; attribute value: :missing`},
		{condition, "foo(a)", `Invalid function name; function: foo`},
		{condition, "attribute_exists(a, b)", `Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2`},
		{condition, "attribute_exists(:v)", `Operator or function requires a document path; operator or function: attribute_exists`},
		{condition, "size(a)", `Syntax error; token: "<EOF>", near: ")"`},
		{condition, "if_not_exists(a, :v) = :v", `The function is not allowed in a condition expression; function: if_not_exists`},
		{condition, "attribute_exists(a) = :v", `Syntax error; token: "=", near: ") = :v"`},
		{condition, "a = attribute_exists(b)", `The function is not allowed to be used this way in an expression; function: attribute_exists`},
		{condition, "((a = :v))", `The expression has redundant parentheses;`},
		{condition, "a = a", `The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]`},
		{condition, "a BETWEEN :v :w", `Syntax error; token: ":w", near: ":v :w"`},
		{condition, "a[99999999999999999999] = :v", `List index is not within the allowable range; index: [99999999999999999999]`},
		{update, "SET a = :v SET b = :v", `The "SET" section can only be used once in an update expression;`},
		{update, "SET a = :v,", `Syntax error; token: "<EOF>", near: ","`},
		{update, "SET a = :v / :w", `Syntax error; token: "/", near: ":v / :w"`},
		{update, "FOO a", `Syntax error; token: "FOO", near: "FOO a"`},
		{update, "SET a.b = :v REMOVE a", `Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]`},
		{update, "SET a.b = :v, a[1] = :v", `Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]`},
		{update, "SET a = size(b)", `The function is not allowed in an update expression; function: size`},
		{projection, "!!", `Syntax error; token: "!", near: "!!"`},
		{projection, "a b", `Syntax error; token: "b", near: "a b"`},
		{projection, "a, b, a", `Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]`},
		{projection, strings.Repeat("a", 5000), `Expression size has exceeded the maximum allowed size; expression size: 5000`},
		{condition, strings.Repeat("a=:v or ", 301) + "b=:v", `The expression contains too many operators; operator count: 301`},
	} {
		if got := message(c.parse(c.source)); got != c.want {
			t.Errorf("%.40s\n got  %s\n want %s", c.source, got, c.want)
		}
	}
}

// print writes a condition with all its parentheses.
func print(c *Condition) string {
	var parts []string
	for _, of := range c.Of {
		parts = append(parts, print(of))
	}
	for _, a := range c.Args {
		switch {
		case a.Path != nil:
			parts = append(parts, a.Path.String())
		case a.Value != "":
			parts = append(parts, a.Value)
		default:
			parts = append(parts, a.Function+a.Args[0].Path.String())
		}
	}
	return "(" + c.Op + " " + strings.Join(parts, " ") + ")"
}

func TestConditionsBindAsTheyShould(t *testing.T) {
	for source, want := range map[string]string{
		"a = :v OR b = :v AND NOT c = :v":       "(OR (= [a] :v) (AND (= [b] :v) (NOT (= [c] :v))))",
		"(a = :v or b = :v) and c <> :v":        "(AND (OR (= [a] :v) (= [b] :v)) (<> [c] :v))",
		"a between :v and :w and b in (:v, :w)": "(AND (BETWEEN [a] :v :w) (IN [b] :v :w))",
		"size(#n.b[3]) >= :v":                   "(>= size[name, b, [3]] :v)",
		"begins_with(a, :v)":                    "(begins_with [a] :v)",
		":v = a":                                "(= :v [a])",
	} {
		c, err := ParseCondition(source, marks())
		if err != nil {
			t.Errorf("%s: %v", source, err)
		} else if got := print(c); got != want {
			t.Errorf("%s reads as %s, want %s", source, got, want)
		}
	}
}

func TestUpdatesHaveFourSections(t *testing.T) {
	m := marks()
	u, err := ParseUpdate("set a = if_not_exists(a, :z) + :v, b = list_append(b, :l) remove c[1], d add e :v delete #s :s", m)
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Set) != 2 || len(u.Remove) != 2 || len(u.Add) != 1 || len(u.Delete) != 1 || u.Set[0].To.Function != "+" {
		t.Errorf("%+v", u)
	}
	if !m.UsedName("#s") || m.UsedName("#n") || !m.UsedValue(":z") || m.UsedValue(":q") {
		t.Error("used placeholders are not noted")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a = :v OR b[1].#n <> size(c)", "SET a = :v + :w REMOVE b", "a, b.c[2]", "(((", "NOT NOT a IN (:v)"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		if c, err := ParseCondition(s, marks()); err == nil {
			print(c)
		}
		_, _ = ParseUpdate(s, marks())
		_, _ = ParseProjection(s, marks())
	})
}
