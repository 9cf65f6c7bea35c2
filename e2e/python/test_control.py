"""The control API: time, faults, snapshots, and who may call."""

import threading
import time

import pytest
from botocore.config import Config
from brume import Brume
from helpers import bodies, receive, refused


def test_health(brume):
    status, health = brume.control("GET", "health")
    assert status == 200 and health["auth"] == "open" and {"sqs", "sns", "iam", "sts"} <= set(health["services"])


def test_time_brings_a_message_back(fresh):
    sqs = fresh.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert receive(sqs, url) and not receive(sqs, url)
    before = fresh.control("GET", "clock")[1]
    fresh.advance("31s")
    after = fresh.control("GET", "clock")[1]
    assert before["offset"] != after["offset"]
    assert bodies(sqs, url, 1, wait=1) == ["x"]
    sqs.send_message(QueueUrl=url, MessageBody="old")
    fresh.advance("4d1s")
    assert receive(sqs, url) == []  # its retention is over
    assert fresh.control("POST", "clock", {"by": "-1h"})[0] == 400


def test_boto3_tries_again_after_faults(fresh):
    fresh.client("sqs").create_queue(QueueName="q")
    rule = {"kind": "error", "service": "sqs", "operation": "List*", "code": "ServiceUnavailable", "status": 503}
    status, added = fresh.control("POST", "faults", rule)
    assert status == 200 and added["id"]
    refused("ServiceUnavailable", fresh.client("sqs").list_queues)
    patient = fresh.client("sqs", config=Config(retries={"total_max_attempts": 8, "mode": "standard"}))
    timer = threading.Timer(0.5, lambda: fresh.control("DELETE", f"faults/{added['id']}"))
    timer.start()
    answer = patient.list_queues()
    timer.join()
    assert len(answer["QueueUrls"]) == 1 and answer["ResponseMetadata"]["RetryAttempts"] >= 1
    fresh.control("POST", "faults", {"kind": "throttle", "service": "sns"})
    refused("Throttling", fresh.client("sns").list_topics)
    fresh.control("DELETE", "faults")
    fresh.client("sns").list_topics()
    fresh.control("POST", "faults", {"kind": "latency", "service": "sts", "latency": "400ms"})
    began = time.monotonic()
    fresh.client("sts").get_caller_identity()
    assert time.monotonic() - began >= 0.4


def test_snapshots_and_reset(tmp_path):
    b = Brume(data=str(tmp_path / "data")).start()
    try:
        sqs = b.client("sqs")
        url = sqs.create_queue(QueueName="kept")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="kept")
        assert b.control("POST", "snapshots", {"name": "one"})[0] == 200
        sqs.delete_queue(QueueUrl=url)
        assert [s["name"] for s in b.control("GET", "snapshots")[1]["snapshots"]] == ["one"]
        assert b.control("POST", "snapshots/one/load")[0] == 200
        (m,) = receive(sqs, url)
        assert m["Body"] == "kept"
        assert b.control("POST", "reset")[0] == 200
        assert "QueueUrls" not in sqs.list_queues()
        assert b.control("DELETE", "snapshots/one")[0] == 200
        assert b.control("GET", "snapshots/one")[0] == 404
    finally:
        assert b.stop() == 0


def test_usage_counts(fresh):
    sqs = fresh.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for _ in range(10):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    usage = [u for u in fresh.control("GET", "usage")[1]["usage"] if u["service"] == "sqs"]
    assert usage and sum(u["amount"] for u in usage) >= 11


def test_web_pages_may_not_call(brume):
    assert brume.control("POST", "reset", headers=[("Origin", "https://evil.example")])[0] == 403
    assert brume.control("POST", "reset", headers=[("Content-Type", "text/plain")])[0] in (400, 403, 415)
    assert brume.control("GET", "nowhere")[0] == 404


def test_a_killed_server_keeps_what_it_acknowledged(tmp_path):
    b = Brume(data=str(tmp_path / "data")).start()
    sqs = b.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for n in range(20):
        sqs.send_message(QueueUrl=url, MessageBody=str(n))
    b.kill()
    b.start()
    try:
        assert sorted(map(int, bodies(b.client("sqs"), url, 20))) == list(range(20))
        second = Brume(data=str(tmp_path / "data"))
        with pytest.raises(RuntimeError):
            second.start()
    finally:
        assert b.stop() == 0


def test_strict_lets_only_known_keys_in(tmp_path):
    b = Brume(data=str(tmp_path / "data"), arguments=["--auth", "strict"]).start()
    try:
        refused("InvalidClientTokenId", b.client("sqs").list_queues)
        b.client("sqs", b.key, b.secret).list_queues()
        assert b.control("POST", "reset")[0] == 401
        assert b.control("POST", "reset", headers=[("Authorization", f"Bearer {b.token}")])[0] == 200
    finally:
        assert b.stop() == 0
