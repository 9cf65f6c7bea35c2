package partiql_test

import (
	"errors"
	"testing"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/partiql"
)

// FuzzParse feeds texts that may be no statements: a mistake must be said as one.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`SELECT a, b[0]."c d" FROM "t"."i" WHERE a = ? AND NOT (b IN [1, -2e3] OR size(c) >= 2) ORDER BY a DESC, b`,
		`INSERT INTO t VALUE {'a': [1, <<'x', 'y'>>], "b": {'c': NULL}}`,
		`UPDATE t SET a = a + 1, b = list_append(if_not_exists(b, []), ?) REMOVE c[1] SET d = set_add(d, <<1>>) WHERE k = 'x''y' RETURNING MODIFIED OLD *`,
		`DELETE FROM t WHERE a IS NOT MISSING AND b IS NULL AND c BETWEEN 1 AND 2; -- gone`,
		`EXISTS(SELECT * FROM t WHERE begins_with(a, 'b'))`, `<<`, `'`, `SELECT`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		s, err := partiql.Parse(source, []attribute.Value{attribute.Null(), attribute.Number("1")})
		var mistake *partiql.SyntaxError
		if err != nil && !errors.As(err, &mistake) || err == nil && s.Table == "" {
			t.Fatalf("%q: %+v, %v", source, s, err)
		}
	})
}
