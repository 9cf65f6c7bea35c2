// Brume's runtime client for Java: one class without others, so that it is one
// file when it is compiled. It knows AWS's interfaces by name only: they come
// with the function's own aws-lambda-java-core.

import java.io.*;
import java.lang.reflect.*;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.*;

public final class BrumeBootstrap {
    private static final String API = "/2018-06-01/runtime/";
    private static Socket socket;
    private static InputStream in;
    private static Map<String, String> headers;

    public static void main(String[] args) throws Exception {
        String[] at = System.getenv("AWS_LAMBDA_RUNTIME_API").split(":");
        socket = new Socket(at[0], Integer.parseInt(at[1]));
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
        Object target;
        Method method;
        try {
            String[] handler = System.getenv("_HANDLER").split("::", 2);
            Class<?> type = Class.forName(handler[0]);
            method = find(type, handler.length > 1 ? handler[1] : "handleRequest");
            target = Modifier.isStatic(method.getModifiers()) ? null : type.getConstructor().newInstance();
        } catch (Throwable e) {
            ask("POST", API + "init/error", fault(plain(e)), plain(e).getClass().getName());
            System.exit(1);
            return;
        }
        while (true) serve(method, target);
    }

    private static void serve(Method method, Object target) throws Exception {
        byte[] event = ask("GET", API + "invocation/next", new byte[0], null);
        Map<String, String> given = headers;
        if (given.containsKey("lambda-runtime-trace-id")) System.setProperty("com.amazonaws.xray.traceHeader", given.get("lambda-runtime-trace-id"));
        String at = API + "invocation/" + given.get("lambda-runtime-aws-request-id");
        byte[] answer;
        try {
            answer = call(method, target, event, given);
        } catch (Throwable thrown) {
            Throwable e = plain(thrown);
            e.printStackTrace(System.out);
            System.out.flush();
            ask("POST", at + "/error", fault(e), e.getClass().getName());
            return;
        }
        System.out.flush();
        ask("POST", at + "/response", answer, null);
    }

    private static Throwable plain(Throwable e) {
        while ((e instanceof InvocationTargetException || e instanceof ExceptionInInitializerError) && e.getCause() != null) e = e.getCause();
        return e;
    }

    // find picks the method with most parameters, as Lambda does.
    private static Method find(Class<?> type, String name) throws NoSuchMethodException {
        Method best = null;
        for (Method m : type.getMethods()) {
            if (!m.getName().equals(name) || m.isBridge()) continue;
            if (best == null || m.getParameterCount() > best.getParameterCount()) best = m;
        }
        if (best == null) throw new NoSuchMethodException("No public method named " + name + " with appropriate method signature found on class " + type.getName());
        best.setAccessible(true);
        return best;
    }

    private static byte[] call(Method method, Object target, byte[] event, Map<String, String> given) throws Exception {
        Type[] types = method.getGenericParameterTypes();
        Class<?>[] classes = method.getParameterTypes();
        Object[] arguments = new Object[types.length];
        ByteArrayOutputStream out = null;
        for (int i = 0; i < types.length; i++) {
            if (classes[i].getName().equals("com.amazonaws.services.lambda.runtime.Context")) arguments[i] = context(classes[i], given);
            else if (classes[i] == InputStream.class) arguments[i] = new ByteArrayInputStream(event);
            else if (classes[i] == OutputStream.class) arguments[i] = out = new ByteArrayOutputStream();
            else arguments[i] = convert(parse(new String(event, StandardCharsets.UTF_8)), types[i]);
        }
        Object result = method.invoke(target, arguments);
        if (out != null) return out.toByteArray();
        StringBuilder text = new StringBuilder();
        write(text, result);
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Object context(Class<?> type, Map<String, String> given) {
        long deadline = Long.parseLong(given.get("lambda-runtime-deadline-ms"));
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, m, args) -> {
            switch (m.getName()) {
                case "getAwsRequestId": return given.get("lambda-runtime-aws-request-id");
                case "getInvokedFunctionArn": return given.get("lambda-runtime-invoked-function-arn");
                case "getFunctionName": return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
                case "getFunctionVersion": return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
                case "getLogGroupName": return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
                case "getLogStreamName": return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
                case "getMemoryLimitInMB": return Integer.parseInt(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
                case "getRemainingTimeInMillis": return (int) Math.max(0, deadline - System.currentTimeMillis());
                case "getLogger": return logger(m.getReturnType());
                case "toString": return "Context";
                case "hashCode": return 1;
                case "equals": return self == args[0];
                default: return null;
            }
        });
    }

    private static Object logger(Class<?> type) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, m, args) -> {
            if (m.getName().equals("log")) {
                String line = args[0] instanceof byte[] ? new String((byte[]) args[0], StandardCharsets.UTF_8) : String.valueOf(args[0]);
                System.out.print(line.endsWith("\n") ? line : line + "\n");
            }
            return null;
        });
    }

    private static byte[] fault(Throwable e) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("errorMessage", e instanceof ClassNotFoundException ? "Class not found: " + e.getMessage() : e.getMessage());
        out.put("errorType", e.getClass().getName());
        List<String> trace = new ArrayList<>();
        for (StackTraceElement f : e.getStackTrace()) trace.add(f.toString());
        out.put("stackTrace", trace);
        StringBuilder text = new StringBuilder();
        write(text, out);
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    // ask sends one request and returns the body of the answer.
    private static byte[] ask(String verb, String path, byte[] body, String error) {
        try {
            String head = verb + " " + path + " HTTP/1.1\r\nHost: lambda\r\nContent-Type: application/json\r\nContent-Length: " + body.length + "\r\n";
            if (error != null) head += "Lambda-Runtime-Function-Error-Type: " + error + "\r\n";
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.write((head + "\r\n").getBytes(StandardCharsets.UTF_8));
            all.write(body);
            socket.getOutputStream().write(all.toByteArray());
            headers = new HashMap<>();
            line();
            for (String l = line(); !l.isEmpty(); l = line()) {
                int i = l.indexOf(':');
                headers.put(l.substring(0, i).toLowerCase(Locale.ROOT), l.substring(i + 1).trim());
            }
            return in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        } catch (IOException e) { // the plane is gone
            Runtime.getRuntime().halt(0);
            return null;
        }
    }

    private static String line() throws IOException {
        ByteArrayOutputStream b = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) throw new EOFException();
            if (c != '\r') b.write(c);
        }
        return b.toString(StandardCharsets.UTF_8);
    }

    // JSON: Map, List, String, Long, Double, Boolean and null.

    private static String source;
    private static int place;

    private static Object parse(String text) {
        source = text;
        place = 0;
        Object v = value();
        skip();
        if (place != source.length()) throw new IllegalArgumentException("An error occurred during JSON parsing");
        return v;
    }

    private static void skip() {
        while (place < source.length() && source.charAt(place) <= ' ') place++;
    }

    private static boolean take(char c) {
        skip();
        if (place >= source.length() || source.charAt(place) != c) return false;
        place++;
        return true;
    }

    private static Object value() {
        if (take('{')) {
            Map<String, Object> m = new LinkedHashMap<>();
            if (take('}')) return m;
            do {
                if (!take('"')) break;
                String key = string();
                if (!take(':')) break;
                m.put(key, value());
            } while (take(','));
            if (take('}')) return m;
        } else if (take('[')) {
            List<Object> l = new ArrayList<>();
            if (take(']')) return l;
            do l.add(value()); while (take(','));
            if (take(']')) return l;
        } else if (take('"')) {
            return string();
        } else {
            skip();
            int from = place;
            while (place < source.length() && "+-.0123456789abcdefghijklmnopqrstuvwxyzE".indexOf(source.charAt(place)) >= 0) place++;
            String word = source.substring(from, place);
            switch (word) {
                case "null": return null;
                case "true": return true;
                case "false": return false;
            }
            if (word.matches("-?\\d{1,18}")) return Long.parseLong(word);
            if (!word.isEmpty()) return Double.parseDouble(word);
        }
        throw new IllegalArgumentException("An error occurred during JSON parsing");
    }

    private static String string() {
        StringBuilder b = new StringBuilder();
        while (true) {
            char c = source.charAt(place++);
            if (c == '"') return b.toString();
            if (c == '\\') {
                c = source.charAt(place++);
                int i = "bfnrt".indexOf(c);
                if (i >= 0) c = "\b\f\n\r\t".charAt(i);
                else if (c == 'u') {
                    c = (char) Integer.parseInt(source.substring(place, place + 4), 16);
                    place += 4;
                }
            }
            b.append(c);
        }
    }

    // convert makes of a JSON value what a parameter or a setter wants.
    private static Object convert(Object v, Type type) throws Exception {
        if (type instanceof ParameterizedType) {
            ParameterizedType p = (ParameterizedType) type;
            Type[] of = p.getActualTypeArguments();
            if (v instanceof Map && Map.class.isAssignableFrom((Class<?>) p.getRawType())) {
                Map<Object, Object> out = new LinkedHashMap<>();
                for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) out.put(e.getKey(), convert(e.getValue(), of[1]));
                return out;
            }
            if (v instanceof List && ((Class<?>) p.getRawType()).isAssignableFrom(ArrayList.class)) {
                List<Object> out = new ArrayList<>();
                for (Object e : (List<?>) v) out.add(convert(e, of[0]));
                return out;
            }
            return convert(v, p.getRawType());
        }
        if (!(type instanceof Class)) return v;
        Class<?> c = (Class<?>) type;
        if (v == null || c == Object.class || c.isInstance(v)) return v;
        if (v instanceof Number) {
            Number n = (Number) v;
            if (c == int.class || c == Integer.class) return n.intValue();
            if (c == long.class || c == Long.class) return n.longValue();
            if (c == double.class || c == Double.class) return n.doubleValue();
            if (c == float.class || c == Float.class) return n.floatValue();
            if (c == String.class) return String.valueOf(v);
        }
        if (c == boolean.class) return v;
        if (c.isEnum() && v instanceof String) return c.getMethod("valueOf", String.class).invoke(null, v);
        if (v instanceof Map) return bean((Map<?, ?>) v, c);
        throw new IllegalArgumentException("An error occurred during JSON parsing: cannot make " + c.getName() + " of " + v.getClass().getSimpleName());
    }

    private static Object bean(Map<?, ?> values, Class<?> c) throws Exception {
        Constructor<?> k = c.getDeclaredConstructor();
        k.setAccessible(true);
        Object out = k.newInstance();
        for (Method m : c.getMethods()) {
            String name = m.getName();
            if (!name.startsWith("set") || name.length() < 4 || m.getParameterCount() != 1) continue;
            Object key = name.substring(3, 4).toLowerCase(Locale.ROOT) + name.substring(4);
            if (!values.containsKey(key)) key = name.substring(3); // as some events of AWS have it
            if (values.containsKey(key)) m.invoke(out, convert(values.get(key), m.getGenericParameterTypes()[0]));
        }
        return out;
    }

    private static void write(StringBuilder out, Object v) {
        if (v == null || v instanceof Boolean || v instanceof Number) out.append(v);
        else if (v instanceof Map) {
            String comma = "{";
            for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) {
                out.append(comma);
                quote(out, String.valueOf(e.getKey()));
                out.append(':');
                write(out, e.getValue());
                comma = ",";
            }
            out.append(comma.equals("{") ? "{}" : "}");
        } else if (v instanceof Iterable) {
            String comma = "[";
            for (Object e : (Iterable<?>) v) {
                out.append(comma);
                write(out, e);
                comma = ",";
            }
            out.append(comma.equals("[") ? "[]" : "]");
        } else if (v instanceof Object[]) write(out, Arrays.asList((Object[]) v));
        else if (v instanceof CharSequence || v instanceof Enum || v.getClass().getName().startsWith("java.")) quote(out, v.toString());
        else write(out, members(v));
    }

    private static Map<String, Object> members(Object v) {
        Map<String, Object> out = new TreeMap<>();
        for (Method m : v.getClass().getMethods()) {
            String name = m.getName();
            int skip = name.startsWith("get") && name.length() > 3 ? 3 : name.startsWith("is") && name.length() > 2 ? 2 : 0;
            if (skip == 0 || m.getParameterCount() > 0 || name.equals("getClass") || Modifier.isStatic(m.getModifiers())) continue;
            try {
                m.setAccessible(true);
                out.put(name.substring(skip, skip + 1).toLowerCase(Locale.ROOT) + name.substring(skip + 1), m.invoke(v));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("An error occurred during JSON serialization of response", plain(e));
            }
        }
        return out;
    }

    private static void quote(StringBuilder out, String s) {
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        }
        out.append('"');
    }
}
