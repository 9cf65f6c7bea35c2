package partiql

import (
	"strings"
	"testing"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

func TestMistakesAreToldInAWSWords(t *testing.T) {
	const malformed = "Statement wasn't well formed, can't be processed: "
	const leftover = malformed + "Unexpected token after expression"
	for statement, want := range map[string]string{
		`SLECT * FROM "t"`:                                  malformed + "Expected data manipulation",
		`UPDATE Payment-x SET a = 1 WHERE pk = 1`:           malformed + "Expected data manipulation",
		`SELECT * FROM "t" WHERE pk = 1 foo`:                leftover,
		`SELECT * FROM "t" WHERE pk = 1 e5`:                 leftover,
		`INSERT INTO "t" VALUE {'pk': 1} foo`:               leftover,
		`INSERT INTO "t" u VALUE {'pk': 1}`:                 leftover,
		`UPDATE "t" SET a = 9 WHERE pk = 1 foo`:             leftover,
		`DELETE FROM "t" WHERE pk = 1 ORDER BY pk`:          leftover,
		`SELECT * FROM "t" WHERE pk = 1)`:                   leftover,
		`SELECT * FROM "t" ORDER BY pk WHERE pk = 1`:        leftover,
		`FROM "t" SET c = 1 WHERE pk = 'a'`:                 leftover,
		`SELECT * FROM "t" WHERE pk = 1e2147483648`:         malformed,
		`SELECT * FROM "t" WHERE pk = 1.5e-2147483647`:      malformed,
		`SELECT * FROM "t" WHERE pk = 1 # note`:             malformed,
		`SELECT * FROM "t" WHERE pk = 1 /* note`:            malformed,
		`SELECT * FROM "t`:                                  malformed,
		`SELECT * FROM "t" u WHERE pk = 'x'`:                "Aliasing is not supported",
		`SELECT * FROM "t" AS u WHERE pk = 'x'`:             "Aliasing is not supported",
		`UPDATE "t" u SET a = 3 WHERE pk = 'x'`:             "Aliasing is not supported",
		`DELETE FROM "t" u WHERE pk = 'x'`:                  "Aliasing is not supported",
		`SELECT * FROM "t" WHERE`:                           malformed + "Unexpected term",
		`SELECT * FROM "t" WHERE;`:                          malformed + "Unexpected term",
		`SELECT * FROM "t" WHERE NOT`:                       malformed + "Unexpected term",
		`SELECT * FROM "t" WHERE (`:                         malformed + "Unexpected term",
		`SELECT * FROM`:                                     malformed + "Unexpected term",
		`SELECT * FROM "t" WHERE pk = 'a' AND`:              malformed + "Missing right-hand side expression of infix operator",
		`SELECT * FROM "t" WHERE pk = 'a' OR`:               malformed + "Missing right-hand side expression of infix operator",
		`SELECT * FROM "t" WHERE ORDER BY pk`:               malformed + "Unexpected keyword",
		`SELECT date FROM "t"`:                              malformed + "Unexpected keyword",
		`SELECT * FROM "t" WHERE pk = 'a' AND x IS FOO`:     malformed + "Expected type name",
		`SELECT * FROM "t" WHERE IS NULL`:                   malformed + "Unexpected operator",
		`SELECT * FROM "t" WHERE pk = LIKE`:                 malformed + "Unexpected operator",
		`DELETE FROM`:                                       malformed + "Expected identifier for simple path",
		`DELETE FROM;`:                                      malformed + "Expected identifier for simple path",
		`DELETE FROM WHERE pk = 'a'`:                        malformed + "Expected identifier for simple path",
		`SELECT * FROM "t"."i"."x"`:                         "A path may contain at most 2 components in the FROM clause",
		`SELECT * FROM "t".""`:                              "Path component cannot be an empty string",
		`SELECT * FROM ""`:                                  "Path component cannot be an empty string",
		`UPDATE t SET a = 1, a.b = 2 WHERE pk = 1`:          "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]",
		strings.Repeat(`EXISTS(`, 300):                      malformed + "Unexpected keyword",
		`SELECT * FROM t WHERE ` + strings.Repeat("(", 300): malformed + "Too many levels of nesting",
		`INSERT INTO t VALUE ` + strings.Repeat("[", 300):   malformed + "Too many levels of nesting",
	} {
		_, err := Parse(statement)
		if err == nil || err.Error() != want {
			t.Errorf("%.60s\n got  %v\n want %s", statement, err, want)
		}
	}
}

// write writes a condition with all its parentheses.
func write(c *expression.Condition) string {
	var parts []string
	for _, of := range c.Of {
		parts = append(parts, write(of))
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

func TestConditionsBecomeExpressions(t *testing.T) {
	for source, want := range map[string]string{
		`a = 1 OR b = 2 AND NOT c = ?`:           "(OR (= [a] :0) (AND (= [b] :1) (NOT (= [c] :2))))",
		`(a = 1 or 2 > "date") and c != 'x''y'`:  "(AND (OR (= [a] :0) (< [date] :1)) (<> [c] :2))",
		`a BETWEEN 1 AND 2 AND b IN [1, 'x']`:    "(AND (BETWEEN [a] :0 :1) (IN [b] :2 :3))",
		`a NOT IN (1) AND b NOT BETWEEN 1 AND 2`: "(AND (NOT (IN [a] :0)) (NOT (BETWEEN [b] :1 :2)))",
		`SIZE(a.b[3]) >= 1`:                      "(>= size[a, b, [3]] :0)",
		`BEGINS_WITH("a"['b c'], ?)`:             "(begins_with [a, b c] :0)",
		`a IS MISSING AND b IS NOT MISSING`:      "(AND (attribute_not_exists [a]) (NOT (attribute_not_exists [b])))",
		`a IS NOT NULL`:                          "(NOT (attribute_type [a] :0))",
		`a."date" = b`:                           "(= [a, date] [b])",
	} {
		s, err := Parse("SELECT * FROM t WHERE " + source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
		} else if got := write(s.Where); got != want {
			t.Errorf("%s reads as %s, want %s", source, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`SELECT a.b[1], "c d"['e'] FROM "t"."i" WHERE (pk = ? OR pk IN ['a', 2]) AND NOT sk BETWEEN -1 AND .5e3 ORDER BY pk DESC, sk ASC;`,
		`INSERT INTO t VALUE {'a': <<1, 2>>, 'b': [null, true, FALSE, {'c': ?}], 'd': 'it''s'}`,
		`UPDATE t SET a = a + 1, b.c[0] = list_append(?, [1]) SET s = set_add(s, <<'x'>>) REMOVE d WHERE pk = 'x' AND size(a) > 1 RETURNING MODIFIED NEW *`,
		`FROM t WHERE pk = 1 AND a IS NOT MISSING SET b = set_delete(b, ?)`,
		"-- note\nDELETE FROM t /* x */ WHERE begins_with(pk, 'a') RETURNING ALL OLD *",
		`EXISTS(SELECT * FROM t WHERE pk = 1 AND a IS NULL)`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		s, err := Parse(source)
		if err != nil {
			return
		}
		if s.Kind == 0 || s.Table == "" {
			t.Errorf("%q is a statement about nothing", source)
		}
		var check func(o *expression.Operand)
		check = func(o *expression.Operand) {
			if (o.Path == nil) == (o.Value == "" && o.Function == "") {
				t.Errorf("%q has an operand that is nothing, or two things", source)
			}
			for _, a := range o.Args {
				check(a)
			}
		}
		var walk func(c *expression.Condition)
		walk = func(c *expression.Condition) {
			for _, of := range c.Of {
				walk(of)
			}
			for _, a := range c.Args {
				check(a)
			}
		}
		if s.Where != nil {
			walk(s.Where)
		}
		if s.Update != nil {
			for _, a := range s.Update.Set {
				check(a.To)
			}
		}
	})
}
