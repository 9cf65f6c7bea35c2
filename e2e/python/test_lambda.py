"""Lambda through boto3, with functions in Python."""

import base64
import io
import json
import platform
import shutil
import zipfile

import pytest

from helpers import refused

pytestmark = pytest.mark.skipif(shutil.which("python3") is None, reason="functions need python3 on the path")

SOURCE = """
import json, os, urllib.parse, urllib.request

def handler(event, context):
    print("got", json.dumps(event))
    if event.get("fail"):
        raise ValueError(event["fail"])
    if event.get("queue"):
        import boto3
        boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody="from " + context.function_name)
    return {"got": event, "endpoint": os.environ["AWS_ENDPOINT_URL"]}
"""


def archive(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("app.py", text)
    return out.getvalue()


@pytest.fixture
def awslambda(brume):
    return brume.client("lambda")


@pytest.fixture
def function(awslambda, iam, name):
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}))["Role"]
    allow = {"Effect": "Allow", "Action": ["logs:*", "sqs:SendMessage"], "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow}))
    awslambda.create_function(
        FunctionName=name, Architectures=["arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"], Runtime="python3.12", Handler="app.handler", Role=role["Arn"], Code={"ZipFile": archive(SOURCE)}, Timeout=30
    )
    awslambda.get_waiter("function_active_v2").wait(FunctionName=name)
    return name


def call(awslambda, function, event, **options):
    return awslambda.invoke(FunctionName=function, Payload=json.dumps(event), **options)


def test_answer_and_log(brume, awslambda, function):
    out = call(awslambda, function, {"a": 1}, LogType="Tail")
    assert json.loads(out["Payload"].read()) == {"got": {"a": 1}, "endpoint": brume.url}
    assert 'got {"a": 1}' in base64.b64decode(out["LogResult"]).decode()
    events = brume.client("logs").filter_log_events(logGroupName="/aws/lambda/" + function, filterPattern="got")["events"]
    assert [e["message"].strip() for e in events] == ['got {"a": 1}']


def test_error(awslambda, function):
    out = call(awslambda, function, {"fail": "oh"})
    assert out["FunctionError"] == "Unhandled"
    error = json.loads(out["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "oh")


def test_function_sends_to_a_queue(awslambda, sqs, function, queue):
    out = call(awslambda, function, {"queue": queue})
    if "FunctionError" in out and "boto3" in (error := out["Payload"].read().decode()) and "No module" in error:
        pytest.skip("the python3 of functions has no boto3")
    assert "FunctionError" not in out
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert [m["Body"] for m in messages] == ["from " + function]


def test_bad_zip(awslambda, function):
    message = refused("InvalidParameterValueException", awslambda.update_function_code, FunctionName=function, ZipFile=b"no zip")
    assert "Could not unzip uploaded file" in message
