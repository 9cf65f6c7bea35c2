"""What an older boto3 does with SQS: it speaks the Query protocol. Prints what came back.

Run by test_query.py in an environment of its own.  Usage: query_client.py URL
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

url = sys.argv[1]
sqs = boto3.client(
    "sqs", region_name="us-east-1", endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test",
    config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
)
assert sqs.meta.service_model.protocol == "query"
sent = []
sqs.meta.events.register("before-send.sqs", lambda request, **_: sent.append(request.headers["Content-Type"]))

queue = sqs.create_queue(QueueName="query", Attributes={"VisibilityTimeout": "5"}, tags={"a": "b"})["QueueUrl"]
attributes = {"n": {"DataType": "Number", "StringValue": "1"}, "b": {"DataType": "Binary", "BinaryValue": b"\0\xff"}}
sqs.send_message(QueueUrl=queue, MessageBody="<grün & blau>\n", MessageAttributes=attributes)
batch = sqs.send_message_batch(
    QueueUrl=queue,
    Entries=[{"Id": "good", "MessageBody": "2"}, {"Id": "bad", "MessageBody": "3", "DelaySeconds": 901}],
)
messages = []
while len(messages) < 2:
    got = sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5, AttributeNames=["All"], MessageAttributeNames=["All"]
    )
    messages += got["Messages"]
deleted = sqs.delete_message_batch(
    QueueUrl=queue, Entries=[{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
)


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        return e.response["Error"]["Code"]


print(json.dumps({
    "types": sorted({t.decode() if isinstance(t, bytes) else t for t in sent}),
    "bodies": [m["Body"] for m in messages],
    "attributes": messages[0].get("MessageAttributes", {}).get("n"),
    "received": messages[0]["Attributes"]["ApproximateReceiveCount"],
    "failed": [f["Id"] for f in batch["Failed"]],
    "deleted": len(deleted["Successful"]),
    "tags": sqs.list_queue_tags(QueueUrl=queue)["Tags"],
    "timeout": sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"],
    "listed": sqs.list_queues(QueueNamePrefix="query")["QueueUrls"] == [queue],
    "nowhere": code(sqs.get_queue_url, QueueName="not"),
    "handle": code(sqs.delete_message, QueueUrl=queue, ReceiptHandle="x"),
    "empty": sqs.receive_message(QueueUrl=queue).get("Messages", []),
}))
