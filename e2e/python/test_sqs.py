"""SQS through boto3's client and resource."""

import hashlib
import json
import threading
import time

from helpers import arn, bodies, document, let, receive, refused


def test_a_message_goes_in_and_comes_out(sqs, queue):
    attributes = {
        "colour": {"DataType": "String", "StringValue": "grün"},
        "count": {"DataType": "Number.int", "StringValue": "3"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hällo <&>", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == hashlib.md5("hällo <&>".encode()).hexdigest()
    (m,) = receive(sqs, queue, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
    assert m["Body"] == "hällo <&>" and m["MessageId"] == sent["MessageId"]
    assert m["MessageAttributes"] == attributes
    assert m["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert m["Attributes"]["ApproximateReceiveCount"] == "1" and m["Attributes"]["SenderId"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=m["ReceiptHandle"])
    assert receive(sqs, queue) == []


def test_the_resource_layer(brume, name):
    q = brume.resource("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "7"})
    q.send_messages(Entries=[{"Id": str(n), "MessageBody": f"m{n}"} for n in range(5)])
    assert q.attributes["VisibilityTimeout"] == "7" and q.attributes["ApproximateNumberOfMessages"] == "5"
    got = q.receive_messages(MaxNumberOfMessages=10)
    assert sorted(m.body for m in got) == [f"m{n}" for n in range(5)]
    got[0].change_visibility(VisibilityTimeout=0)
    (again,) = q.receive_messages()
    assert again.body == got[0].body
    for m in [again, *got[1:]]:
        m.delete()
    q.reload()
    assert q.attributes["ApproximateNumberOfMessagesNotVisible"] == "0"
    assert brume.resource("sqs").get_queue_by_name(QueueName=name).url == q.url
    q.delete()


def test_a_long_poll_wakes_at_once(sqs, queue):
    timer = threading.Timer(0.7, lambda: sqs.send_message(QueueUrl=queue, MessageBody="late"))
    began = time.monotonic()
    timer.start()
    (m,) = receive(sqs, queue, wait=15)
    assert m["Body"] == "late" and 0.6 < time.monotonic() - began < 4
    timer.join()
    began = time.monotonic()
    assert receive(sqs, queue, wait=1) == [] and time.monotonic() - began > 0.9


def test_fifo_keeps_order_and_forgets_doubles(sqs, name):
    url = sqs.create_queue(
        QueueName=name + ".fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    first = sqs.send_message(QueueUrl=url, MessageBody="a1", MessageGroupId="a")
    double = sqs.send_message(QueueUrl=url, MessageBody="a1", MessageGroupId="a")
    assert first["MessageId"] == double["MessageId"] and first["SequenceNumber"] == double["SequenceNumber"]
    for body in ["a2", "a3", "b1"]:
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=body[0])
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, MessageSystemAttributeNames=["All"])["Messages"]
    assert [m["Body"] for m in got] == ["a1"] and got[0]["Attributes"]["MessageGroupId"] == "a"
    assert [m["Body"] for m in receive(sqs, url)] == ["b1"]  # group a waits for a1
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got[0]["ReceiptHandle"])
    assert [m["Body"] for m in receive(sqs, url)] == ["a2", "a3"]
    refused("MissingParameter", sqs.send_message, QueueUrl=url, MessageBody="x")


def test_what_fails_too_often_goes_to_the_dead_letter_queue_and_back(sqs, name):
    dead = sqs.create_queue(QueueName=name + "-dead")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 2})
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert receive(sqs, url) and receive(sqs, url) and not receive(sqs, url)
    (m,) = receive(sqs, dead, VisibilityTimeout=0, MessageSystemAttributeNames=["DeadLetterQueueSourceArn"])
    assert m["Attributes"]["DeadLetterQueueSourceArn"] == arn(sqs, url)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    sqs.start_message_move_task(SourceArn=arn(sqs, dead))
    assert bodies(sqs, url, 1) == ["poison"]
    deadline = time.monotonic() + 5
    while (task := sqs.list_message_move_tasks(SourceArn=arn(sqs, dead))["Results"][0])["Status"] == "RUNNING":
        assert time.monotonic() < deadline, task
        time.sleep(0.05)
    assert task["Status"] == "COMPLETED" and task["ApproximateNumberOfMessagesMoved"] == 1


def test_batches_tell_what_failed(sqs, queue):
    out = sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": "good", "MessageBody": "x"},
            {"Id": "bad", "MessageBody": "x", "DelaySeconds": 901},
        ],
    )
    assert [s["Id"] for s in out["Successful"]] == ["good"]
    assert [(f["Id"], f["SenderFault"]) for f in out["Failed"]] == [("bad", True)]
    twice = [{"Id": "a", "MessageBody": "x"}] * 2
    refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", sqs.send_message_batch, QueueUrl=queue, Entries=twice)
    many = [{"Id": str(n), "MessageBody": "x"} for n in range(11)]
    refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", sqs.send_message_batch, QueueUrl=queue, Entries=many)
    refused("AWS.SimpleQueueService.EmptyBatchRequest", sqs.send_message_batch, QueueUrl=queue, Entries=[])


def test_attributes_and_tags(sqs, queue):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "1", "MessageRetentionPeriod": "120"})
    got = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert got["DelaySeconds"] == "1" and got["MessageRetentionPeriod"] == "120"
    sqs.send_message(QueueUrl=queue, MessageBody="later")
    assert receive(sqs, queue) == []
    assert bodies(sqs, queue, 1) == ["later"]
    sqs.tag_queue(QueueUrl=queue, Tags={"team": "x", "y": ""})
    sqs.untag_queue(QueueUrl=queue, TagKeys=["y"])
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"team": "x"}
    message = refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=queue, Attributes={"DelaySeconds": "901"})
    assert "DelaySeconds" in message


def test_a_queue_policy_lets_another_account_in(brume, sqs, queue):
    stranger = brume.client("sqs", key="111122223333")
    message = refused("AccessDenied", stranger.send_message, QueueUrl=queue, MessageBody="x")
    assert "sqs:sendmessage" in message.lower() and "111122223333" in message
    policy = document(let({"AWS": "111122223333"}, "sqs:SendMessage", arn(sqs, queue)))
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    stranger.send_message(QueueUrl=queue, MessageBody="from outside")
    refused("AccessDenied", stranger.receive_message, QueueUrl=queue)
    assert bodies(sqs, queue, 1) == ["from outside"]


def test_errors_are_awss(sqs, queue, name):
    nowhere = queue + "-not"
    message = refused("AWS.SimpleQueueService.NonExistentQueue", sqs.receive_message, QueueUrl=nowhere)
    assert "does not exist" in message
    refused("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName=name + "-not")
    refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=queue, ReceiptHandle="x")
    refused("InvalidParameterValue", sqs.create_queue, QueueName="not a name!")
    refused("QueueAlreadyExists", sqs.create_queue, QueueName=name, Attributes={"VisibilityTimeout": "1"})
    refused("InvalidParameterValue", sqs.receive_message, QueueUrl=queue, MaxNumberOfMessages=11)
    refused("InvalidParameterValue", sqs.send_message, QueueUrl=queue, MessageBody="x" * (1024 * 1024 + 1))
    sqs.send_message(QueueUrl=queue, MessageBody="x" * 1024 * 1024)
    try:
        sqs.get_queue_url(QueueName=name + "-not")
    except sqs.exceptions.QueueDoesNotExist as e:
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_listing_comes_in_pages(sqs, name):
    for n in range(5):
        sqs.create_queue(QueueName=f"{name}-{n}")
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=name, PaginationConfig={"PageSize": 2})
    assert [len(p["QueueUrls"]) for p in pages] == [2, 2, 1]
