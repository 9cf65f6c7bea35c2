"""A pipeline through boto3: a queue feeds a function, which fills a table, whose stream feeds another."""

import json
import os
import platform
import shutil
import time

import boto3
import pytest

from test_lambda import archive

pytestmark = pytest.mark.skipif(shutil.which("python3") is None, reason="functions need python3 on the path")

# Takes orders off a queue; what it cannot read it reports, and goes on.
ORDERS = """
import json, os, boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handler(event, context):
    failed = []
    for record in event["Records"]:
        try:
            order = json.loads(record["body"])
            table.put_item(Item={"id": order["id"], "amount": order["amount"]})
        except Exception as e:
            print("failed", record["messageId"], repr(e))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""

# Tells of every new order of some worth.
AUDIT = """
def handler(event, context):
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        print("audit", record["eventName"], image["id"]["S"], image["amount"]["N"])
"""


@pytest.fixture
def role(iam, name):
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}))
    allow = {"Effect": "Allow", "Action": ["logs:*", "sqs:*", "dynamodb:*"], "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow}))
    return made["Role"]["Arn"]


@pytest.fixture
def make(brume, role):
    """Makes a function of a text. Its boto3 is that of the tests."""

    def make(name, text, **variables):
        variables["PYTHONPATH"] = os.path.dirname(os.path.dirname(boto3.__file__))
        arch = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
        brume.client("lambda").create_function(
            FunctionName=name, Architectures=[arch], Runtime="python3.12", Handler="app.handler", Role=role,
            Code={"ZipFile": archive(text)}, Timeout=20, MemorySize=512, Environment={"Variables": variables},
        )
        return name

    return make


def eventually(look, patience=60):
    """Waits until look returns something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError("it does not happen")


def enabled(awslambda, **wanted):
    mapping = awslambda.create_event_source_mapping(**wanted)
    assert mapping["State"] == "Creating"
    eventually(lambda: awslambda.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled")
    return mapping["UUID"]


def arn_of(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def test_pipeline(brume, sqs, make, name):
    awslambda, dynamodb, logs = brume.client("lambda"), brume.client("dynamodb"), brume.client("logs")
    table = dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    dead = sqs.create_queue(QueueName=name + "-dead")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 2})
    queue = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "20", "RedrivePolicy": redrive})["QueueUrl"]
    orders, audit = make(name, ORDERS, TABLE=name), make(name + "-audit", AUDIT)
    enabled(
        awslambda, FunctionName=audit, EventSourceArn=table["LatestStreamArn"], StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"id": {"S": [{"prefix": "o"}]}}}})}]},
    )
    mapping = enabled(awslambda, FunctionName=orders, EventSourceArn=arn_of(sqs, queue), FunctionResponseTypes=["ReportBatchItemFailures"])

    bodies = [json.dumps({"id": f"o{i}", "amount": i}) for i in range(20)] + ["no order", json.dumps({"id": "x", "amount": 1})]
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies[start : start + 10])]
        assert not sqs.send_message_batch(QueueUrl=queue, Entries=entries).get("Failed")

    eventually(lambda: dynamodb.scan(TableName=name, Select="COUNT")["Count"] == 21)

    def audited():
        events = logs.filter_log_events(logGroupName="/aws/lambda/" + audit, filterPattern="audit")["events"]
        seen = sorted(e["message"].split()[2] for e in events)
        return seen if len(seen) >= 20 else None

    assert eventually(audited) == sorted(f"o{i}" for i in range(20))
    brume.advance("1h")  # the bad one comes back, fails again, and is buried
    messages = eventually(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"))
    assert [m["Body"] for m in messages] == ["no order"]
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")
    assert awslambda.get_event_source_mapping(UUID=mapping)["LastProcessingResult"] == "OK"
