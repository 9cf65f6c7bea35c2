"""The API: people's notes, each in the table under its owner."""

import json
import os
import time
import uuid

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    owner = event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"]
    note = (event.get("pathParameters") or {}).get("id")
    return ROUTES[event["routeKey"]](owner, note, event)


def add(owner, _, event):
    text = json.loads(event.get("body") or "{}").get("text", "").strip()
    if not text:
        return answer(400, {"error": "A note needs some text."})
    item = {"owner": owner, "id": f"{time.time_ns():019d}-{uuid.uuid4().hex[:8]}", "text": text}
    table.put_item(Item=item)
    return answer(201, public(item))


def find(owner, note, _):
    item = table.get_item(Key={"owner": owner, "id": note}).get("Item")
    return answer(200, public(item)) if item else answer(404, {"error": "There is no such note."})


def everything(owner, *_):
    found = table.query(KeyConditionExpression=Key("owner").eq(owner), ScanIndexForward=False, Limit=50)
    return answer(200, [public(i) for i in found["Items"]])


def remove(owner, note, _):
    table.delete_item(Key={"owner": owner, "id": note})
    return {"statusCode": 204}


def public(item):
    return {"id": item["id"], "text": item["text"], "words": int(item["words"]) if "words" in item else None}


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


ROUTES = {"POST /notes": add, "GET /notes": everything, "GET /notes/{id}": find, "DELETE /notes/{id}": remove}
