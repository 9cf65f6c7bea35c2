"""What several suites ask."""

import json

import pytest
from botocore.exceptions import ClientError


def refused(code, call, **arguments):
    """Calls, expects AWS's error CODE, and returns its message."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    assert caught.value.response["ResponseMetadata"]["RequestId"]
    return caught.value.response["Error"]["Message"]


def receive(sqs, url, wait=0, **options):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait, **options).get("Messages", [])


def bodies(sqs, url, count, wait=5):
    """Receives and deletes COUNT messages; fewer only when no more come."""
    got = []
    while len(got) < count:
        messages = receive(sqs, url, wait)
        if not messages:
            break
        for m in messages:
            got.append(m["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])
    return got


def arn(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def let(principal, action, resource="*", effect="Allow"):
    """A statement of a resource's policy."""
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource}


def trusting(principal):
    """A statement of a role's trust policy."""
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}


def may(action, resource="*", effect="Allow"):
    """A statement of an identity's policy."""
    return {"Effect": effect, "Action": action, "Resource": resource}
