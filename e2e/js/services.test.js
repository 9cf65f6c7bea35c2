// SQS (JSON), SNS, IAM and STS (Query) through AWS's SDK for JavaScript.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as IAM from '@aws-sdk/client-iam';
import * as SNS from '@aws-sdk/client-sns';
import * as SQS from '@aws-sdk/client-sqs';
import * as STS from '@aws-sdk/client-sts';
import { document, start } from './brume.js';

let brume, sqs, sns, iam, sts;

before(async () => {
  brume = await start();
  sqs = brume.client(SQS.SQS);
  sns = brume.client(SNS.SNS);
  iam = brume.client(IAM.IAM);
  sts = brume.client(STS.STS);
});

after(async () => assert.equal(await brume.stop(), 0));

const refused = (promise, name, message = /./) =>
  assert.rejects(promise, (e) => {
    assert.equal(e.name, name, e.message);
    assert.match(e.message, message);
    assert.ok(e.$metadata.requestId);
    return true;
  });

async function bodies(QueueUrl, count) {
  const got = [];
  while (got.length < count) {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 });
    if (!Messages.length) break;
    for (const m of Messages) {
      got.push(m.Body);
      await sqs.deleteMessage({ QueueUrl, ReceiptHandle: m.ReceiptHandle });
    }
  }
  return got;
}

test('a message goes in and comes out', async () => {
  const { QueueUrl } = await sqs.createQueue({ QueueName: 'plain' });
  const MessageAttributes = {
    colour: { DataType: 'String', StringValue: 'grün' },
    raw: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
  };
  // The client itself checks the MD5 of what it sends and receives.
  const sent = await sqs.sendMessage({ QueueUrl, MessageBody: 'hällo <&>', MessageAttributes });
  const { Messages } = await sqs.receiveMessage({ QueueUrl, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] });
  assert.equal(Messages.length, 1);
  assert.equal(Messages[0].Body, 'hällo <&>');
  assert.equal(Messages[0].MessageId, sent.MessageId);
  assert.equal(Messages[0].MessageAttributes.colour.StringValue, 'grün');
  assert.deepEqual([...Messages[0].MessageAttributes.raw.BinaryValue], [0, 255]);
  assert.equal((await sqs.receiveMessage({ QueueUrl })).Messages, undefined);
  await brume.control('clock', { by: '31s' });
  assert.deepEqual(await bodies(QueueUrl, 1), ['hällo <&>']);
});

test('a long poll wakes at once', async () => {
  const { QueueUrl } = await sqs.createQueue({ QueueName: 'poll' });
  const waiting = bodies(QueueUrl, 1);
  await sqs.sendMessage({ QueueUrl, MessageBody: 'late' });
  assert.deepEqual(await waiting, ['late']);
});

test('batches tell what failed', async () => {
  const { QueueUrl } = await sqs.createQueue({ QueueName: 'batch' });
  const out = await sqs.sendMessageBatch({
    QueueUrl,
    Entries: [{ Id: 'good', MessageBody: 'x' }, { Id: 'bad', MessageBody: 'x', DelaySeconds: 901 }],
  });
  assert.deepEqual(out.Successful.map((s) => s.Id), ['good']);
  assert.deepEqual(out.Failed.map((f) => f.Id), ['bad']);
  await refused(sqs.sendMessageBatch({ QueueUrl, Entries: [] }), 'EmptyBatchRequest');
});

test('FIFO keeps order and forgets doubles', async () => {
  const { QueueUrl } = await sqs.createQueue({
    QueueName: 'order.fifo',
    Attributes: { FifoQueue: 'true', ContentBasedDeduplication: 'true' },
  });
  for (const MessageBody of ['1', '1', '2', '3']) await sqs.sendMessage({ QueueUrl, MessageBody, MessageGroupId: 'g' });
  assert.deepEqual(await bodies(QueueUrl, 3), ['1', '2', '3']);
});

test('errors of SQS are AWS\'s', async () => {
  await refused(sqs.getQueueUrl({ QueueName: 'nowhere' }), 'QueueDoesNotExist', /does not exist/);
  await assert.rejects(sqs.getQueueUrl({ QueueName: 'nowhere' }), SQS.QueueDoesNotExist);
  const { QueueUrl } = await sqs.createQueue({ QueueName: 'errors' });
  await refused(sqs.deleteMessage({ QueueUrl, ReceiptHandle: 'x' }), 'ReceiptHandleIsInvalid');
});

test('pages', async () => {
  for (let n = 0; n < 5; n++) await sqs.createQueue({ QueueName: `page-${n}` });
  const sizes = [];
  for await (const page of SQS.paginateListQueues({ client: sqs, pageSize: 2 }, { QueueNamePrefix: 'page-' })) {
    sizes.push(page.QueueUrls.length);
  }
  assert.deepEqual(sizes, [2, 2, 1]);
});

test('a topic tells queues what their filters let through', async () => {
  const { TopicArn } = await sns.createTopic({ Name: 'news' });
  const Policy = document({ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: '*' });
  const subscribe = async (QueueName, Attributes) => {
    const { QueueUrl } = await sqs.createQueue({ QueueName, Attributes: { Policy } });
    const { Attributes: { QueueArn } } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['QueueArn'] });
    await sns.subscribe({ TopicArn, Protocol: 'sqs', Endpoint: QueueArn, Attributes });
    return QueueUrl;
  };
  const jp = await subscribe('jp', { RawMessageDelivery: 'true', FilterPolicy: '{"market":["jp"]}' });
  const dear = await subscribe('dear', {
    RawMessageDelivery: 'true', FilterPolicyScope: 'MessageBody', FilterPolicy: '{"total":[{"numeric":[">=",100]}]}',
  });
  const all = await subscribe('all', {});
  for (const [market, total] of [['jp', 5], ['us', 100], ['jp', 500]]) {
    await sns.publish({
      TopicArn,
      Message: JSON.stringify({ total }),
      MessageAttributes: { market: { DataType: 'String', StringValue: market } },
    });
  }
  const totals = async (url, count) => (await bodies(url, count)).map((b) => JSON.parse(b).total).sort((a, b) => a - b);
  assert.deepEqual(await totals(jp, 2), [5, 500]);
  assert.deepEqual(await totals(dear, 2), [100, 500]);
  assert.deepEqual((await bodies(all, 3)).map((b) => JSON.parse(b).TopicArn), [TopicArn, TopicArn, TopicArn]);
  await refused(sns.publish({ TopicArn: `${TopicArn}-not`, Message: 'x' }), 'NotFoundException', /Topic does not exist/);
});

const trust = (AWS) => document({ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' });

test('a user may what its policy says, and take on a role', async () => {
  const { User } = await iam.createUser({ UserName: 'ann' });
  const { AccessKey } = await iam.createAccessKey({ UserName: 'ann' });
  const credentials = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
  const theirs = brume.client(SQS.SQS, credentials);
  await refused(theirs.listQueues({}), 'AccessDenied', /user\/ann is not authorized to perform: sqs:listqueues .*no identity-based policy/i);
  await iam.putUserPolicy({
    UserName: 'ann', PolicyName: 'p', PolicyDocument: document({ Effect: 'Allow', Action: 'sqs:ListQueues', Resource: '*' }),
  });
  await theirs.listQueues({});
  const { Role } = await iam.createRole({ RoleName: 'clerk', AssumeRolePolicyDocument: trust(User.Arn) });
  await iam.attachRolePolicy({ RoleName: 'clerk', PolicyArn: 'arn:aws:iam::aws:policy/AmazonSNSFullAccess' });
  const annSTS = brume.client(STS.STS, credentials);
  assert.equal((await annSTS.getCallerIdentity({})).Arn, User.Arn);
  const { Credentials: c, AssumedRoleUser } = await annSTS.assumeRole({
    RoleArn: Role.Arn, RoleSessionName: 'me', DurationSeconds: 900,
    Policy: document({ Effect: 'Allow', Action: 'sns:ListTopics', Resource: '*' }),
  });
  assert.match(AssumedRoleUser.Arn, /:assumed-role\/clerk\/me$/);
  assert.ok(c.Expiration instanceof Date);
  const clerk = brume.client(SNS.SNS, { accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretAccessKey, sessionToken: c.SessionToken });
  await clerk.listTopics({});
  await refused(clerk.createTopic({ Name: 'x' }), 'AuthorizationErrorException', /no session policy allows/);
  await brume.control('clock', { by: '16m' });
  await refused(clerk.listTopics({}), 'ExpiredToken', /expired/);
  await refused(iam.getUser({ UserName: 'nobody' }), 'NoSuchEntityException', /nobody cannot be found/);
});

test('wrong credentials', async () => {
  await iam.createUser({ UserName: 'bob' });
  const { AccessKey } = await iam.createAccessKey({ UserName: 'bob' });
  const wrong = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: 'wrong' };
  await refused(brume.client(STS.STS, wrong).getCallerIdentity({}), 'SignatureDoesNotMatch');
  await refused(brume.client(SQS.SQS, wrong).listQueues({}), 'SignatureDoesNotMatch');
});
