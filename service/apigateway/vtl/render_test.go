package vtl

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// rendered renders a template without API Gateway's variables.
func rendered(t *testing.T, source string, variables map[string]any) string {
	t.Helper()
	template, err := Compile(source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	out, err := template.Render(Scope{Variables: variables})
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return out
}

type rule struct{ source, want string }

func check(t *testing.T, rules []rule) {
	t.Helper()
	for _, c := range rules {
		m := NewMap(map[string]any{"k": "v", "n": int64(7), "inner": NewMap(map[string]any{"x": 1.5})})
		l := &List{items: []any{"one", "two", int64(3)}}
		got := rendered(t, c.source, map[string]any{"s": "Hello, World", "m": m, "l": l, "n": int64(5), "f": 2.5, "yes": true, "no": false, "empty": ""})
		if got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.source, got, c.want)
		}
	}
}

// The rules of "Velocity User Guide" and "VTL Reference", version 1.7.
func TestReferences(t *testing.T) {
	check(t, []rule{
		{"$s|${s}|$!s|$!{s}", "Hello, World|Hello, World|Hello, World|Hello, World"},
		{"$x|${x}|$!x|$!{x}|", "$x|${x}|||"},
		{"$x.y.z()|$!x.y|$s.nothing()|$m.nothing", "$x.y.z()||$s.nothing()|$m.nothing"},
		{"$m.k|$m.inner.x|$m['k']|$m.get('n')|$l[0]|$l[-1]|$l.get(1)", "v|1.5|v|7|one|3|two"},
		{"${s}ly $s.length().", "Hello, Worldly 12."},
		{`\$s \\$s \$x \\$x`, `$s \Hello, World \$x \\$x`},
		{`\#if(x) \#set \\#if($yes)y#end`, `#if(x) #set \y`},
		{"$5 #unknown # $ a#b", "$5 #unknown # $ a#b"},
		{"$m $l $f $yes", "{inner={x=1.5}, k=v, n=7} [one, two, 3] 2.5 true"},
		{"#set($a = {})$a|#set($b = [])$b", "{}|[]"},
	})
}

func TestSetAndExpressions(t *testing.T) {
	check(t, []rule{
		{"  #set($a = 1)\n$a", "1"},
		{"#set($a = 'x $s')$a", "x $s"},
		{`#set($a = "x $s #if($yes)y#end")$a`, "x Hello, World y"},
		{`#set($a = "say ""hi""")$a|#set($b = 'it''s')$b`, `say "hi"|it's`},
		{"#set($a = 7 + 3 * 2)$a|#set($a = (7 + 3) * 2)$a|#set($a = 7 / 2)$a|#set($a = 7 % 4)$a|#set($a = -7 / 2)$a", "13|20|3|3|-3"},
		{"#set($a = 7 / 2.0)$a|#set($a = 1.5 * 2)$a|#set($a = 100000.0 * 100)$a|#set($a = 0.0001)$a", "3.5|3.0|1.0E7|1.0E-4"},
		{"#set($a = 'a' + 1)$a|#set($a = 1 + $s)$a|#set($a = 'a' + $x)$a", "a1|1Hello, World|a$x"},
		{"#set($a = 1)#set($a = 1 / 0)$a|#set($a = $x)$a|#set($b = 1 - 'x')$b", "1|1|$b"},
		{"#set($a = 9223372036854775807)#set($b = $a + 1)$b|#set($b = $a * 2)$b", "$b|$b"},
		{"#set($m.k = 'w')$m.k|#set($m['z'] = 1)$m.z|#set($l[0] = 0)$l|#set($m.inner.x = [1])$m.inner", "w|1|[0, two, 3]|{x=[1]}"},
		{"#set($a = [1..3])$a|#set($a = [2..-1])$a|#set($a = [$n..6])$a", "[1, 2, 3]|[2, 1, 0, -1]|[5, 6]"},
		{"#set($a = {'b': [1, {'c': 'd'}], 'e': true})$a.b[1].c $a", "d {b=[1, {c=d}], e=true}"},
	})
}

func TestConditions(t *testing.T) {
	for expression, want := range map[string]bool{
		"$yes": true, "$no": false, "!$no": true, "not $yes": false, "$x": false, "!$x": true, "$empty": true, "$s": true,
		"0": true, "$l && $m": true, "$x || $yes": true, "$yes and $no": false, "$no or $yes": true,
		"$n == 5": true, "$n == 5.0": true, "$n == '5'": true, "$n != 5": false, "$s == 'Hello, World'": true,
		"$x == $y": true, "$x == 1": false, "$n < 6": true, "$n <= 5": true, "$n > 5": false, "$n >= 5": true,
		"$n lt 6": true, "$n ge 6": false, "$n eq 5": true, "$n ne 5": false, "'a' < 'b'": false, "$x < 1": false,
		"[1, 2] == [1, 2]": true, "{'a': 1} == {'a': 1}": true, "{'a': 1} == {'a': 2}": false,
		"$yes && ($no || !$no)": true, "1 + 1 == 2": true, "$s.equals('x')": false, "$n.equals(5)": true, "$n.equals('5')": false,
	} {
		want := map[bool]string{true: "yes", false: "no"}[want]
		check(t, []rule{{"#if(" + expression + ")yes#{else}no#end", want}})
	}
	check(t, []rule{
		{"#if($x)a#elseif($no)b#elseif($yes)c#{else}d#end", "c"},
		{"#if($x)\na\n#else\nb\n#end\nc", "b\nc"},
	})
}

func TestLoops(t *testing.T) {
	check(t, []rule{
		{"#foreach($i in $l)$i#if($foreach.hasNext), #end#end", "one, two, 3"},
		{"#foreach($i in $l)$foreach.index$foreach.count$velocityCount$foreach.first$foreach.last #end", "011truefalse 122falsefalse 233falsetrue "},
		{"#foreach($i in [1..2])#foreach($j in [1..2])$foreach.parent.count$foreach.count #end#end$!i$!foreach", "11 12 21 22 "},
		{"#foreach($i in [1..9])#if($i == 3)#break#end$i#end.", "12."},
		{"#foreach($i in [1..9])$i#stop#end.", "1"},
		{"#foreach($v in $m)$v #end", "{x=1.5} v 7 "},
		{"#foreach($e in $m.entrySet())$e.key=$e.value $e.getKey() #end", "inner={x=1.5} inner k=v k n=7 n "},
		{"#foreach($k in $m.keySet())$k #end#foreach($i in $x)no#end#foreach($i in 'no')no#end", "inner k n "},
		{"#set($i = 'kept')#foreach($i in [1..2])#end$i", "kept"},
		{"a\n#foreach($i in [1..2])\n  $i\n#end\nb", "a\n  1\n  2\nb"},
	})
	if got := rendered(t, "#foreach($i in [1..5000])x#end", nil); len(got) != MaxLoop {
		t.Errorf("a loop went round %d times, want %d", len(got), MaxLoop)
	}
}

func TestMacrosAndDefinitions(t *testing.T) {
	check(t, []rule{
		{"#macro(hi $name $sign)Hi $name$!sign#end#hi('Bo' '!') #hi($n)", "Hi Bo! Hi 5"},
		{"#macro(down $i)$i#if($i > 0)#set($next = $i - 1)#down($next)#end#end#down(3)", "3210"},
		{"#macro(wrap)<$bodyContent>#end#@wrap()in $n#end", "<in 5>"},
		{"#define($block)n is $n#end#set($n = 6)$block", "n is 6"},
		{"#macro(m $n)$n#end#m(1)$n", "15"},
	})
}

func TestMethods(t *testing.T) {
	for call, want := range map[string]string{
		"$s.length()": "12", "$s.substring(7)": "World", "$s.substring(0, 5)": "Hello", "$s.indexOf('o')": "4",
		"$s.indexOf('o', 5)": "8", "$s.lastIndexOf('o')": "8", "$s.indexOf('z')": "-1", "$s.charAt(1)": "e",
		"$s.split(', ')": "[Hello, World]", "$s.split('o')": "[Hell, , W, rld]", "$s.split('l', 2)": "[He, lo, World]",
		"$s.replace('l', 'L')": "HeLLo, WorLd", "$s.replaceAll('[a-z]+', '.')": "H., W.", "$s.replaceFirst('l', '')": "Helo, World",
		"$s.replaceAll('(\\w+), (\\w+)', '$2 $1')": "World Hello", "$s.matches('Hello.*')": "true", "$s.matches('Hello')": "false",
		"$s.contains('lo')": "true", "$s.startsWith('He')": "true", "$s.endsWith('x')": "false", "$s.toLowerCase()": "hello, world",
		"$s.toUpperCase()": "HELLO, WORLD", "$s.equals('a')": "false", "$s.equalsIgnoreCase('hello, world')": "true",
		"$s.concat('!')": "Hello, World!", "$s.isEmpty()": "false", "$s.empty": "false", "$s.toString()": "Hello, World",
		"$n.toString().length()": "1", "$n.parseInt('12')": "12", "$f.intValue()": "2", "$n.compareTo(6)": "-1",
		"$l.size()": "3", "$l.isEmpty()": "false", "$l.contains('two')": "true", "$l.indexOf(3)": "2", "$l.subList(1, 3)": "[two, 3]",
		"$l.set(0, 'x')$l": "one[x, two, 3]", "$l.add(4)$l": "true[one, two, 3, 4]", "$!l.add(0, 'z')$l": "[z, one, two, 3]",
		"$l.addAll([8, 9])$l": "true[one, two, 3, 8, 9]", "$l.remove(0)$l": "one[two, 3]", "$l.remove('two')$l": "true[one, 3]",
		"$m.size()": "3", "$m.keySet()": "[inner, k, n]", "$m.values()": "[{x=1.5}, v, 7]", "$m.containsKey('k')": "true",
		"$m.containsValue('v')": "true", "$m.entrySet()": "[inner={x=1.5}, k=v, n=7]", "$!m.put('a', 1)$m.a": "1", "$m.put('k', 1)": "v",
		"$m.remove('k')$m": "v{inner={x=1.5}, n=7}", "$m.getOrDefault('z', 0)": "0", "$!m.putAll({'q': 1})$m.q": "1", "$m.isEmpty()": "false",
		"$n.class": "$n.class", "$s.getClass()": "$s.getClass()",
	} {
		check(t, []rule{{call, want}})
	}
	if got := rendered(t, "$s.length() $s.substring(2) $s.indexOf('b')", map[string]any{"s": "😀b"}); got != "3 b 2" {
		t.Errorf("positions in UTF-16: got %q", got)
	}
}

func TestHostileTemplatesAreStopped(t *testing.T) {
	for name, source := range map[string]string{
		"a string that doubles":      "#set($a = 'xxxxxxxx')#foreach($i in [1..1000])#set($a = $a + $a)#end",
		"a string in itself":         `#set($a = "x")#foreach($i in [1..1000])#set($a = "$a$a")#end`,
		"a replacement that grows":   "#set($a = 'aa')#foreach($i in [1..99])#set($a = $a.replace('a', 'aaaaaaaaaaa'))#end",
		"a list of itself":           "#set($l = [1])#set($x = $l.add($l))$l",
		"lists that share":           "#set($l = [1])#foreach($i in [1..60])#set($l = [$l, $l])#end$l",
		"equal lists that share":     "#set($l = [1])#set($k = [1])#foreach($i in [1..60])#set($l = [$l, $l])#set($k = [$k, $k])#end#if($l == $k)#end",
		"nested loops":               "#foreach($i in [1..1000])#foreach($i in [1..1000])#foreach($i in [1..1000])#set($b = 1)#end#end#end",
		"a long range":               "#set($l = [0..2000000000])",
		"the longest range":          "#set($l = [-9223372036854775808..9223372036854775807])",
		"a macro that calls itself":  "#macro(m)#m()#end#m()",
		"a definition of itself":     "#define($d)$d#end$d",
		"a list that doubles":        "#set($l = [1, 2])#foreach($i in [1..1000])#set($x = $l.addAll($l))#end",
		"a large regular expression": "#set($a = 'a')#foreach($i in [1..18])#set($a = $a + $a)#end$a.matches('((a{100}b?){9}|.*)*c')",
		"deep JSON":                  "$util.parseJson('" + strings.Repeat("[", 5000) + "')",
		"an index out of bounds":     "#set($l = [1])$l[1]",
		"substring out of bounds":    "#set($s = 'abc')$s.substring(2, 1)",
		"a wrong regular expression": "#set($s = 'abc')$s.matches('(')",
	} {
		template, err := Compile(source)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var bad *RenderError
		if _, err := template.Render(Message{}.Scope()); !errors.As(err, &bad) {
			t.Errorf("%s: got %v, want a *RenderError", name, err)
		}
	}
}

// The first value is the one that is looked for: only the copy costs.
func TestSearchingALargeMapIsPaidFor(t *testing.T) {
	var body strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&body, `,"%d":1`, i)
	}
	template, err := Compile("#foreach($i in [1..1000])#set($b = $input.path('$').containsValue(1))#end")
	if err != nil {
		t.Fatal(err)
	}
	var bad *RenderError
	if _, err := template.Render(Message{Body: "{" + body.String()[1:] + "}"}.Scope()); !errors.As(err, &bad) {
		t.Errorf("got %v, want a *RenderError", err)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("#foreach($i in $input.path('$.a[*]'))$i#if($foreach.hasNext),#end#end", `{"a":[1,{"b":null}]}`)
	f.Add("#macro(m $a)$a.b#end#m($input.json('$..x'))#set($l=[1..3])$l.add('x')", `{"x":1e9}`)
	f.Add("$util.escapeJavaScript($input.body).replaceAll('(a)', '$1')#define($d)\\$d#end$d", "é'\"/")
	f.Fuzz(func(t *testing.T, source, body string) {
		template, err := Compile(source)
		if err != nil {
			return
		}
		var bad *RenderError
		out, err := template.Render(Message{Body: body}.Scope())
		if err != nil && !errors.As(err, &bad) {
			t.Error(err)
		}
		if len(out) > MaxOutput {
			t.Errorf("%d bytes", len(out))
		}
	})
}
