"""SNS through boto3: what is published arrives, filtered, at queues and over HTTP."""

import base64
import http.server
import json
import queue as channel
import threading
import urllib.request

import pytest
from helpers import arn, bodies, document, let, receive, refused

FROM_SNS = document(let({"Service": "sns.amazonaws.com"}, "sqs:SendMessage"))


def text(value):
    return {"DataType": "String", "StringValue": value}


@pytest.fixture
def topic(sns, name):
    return sns.create_topic(Name=name)["TopicArn"]


@pytest.fixture
def subscribed(sqs, sns, name, topic):
    """Makes a queue that is subscribed to the topic."""

    def subscribe(suffix, **attributes):
        url = sqs.create_queue(QueueName=f"{name}-{suffix}", Attributes={"Policy": FROM_SNS})["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(sqs, url), Attributes=attributes)
        return url

    return subscribe


def test_filters_decide_who_hears_what(sqs, sns, topic, subscribed):
    everything = subscribed("all", RawMessageDelivery="true")
    jp = subscribed("jp", RawMessageDelivery="true", FilterPolicy='{"market": ["jp", {"prefix": "kr"}]}')
    dear = subscribed(
        "dear", RawMessageDelivery="true", FilterPolicyScope="MessageBody",
        FilterPolicy='{"order": {"total": [{"numeric": [">=", 100]}], "gift": [{"exists": false}]}}',
    )
    for market, order in [("jp", {"total": 5}), ("us", {"total": 100}), ("kr-1", {"total": 500, "gift": True})]:
        sns.publish(
            TopicArn=topic, Message=json.dumps({"order": order}), MessageAttributes={"market": text(market)}
        )
    totals = lambda url, count: sorted(json.loads(b)["order"]["total"] for b in bodies(sqs, url, count))  # noqa: E731
    assert totals(everything, 3) == [5, 100, 500]
    assert totals(jp, 2) == [5, 500]
    assert totals(dear, 1) == [100]
    assert receive(sqs, jp) == receive(sqs, dear) == []


def test_the_envelope_and_the_raw_message(sqs, sns, topic, subscribed):
    wrapped, raw = subscribed("wrapped"), subscribed("raw", RawMessageDelivery="true")
    published = sns.publish(TopicArn=topic, Message="hi", Subject="s", MessageAttributes={"a": text("b")})
    (m,) = receive(sqs, wrapped, wait=5)
    envelope = json.loads(m["Body"])
    assert envelope["Type"] == "Notification" and envelope["MessageId"] == published["MessageId"]
    assert (envelope["Message"], envelope["Subject"], envelope["TopicArn"]) == ("hi", "s", topic)
    assert envelope["MessageAttributes"] == {"a": {"Type": "String", "Value": "b"}}
    check_signature(envelope)
    (m,) = receive(sqs, raw, wait=5, MessageAttributeNames=["All"])
    assert m["Body"] == "hi" and m["MessageAttributes"] == {"a": text("b")}


def test_a_queue_without_a_policy_refuses_the_topic(sqs, sns, topic, queue):
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(sqs, queue))
    sns.publish(TopicArn=topic, Message="hi")
    assert receive(sqs, queue, wait=1) == []


def test_batches_to_one_topic(sqs, sns, topic, subscribed):
    url = subscribed("all", RawMessageDelivery="true")
    entries = [{"Id": str(n), "Message": f"m{n}"} for n in range(10)]
    out = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert len(out["Successful"]) == 10 and not out["Failed"]
    assert sorted(bodies(sqs, url, 10)) == [f"m{n}" for n in range(10)]


def test_a_fifo_topic_feeds_a_fifo_queue_in_order(sqs, sns, name):
    topic = sns.create_topic(Name=name + ".fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url = sqs.create_queue(QueueName=name + ".fifo", Attributes={"FifoQueue": "true", "Policy": FROM_SNS})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(sqs, url), Attributes={"RawMessageDelivery": "true"})
    for n in [0, 1, 1, 2, 3]:
        sns.publish(TopicArn=topic, Message=f"m{n}", MessageGroupId="g", MessageDeduplicationId=str(n))
    assert bodies(sqs, url, 4) == ["m0", "m1", "m2", "m3"]
    refused("InvalidParameter", sns.publish, TopicArn=topic, Message="x")


class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.put((self.headers, json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.got = channel.Queue()
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_http_subscriber_confirms_and_is_told(sns, topic, listener):
    pending = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listener.url)
    assert pending["SubscriptionArn"] == "pending confirmation"
    headers, confirmation = listener.got.get(timeout=10)
    assert headers["x-amz-sns-message-type"] == confirmation["Type"] == "SubscriptionConfirmation"
    check_signature(confirmation)
    with urllib.request.urlopen(confirmation["SubscribeURL"], timeout=10) as answer:
        assert b"<ConfirmSubscriptionResult>" in answer.read()
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert subscription["SubscriptionArn"].startswith(topic + ":")
    sns.publish(TopicArn=topic, Message="told", Subject="news")
    headers, notification = listener.got.get(timeout=10)
    assert headers["x-amz-sns-message-type"] == "Notification" and notification["Message"] == "told"
    assert headers["x-amz-sns-subscription-arn"] == subscription["SubscriptionArn"]
    check_signature(notification)


SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
}


def check_signature(message):
    """Verifies as AWS's page "Verifying the signatures of Amazon SNS messages" says."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    with urllib.request.urlopen(message["SigningCertURL"], timeout=10) as answer:
        certificate = x509.load_pem_x509_certificate(answer.read())
    signed = "".join(f"{key}\n{message[key]}\n" for key in SIGNED[message["Type"]] if key in message)
    digest = {"1": hashes.SHA1, "2": hashes.SHA256}[message["SignatureVersion"]]()
    certificate.public_key().verify(
        base64.b64decode(message["Signature"]), signed.encode(), padding.PKCS1v15(), digest
    )


def test_errors_are_awss(sns, topic):
    message = refused("NotFound", sns.publish, TopicArn=topic + "-not", Message="x")
    assert message == "Topic does not exist"
    refused("InvalidParameter", sns.publish, TopicArn=topic, Message="")
    refused("InvalidParameter", sns.create_topic, Name="not a name!")
    refused("InvalidParameter", sns.subscribe, TopicArn=topic, Protocol="pigeon", Endpoint="x")
    message = refused(
        "InvalidParameter", sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:q",
        Attributes={"FilterPolicy": '{"a": "b"}'},
    )
    assert "FilterPolicy" in message
    refused("InvalidParameter", sns.publish, TopicArn=topic, Message="x" * (256 * 1024 + 1))


def test_listing_comes_in_pages(sns, name):
    for n in range(105):
        sns.create_topic(Name=f"{name}-{n}")
    pages = list(sns.get_paginator("list_topics").paginate())
    assert len(pages) >= 2 and len(pages[0]["Topics"]) == 100
    topics = [t["TopicArn"] for p in pages for t in p["Topics"]]
    assert len(topics) == len(set(topics)) and sum(f":{name}-" in t for t in topics) == 105
