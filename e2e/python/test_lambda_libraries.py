"""Libraries that people use inside functions, unmodified, from layers; and functions behind URLs."""

import io
import json
import pathlib
import platform
import shutil
import urllib.error
import urllib.request
import zipfile

import pytest

TREES = pathlib.Path(__file__).parent.parent / "functions"

pytestmark = pytest.mark.skipif(not (TREES / ".python" / ".installed").exists(), reason="e2e/setup.sh functions has not run")


def tree(root, prefix, **more):
    """A zip of all files below ROOT, and of those whose text is given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                z.write(path, pathlib.PurePosixPath(prefix) / path.relative_to(root))
        for name, text in more.items():
            z.writestr(name, text)
    return out.getvalue()


@pytest.fixture(scope="module")
def layers(brume):
    """Layers with the libraries, by language. They come from S3, as large ones do."""
    s3, awslambda, made = brume.client("s3"), brume.client("lambda"), {}
    s3.create_bucket(Bucket="layers")
    for language, root, prefix in (("python", ".python", "python"), ("nodejs", "node_modules", "nodejs/node_modules")):
        s3.put_object(Bucket="layers", Key=language, Body=tree(TREES / root, prefix))
        made[language] = awslambda.publish_layer_version(LayerName=language, Content={"S3Bucket": "layers", "S3Key": language})["LayerVersionArn"]
    return made


@pytest.fixture
def make(brume, iam, layers, name):
    """Makes a function of one file."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}))["Role"]
    allow = {"Effect": "Allow", "Action": ["logs:*", "dynamodb:*"], "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow}))
    awslambda = brume.client("lambda")

    def one(source, runtime="python3.12", file="app.py", modules="none", **more):
        awslambda.create_function(
            FunctionName=name, Runtime=runtime, Handler="app.handler", Role=role["Arn"], Timeout=30, MemorySize=512,
            Architectures=["arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"],
            Layers=[layers["python" if runtime.startswith("python") else "nodejs"]], Code={"ZipFile": tree(TREES / modules, modules, **{file: source})}, **more,
        )
        return name

    return one


def call(brume, function, event):
    out = brume.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    text = out["Payload"].read().decode()
    assert "FunctionError" not in out, text
    return json.loads(text)


def records(brume, function, pattern):
    events = brume.client("logs").filter_log_events(logGroupName="/aws/lambda/" + function, filterPattern=pattern)["events"]
    return [json.loads(e["message"]) for e in events]


def url(brume, function, **more):
    awslambda = brume.client("lambda")
    made = awslambda.create_function_url_config(FunctionName=function, AuthType="NONE", **more)["FunctionUrl"]
    common = {"FunctionName": function, "Principal": "*"}
    awslambda.add_permission(StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE", **common)
    awslambda.add_permission(StatementId="call", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True, **common)
    return made


def fetch(brume, address, path="", data=None, **headers):
    """Fetches a URL by this machine's address: not every resolver knows names below localhost."""
    host = address.split("/")[2]
    request = urllib.request.Request(f"{brume.url}/{path}", data=data, headers={"Host": host, **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, dict(e.headers), e.read().decode()


POWERTOOLS = """
import os
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent

logger, metrics = Logger(service="orders"), Metrics(namespace="Orders", service="orders")
store = DynamoDBPersistenceLayer(table_name=os.environ["TABLE"])
made = 0

@logger.inject_lambda_context(log_event=True)
@metrics.log_metrics(capture_cold_start_metric=True)
@idempotent(config=IdempotencyConfig(event_key_jmespath="order"), persistence_store=store)
def handler(event, context):
    global made
    made += 1
    logger.info("made", extra={"number": made})
    metrics.add_metric(name="Made", unit=MetricUnit.Count, value=1)
    return {"order": event["order"], "number": made}
"""


def test_powertools_for_python(brume, make, name):
    brume.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    function = make(POWERTOOLS, Environment={"Variables": {"TABLE": name}})
    first = call(brume, function, {"order": "a"})
    assert first == {"order": "a", "number": 1}
    assert call(brume, function, {"order": "a"}) == first
    assert call(brume, function, {"order": "b"}) == {"order": "b", "number": 2}
    said = records(brume, function, '{ $.message = "made" }')
    assert [r["number"] for r in said] == [1, 2]
    assert said[0]["function_name"] == function and said[0]["cold_start"] is True and said[0]["xray_trace_id"].startswith("1-")
    assert len(records(brume, function, "{ $.Made[0] = 1 }")) == 2


BATCH = """
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

processor = BatchProcessor(event_type=EventType.SQS)

def one(record):
    if record.body == "bad":
        raise ValueError(record.body)

def handler(event, context):
    return process_partial_response(event=event, record_handler=one, processor=processor, context=context)
"""


def test_powertools_batches(brume, make):
    record = {"messageId": "1", "receiptHandle": "r", "body": "good", "attributes": {}, "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "", "awsRegion": ""}
    event = {"Records": [record, {**record, "messageId": "2", "body": "bad"}]}
    assert call(brume, make(BATCH), event) == {"batchItemFailures": [{"itemIdentifier": "2"}]}


FASTAPI = """
from fastapi import FastAPI, Request, Response
from mangum import Mangum

app = FastAPI()

@app.post("/orders/{order}")
def change(order: int, body: dict, response: Response, q: str = ""):
    response.set_cookie("seen", str(order))
    response.status_code = 201
    return {"order": order, "body": body, "q": q}

handler = Mangum(app, lifespan="off")
"""


def test_fastapi_behind_a_url(brume, make):
    address = url(brume, make(FASTAPI))
    status, headers, body = fetch(brume, address, "orders/7?q=%C3%A4", data=b'{"n": 1}', **{"Content-Type": "application/json"})
    assert (status, json.loads(body)) == (201, {"order": 7, "body": {"n": 1}, "q": "ä"})
    assert headers["set-cookie"].startswith("seen=7") if "set-cookie" in headers else headers["Set-Cookie"].startswith("seen=7")
    assert fetch(brume, address, "orders/x", data=b"{}", **{"Content-Type": "application/json"})[0] == 422
    assert fetch(brume, address, "none")[0] == 404


node = pytest.mark.skipif(shutil.which("node") is None, reason="functions need node on the path")

MIDDY = """
import middy from '@middy/core';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
const logger = new Logger({ serviceName: 'orders' });
export const handler = middy(async (event) => { logger.info('made', { order: event.order }); return { order: event.order }; }).use(injectLambdaContext(logger));
"""


@node
def test_powertools_for_typescript_and_middy(brume, make):
    # What is imported, rather than required, has to come with the code: Node looks for it nowhere else.
    function = make(MIDDY, runtime="nodejs20.x", file="app.mjs", modules="node_modules")
    assert call(brume, function, {"order": "a"}) == {"order": "a"}
    said = records(brume, function, '{ $.message = "made" }')
    assert [(r["order"], r["function_name"], r["service"]) for r in said] == [("a", function, "orders")]


EXPRESS = """
const express = require('express');
const serverlessExpress = require('@codegenie/serverless-express');
const app = express();
app.use(express.json());
app.post('/orders/:order', (req, res) => res.status(201).cookie('seen', req.params.order).json({ order: req.params.order, body: req.body, q: req.query.q }));
app.get('/page', (req, res) => res.send('<h1>ä</h1>'));
exports.handler = serverlessExpress({ app });
"""


@node
def test_express_behind_a_url(brume, make):
    address = url(brume, make(EXPRESS, runtime="nodejs20.x", file="app.js"))
    status, headers, body = fetch(brume, address, "orders/7?q=x", data=b'{"n": 1}', **{"Content-Type": "application/json"})
    assert (status, json.loads(body)) == (201, {"order": "7", "body": {"n": 1}, "q": "x"})
    assert headers["Set-Cookie"].startswith("seen=7")
    status, headers, body = fetch(brume, address, "page")
    assert (status, headers["Content-Type"], body) == (200, "text/html; charset=utf-8", "<h1>ä</h1>")


STREAM = """
export const handler = awslambda.streamifyResponse(async (event, out) => {
  out = awslambda.HttpResponseStream.from(out, { statusCode: 202, headers: { 'Content-Type': 'text/plain', 'X-Path': event.rawPath } });
  for (const part of ['one,', 'two,', 'three']) { out.write(part); await new Promise((r) => setTimeout(r, 5)); }
  out.end();
});
"""


@node
def test_streamed_answer_of_a_url(brume, make):
    address = url(brume, make(STREAM, runtime="nodejs20.x", file="app.mjs"), InvokeMode="RESPONSE_STREAM")
    status, headers, body = fetch(brume, address, "some/path")
    assert (status, headers["X-Path"], headers["Content-Type"], body) == (202, "/some/path", "text/plain", "one,two,three")


@node
def test_response_stream(brume, make):
    function = make(STREAM, runtime="nodejs20.x", file="app.mjs")
    out = brume.client("lambda").invoke_with_response_stream(FunctionName=function, Payload="{}")
    parts = list(out["EventStream"])
    assert b"".join(p["PayloadChunk"]["Payload"] for p in parts if "PayloadChunk" in p).endswith(b"one,two,three")
    assert "ErrorCode" not in parts[-1]["InvokeComplete"]
