"""DynamoDB through boto3: the resource layer, a single table for everything, streams, PartiQL."""

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError
from helpers import refused


@pytest.fixture
def dynamodb(brume):
    return brume.client("dynamodb")


@pytest.fixture
def table(brume, name):
    """A table as single-table designs have it: pk, sk, and an index over both turned round."""
    return brume.resource("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "turned",
            "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def test_items_keep_every_type(table):
    item = {
        "pk": "a", "sk": "1", "number": Decimal("12345678901234567890.123456789"), "nothing": None, "yes": True, "bytes": b"\x00\xff",
        "words": {"x", "y"}, "numbers": {Decimal(1), Decimal("2.5")}, "list": [1, "two", {"three": [Decimal(3)]}], "empty": "", "umlaut": "grün",
    }
    table.put_item(Item=item)
    got = table.get_item(Key={"pk": "a", "sk": "1"}, ConsistentRead=True)["Item"]
    assert got["bytes"].value == item.pop("bytes") and {k: v for k, v in got.items() if k != "bytes"} == item


def test_one_table_for_customers_and_orders(table):
    with table.batch_writer() as batch:
        for c in range(3):
            batch.put_item(Item={"pk": f"CUSTOMER#{c}", "sk": "PROFILE", "name": f"customer {c}"})
            for o in range(30):
                batch.put_item(Item={"pk": f"CUSTOMER#{c}", "sk": f"ORDER#{o:03}", "total": Decimal(o), "open": o % 2 == 0})
    page = table.query(KeyConditionExpression=Key("pk").eq("CUSTOMER#1") & Key("sk").begins_with("ORDER#"), FilterExpression=Attr("open").eq(True), ScanIndexForward=False, Limit=10)
    assert [i["sk"] for i in page["Items"]] == ["ORDER#028", "ORDER#026", "ORDER#024", "ORDER#022", "ORDER#020"]
    assert page["LastEvaluatedKey"] == {"pk": "CUSTOMER#1", "sk": "ORDER#020"} and page["ScannedCount"] == 10
    everyone = table.query(IndexName="turned", KeyConditionExpression=Key("sk").eq("ORDER#007"))
    assert [i["pk"] for i in everyone["Items"]] == [f"CUSTOMER#{c}" for c in range(3)]
    got, start = [], {}
    while True:
        page = table.scan(Limit=40, **start)
        got += page["Items"]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert len(got) == 93


def test_a_counter_and_a_lock(table, dynamodb):
    key = {"pk": "counter", "sk": "x"}
    for n in range(1, 4):
        out = table.update_item(Key=key, UpdateExpression="ADD hits :one SET seen = if_not_exists(seen, :n)", ExpressionAttributeValues={":one": 1, ":n": n}, ReturnValues="ALL_NEW")
    assert out["Attributes"] == {**key, "hits": 3, "seen": 1}
    table.put_item(Item={"pk": "lock", "sk": "x", "owner": "me"}, ConditionExpression=Attr("pk").not_exists())
    with pytest.raises(ClientError, match="ConditionalCheckFailedException") as e:
        table.put_item(Item={"pk": "lock", "sk": "x", "owner": "you"}, ConditionExpression=Attr("pk").not_exists(), ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert e.value.response["Item"]["owner"] == {"S": "me"}


def test_transactions_say_why_they_were_cancelled(table, dynamodb):
    put = lambda pk: {"Put": {"TableName": table.name, "Item": {"pk": {"S": pk}, "sk": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(pk)"}}
    dynamodb.transact_write_items(TransactItems=[put("a"), put("b")])
    with pytest.raises(ClientError, match="TransactionCanceledException") as e:
        dynamodb.transact_write_items(TransactItems=[put("c"), put("b")])
    assert [r["Code"] for r in e.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert "Item" not in table.get_item(Key={"pk": "c", "sk": "1"})


def test_streams_show_changes(brume, table, dynamodb):
    streams = brume.client("dynamodbstreams")
    table.put_item(Item={"pk": "a", "sk": "1", "n": 1})
    table.update_item(Key={"pk": "a", "sk": "1"}, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": 2})
    table.delete_item(Key={"pk": "a", "sk": "1"})
    (shard,) = streams.describe_stream(StreamArn=table.latest_stream_arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=table.latest_stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [r["eventName"] for r in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["OldImage"]["n"] == {"N": "1"} and records[1]["dynamodb"]["NewImage"]["n"] == {"N": "2"}


def test_partiql(table, dynamodb):
    dynamodb.execute_statement(Statement=f"""INSERT INTO "{table.name}" VALUE {{'pk': 'a', 'sk': '1', 'n': ?}}""", Parameters=[{"N": "5"}])
    out = dynamodb.execute_statement(Statement=f"""SELECT n FROM "{table.name}" WHERE pk = 'a' AND n > 4""")
    assert out["Items"] == [{"n": {"N": "5"}}]


def test_mistakes_read_as_awss(dynamodb, table):
    said = refused("ValidationException", dynamodb.put_item, TableName=table.name, Item={"pk": {"S": "a"}})
    assert said == "One or more parameter values were invalid: Missing the key sk in the item"
    said = refused("ResourceNotFoundException", dynamodb.get_item, TableName="nowhere", Key={"pk": {"S": "a"}})
    assert said == "Requested resource not found"
    said = refused("ValidationException", dynamodb.scan, TableName=table.name, FilterExpression="name = :n", ExpressionAttributeValues={":n": {"S": "x"}})
    assert said == "Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: name"


def test_waiters_and_tags(dynamodb, name):
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], Tags=[{"Key": "team", "Value": "red"}])
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "red"}]
    dynamodb.delete_table(TableName=name)
    dynamodb.get_waiter("table_not_exists").wait(TableName=name)
