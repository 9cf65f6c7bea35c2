// Brume's runtime client for Node.js: the Runtime API over one raw socket.
'use strict';
const net = require('net');
const path = require('path');
const fs = require('fs');
const { Writable } = require('stream');
const { pathToFileURL } = require('url');
const Module = require('module');
const { format } = require('util');

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const API = '/2018-06-01/runtime/';
const HANDLER_STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

let requestId = '';

class Connection {
  constructor() {
    this.buffer = Buffer.alloc(0);
    this.waiting = null;
    this.socket = net.connect({ host, port: Number(port), noDelay: true });
    this.socket.on('data', (b) => { this.buffer = this.buffer.length ? Buffer.concat([this.buffer, b]) : b; this.parse(); });
    this.socket.on('close', () => process.exit(0)); // the plane is gone
    this.socket.on('error', () => process.exit(0));
  }

  parse() {
    if (!this.waiting) return;
    const end = this.buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const lines = this.buffer.toString('utf8', 0, end).split('\r\n');
    const headers = {};
    for (const line of lines.slice(1)) {
      const i = line.indexOf(':');
      headers[line.slice(0, i).toLowerCase()] = line.slice(i + 1).trim();
    }
    const size = Number(headers['content-length'] || 0);
    if (this.buffer.length < end + 4 + size) return;
    const body = this.buffer.subarray(end + 4, end + 4 + size);
    this.buffer = this.buffer.subarray(end + 4 + size);
    const done = this.waiting;
    this.waiting = null;
    done({ status: Number(lines[0].split(' ')[1]), headers, body });
  }

  answer() { return new Promise((resolve) => { this.waiting = resolve; this.parse(); }); }

  head(method, at, headers) {
    let text = `${method} ${at} HTTP/1.1\r\nHost: ${host}\r\n`;
    for (const name in headers) text += `${name}: ${headers[name]}\r\n`;
    return text + '\r\n';
  }

  ask(method, at, body = '', headers = {}) {
    headers['Content-Length'] = Buffer.byteLength(body);
    this.socket.write(this.head(method, at, headers) + body);
    return this.answer();
  }
}

// ResponseStream is the stream that a streaming handler writes to.
class ResponseStream extends Writable {
  constructor(connection, at) {
    super({ highWaterMark: 64 * 1024 });
    this.connection = connection;
    this.at = at;
    this.type = 'application/octet-stream';
    this.begun = false;
    this.prelude = null;
  }
  setContentType(type) { this.type = type; }
  begin() {
    if (this.begun) return;
    this.begun = true;
    this.connection.socket.write(this.connection.head('POST', this.at + '/response', {
      'Content-Type': this.type, 'Transfer-Encoding': 'chunked', 'Lambda-Runtime-Function-Response-Mode': 'streaming',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    }));
    if (this.prelude) {
      this.chunk(Buffer.from(this.prelude));
      this.chunk(Buffer.alloc(8));
    }
  }
  chunk(b, done) {
    if (!b.length) { if (done) done(); return; }
    this.connection.socket.write(b.length.toString(16) + '\r\n');
    this.connection.socket.write(b);
    this.connection.socket.write('\r\n', done);
  }
  _write(b, encoding, done) {
    this.begin();
    this.chunk(typeof b === 'string' ? Buffer.from(b, encoding) : b, done);
  }
  _final(done) { this.begin(); this.connection.socket.write('0\r\n\r\n', done); }
  fail(error) {
    this.connection.socket.write('0\r\nLambda-Runtime-Function-Error-Type: ' + error.errorType.replace(/[\r\n]/g, ' ') +
      '\r\nLambda-Runtime-Function-Error-Body: ' + Buffer.from(JSON.stringify(error)).toString('base64') + '\r\n\r\n');
  }
}

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[HANDLER_STREAMING] = 'response';
    return handler;
  },
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.prelude = JSON.stringify(metadata);
      return stream;
    },
  },
};

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

// record is a line of a log in JSON; the first of args that is an error is told in members.
function record(level, args) {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL)) return;
  const line = { timestamp: new Date().toISOString(), level, requestId };
  const error = args.find((a) => a instanceof Error);
  line.message = args.length === 1 && !error ? args[0] : format(...args);
  if (error) Object.assign(line, { errorType: error.name || 'Error', errorMessage: error.message, stackTrace: String(error.stack || '').split('\n') });
  let text;
  try { text = JSON.stringify(line); } catch { text = JSON.stringify({ ...line, message: format(...args) }); }
  process.stdout.write(text + '\n');
}

function print(level, args) {
  if (process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON') return record(level, args);
  const text = format(...args).replace(/\n/g, '\r'); // one event in the log
  process.stdout.write(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${text}\n`);
}

function patchConsole() {
  for (const [name, level] of [['log', 'INFO'], ['info', 'INFO'], ['debug', 'DEBUG'], ['warn', 'WARN'], ['error', 'ERROR'], ['trace', 'TRACE']]) {
    console[name] = (...args) => print(level, args);
  }
}

class Fault extends Error {
  constructor(kind, message, trace) {
    super(message);
    this.name = kind;
    if (trace) this.stack = trace;
  }
}

function describe(e) {
  if (e instanceof Error || (e && typeof e === 'object' && e.stack && e.message !== undefined)) {
    return { errorType: String(e.name || 'Error'), errorMessage: String(e.message), trace: String(e.stack || '').split('\n') };
  }
  return { errorType: e === null ? 'null' : typeof e, errorMessage: String(e), trace: [] };
}

// complain logs an error that the platform is told of.
function complain(what, e) {
  if (process.env.AWS_LAMBDA_LOG_FORMAT !== 'JSON') return print('ERROR', [what + ' \t%s', logged(e)]);
  const d = describe(e);
  process.stdout.write(JSON.stringify({ timestamp: new Date().toISOString(), level: 'ERROR', requestId, message: { errorType: d.errorType, errorMessage: d.errorMessage, stackTrace: d.trace } }) + '\n');
}

function logged(e) {
  const d = describe(e);
  const out = { errorType: d.errorType, errorMessage: d.errorMessage };
  if (e && typeof e === 'object') for (const k of Object.keys(e)) if (k !== 'name' && k !== 'stack' && k !== 'message') out[k] = e[k];
  return JSON.stringify({ ...out, stack: d.trace });
}

async function load(handler, root) {
  const base = path.basename(handler);
  const m = /^([^.]*)\.(.*)$/.exec(base);
  if (!m || handler.includes('..')) throw new Fault('Runtime.MalformedHandlerName', `Bad handler`);
  const file = path.resolve(root, path.dirname(handler), m[1]);
  const name = path.join(path.dirname(handler), m[1]);
  let module;
  try {
    module = await open(file, name);
  } catch (e) {
    if (e instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', String(e), e.stack);
    if (e && (e.code === 'MODULE_NOT_FOUND' || e.code === 'ERR_MODULE_NOT_FOUND')) throw new Fault('Runtime.ImportModuleError', String(e), e.stack);
    throw e;
  }
  let found = module;
  for (const part of m[2].split('.')) found = found === undefined || found === null ? found : (found[part] ?? (found.default && found.default[part]));
  if (found === undefined) throw new Fault('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw new Fault('Runtime.HandlerNotFound', `${handler} is not a function`);
  return found;
}

async function open(file, name) {
  for (const ext of ['', '.js', '.mjs', '.cjs']) {
    const full = file + ext;
    if (!fs.existsSync(full) || fs.statSync(full).isDirectory()) continue;
    if (ext === '.mjs' || (ext === '.js' && isModule(path.dirname(full)))) return import(pathToFileURL(full).href);
    return Module.createRequire(full)(full);
  }
  throw new Fault('Runtime.ImportModuleError', `Error: Cannot find module '${path.basename(name)}'\nRequire stack:\n- /var/runtime/index.mjs`);
}

function isModule(dir) {
  for (;;) {
    const p = path.join(dir, 'package.json');
    if (fs.existsSync(p)) {
      try { return JSON.parse(fs.readFileSync(p, 'utf8')).type === 'module'; } catch { return false; }
    }
    const up = path.dirname(dir);
    if (up === dir) return false;
    dir = up;
  }
}

function makeContext(headers, finish) {
  const env = process.env;
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const parse = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse('lambda-runtime-client-context'),
    identity: parse('lambda-runtime-cognito-identity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (e, r) => finish(e, r),
    succeed: (r) => finish(null, r),
    fail: (e) => finish(e === undefined || e === null ? 'handled' : e),
  };
  return context;
}

// call runs the handler and settles as Lambda does: by its promise, or by the
// callback once the event loop is empty unless the function said not to wait.
function call(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const settle = (e, r) => (e !== null && e !== undefined ? reject(e) : resolve(r));
    const context = makeContext(headers, settle);
    const callback = (e, r) => {
      if (e !== null && e !== undefined || context.callbackWaitsForEmptyEventLoop === false) settle(e, r);
      else whenIdle(() => settle(e, r));
    };
    whenIdle(() => resolve(null)); // nothing is left that could call back
    const result = handler(event, context, callback);
    if (result && typeof result.then === 'function') result.then(resolve, reject);
    else if (result !== undefined && handler.length < 3) resolve(result);
  });
}

let idle = null;
function whenIdle(f) { idle = f; }

async function stream(connection, handler, event, headers, at) {
  const out = new ResponseStream(connection, at);
  const answered = connection.answer.bind(connection);
  try {
    const context = makeContext(headers, () => {});
    const finished = new Promise((resolve, reject) => { out.on('finish', resolve); out.on('error', reject); });
    finished.catch(() => {});
    await handler(event, out, context);
    if (!out.writableEnded) out.end();
    await finished;
    await answered();
  } catch (e) {
    complain('Invoke Error', e);
    if (out.begun) {
      out.fail(describe(e));
      await answered();
    } else await failed(connection, at, e);
  }
}

function failed(connection, at, e) {
  const error = describe(e);
  return connection.ask('POST', at + '/error', JSON.stringify(error), { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': error.errorType.replace(/[^\x20-\x7e]/g, ' ') });
}

async function serve(connection, handler) {
  for (;;) {
    idle = null;
    const { status, headers, body } = await connection.ask('GET', API + 'invocation/next');
    if (status !== 200) process.exit(0);
    connection.socket.unref(); // so that the event loop empties when the function is done
    requestId = headers['lambda-runtime-aws-request-id'];
    process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] || '';
    const at = API + 'invocation/' + requestId;
    let event;
    try {
      event = JSON.parse(body.toString('utf8'));
      if (handler[HANDLER_STREAMING] === 'response') {
        connection.socket.ref();
        await stream(connection, handler, event, headers, at);
        continue;
      }
      const result = await call(handler, event, headers);
      const text = JSON.stringify(result === undefined ? null : result);
      connection.socket.ref();
      await connection.ask('POST', at + '/response', text === undefined ? 'null' : text, { 'Content-Type': 'application/json' });
    } catch (e) {
      connection.socket.ref();
      complain('Invoke Error', e);
      await failed(connection, at, e);
    }
    connection.socket.ref();
  }
}

async function become(connection) {
  if (!process.env.BRUME_SPARE) return [process.env._HANDLER, process.env.LAMBDA_TASK_ROOT];
  const { body } = await connection.ask('GET', '/brume/assignment');
  if (!body.length) process.exit(0);
  const p = JSON.parse(body.toString('utf8'));
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, p.variables);
  Module._initPaths();
  return [p.handler, p.root];
}

async function main() {
  const connection = new Connection();
  const [handler, root] = await become(connection);
  process.chdir(root);
  patchConsole();
  process.on('beforeExit', () => {
    const f = idle;
    idle = null;
    connection.socket.ref();
    if (f) f();
  });
  const crash = (kind) => (e) => {
    const fault = kind ? new Fault(kind, String(e), e && e.stack) : e;
    complain(kind ? 'Unhandled Promise Rejection' : 'Uncaught Exception', fault);
    const at = requestId ? API + 'invocation/' + requestId : API + 'init';
    connection.socket.ref();
    (requestId ? failed(connection, at, fault) : connection.ask('POST', at + '/error', JSON.stringify(describe(fault)), {})).then(() => process.exit(kind ? 128 : 129));
  };
  process.on('uncaughtException', crash(''));
  process.on('unhandledRejection', crash('Runtime.UnhandledPromiseRejection'));
  let found;
  try {
    found = await load(handler, root);
  } catch (e) {
    complain('Uncaught Exception', e);
    const error = describe(e);
    await connection.ask('POST', API + 'init/error', JSON.stringify(error), { 'Lambda-Runtime-Function-Error-Type': error.errorType });
    process.exit(1);
  }
  await serve(connection, found);
}

main();
