package function

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// javaFiles are the functions of the test, and what a real one has from aws-lambda-java-core.
var javaFiles = map[string]string{
	"com/amazonaws/services/lambda/runtime/Context.java": `package com.amazonaws.services.lambda.runtime;
public interface Context { String getAwsRequestId(); String getFunctionName(); int getRemainingTimeInMillis(); LambdaLogger getLogger(); }`,
	"com/amazonaws/services/lambda/runtime/LambdaLogger.java": `package com.amazonaws.services.lambda.runtime;
public interface LambdaLogger { void log(String message); }`,
	"com/amazonaws/services/lambda/runtime/RequestHandler.java": `package com.amazonaws.services.lambda.runtime;
public interface RequestHandler<I, O> { O handleRequest(I input, Context context); }`,
	"app/Echo.java": `package app;
import com.amazonaws.services.lambda.runtime.*;
import java.util.*;
public class Echo implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  public Map<String, Object> handleRequest(Map<String, Object> in, Context c) {
    c.getLogger().log("logged");
    Map<String, Object> out = new TreeMap<>(in);
    out.put("name", c.getFunctionName()); out.put("left", c.getRemainingTimeInMillis() > 0); out.put("id", c.getAwsRequestId().startsWith("request-"));
    out.put("mine", System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
    return out;
  }
}`,
	"app/Order.java": `package app;
import java.util.*;
public class Order {
  private String name; private int count; private List<Order> parts;
  public String getName() { return name; } public void setName(String v) { name = v; }
  public int getCount() { return count; } public void setCount(int v) { count = v; }
  public List<Order> getParts() { return parts; } public void setParts(List<Order> v) { parts = v; }
}`,
	"app/Other.java": `package app;
import java.io.*;
public class Other {
  public Order bean(Order o) { o.setCount(o.getCount() + o.getParts().get(0).getCount()); return o; }
  public static String fixed(String in) { return in + "\"ü"; }
  public void stream(InputStream in, OutputStream out) throws IOException { out.write(in.readAllBytes()); out.write(' '); }
  public String fail(Object in) { throw new IllegalStateException("no good"); }
  public int[] exit(Object in) { System.exit(3); return null; }
}`,
}

// javaClasses compiles them.
func javaClasses(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-nowarn", "-d", filepath.Join(dir, "out")}
	for name, text := range javaFiles {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	if out, err := exec.Command("javac", args...).CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	classes := map[string]string{}
	out := os.DirFS(filepath.Join(dir, "out"))
	for name := range javaFiles {
		name = strings.TrimSuffix(name, ".java") + ".class"
		f, err := out.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		b, err := os.ReadFile(filepath.Join(dir, "out", name))
		if err != nil {
			t.Fatal(err)
		}
		classes[name] = string(b)
	}
	return classes
}

func TestJava(t *testing.T) {
	needs(t, "javac")
	classes := javaClasses(t)
	bothWays(t, func(t *testing.T, p *Plane) {
		for _, c := range []struct{ handler, event, kind, want string }{
			{"app.Echo", `{"a":[1,2.5,null,"x"],"b":{"c":true}}`, "", `{"a":[1,2.5,null,"x"],"b":{"c":true},"id":true,"left":true,"mine":"256","name":"f"}`},
			{"app.Other::bean", `{"name":"n","count":2,"parts":[{"count":3}]}`, "", `{"count":5,"name":"n","parts":[{"count":3,"name":null,"parts":null}]}`},
			{"app.Other::fixed", `"\u00e4\n"`, "", `"ä\u000a\"ü"`},
			{"app.Other::stream", `{"raw": 1}`, "", `{"raw": 1} `},
			{"app.Other::fail", `1`, "java.lang.IllegalStateException", `{"errorMessage":"no good","errorType":"java.lang.IllegalStateException","stackTrace":["app.Other.fail(Other.java:`},
			{"app.Other::exit", `1`, "Runtime.ExitError", "exit status 3"},
			{"app.None", `1`, "java.lang.ClassNotFoundException", "Class not found: app.None"},
			{"app.Other::none", `1`, "java.lang.NoSuchMethodException", "No public method named none"},
		} {
			if p.config.Plain && c.handler != "app.Echo" {
				continue // a virtual machine takes a second to start
			}
			s := Spec{Key: t.Name() + c.handler, Function: "f", Region: "eu-west-1", Runtime: "java21", Handler: c.handler, Code: zipOf(t, classes), Timeout: 20 * time.Second, MemoryMB: 256}
			out, err := p.Invoke(t.Context(), s, Event{RequestID: "request-1", Payload: []byte(c.event)})
			if err != nil {
				t.Fatal(err)
			}
			if out.ErrorType != c.kind || !strings.Contains(string(out.Payload), c.want) {
				t.Errorf("%s: %q %s\n%s", c.handler, out.ErrorType, out.Payload, text(out))
			}
			if c.handler == "app.Echo" && !strings.Contains(text(out), "\nlogged\n") {
				t.Errorf("log:\n%s", text(out))
			}
		}
	})
}
