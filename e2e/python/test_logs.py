"""CloudWatch Logs through boto3."""

import json
import time

import pytest

from helpers import refused


@pytest.fixture
def logs(brume):
    return brume.client("logs")


@pytest.fixture
def group(logs, name):
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    return name


def put(logs, group, *messages, stream="one", ago=0):
    now = int(time.time() * 1000) - ago * 1000
    events = [{"timestamp": now + n, "message": m} for n, m in enumerate(messages)]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def found(logs, group, pattern, **options):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern=pattern, **options)
    return [e["message"] for page in pages for e in page["events"]]


def test_events_are_written_and_read(logs, group):
    assert put(logs, group, "hällo", "<&>\n", "three")["nextSequenceToken"]
    page = logs.get_log_events(logGroupName=group, logStreamName="one", startFromHead=True, limit=2)
    assert [e["message"] for e in page["events"]] == ["hällo", "<&>\n"]
    rest = logs.get_log_events(logGroupName=group, logStreamName="one", nextToken=page["nextForwardToken"], startFromHead=True)
    assert [e["message"] for e in rest["events"]] == ["three"]
    end = logs.get_log_events(logGroupName=group, logStreamName="one", nextToken=rest["nextForwardToken"], startFromHead=True)
    assert end["events"] == [] and end["nextForwardToken"] == rest["nextForwardToken"]
    (stream,) = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime")["logStreams"]
    assert stream["lastEventTimestamp"] == stream["firstEventTimestamp"] + 2


def test_a_search_goes_through_all_streams(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="two")
    put(logs, group, *(json.dumps({"level": level, "ms": n * 10}) for n, level in enumerate(["info", "error", "error"])), ago=2)
    put(logs, group, json.dumps({"level": "error", "ms": 5}), "127.0.0.1 - 404 12", stream="two")
    assert len(found(logs, group, "error")) == 3
    assert [json.loads(m)["ms"] for m in found(logs, group, '{ $.level = "err*" && $.ms > 5 }')] == [10, 20]
    assert found(logs, group, "[ip, user, status=4*, bytes>10]") == ["127.0.0.1 - 404 12"]
    assert len(found(logs, group, "", logStreamNames=["two"], PaginationConfig={"PageSize": 1})) == 2
    refused("InvalidParameterException", logs.filter_log_events, logGroupName=group, filterPattern="{ $.a = }")


def test_groups_have_tags_and_retention(logs, group):
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    (g,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert g["retentionInDays"] == 7 and g["arn"] == g["logGroupArn"] + ":*"
    logs.tag_resource(resourceArn=g["logGroupArn"], tags={"team": "blue"})
    assert logs.list_tags_for_resource(resourceArn=g["logGroupArn"])["tags"] == {"team": "blue"}
    info = put(logs, group, "too old", ago=8 * 24 * 3600)["rejectedLogEventsInfo"]
    assert info == {"expiredLogEventEndIndex": 1}
    refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=group)
    logs.delete_log_group(logGroupName=group)
    refused("ResourceNotFoundException", logs.create_log_stream, logGroupName=group, logStreamName="x")
