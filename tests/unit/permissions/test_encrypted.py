"""What a key of KMS keeps is written and read by whom both the caller's policies and the key's let."""

import asyncio
import json
from typing import Any

import pytest

from lambent.engine.authorisation import principals
from lambent.model.scope import Scope
from lambent.permissions import of_code
from tests.unit.permissions.test_gate import ACCOUNT, KEY, PLAIN, QUEUE, ROLE, SECRET, SESSION, World

SCOPE = Scope(ACCOUNT, "us-east-1")
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:t"
STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"
PARAMETER = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter"
OF_TABLE = {"aws:dynamodb:tableName": "t", "aws:dynamodb:subscriberId": ACCOUNT}
SERVICES = ("sqs", "sns", "kinesis", "dynamodb", "s3", "secretsmanager", "ssm")
ALL = {"Effect": "Allow", "Action": [f"{one}:*" for one in SERVICES], "Resource": "*"}
BOTH = ["GenerateDataKey", "Decrypt"]
TABLE_KEY = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "DescribeKey", "CreateGrant"]
AWSS = "arn:aws:kms:us-east-1:111111111111:key/of-aws"

CASES: list[tuple[str, str, dict[str, Any], list[str], dict[str, str]]] = [
    ("sns", "Publish", {"TopicArn": TOPIC, "Message": "m"}, BOTH, {"aws:sns:topicArn": TOPIC}),
    ("sns", "PublishBatch", {"TopicArn": TOPIC}, BOTH, {"aws:sns:topicArn": TOPIC}),
    ("kinesis", "PutRecord", {"StreamName": "s"}, ["GenerateDataKey"], {"aws:kinesis:arn": STREAM}),
    ("kinesis", "PutRecords", {"StreamARN": STREAM}, ["GenerateDataKey"], {"aws:kinesis:arn": STREAM}),
    ("kinesis", "GetRecords", {"StreamARN": STREAM, "ShardIterator": "i"}, ["Decrypt"], {"aws:kinesis:arn": STREAM}),
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {}}, ["Decrypt"], OF_TABLE),
    ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, ["Decrypt"], OF_TABLE),
    ("dynamodb", "PutItem", {"TableName": "t", "Item": {}}, ["Decrypt"], OF_TABLE),
    ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "t"}}]}, ["Decrypt"], OF_TABLE),
    ("dynamodb", "ExecuteStatement", {"Statement": "SELECT * FROM t WHERE pk='1'"}, ["Decrypt"], OF_TABLE),
    ("dynamodb", "CreateTable", {"TableName": "t", "SSESpecification": {"KMSMasterKeyId": KEY}}, TABLE_KEY, OF_TABLE),
    ("secretsmanager", "PutSecretValue", {"SecretId": "db"}, BOTH, {"SecretARN": SECRET}),
    ("secretsmanager", "UpdateSecret", {"SecretId": "db", "SecretString": "s"}, BOTH, {"SecretARN": SECRET}),
    ("secretsmanager", "UpdateSecret", {"SecretId": "db", "KmsKeyId": "alias/mine"}, BOTH, {"SecretARN": SECRET}),
    ("secretsmanager", "CreateSecret", {"Name": "new", "KmsKeyId": "1"}, BOTH, {}),
    (
        "ssm", "PutParameter", {"Name": "/db", "Type": "SecureString", "KeyId": "1"}, ["Encrypt"],
        {"PARAMETER_ARN": f"{PARAMETER}/db"},
    ),
    (
        "ssm", "PutParameter", {"Name": "db", "Type": "SecureString", "Tier": "Advanced", "KeyId": KEY},
        ["GenerateDataKey"], {"PARAMETER_ARN": f"{PARAMETER}/db"},
    ),
    (
        "ssm", "GetParametersByPath", {"Path": "/", "Recursive": True, "WithDecryption": True}, ["Decrypt"],
        {"PARAMETER_ARN": f"{PARAMETER}/db"},
    ),
    (
        "ssm", "GetParameterHistory", {"Name": "/db", "WithDecryption": True}, ["Decrypt"],
        {"PARAMETER_ARN": f"{PARAMETER}/db"},
    ),
    ("s3", "UploadPart", {"Bucket": "b", "Key": "k", "UploadId": "u"}, BOTH, {"aws:s3:arn": "arn:aws:s3:::b/k"}),
    (
        "s3", "CreateMultipartUpload",
        {"Bucket": "b", "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "1"}, BOTH,
        {"aws:s3:arn": "arn:aws:s3:::b/k"},
    ),
    (
        "s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "a/k", "ServerSideEncryption": "AES256"},
        ["Decrypt"], {"aws:s3:arn": "arn:aws:s3:::a/k"},
    ),
]  # fmt: skip


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is kept with one key."""
    for operation, said in {
        "GetTopicAttributes": {"Attributes": {"KmsMasterKeyId": KEY}},
        "DescribeStreamSummary": {"StreamDescriptionSummary": {"EncryptionType": "KMS", "KeyId": KEY}},
        "DescribeSecret": {"ARN": SECRET, "KmsKeyId": KEY},
    }.items():
        monkeypatch.setitem(PLAIN, operation, said)


class Keys(World):
    """A world where a table has its key as well."""

    async def ask(self, service: str, operation: str, params: Any, scope: Scope) -> dict[str, Any] | None:
        if operation == "DescribeTable" and params["TableName"] == "t":
            schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
            return {"Table": {"KeySchema": schema, "SSEDescription": {"KMSMasterKeyArn": self.kms_key}}}
        return await super().ask(service, operation, params, scope)


def world(*statements: dict[str, Any], key: str = KEY) -> World:
    found = Keys(ALL, *statements, mode="enforce")
    found.kms_key = key
    return found


@pytest.mark.parametrize(("service", "operation", "params", "actions", "context"), CASES)
def test_both_the_callers_policies_and_the_keys_let(
    service: str, operation: str, params: dict[str, Any], actions: list[str], context: dict[str, str]
) -> None:
    call: dict[str, Any] = {"service": service, "operation": operation, "params": params}
    own = {"Effect": "Allow", "Action": [f"kms:{one}" for one in actions], "Resource": KEY}
    assert world(own).allows(**call)
    for missing in actions:
        left = [f"kms:{one}" for one in actions if one != missing]
        assert not world(own | {"Action": left or ["kms:ListKeys"]}).allows(**call)
    foreign = world(own)
    foreign.key_policy = json.dumps(
        {"Statement": {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "kms:*", "Resource": "*"}}
    )
    assert not foreign.allows(**call)
    through = {"kms:ViaService": f"{service}.us-east-1.amazonaws.com", "kms:CallerAccount": ACCOUNT}
    said = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    assert world(own | {"Condition": {"StringEquals": through | said}}).allows(**call)
    for name in said:
        assert not world(own | {"Condition": {"StringEquals": {name: "another"}}}).allows(**call)


@pytest.mark.parametrize("operation", ["GetParameter", "GetParametersByPath"])
def test_who_does_not_decrypt_needs_no_key(operation: str) -> None:
    assert world().allows(service="ssm", operation=operation, params={"Name": "/db", "Path": "/"})


def test_a_secret_that_gets_another_key_needs_that_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLAIN, "DescribeSecret", {"ARN": SECRET, "KmsKeyId": KEY[:-1] + "2"})
    call: dict[str, Any] = {
        "service": "secretsmanager", "operation": "UpdateSecret", "params": {"SecretId": "db", "KmsKeyId": KEY},
    }  # fmt: skip
    assert world({"Effect": "Allow", "Action": "kms:*", "Resource": KEY}).allows(**call)


ANYBODYS = [
    ("sqs", "SendMessage", {"QueueUrl": QUEUE, "MessageBody": "m"}, "alias/aws/sqs"),
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {}}, AWSS),
    ("ssm", "PutParameter", {"Name": "/db", "Type": "SecureString", "KeyId": "alias/aws/ssm"}, KEY),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "SSEKMSKeyId": "alias/aws/s3"}, KEY),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "params", "key"), ANYBODYS)
def test_awss_own_keys_are_for_everybody_of_the_account_by_their_service(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str, params: dict[str, Any], key: str
) -> None:
    monkeypatch.setitem(PLAIN, "ListAliases", {"Aliases": [{"AliasName": f"alias/aws/{service}"}]})
    call: dict[str, Any] = {"service": service, "operation": operation, "params": params}
    assert world(key=key).allows(**call)
    closed = {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
    by_alias = {"Condition": {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/aws/*"}}}
    for more in ({}, by_alias):
        assert not world(closed | more, key=key).allows(**call)
    if service == "dynamodb":
        monkeypatch.setitem(PLAIN, "ListAliases", {"Aliases": [{"AliasName": "alias/aws/s3"}]})
        assert not world(key=key).allows(**call)


OWNER = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
ALARMS = {
    "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Resource": "*",
    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "policy", "allowed"),
    [
        (KEY, [OWNER], False),
        (KEY, [OWNER, ALARMS], True),
        (KEY, [OWNER, ALARMS | {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:a"}}}], True),
        (KEY, [OWNER, ALARMS | {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:b"}}}], False),
        ("alias/aws/sns", [], False),
    ],
)
def test_a_service_that_sends_needs_the_keys_policy(
    monkeypatch: pytest.MonkeyPatch, key: str, policy: list[dict[str, Any]], allowed: bool
) -> None:
    topic = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "*", "Resource": "*"}
    said = {"KmsMasterKeyId": key, "Policy": json.dumps({"Statement": topic})}
    monkeypatch.setitem(PLAIN, "GetTopicAttributes", {"Attributes": said})
    there = world()
    there.key_policy = json.dumps({"Statement": policy})
    who = principals.service("cloudwatch.amazonaws.com")
    keys = {"aws:sourcearn": "arn:aws:cloudwatch:us-east-1:1:alarm:a"}
    verdict = asyncio.run(there.gate.is_allowed(who, "sns:Publish", TOPIC, SCOPE, keys))
    assert verdict.decision.allowed is allowed


def test_who_polls_for_a_function_needs_the_sources_key() -> None:
    who = principals.session(ROLE, "f")
    for statements, allowed in (((), False), (({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY},), True)):
        asked = world(*statements).gate.is_allowed(who, "kinesis:GetRecords", STREAM, SCOPE, {})
        assert asyncio.run(asked).decision.allowed is allowed


def test_what_the_code_asks_for_needs_the_keys_behind() -> None:
    def call(service: str, operation: str, **params: Any) -> dict[str, Any]:
        return {"service": service, "operation": operation, "params": params, "place": "app.py:1", "told": True}

    calls = [
        call("secretsmanager", "get_secret_value", SecretId="db"),
        call("s3", "get_object", Bucket="b", Key="*"),
        call("sns", "publish", TopicArn=TOPIC),
    ]
    found = asyncio.run(of_code.seen(world().gate.resolved, SCOPE, calls))
    assert {(one.action, one.resource) for one in found if one.resource == KEY} == {
        ("kms:Decrypt", KEY), ("kms:GenerateDataKey", KEY),
    }  # fmt: skip
    for only, action in ((calls[:1], "kms:Decrypt"), (calls[1:2], "kms:Decrypt")):
        found = asyncio.run(of_code.seen(world().gate.resolved, SCOPE, only))
        assert (action, KEY) in {(one.action, one.resource) for one in found}


def test_a_stream_that_is_encrypted_from_now_on_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    there = world()
    put: dict[str, Any] = {"service": "kinesis", "operation": "PutRecord", "params": {"StreamName": "s"}}
    plain = {"StreamDescriptionSummary": {}}
    with monkeypatch.context() as before:
        before.setitem(PLAIN, "DescribeStreamSummary", plain)
        assert there.allows(SESSION, **put)
    there.changed("StartStreamEncryption", "kinesis")
    assert not there.allows(SESSION, **put)
