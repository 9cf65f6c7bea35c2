package function

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func needs(t testing.TB, program string) {
	t.Helper()
	if exec.Command(program, "--version").Run() != nil {
		t.Skipf("%s is not installed", program)
	}
}

func languageSpec(t testing.TB, runtime, handler string, files map[string]string) Spec {
	return Spec{Key: t.Name() + handler, Function: "f", Region: "eu-west-1", Runtime: runtime, Handler: handler, Code: zipOf(t, files), Timeout: 20 * time.Second, MemoryMB: 512}
}

const pythonCode = `
import json, os, logging
logger = logging.getLogger(); logger.setLevel('INFO')
def echo(event, context):
    print('printed'); logger.info('logged')
    return {'event': event, 'id': context.aws_request_id, 'left': context.get_remaining_time_in_millis() > 0,
            'arn': context.invoked_function_arn, 'mine': os.environ.get('MINE'), 'cwd': os.getcwd() == os.environ['LAMBDA_TASK_ROOT'], 'name': context.function_name}
def fail(event, context):
    raise ValueError('no good')
def strange(event, context):
    return {1, 2}
def leave(event, context):
    os._exit(3)
`

func TestPython(t *testing.T) {
	needs(t, "python3")
	bothWays(t, func(t *testing.T, p *Plane) {
		files := map[string]string{"app.py": pythonCode, "sub/inner.py": "def h(e, c): return 'ü'\n", "broken.py": "def (", "needs.py": "import nothing_such"}
		spec := func(handler string) Spec {
			s := languageSpec(t, "python3.11", handler, files)
			s.Variables = func(context.Context) (map[string]string, error) { return map[string]string{"MINE": "x"}, nil }
			return s
		}
		out := invoke(t, p, spec("app.echo"), map[string]any{"a": 1})
		for _, want := range []string{`"event": {"a": 1}`, `"left": true`, `"mine": "x"`, `"cwd": true`, `"arn": "arn:aws`, `"name": "f"`} {
			if !strings.Contains(string(out.Payload), want) {
				t.Errorf("no %s in %s\n%s", want, out.Payload, text(out))
			}
		}
		if l := text(out); !strings.Contains(l, "\nprinted\n[INFO]\t") || !strings.Contains(l, "\tlogged\nEND") {
			t.Errorf("log:\n%s", l)
		}
		for _, c := range []struct{ handler, kind, want string }{
			{"sub/inner.h", "", `"ü"`},
			{"app.fail", "ValueError", `"errorMessage": "no good"`},
			{"app.fail", "ValueError", `in fail\n    raise ValueError('no good')\n"]`},
			{"app.strange", "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"},
			{"app.leave", "Runtime.ExitError", "exit status 3"},
			{"app.none", "Runtime.HandlerNotFound", "Handler 'none' missing on module 'app'"},
			{"none.echo", "Runtime.ImportModuleError", "Unable to import module 'none': No module named 'none'"},
			{"needs.echo", "Runtime.ImportModuleError", "No module named 'nothing_such'"},
			{"broken.echo", "Runtime.UserCodeSyntaxError", "Syntax error in module 'broken': "},
			{"app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"},
		} {
			out := invoke(t, p, spec(c.handler), nil)
			if out.ErrorType != c.kind || !strings.Contains(string(out.Payload), c.want) {
				t.Errorf("%s: %q %s\n%s", c.handler, out.ErrorType, out.Payload, text(out))
			}
		}
	})
}

const nodeCode = `
exports.echo = async (event, context) => { console.log('said', {a: 1}); return { event, id: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0, mine: process.env.MINE }; };
exports.callback = (event, context, callback) => { setTimeout(() => callback(null, 'called'), 5); };
exports.never = (event, context, callback) => {};
exports.fail = async () => { throw new TypeError('no good'); };
exports.callbackFail = (event, context, callback) => callback(new RangeError('none'));
exports.crash = async () => { setTimeout(() => { throw new Error('late'); }, 1); await new Promise((r) => setTimeout(r, 5000)); };
exports.stream = awslambda.streamifyResponse(async (event, out) => { out = awslambda.HttpResponseStream.from(out, {statusCode: 201}); out.write('one,'); out.write('two'); out.end(); });
exports.streamFail = awslambda.streamifyResponse(async (event, out) => { out.write('one'); await new Promise(r => setTimeout(r, 5)); throw new Error('half'); });
`

// TestPythonOfAVirtualEnvironment has one on the PATH, as who develops in Python
// mostly has.
func TestPythonOfAVirtualEnvironment(t *testing.T) {
	needs(t, "python3")
	dir := t.TempDir()
	if out, err := exec.Command("python3", "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("PATH", filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	bothWays(t, func(t *testing.T, p *Plane) {
		out := invoke(t, p, languageSpec(t, "python3.11", "app.h", map[string]string{"app.py": "import sys\ndef h(e, c): return sys.prefix\n"}), nil)
		if out.FunctionError != "" || strings.Contains(string(out.Payload), dir) {
			t.Errorf("%s %s\n%s", out.FunctionError, out.Payload, text(out))
		}
	})
}

func TestNode(t *testing.T) {
	needs(t, "node")
	bothWays(t, func(t *testing.T, p *Plane) {
		files := map[string]string{"index.js": nodeCode, "es.mjs": "import fs from 'fs'; export const h = async () => typeof fs.readFileSync;", "bad.js": "let let = ;", "m/package.json": `{"type":"module"}`, "m/a.js": "export const h = async () => 'module';"}
		spec := func(handler string) Spec {
			s := languageSpec(t, "nodejs20.x", handler, files)
			s.Variables = func(context.Context) (map[string]string, error) { return map[string]string{"MINE": "x"}, nil }
			return s
		}
		for _, c := range []struct{ handler, kind, want, log string }{
			{"index.echo", "", `"left":true,"mine":"x"`, "\tINFO\tsaid { a: 1 }\n"},
			{"index.callback", "", `"called"`, ""},
			{"index.never", "", `null`, ""},
			{"es.h", "", `"function"`, ""},
			{"m/a.h", "", `"module"`, ""},
			{"index.fail", "TypeError", `"errorMessage":"no good"`, "\tERROR\tInvoke Error\t"},
			{"index.callbackFail", "RangeError", `"errorMessage":"none"`, ""},
			{"index.crash", "Error", `"late"`, "Uncaught Exception"},
			{"index.none", "Runtime.HandlerNotFound", "index.none is undefined or not exported", ""},
			{"none.h", "Runtime.ImportModuleError", "Cannot find module 'none'", ""},
			{"bad.h", "Runtime.UserCodeSyntaxError", "SyntaxError", ""},
		} {
			out := invoke(t, p, spec(c.handler), map[string]any{"a": 1})
			if out.ErrorType != c.kind || !strings.Contains(string(out.Payload), c.want) || !strings.Contains(strings.ReplaceAll(text(out), "\tInvoke Error \t", "\tInvoke Error\t"), c.log) {
				t.Errorf("%s: %q %s\n%s", c.handler, out.ErrorType, out.Payload, text(out))
			}
		}
		var b bytes.Buffer
		ev := event(nil)
		ev.Stream = &b
		out, err := p.Invoke(t.Context(), spec("index.stream"), ev)
		if err != nil || b.String() != "{\"statusCode\":201}\x00\x00\x00\x00\x00\x00\x00\x00one,two" || out.ContentType != "application/vnd.awslambda.http-integration-response" {
			t.Errorf("%v %q %+v", err, b.String(), out)
		}
		if out := invoke(t, p, spec("index.streamFail"), nil); out.ErrorType != "Error" || !strings.Contains(string(out.Payload), "half") {
			t.Errorf("%+v", out)
		}
	})
}

func TestSpareTakesOnAFunction(t *testing.T) {
	for _, c := range []struct{ program, runtime, handler, name, code string }{
		{"python3", "python3.11", "app.h", "app.py", "import os\ndef h(e, c): return [os.environ['MINE'], os.environ['AWS_LAMBDA_FUNCTION_NAME'], os.getcwd() == os.environ['LAMBDA_TASK_ROOT']]\n"},
		{"node", "nodejs20.x", "app.h", "app.js", "exports.h = async () => [process.env.MINE, process.env.AWS_LAMBDA_FUNCTION_NAME, process.cwd() == process.env.LAMBDA_TASK_ROOT];"},
	} {
		t.Run(c.program, func(t *testing.T) {
			needs(t, c.program)
			p := newPlane(t, func(c *Config) { c.NoSpares = false })
			s := languageSpec(t, c.runtime, c.handler, map[string]string{c.name: c.code})
			s.Variables = func(context.Context) (map[string]string, error) { return map[string]string{"MINE": "x"}, nil }
			if _, err := p.Prepare(s); err != nil {
				t.Fatal(err)
			}
			p.ending.Wait()
			e := p.spareOf()
			out := invoke(t, p, s, nil)
			if got := strings.ReplaceAll(string(out.Payload), " ", ""); got != `["x","f",true]` {
				t.Errorf("answer %s\n%s", got, text(out))
			}
			if e == nil || !strings.HasSuffix(out.LogStream, e.stream) {
				t.Error("the spare was not used")
			}
		})
	}
}

func (p *Plane) spareOf() *environment {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.spares {
		return e
	}
	return nil
}

// TestInterpretersRunEitherArchitecture: what nobody said of a function must not
// keep it from running on an arm64 machine, or on another.
func TestInterpretersRunEitherArchitecture(t *testing.T) {
	needs(t, "python3")
	p := newPlane(t)
	for _, a := range []string{"x86_64", "arm64"} {
		s := languageSpec(t, "python3.11", "f.echo", map[string]string{"f.py": pythonCode})
		s.Architecture = a
		if _, err := p.Prepare(s); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// The versions that layers are made for are the ones asked for; another may stand in.
func TestLanguagesFindTheirLayers(t *testing.T) {
	bothWays(t, func(t *testing.T, p *Plane) {
		for _, c := range []struct{ program, runtime, handler string }{
			{"python3", "python3.12", "app.h"},
			{"node", "nodejs18.x", "index.h"},
		} {
			t.Run(c.runtime, func(t *testing.T) {
				needs(t, c.program)
				s := languageSpec(t, c.runtime, c.handler, map[string]string{
					"app.py":   "import any, low\ndef h(e, c): return [any.name, low.name]\n",
					"index.js": "const a = require('any'), l = require('low'); exports.h = async () => [a.name, l.name];",
				})
				s.Layers = []Archive{
					zipOf(t, map[string]string{
						"python/low.py": "name = 'low'\n", "python/any.py": "name = 'any version'\n",
						"nodejs/node_modules/low.js": "exports.name = 'low'", "nodejs/node_modules/any.js": "exports.name = 'any version'",
					}),
					zipOf(t, map[string]string{
						"python/lib/python3.12/site-packages/any.py": "name = 'this version'\n",
						"nodejs/node18/node_modules/any.js":          "exports.name = 'this version'",
					}),
				}
				out := invoke(t, p, s, nil)
				if got := strings.ReplaceAll(string(out.Payload), " ", ""); got != `["thisversion","low"]` {
					t.Errorf("%s\n%s", got, text(out))
				}
			})
		}
	})
}
