// A WebSocket API of API Gateway through the npm package ws, and its connections through
// AWS's SDK for JavaScript.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import { ApiGatewayManagementApi } from '@aws-sdk/client-apigatewaymanagementapi';
import { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import WebSocket from 'ws';
import { start } from './brume.js';

let brume, address, connections;

// Names below localhost are this machine's; not every resolver knows that.
const lookup = (_, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

before(async () => {
  brume = await start();
  const gateway = brume.client(ApiGatewayV2);
  const { ApiId, ApiEndpoint } = await gateway.createApi({
    Name: 'chat',
    ProtocolType: 'WEBSOCKET',
    RouteSelectionExpression: '$request.body.action',
  });
  const { IntegrationId } = await gateway.createIntegration({
    ApiId,
    IntegrationType: 'MOCK',
    RequestTemplates: { $default: '{"statusCode":200}' },
    TemplateSelectionExpression: '\\$default',
  });
  await gateway.createIntegrationResponse({
    ApiId,
    IntegrationId,
    IntegrationResponseKey: '$default',
    TemplateSelectionExpression: '\\$default',
    ResponseTemplates: { $default: '{"echo":"$context.routeKey","to":"$context.connectionId"}' },
  });
  for (const RouteKey of ['echo', '$default']) {
    const { RouteId } = await gateway.createRoute({
      ApiId,
      RouteKey,
      Target: `integrations/${IntegrationId}`,
      RouteResponseSelectionExpression: '$default',
    });
    await gateway.createRouteResponse({ ApiId, RouteId, RouteResponseKey: '$default' });
  }
  await gateway.createStage({ ApiId, StageName: 'prod', AutoDeploy: true });
  address = `${ApiEndpoint}/prod`;
  connections = new ApiGatewayManagementApi({
    endpoint: address.replace('ws:', 'http:'),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { httpAgent: new Agent({ lookup }) },
  });
});

after(async () => {
  connections.destroy();
  assert.equal(await brume.stop(), 0);
});

async function connect() {
  const socket = new WebSocket(address, { lookup });
  await once(socket, 'open');
  return socket;
}

// The next message, once something was done.
async function next(socket, act) {
  const message = once(socket, 'message');
  await act();
  const [data, isBinary] = await message;
  assert.equal(isBinary, false);
  return data.toString();
}

const say = (socket, message) => next(socket, () => socket.send(message)).then(JSON.parse);

test('a two-way route answers', async () => {
  const socket = await connect();
  const first = await say(socket, '{"action":"echo"}');
  assert.equal(first.echo, 'echo');
  assert.deepEqual(await say(socket, 'no JSON'), { echo: '$default', to: first.to });
  socket.close();
  await once(socket, 'close');
});

test('a backend posts to a connection, asks about it and ends it', async () => {
  const socket = await connect();
  const { to: ConnectionId } = await say(socket, '{}');
  assert.equal(await next(socket, () => connections.postToConnection({ ConnectionId, Data: 'grün' })), 'grün');
  const about = await connections.getConnection({ ConnectionId });
  assert.ok(about.ConnectedAt instanceof Date);
  assert.ok(about.Identity.SourceIp);
  const closed = once(socket, 'close');
  await connections.deleteConnection({ ConnectionId });
  await closed;
  await assert.rejects(connections.postToConnection({ ConnectionId, Data: 'x' }), { name: 'GoneException' });
});

test('a connection that is idle for ten minutes is ended', async () => {
  const [idle, busy] = [await connect(), await connect()];
  await brume.control('clock', { by: '9m' });
  await say(busy, '{}');
  const closed = once(idle, 'close');
  await brume.control('clock', { by: '2m' });
  const [code, reason] = await closed;
  assert.equal(code, 1001);
  assert.equal(reason.toString(), 'Going away');
  assert.equal((await say(busy, '{}')).echo, '$default');
  busy.close();
  await once(busy, 'close');
});
