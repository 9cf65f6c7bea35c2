"""The queue's function: counts the words of a note. It cannot bear a certain word."""

import json
import os

import boto3
from botocore.exceptions import ClientError

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    failed = []
    for record in event["Records"]:
        try:
            count(json.loads(record["body"]))
        except Exception as e:  # the others of the batch are not to be done again
            print(f"failed: {e}")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def count(note):
    if "poison" in note["text"]:
        raise ValueError(f"note {note['id']} is poisonous")
    try:
        table.update_item(
            Key={"owner": note["owner"], "id": note["id"]},
            UpdateExpression="SET words = :n",
            ConditionExpression="attribute_exists(id)",
            ExpressionAttributeValues={":n": len(note["text"].split())},
        )
    except ClientError as e:
        if e.response["Error"]["Code"] != "ConditionalCheckFailedException":  # deleted meanwhile
            raise
