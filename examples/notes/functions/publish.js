// The stream's function: every new note becomes a piece of work in the queue.
const { SQSClient, SendMessageBatchCommand } = require("@aws-sdk/client-sqs");

const sqs = new SQSClient({});
const batchSize = 10; // of SendMessageBatch

exports.handler = async (event) => {
  const notes = event.Records.map((r) => r.dynamodb.NewImage);
  for (let i = 0; i < notes.length; i += batchSize) {
    const Entries = notes.slice(i, i + batchSize).map((n, k) => ({
      Id: String(k),
      MessageBody: JSON.stringify({ owner: n.owner.S, id: n.id.S, text: n.text.S }),
    }));
    const { Failed } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: process.env.QUEUE, Entries }));
    if (Failed?.length) throw new Error(`${Failed.length} notes were not taken by the queue`);
  }
};
