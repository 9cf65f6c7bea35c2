package vtl

import (
	"errors"
	"strings"
	"testing"
)

func TestTemplatesAreRead(t *testing.T) {
	for _, source := range []string{
		"", "plain $ # \\ text", "$5 and #1", "$a.b.c(1, 'x')[0] ${a.b} $!{a}", "$a. #unknown",
		"#set($a = 1 + 2 * -3)\n$a", `#set($a.b = "x $y z")`, "#set($l = [1..3])#set($m = {'a': [1, 2.5], 'b': {}})",
		"#if($a && !$b || $c eq 'd')x#elseif($a <= 1)y#{else}z#end",
		"#foreach($x in $l.keySet())$x#if($foreach.hasNext),#end#end",
		"#macro(m $a $b)$a#end#m(1 $c)", "#define($d)x#end$d", "## comment\n#* more *# #[[ $raw ]]#", `\$a \\$a \#if`,
		"#set($inputRoot = $input.path('$'))\n{\"photos\": $inputRoot.photos.page}",
	} {
		if _, err := Compile(source); err != nil {
			t.Errorf("%q: %v", source, err)
		}
	}
}

func TestWrongTemplatesAreRefused(t *testing.T) {
	for source, line := range map[string]int{
		"#if($a)":                              1,
		"a\n#end":                              2,
		"#set(1 = 2)":                          1,
		"\n\n#set($a = 'open)":                 3,
		"#include('x')":                        1,
		"#parse('x')":                          1,
		"#* open":                              1,
		"#set($a = word)":                      1,
		strings.Repeat("#if($a)", 1000):        1,
		"#set($a=" + strings.Repeat("(", 1000): 1,
	} {
		var bad *SyntaxError
		if _, err := Compile(source); !errors.As(err, &bad) || bad.Line != line {
			t.Errorf("%.40q: got %v, want an error in line %d", source, err, line)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("#if($a)$b.c(1)[0]#else \\$d#end")
	f.Fuzz(func(t *testing.T, source string) {
		var bad *SyntaxError
		if _, err := Compile(source); err != nil && !errors.As(err, &bad) {
			t.Error(err)
		}
	})
}
