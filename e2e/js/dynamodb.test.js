// DynamoDB through the DocumentClient, with JavaScript's own values.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as DynamoDB from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { start } from './brume.js';

let brume, client, documents;
const TableName = 'documents';

before(async () => {
  brume = await start();
  client = brume.client(DynamoDB.DynamoDB);
  documents = DynamoDBDocument.from(client);
  await client.createTable({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }, { AttributeName: 'sk', AttributeType: 'N' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }],
  });
  await DynamoDB.waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
});

after(async () => assert.equal(await brume.stop(), 0));

test('documents come back as they were put', async () => {
  const Item = { pk: 'a', sk: 1, words: new Set(['x', 'y']), list: [1, 'two', { three: [null, true] }], bytes: new Uint8Array([0, 255]), umlaut: 'grün' };
  await documents.put({ TableName, Item });
  const got = await documents.get({ TableName, Key: { pk: 'a', sk: 1 }, ConsistentRead: true });
  assert.deepEqual(got.Item, Item);
});

test('updates of what is nested', async () => {
  await documents.put({ TableName, Item: { pk: 'b', sk: 1, map: { list: [1, 2, 3] } } });
  const out = await documents.update({
    TableName, Key: { pk: 'b', sk: 1 }, ReturnValues: 'ALL_NEW',
    UpdateExpression: 'SET #m.#l[1] = :v, #m.added = list_append(#m.#l, :more) REMOVE #m.#l[0]',
    ExpressionAttributeNames: { '#m': 'map', '#l': 'list' }, ExpressionAttributeValues: { ':v': 'changed', ':more': [4] },
  });
  assert.deepEqual(out.Attributes.map, { list: ['changed', 3], added: [1, 2, 3, 4] });
});

test('pages of a query', async () => {
  for (let from = 0; from < 100; from += 25) {
    await documents.batchWrite({ RequestItems: { [TableName]: Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: { pk: 'c', sk: from + i } } })) } });
  }
  const got = [];
  const query = { TableName, KeyConditionExpression: 'pk = :pk AND sk BETWEEN :a AND :b', ExpressionAttributeValues: { ':pk': 'c', ':a': 10, ':b': 59 } };
  for await (const page of paginateQuery({ client: documents, pageSize: 7 }, query)) got.push(...page.Items.map((i) => i.sk));
  assert.deepEqual(got, Array.from({ length: 50 }, (_, i) => i + 10));
});

test('conditions and transactions', async () => {
  const Put = { TableName, Item: { pk: 'd', sk: 1 }, ConditionExpression: 'attribute_not_exists(pk)' };
  await documents.transactWrite({ TransactItems: [{ Put }] });
  await assert.rejects(documents.transactWrite({ TransactItems: [{ Put }] }), (e) => {
    assert.equal(e.name, 'TransactionCanceledException');
    assert.equal(e.CancellationReasons[0].Code, 'ConditionalCheckFailed');
    return true;
  });
  await assert.rejects(documents.put(Put), { name: 'ConditionalCheckFailedException' });
});
