"""The condition keys of requests: what a policy goes by is what AWS would have in the request.

Sources: those of the modules in permissions/keys.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.engine.authorisation import principals
from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.permissions.identities import Identity
from lambent.permissions.keys import finding
from lambent.permissions.keys.view import NOTHING, Sent, View
from lambent.permissions.requests import rights
from lambent.permissions.resolved import Resolved

ACCOUNT = "123456789012"
SCOPE = Scope(ACCOUNT, "eu-west-1")
HERE = f"eu-west-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
KEY = f"arn:aws:kms:{HERE}:key/1"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:db-a1b2c3"
FUNCTION = f"arn:aws:lambda:{HERE}:function:f"
TOPIC = f"arn:aws:sns:{HERE}:t"
OBJECT = {"Bucket": "b", "Key": "k"}
PUT = {**OBJECT, "Tagging": "p=1&q=2", "ACL": "private", "StorageClass": "STANDARD_IA", "IfNoneMatch": "*"}
CONTEXT = {"KeyId": "alias/a", "EncryptionContext": {"Team": "a"}}
GRANT = {
    "KeyId": "1",
    "GranteePrincipal": ROLE,
    "Operations": ["Decrypt"],
    "Constraints": {"EncryptionContextSubset": {}},
}
VPC = {"FunctionName": "f", "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}, "Layers": ["l:1"]}
TAGGED = [{"Key": "Team", "Value": "a"}]
QUERY = {
    "TableName": "t", "KeyConditionExpression": "pk = :a AND begins_with(#s, :b)", "ProjectionExpression": "v.x, w[0]",
    "ExpressionAttributeNames": {"#s": "sk"}, "ExpressionAttributeValues": {":a": {"S": "me"}},
}  # fmt: skip
UPDATE = {"TableName": "t", "Key": {"pk": {"S": "me"}}, "UpdateExpression": "SET a = :a REMOVE b"}
TRANSACTION = {"TransactItems": [{"Get": UPDATE}]}
ROWS: list[tuple[str, str, dict[str, Any], str, Any]] = [
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "home/"}, "s3:prefix", "home/"),
    ("s3", "ListObjectsV2", {"Bucket": "b"}, "s3:prefix", None),
    ("s3", "ListObjectsV2", {"Bucket": "b", "MaxKeys": 5}, "s3:max-keys", "5"),
    ("s3", "PutObject", OBJECT | {"ServerSideEncryption": "aws:kms"}, "s3:x-amz-server-side-encryption", "aws:kms"),
    ("s3", "PutObject", PUT, "s3:x-amz-acl", "private"),
    ("s3", "PutObject", PUT, "s3:if-none-match", "*"),
    ("s3", "PutObject", PUT, "s3:requestobjecttag/p", "1"),
    ("s3", "PutObject", PUT, "s3:requestobjecttagkeys", ("p", "q")),
    ("s3", "PutObjectTagging", OBJECT | {"Tagging": {"TagSet": TAGGED}}, "s3:requestobjecttag/team", "a"),
    ("s3", "GetObject", OBJECT, "s3:existingobjecttag/color", "red"),
    ("s3", "GetObject", OBJECT, "s3:existingobjecttag/none", None),
    ("s3", "PutObject", OBJECT, "s3:existingobjecttag/color", None),
    ("s3", "DeleteObject", OBJECT, "s3:existingobjecttag/color", None),
    ("s3", "GetObject", OBJECT, "s3:authtype", "REST-HEADER"),
    ("s3", "GetObject", OBJECT, "s3:signatureversion", "AWS4-HMAC-SHA256"),
    ("s3", "GetObject", OBJECT, "s3:resourceaccount", ACCOUNT),
    ("s3", "GetObject", OBJECT, "aws:resourceaccount", ACCOUNT),
    ("s3", "CopyObject", OBJECT | {"CopySource": "c/d", "MetadataDirective": "COPY"}, "s3:x-amz-copy-source", "c/d"),
    ("kms", "Encrypt", CONTEXT, "kms:encryptioncontext:team", "a"),
    ("kms", "Encrypt", CONTEXT, "kms:encryptioncontextkeys", ("Team",)),
    ("kms", "Encrypt", CONTEXT, "kms:requestalias", "alias/a"),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:requestalias", None),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:encryptionalgorithm", "SYMMETRIC_DEFAULT"),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:keyspec", "RSA_2048"),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:keyorigin", "AWS_KMS"),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:keyusage", "ENCRYPT_DECRYPT"),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:multiregion", "false"),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:resourcealiases", ("alias/a", "alias/b")),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:calleraccount", ACCOUNT),
    ("kms", "Encrypt", {"KeyId": "1"}, "kms:viaservice", None),
    ("kms", "CreateKey", {}, "kms:keyspec", "SYMMETRIC_DEFAULT"),
    ("kms", "CreateKey", {"Tags": [{"TagKey": "Team", "TagValue": "a"}]}, "aws:requesttag/team", "a"),
    ("kms", "CreateGrant", GRANT, "kms:granteeprincipal", ROLE),
    ("kms", "CreateGrant", GRANT, "kms:grantoperations", ("Decrypt",)),
    ("kms", "CreateGrant", GRANT, "kms:grantisforawsresource", "false"),
    ("kms", "CreateGrant", GRANT, "kms:grantconstrainttype", "EncryptionContextSubset"),
    ("kms", "ReEncrypt", {"SourceKeyId": "1", "DestinationKeyId": "1"}, "kms:reencryptonsamekey", "true"),
    ("secretsmanager", "GetSecretValue", {"SecretId": SECRET}, "secretsmanager:secretid", SECRET),
    ("secretsmanager", "GetSecretValue", {"SecretId": SECRET}, "secretsmanager:versionstage", "AWSCURRENT"),
    ("secretsmanager", "GetSecretValue", {"SecretId": SECRET, "VersionId": "1"}, "secretsmanager:versionstage", None),
    ("secretsmanager", "GetSecretValue", {"SecretId": SECRET}, "secretsmanager:resourcetag/team", "blue"),
    (
        "secretsmanager", "GetSecretValue", {"SecretId": SECRET}, "secretsmanager:resource/allowrotationlambdaarn",
        FUNCTION,
    ),
    ("secretsmanager", "RotateSecret", {"SecretId": SECRET}, "secretsmanager:modifyrotationrules", "false"),
    ("sns", "Subscribe", {"TopicArn": TOPIC, "Protocol": "sqs"}, "sns:protocol", "sqs"),
    ("sqs", "CreateQueue", {"QueueName": "q", "tags": {"Team": "a"}}, "aws:requesttag/team", "a"),
    ("sqs", "UntagQueue", {"QueueUrl": f"http://x/{ACCOUNT}/q", "TagKeys": ["Team"]}, "aws:tagkeys", ("Team",)),
    ("sqs", "SendMessage", {"QueueUrl": f"http://x/{ACCOUNT}/q"}, "aws:resourcetag/team", "blue"),
    ("sqs", "SendMessage", {"QueueUrl": "http://x/222222222222/q"}, "aws:resourceaccount", "222222222222"),
    ("lambda", "Invoke", {"FunctionName": "f"}, "aws:resourcetag/team", "blue"),
    ("lambda", "GetFunction", {"FunctionName": "f"}, "aws:requestedregion", "eu-west-1"),
    ("lambda", "CreateFunction", VPC, "lambda:vpcids", ("vpc-1",)),
    ("lambda", "CreateFunction", VPC, "lambda:subnetids", ("subnet-1",)),
    ("lambda", "CreateFunction", VPC, "lambda:layer", ("l:1",)),
    ("lambda", "CreateEventSourceMapping", {"FunctionName": "f"}, "lambda:functionarn", FUNCTION),
    ("lambda", "DeleteEventSourceMapping", {"UUID": "u"}, "lambda:functionarn", FUNCTION),
    ("lambda", "CreateFunctionUrlConfig", {"AuthType": "NONE"}, "lambda:functionurlauthtype", "NONE"),
    ("lambda", "AddPermission", {"FunctionName": "f", "Principal": "*"}, "lambda:principal", "*"),
    ("dynamodb", "CreateTable", {"TableName": "t", "Tags": TAGGED}, "aws:tagkeys", ("Team",)),
    ("dynamodb", "Query", QUERY, "dynamodb:leadingkeys", ("me",)),
    ("dynamodb", "Query", QUERY, "dynamodb:attributes", ("v", "w", "pk", "sk")),
    ("dynamodb", "Query", QUERY, "dynamodb:select", "SPECIFIC_ATTRIBUTES"),
    ("dynamodb", "Scan", {"TableName": "t"}, "dynamodb:select", "ALL_ATTRIBUTES"),
    ("dynamodb", "Scan", {"TableName": "t", "IndexName": "i"}, "dynamodb:select", "ALL_PROJECTED_ATTRIBUTES"),
    ("dynamodb", "Scan", {"TableName": "t", "Select": "COUNT"}, "dynamodb:select", "COUNT"),
    ("dynamodb", "PutItem", {"TableName": "t", "Item": {"pk": {"S": "a"}}}, "dynamodb:select", None),
    ("dynamodb", "UpdateItem", UPDATE, "dynamodb:attributes", ("pk", "a", "b")),
    ("dynamodb", "UpdateItem", UPDATE, "dynamodb:returnvalues", "NONE"),
    ("dynamodb", "TransactGetItems", TRANSACTION, "dynamodb:enclosingoperation", "TransactGetItems"),
    ("dynamodb", "GetItem", UPDATE, "dynamodb:enclosingoperation", None),
    (
        "stepfunctions", "StartExecution", {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m:PROD"},
        "states:statemachinequalifier", "PROD",
    ),
    ("events", "PutEvents", {"Entries": [{"Source": "a", "DetailType": "d"}]}, "events:source", ("a",)),
    ("events", "PutRule", {"Name": "r", "EventPattern": '{"source": ["a"]}'}, "events:source", ("a",)),
    ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "p"}, "iam:policyarn", "p"),
    ("iam", "GetRole", {"RoleName": "r"}, "iam:resourcetag/team", "blue"),
    ("s3", "GetObject", OBJECT, "kms:keyspec", None),
]  # fmt: skip
SIGNING = {"stepfunctions": "states"}
ANSWERS: Mapping[str, dict[str, Any]] = {
    "GetObjectTagging": {"TagSet": [{"Key": "Color", "Value": "red"}]},
    "DescribeKey": {"KeyMetadata": {"KeySpec": "RSA_2048", "Origin": "AWS_KMS", "MultiRegion": False}},
    "ListAliases": {"Aliases": [{"AliasName": "alias/a"}, {"AliasName": "alias/b"}]},
    "DescribeSecret": {"ARN": SECRET, "Tags": [{"Key": "Team", "Value": "blue"}], "RotationLambdaARN": FUNCTION},
    "ListQueueTags": {"Tags": {"Team": "blue"}},
    "ListTags": {"Tags": {"Team": "blue"}},
    "ListRoleTags": {"Tags": [{"Key": "Team", "Value": "blue"}]},
    "DescribeSubnets": {"Subnets": [{"VpcId": "vpc-1"}]},
    "GetEventSourceMapping": {"FunctionArn": FUNCTION},
    "DescribeTable": {"Table": {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}},
}


async def ask(_service: str, operation: str, _params: Mapping[str, Any], _scope: Scope) -> dict[str, Any] | None:
    return ANSWERS.get(operation)


HELD = Held("s", ACCOUNT, ROLE, "name", token="t", issued=0.0, source_identity="ann", function=FUNCTION)
SESSION = Caller(SCOPE, "id", "ASIA1", role=ROLE, held=HELD)


def found(
    service: str, operation: str, params: Mapping[str, Any], key: str, sent: Sent = NOTHING, caller: Caller = SESSION
) -> Any:
    right = rights(SIGNING.get(service, service), service, operation, params, SCOPE)[0]
    who = principals.session(ROLE, "name") if caller is SESSION else principals.user(f"arn:aws:iam::{ACCOUNT}:user/u")
    view = View(right, caller, who, Identity(unique_id="AROA1"), sent)
    return asyncio.run(finding.find([key], view, Resolved(ask))).get(key)


@pytest.mark.parametrize(("service", "operation", "params", "key", "value"), ROWS)
def test_a_key_of_a_request(service: str, operation: str, params: dict[str, Any], key: str, value: Any) -> None:
    assert found(service, operation, params, key) == value


def test_who_asks() -> None:
    keys = {
        "aws:userid": "AROA1:name", "aws:tokenissuetime": "1970-01-01T00:00:00Z", "aws:sourceidentity": "ann",
        "aws:multifactorauthpresent": "false", "lambda:sourcefunctionarn": FUNCTION,
    }  # fmt: skip
    assert {key: found("s3", "GetObject", OBJECT, key) for key in keys} == keys


def test_whose_request_to_a_topic_it_is_services_alone_say() -> None:
    topic = {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t"}
    assert found("sns", "Publish", topic, "aws:sourceowner") is None
    assert finding.is_set("aws:sourceowner")


def test_a_users_own_key_has_no_keys_of_sessions() -> None:
    user = Caller(SCOPE, "id", "AKIA1", held=Held("s", ACCOUNT, user=f"arn:aws:iam::{ACCOUNT}:user/u"))
    assert found("s3", "GetObject", OBJECT, "aws:userid", caller=user) == "AROA1"
    for key in ("aws:tokenissuetime", "aws:multifactorauthpresent", "aws:sourceidentity", "lambda:sourcefunctionarn"):
        assert found("s3", "GetObject", OBJECT, key, caller=user) is None


def test_how_a_request_to_s3_is_signed() -> None:
    link = Sent({}, "X-Amz-Date=20260101T000000Z&X-Amz-Signature=1", at=1_767_225_660.0)
    assert found("s3", "GetObject", OBJECT, "s3:authtype", link) == "REST-QUERY-STRING"
    assert found("s3", "GetObject", OBJECT, "s3:signatureage", link) == "60000"
    assert found("s3", "GetObject", OBJECT, "s3:x-amz-content-sha256", link) == "UNSIGNED-PAYLOAD"
    assert found("s3", "GetObject", OBJECT, "s3:signatureage") is None
    assert found("s3", "PutObject", OBJECT, "s3:authtype", Sent(is_form=True)) == "POST"
