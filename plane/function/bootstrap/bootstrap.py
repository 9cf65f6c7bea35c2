# Brume's runtime client for Python: the Runtime API over one raw socket,
# because http.client alone costs 50 ms at each cold start. It runs with -E -S,
# so it adds the places of packages itself.
import sys, os, json, time, socket, logging, traceback, importlib, types

HOST, PORT = os.environ['AWS_LAMBDA_RUNTIME_API'].rsplit(':', 1)
API = '/2018-06-01/runtime/'


class Connection:
    def __init__(self):
        self.socket = socket.create_connection((HOST, int(PORT)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile('rb')

    def ask(self, method, path, body=b'', headers=()):
        head = '%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n' % (method, path, HOST, len(body))
        for name, value in headers:
            head += '%s: %s\r\n' % (name, value)
        self.socket.sendall((head + '\r\n').encode('latin-1') + body)
        line = self.file.readline()
        if not line:
            os._exit(0)  # the plane is gone
        status, got = int(line.split()[1]), {}
        while True:
            line = self.file.readline()
            if line in (b'\r\n', b''):
                break
            name, _, value = line.decode('utf-8', 'replace').partition(':')
            got[name.lower()] = value.strip()
        return status, got, self.file.read(int(got.get('content-length') or 0))


class Identity:
    __slots__ = ('cognito_identity_id', 'cognito_identity_pool_id')

    def __init__(self, data):
        self.cognito_identity_id = data.get('cognitoIdentityId')
        self.cognito_identity_pool_id = data.get('cognitoIdentityPoolId')


class Client:
    __slots__ = ('installation_id', 'app_title', 'app_version_name', 'app_version_code', 'app_package_name')


class ClientContext:
    __slots__ = ('custom', 'env', 'client')

    def __init__(self, data):
        self.custom, self.env = data.get('custom'), data.get('env')
        self.client = None
        if data.get('client') is not None:
            self.client = Client()
            for name in Client.__slots__:
                setattr(self.client, name, data['client'].get(name))


class LambdaContext:
    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers.get('lambda-runtime-aws-request-id')
        self.log_group_name = env.get('AWS_LAMBDA_LOG_GROUP_NAME')
        self.log_stream_name = env.get('AWS_LAMBDA_LOG_STREAM_NAME')
        self.function_name = env.get('AWS_LAMBDA_FUNCTION_NAME')
        self.memory_limit_in_mb = env.get('AWS_LAMBDA_FUNCTION_MEMORY_SIZE')
        self.function_version = env.get('AWS_LAMBDA_FUNCTION_VERSION')
        self.invoked_function_arn = headers.get('lambda-runtime-invoked-function-arn')
        self.tenant_id = None
        client = headers.get('lambda-runtime-client-context')
        self.client_context = ClientContext(json.loads(client)) if client else None
        self.identity = Identity(json.loads(headers.get('lambda-runtime-cognito-identity') or '{}'))
        self._deadline = int(headers.get('lambda-runtime-deadline-ms') or 0)

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(message if isinstance(message, str) else str(message))

    def __repr__(self):
        return 'LambdaContext([aws_request_id=%s,log_group_name=%s,log_stream_name=%s,function_name=%s,memory_limit_in_mb=%s,function_version=%s,invoked_function_arn=%s,client_context=%s,identity=%s])' % (
            self.aws_request_id, self.log_group_name, self.log_stream_name, self.function_name, self.memory_limit_in_mb,
            self.function_version, self.invoked_function_arn, self.client_context, self.identity)


class Fault(Exception):
    def __init__(self, kind, message, trace=()):
        self.kind, self.message, self.trace = kind, message, list(trace)


request_id = ''


class RequestFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = request_id
        return True


JSON_LOG = False
STANDARD = set(vars(logging.LogRecord('', 0, '', 0, '', (), None))) | {'message', 'asctime', 'aws_request_id', 'taskName'}
LEVELS = {'TRACE': 5, 'DEBUG': 10, 'INFO': 20, 'WARN': 30, 'ERROR': 40, 'FATAL': 50}


def now():
    t = time.time()
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(t)) + '.%03dZ' % (t % 1 * 1000)


class JSONFormatter(logging.Formatter):
    def format(self, record):
        line = {'timestamp': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(record.created)), 'level': record.levelname, 'message': record.getMessage(), 'logger': record.name}
        if record.exc_info and record.exc_info[0]:
            kind, error, tb = record.exc_info
            line.update(stackTrace=stack(tb), errorType=kind.__name__, errorMessage=str(error), location='%s:%s:%d' % (record.pathname, record.funcName, record.lineno))
        line['requestId'] = request_id
        line.update((k, v) for k, v in vars(record).items() if k not in STANDARD)
        return json.dumps(line, default=str, ensure_ascii=False)


def set_up_logging():
    global JSON_LOG
    root = logging.getLogger()
    out = logging.StreamHandler(sys.stdout)
    if os.environ.get('AWS_LAMBDA_LOG_FORMAT') == 'JSON':
        JSON_LOG = True
        out.setFormatter(JSONFormatter())
        root.addHandler(out)
        root.setLevel(LEVELS.get(os.environ.get('AWS_LAMBDA_LOG_LEVEL'), 20))
        return
    out.setFormatter(logging.Formatter('[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s', '%Y-%m-%dT%H:%M:%S'))
    out.formatter.converter = time.gmtime
    out.addFilter(RequestFilter())
    root.addHandler(out)


def stack(tb):
    frames = [f for f in traceback.extract_tb(tb) if f.filename != __file__ and not f.filename.startswith('<frozen importlib')]
    return traceback.format_list(frames)


def load(handler, root):
    parts = handler.rsplit('.', 1)
    if len(parts) != 2:
        raise Fault('Runtime.MalformedHandlerName', "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % handler)
    name, function = parts
    name = name.replace('/', '.')
    try:
        if name.split('.')[0] in sys.builtin_module_names:
            raise Fault('Runtime.BuiltInModuleConflict', "Cannot use built-in module %s as a handler module" % handler)
        sys.modules.pop(name, None) if name == 'bootstrap' else None
        module = importlib.import_module(name)
    except ImportError as e:
        raise Fault('Runtime.ImportModuleError', "Unable to import module '%s': %s" % (name, e))
    except SyntaxError as e:
        raise Fault('Runtime.UserCodeSyntaxError', "Syntax error in module '%s': %s" % (name, e),
                    ['  File "%s" Line %s\n    %s\n' % (e.filename, e.lineno, (e.text or '').strip())])
    found = getattr(module, function, None)
    if found is None:
        raise Fault('Runtime.HandlerNotFound', "Handler '%s' missing on module '%s'" % (function, name))
    return found


def describe(e):
    if isinstance(e, Fault):
        return {'errorMessage': e.message, 'errorType': e.kind, 'requestId': request_id, 'stackTrace': e.trace}
    return {'errorMessage': str(e), 'errorType': type(e).__name__, 'requestId': request_id, 'stackTrace': stack(e.__traceback__)}


def log_error(error):
    if JSON_LOG:
        line = {'timestamp': now(), 'log_level': 'ERROR', 'errorMessage': error['errorMessage'], 'errorType': error['errorType'], 'requestId': request_id, 'stackTrace': error['stackTrace']}
        print(json.dumps(line, ensure_ascii=False), flush=True)
        return
    text = '[ERROR] %s: %s' % (error['errorType'], error['errorMessage']) if error['errorType'] else '[ERROR] %s' % error['errorMessage']
    if error['stackTrace']:
        text += '\nTraceback (most recent call last):\n' + ''.join(error['stackTrace']).rstrip('\n')
    print(text, flush=True)


def encode(value):
    try:
        return json.dumps(value, ensure_ascii=False).encode('utf-8', 'surrogatepass')
    except Exception as e:
        raise Fault('Runtime.MarshalError', 'Unable to marshal response: %s' % e)


def become(connection):
    """Returns the handler's name and the code's directory; a spare waits to be told."""
    if os.environ.pop('BRUME_SPARE', ''):
        import datetime, decimal, uuid, random, re, base64, urllib.parse  # what most functions import
        _, _, body = connection.ask('GET', '/brume/assignment')
        if not body:
            os._exit(0)
        p = json.loads(body)
        os.environ.clear()
        os.environ.update(p['variables'])
        return p['handler'], p['root']
    return os.environ['_HANDLER'], os.environ['LAMBDA_TASK_ROOT']


def serve(connection, handle):
    global request_id
    while True:
        status, headers, body = connection.ask('GET', API + 'invocation/next')
        if status != 200:
            os._exit(0)
        request_id = headers['lambda-runtime-aws-request-id']
        os.environ['_X_AMZN_TRACE_ID'] = headers.get('lambda-runtime-trace-id', '')
        at = API + 'invocation/' + request_id
        try:
            try:
                event = json.loads(body.decode('utf-8', 'surrogatepass'))
            except ValueError as e:
                raise Fault('Runtime.UnmarshalError', 'Unable to unmarshal input: %s' % e)
            answer = encode(handle(event, LambdaContext(headers)))
            kind = None
        except Exception as e:
            error = describe(e)
            log_error(error)
            answer, kind = json.dumps(error).encode(), error['errorType']
        sys.stdout.flush()
        if kind is None:
            connection.ask('POST', at + '/response', answer, [('Content-Type', 'application/json')])
        else:
            connection.ask('POST', at + '/error', answer, [('Content-Type', 'application/json'), ('Lambda-Runtime-Function-Error-Type', kind)])


def main():
    connection = Connection()
    handler, root = become(connection)
    os.chdir(root)
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or '.') != here]
    sys.path.insert(0, root)
    for p in reversed(os.environ.get('PYTHONPATH', '').split(':')):
        if p:
            sys.path.insert(1, p)
    sys.path.extend(p for p in os.environ.pop('BRUME_PYTHONPATH', '').split(':') if p)
    sys.dont_write_bytecode = True
    set_up_logging()
    try:
        handle = load(handler, root)
    except Exception as e:
        error = describe(e)
        log_error(error)
        connection.ask('POST', API + 'init/error', json.dumps(error).encode(), [('Lambda-Runtime-Function-Error-Type', error['errorType'])])
        sys.exit(1)
    serve(connection, handle)


main()
