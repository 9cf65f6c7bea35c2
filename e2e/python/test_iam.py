"""IAM and STS: principals are held to their policies, and credentials end."""

import pytest
from brume import ACCOUNT
from helpers import arn, document, may, receive, refused, trusting


@pytest.fixture
def user(iam, name):
    """A user without rights, with an access key."""
    made = iam.create_user(UserName=name)["User"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"arn": made["Arn"], "name": name, "key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def of(brume, credentials, service, **options):
    """A client with what AssumeRole and the like return."""
    c = credentials
    return brume.client(service, c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"], **options)


def test_a_user_may_what_its_policy_says(brume, sqs, iam, user, queue):
    theirs = brume.client("sqs", user["key"], user["secret"])
    message = refused("AccessDenied", theirs.send_message, QueueUrl=queue, MessageBody="x")
    assert user["arn"] in message and "sqs:sendmessage" in message.lower()
    assert "because no identity-based policy allows" in message
    iam.put_user_policy(UserName=user["name"], PolicyName="p", PolicyDocument=document(may("sqs:Send*", arn(sqs, queue))))
    theirs.send_message(QueueUrl=queue, MessageBody="x")
    refused("AccessDenied", theirs.receive_message, QueueUrl=queue)
    policy = document(may("sqs:*"), may("sqs:DeleteQueue", effect="Deny"))
    managed = iam.create_policy(PolicyName=user["name"], PolicyDocument=policy)["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user["name"], PolicyArn=managed)
    assert len(theirs.receive_message(QueueUrl=queue)["Messages"]) == 1
    message = refused("AccessDenied", theirs.delete_queue, QueueUrl=queue)
    assert "with an explicit deny in an identity-based policy" in message


def test_a_boundary_holds_a_user_back(brume, iam, user, name):
    limit = iam.create_policy(PolicyName=name + "-b", PolicyDocument=document(may("sns:*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=user["name"], PermissionsBoundary=limit)
    iam.attach_user_policy(UserName=user["name"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    brume.client("sns", user["key"], user["secret"]).list_topics()
    message = refused("AccessDenied", brume.client("sqs", user["key"], user["secret"]).list_queues)
    assert "permissions boundary" in message


def test_a_group_and_conditions(brume, iam, user, name):
    iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName=name, UserName=user["name"])
    statement = {**may("sqs:ListQueues"), "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}
    iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=document(statement))
    brume.client("sqs", user["key"], user["secret"]).list_queues()
    elsewhere = brume.session(user["key"], user["secret"], region="eu-west-1").client("sqs", endpoint_url=brume.url)
    refused("AccessDenied", elsewhere.list_queues)


def test_who_am_i(brume, user):
    sts = brume.client("sts")
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert brume.client("sts", "123456789012").get_caller_identity()["Account"] == "123456789012"
    identity = brume.client("sts", user["key"], user["secret"]).get_caller_identity()
    assert identity["Arn"] == user["arn"] and identity["UserId"].startswith("AIDA")


@pytest.fixture
def role(iam, name, user):
    """A role that the user may take on."""
    trust = document(trusting(user["arn"]))
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(may(["sqs:*", "sns:*"])))
    return made


def test_a_role_is_taken_on_with_less(brume, user, role, queue):
    sts = brume.client("sts", user["key"], user["secret"])
    full = sts.assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    of(brume, full, "sqs").send_message(QueueUrl=queue, MessageBody="x")
    less = sts.assume_role(RoleArn=role, RoleSessionName="me", Policy=document(may("sqs:ReceiveMessage")))
    assert less["AssumedRoleUser"]["Arn"].endswith(":assumed-role/" + role.split("/")[-1] + "/me")
    theirs = of(brume, less["Credentials"], "sqs")
    assert len(receive(theirs, queue)) == 1
    message = refused("AccessDenied", theirs.send_message, QueueUrl=queue, MessageBody="x")
    assert "no session policy allows" in message
    message = refused("AuthorizationError", of(brume, less["Credentials"], "sns").list_topics)
    assert less["AssumedRoleUser"]["Arn"] in message


def test_only_whom_the_role_trusts(brume, iam, role, name):
    iam.create_user(UserName=name + "-other")
    key = iam.create_access_key(UserName=name + "-other")["AccessKey"]
    other = brume.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
    message = refused("AccessDenied", other.assume_role, RoleArn=role, RoleSessionName="me")
    assert "sts:AssumeRole on resource: " + role in message


def test_credentials_end_when_the_clock_says_so(fresh):
    iam = fresh.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(trusting(ACCOUNT)))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    iam.create_user(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    sts = fresh.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
    credentials = sts.assume_role(RoleArn=role, RoleSessionName="session", DurationSeconds=900)["Credentials"]
    sqs, sns = of(fresh, credentials, "sqs"), of(fresh, credentials, "sns")
    sqs.list_queues()
    fresh.advance("16m")
    message = refused("ExpiredToken", sqs.list_queues)
    assert message == "The security token included in the request is expired"
    refused("ExpiredToken", sns.list_topics)


def test_wrong_credentials(brume, user):
    wrong = brume.client("sqs", user["key"], "wrong")
    message = refused("SignatureDoesNotMatch", wrong.list_queues)
    assert message.startswith("The request signature we calculated does not match the signature you provided.")
    refused("SignatureDoesNotMatch", brume.client("iam", user["key"], "wrong").list_users)
    refused("SignatureDoesNotMatch", brume.client("sns", user["key"], "wrong").list_topics)


def test_a_key_that_is_switched_off(brume, iam, user):
    iam.update_access_key(UserName=user["name"], AccessKeyId=user["key"], Status="Inactive")
    refused("InvalidClientTokenId", brume.client("sts", user["key"], user["secret"]).get_caller_identity)
    refused("InvalidClientTokenId", brume.client("sqs", user["key"], user["secret"]).list_queues)


def test_errors_are_awss(iam, name):
    assert refused("NoSuchEntity", iam.get_user, UserName=name) == f"The user with name {name} cannot be found."
    iam.create_user(UserName=name)
    message = refused("EntityAlreadyExists", iam.create_user, UserName=name)
    assert message == f"User with name {name} already exists."
    refused("MalformedPolicyDocument", iam.put_user_policy, UserName=name, PolicyName="p", PolicyDocument="{}")
    iam.create_access_key(UserName=name)
    refused("DeleteConflict", iam.delete_user, UserName=name)


def test_listing_comes_in_pages(iam, name):
    for n in range(7):
        iam.create_user(UserName=f"{name}-{n}", Path=f"/{name}/")
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix=f"/{name}/", PaginationConfig={"PageSize": 3}))
    assert [len(p["Users"]) for p in pages] == [3, 3, 1]
