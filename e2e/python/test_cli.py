"""The AWS CLI, as people type it."""

import json

from brume import ACCOUNT
from helpers import document, let, may


def test_queues(brume, name):
    url = brume.aws("sqs", "create-queue", "--queue-name", name)["QueueUrl"]
    assert url == f"{brume.url}/{ACCOUNT}/{name}"
    sent = brume.aws("sqs", "send-message", "--queue-url", url, "--message-body", "hello")
    assert sent["MD5OfMessageBody"] == "5d41402abc4b2a76b9719d911017c592"
    (m,) = brume.aws("sqs", "receive-message", "--queue-url", url)["Messages"]
    assert m["Body"] == "hello"
    assert brume.aws("sqs", "receive-message", "--queue-url", url) is None
    brume.advance("30s")
    (m,) = brume.aws("sqs", "receive-message", "--queue-url", url, "--attribute-names", "All")["Messages"]
    assert m["Attributes"]["ApproximateReceiveCount"] == "2"
    brume.aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", m["ReceiptHandle"])
    brume.aws("sqs", "delete-queue", "--queue-url", url)


def test_topics(brume, name):
    topic = brume.aws("sns", "create-topic", "--name", name)["TopicArn"]
    url = brume.aws("sqs", "create-queue", "--queue-name", name)["QueueUrl"]
    policy = json.dumps({"Policy": document(let({"Service": "sns.amazonaws.com"}, "sqs:SendMessage"))})
    brume.aws("sqs", "set-queue-attributes", "--queue-url", url, "--attributes", policy)
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    brume.aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", arn)
    assert brume.aws("sns", "publish", "--topic-arn", topic, "--message", "hello")["MessageId"]
    (m,) = brume.aws("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "5")["Messages"]
    assert json.loads(m["Body"])["Message"] == "hello"


def test_users_and_roles(brume, name):
    assert brume.aws("sts", "get-caller-identity")["Account"] == ACCOUNT
    brume.aws("iam", "create-user", "--user-name", name)
    key = brume.aws("iam", "create-access-key", "--user-name", name)["AccessKey"]
    brume.aws(
        "iam", "put-user-policy", "--user-name", name, "--policy-name", "p",
        "--policy-document", document(may("sqs:ListQueues")),
    )
    theirs = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    assert brume.aws("sts", "get-caller-identity", **theirs)["Arn"].endswith(f":user/{name}")
    brume.aws("sqs", "list-queues", **theirs)
    denied = brume.aws("sns", "list-topics", check=False, **theirs)
    assert denied.returncode != 0
    assert "An error occurred (AuthorizationError) when calling the ListTopics operation" in denied.stderr
    assert f"user/{name} is not authorized to perform: SNS:ListTopics" in denied.stderr
    trust = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
    role = brume.aws("iam", "create-role", "--role-name", name, "--assume-role-policy-document", trust)["Role"]["Arn"]
    denied = brume.aws("sts", "assume-role", "--role-arn", role, "--role-session-name", "me", check=False, **theirs)
    assert "An error occurred (AccessDenied) when calling the AssumeRole operation" in denied.stderr


def test_errors_read_as_awss(brume):
    url = f"{brume.url}/{ACCOUNT}/nowhere"
    done = brume.aws("sqs", "receive-message", "--queue-url", url, check=False)
    assert done.returncode != 0 and done.stdout == ""
    assert "(AWS.SimpleQueueService.NonExistentQueue) when calling the ReceiveMessage operation" in done.stderr
    done = brume.aws("iam", "get-user", "--user-name", "nobody", check=False)
    assert "(NoSuchEntity) when calling the GetUser operation: The user with name nobody cannot be found." in done.stderr


def test_pages_and_output(brume, name):
    for n in range(5):
        brume.aws("iam", "create-group", "--group-name", f"{name}-{n}", "--path", f"/{name}/")
    prefix = ["iam", "list-groups", "--path-prefix", f"/{name}/"]
    assert len(brume.aws(*prefix, "--page-size", "2")["Groups"]) == 5
    first = brume.aws(*prefix, "--max-items", "3")
    rest = brume.aws(*prefix, "--starting-token", first["NextToken"])
    assert len(first["Groups"]) == 3 and len(rest["Groups"]) == 2
    names = brume.aws(*prefix, "--query", "Groups[].GroupName", "--output", "text")
    assert names.split() == [f"{name}-{n}" for n in range(5)]
