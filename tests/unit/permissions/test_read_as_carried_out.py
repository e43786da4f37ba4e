"""A request is held against the policies as it is carried out: what it is about can't be hidden in another form, and
what it does beside its name is asked for, too.

Sources: those of operations.json, parameters.py and passing.py.
"""

import json
from typing import Any

import pytest

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.permissions import callers
from lambent.permissions.requests import rights
from lambent.services.s3 import documents

SCOPE = Scope("123456789012", "eu-west-1")
HERE = "eu-west-1:123456789012"
QUEUE, TOPIC = f"arn:aws:sqs:{HERE}:q", f"arn:aws:sns:{HERE}:t"
ID = "11111111-2222-3333-4444-555555555555"
BLOB = ID.encode() + b"rest"
ROLE = "arn:aws:iam::123456789012:role/r"
PASS = f"iam:PassRole {ROLE}"
OBJECT = {"Bucket": "b", "Key": "k"}
BALANCER = f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app"
PUT = "s3:PutObject arn:aws:s3:::b/k"
LAYER = f"arn:aws:lambda:{HERE}:layer:l:2"
VERSIONS = [{"Key": "1"}, {"Key": "2", "VersionId": "v"}]
MOVING = ("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
ESCAPED = b'a: {"cred\\u0065ntials": "arn:aws:iam::123456789012:rol\\u0065/r"}'
IN_AUTHORIZER = {"restApiId": "a", "body": b'{"x": {"authorizerCredentials": "arn:aws:iam::123456789012:role/r"}}'}
PATCHED = {
    "patchOperations": [{"op": "replace", "path": "/credentials", "value": ROLE}, {"op": "remove", "path": "/x"}]
}


def definition(name: str = "credentials") -> dict[str, Any]:
    return {
        "components": {"i": {name: ROLE}},
        "paths": {"/": {"get": {"x-amazon-apigateway-integration": {"$ref": "i"}}}},
    }


ROWS: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "s3", "PutObject", {"Bucket": "b", "Key": "arn:aws:s3:::mine/k"},
        ["s3:PutObject arn:aws:s3:::b/arn:aws:s3:::mine/k"],
    ),
    (
        "s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "arn:aws:s3:::mine/k"}]}},
        ["s3:DeleteObject arn:aws:s3:::b/arn:aws:s3:::mine/k"],
    ),
    ("s3", "CopyObject", OBJECT | {"CopySource": "c%2Fd/e"}, [PUT, "s3:GetObject arn:aws:s3:::c/d/e"]),
    ("s3", "CopyObject", OBJECT | {"CopySource": "%2Fc/%64/e"}, [PUT, "s3:GetObject arn:aws:s3:::c/d/e"]),
    ("s3", "CopyObject", OBJECT | {"CopySource": "c/d?x"}, [PUT, "s3:GetObject arn:aws:s3:::c/d?x"]),
    (
        "s3", "UploadPartCopy", OBJECT | {"CopySource": "c/d?versionId=1"},
        [PUT, "s3:GetObjectVersion arn:aws:s3:::c/d"],
    ),
    (
        "s3", "DeleteObjects",
        {"Bucket": "b", "BypassGovernanceRetention": True, "Delete": {"Objects": VERSIONS}},
        [
            "s3:DeleteObject arn:aws:s3:::b/1", "s3:DeleteObjectVersion arn:aws:s3:::b/2",
            "s3:BypassGovernanceRetention arn:aws:s3:::b/1", "s3:BypassGovernanceRetention arn:aws:s3:::b/2",
        ],
    ),
    ("s3", "PutObject", OBJECT | {"Tagging": "a=b"}, [PUT, "s3:PutObjectTagging arn:aws:s3:::b/k"]),
    ("s3", "PutObject", OBJECT | {"GrantRead": "id=1"}, [PUT, "s3:PutObjectAcl arn:aws:s3:::b/k"]),
    (
        "s3", "CreateMultipartUpload", OBJECT | {"ACL": "private", "ObjectLockMode": "GOVERNANCE"},
        [PUT, "s3:PutObjectAcl arn:aws:s3:::b/k", "s3:PutObjectRetention arn:aws:s3:::b/k"],
    ),
    (
        "s3", "CreateBucket", {"Bucket": "b", "ObjectOwnership": "ObjectWriter", "ACL": "public-read"},
        [f"s3:{one} arn:aws:s3:::b" for one in ("CreateBucket", "PutBucketAcl", "PutBucketOwnershipControls")],
    ),
    ("s3", "PutObjectTagging", OBJECT | {"VersionId": "1"}, ["s3:PutObjectVersionTagging arn:aws:s3:::b/k"]),
    (
        "kms", "ReEncrypt", {"CiphertextBlob": BLOB, "SourceKeyId": "mine", "DestinationKeyId": "mine"},
        [f"kms:ReEncryptFrom arn:aws:kms:{HERE}:key/{ID}", f"kms:ReEncryptTo arn:aws:kms:{HERE}:key/mine"],
    ),
    (
        "kms", "ReEncrypt", {"CiphertextBlob": BLOB, "DestinationKeyId": "mine"},
        [f"kms:ReEncryptFrom arn:aws:kms:{HERE}:key/{ID}", f"kms:ReEncryptTo arn:aws:kms:{HERE}:key/mine"],
    ),
    (
        "kms", "Encrypt", {"KeyId": f"arn:aws:kms:us-east-1:123456789012:key/{ID}"},
        [f"kms:Encrypt arn:aws:kms:us-east-1:123456789012:key/{ID}", f"kms:Encrypt arn:aws:kms:{HERE}:key/{ID}"],
    ),
    ("sns", "Publish", {"TargetArn": f"{TOPIC}2", "TopicArn": TOPIC}, [f"sns:Publish {TOPIC}"]),
    (
        "sqs", "StartMessageMoveTask", {"SourceArn": QUEUE, "DestinationArn": f"{QUEUE}2"},
        [
            *(f"sqs:{one} {QUEUE}" for one in MOVING),
            f"sqs:SendMessage {QUEUE}2",
        ],
    ),
    ("sqs", "SendMessage", {"QueueUrl": "http://x/123456789012/q#/123456789012/mine"}, [f"sqs:SendMessage {QUEUE}"]),
    ("sqs", "SendMessage", {"QueueUrl": "http://x/123456789012/q?/222222222222/mine"}, [f"sqs:SendMessage {QUEUE}"]),
    ("sqs", "SendMessage", {"QueueUrl": "http://x/123456789012/q/"}, [f"sqs:SendMessage {QUEUE}"]),
    ("sqs", "SendMessage", {"QueueUrl": "http://[/123456789012/q"}, [f"sqs:SendMessage {QUEUE[:-1]}"]),
    (
        "lambda", "CreateFunction", {"FunctionName": "f", "Layers": [LAYER]},
        [f"lambda:CreateFunction arn:aws:lambda:{HERE}:function:f", f"lambda:GetLayerVersion {LAYER}"],
    ),
    (
        "lambda", "UpdateFunctionCode", {"FunctionName": "f", "S3Bucket": "b", "S3Key": "k"},
        [f"lambda:UpdateFunctionCode arn:aws:lambda:{HERE}:function:f", "s3:GetObject arn:aws:s3:::b/k"],
    ),
    (
        "lambda", "PublishLayerVersion",
        {"LayerName": "l", "Content": {"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "1"}},
        [f"lambda:PublishLayerVersion arn:aws:lambda:{HERE}:layer:l", "s3:GetObjectVersion arn:aws:s3:::b/k"],
    ),
    (
        "lambda", "CreateFunction", {"FunctionName": "f", "Code": {"S3Bucket": "b", "S3Key": "arn:aws:s3:::c/k"}},
        [f"lambda:CreateFunction arn:aws:lambda:{HERE}:function:f", "s3:GetObject arn:aws:s3:::b/arn:aws:s3:::c/k"],
    ),
    (
        "cognito-identity", "SetIdentityPoolRoles", {"IdentityPoolId": "p", "Roles": {"authenticated": ROLE}},
        ["cognito-identity:SetIdentityPoolRoles *", PASS],
    ),
    (
        "firehose", "CreateDeliveryStream",
        {"DeliveryStreamName": "d", "ExtendedS3DestinationConfiguration": {"RoleARN": ROLE}},
        [f"firehose:CreateDeliveryStream arn:aws:firehose:{HERE}:deliverystream/d", PASS],
    ),
    (
        "secretsmanager", "BatchGetSecretValue", {"Filters": [{"Key": "name", "Values": ["a"]}]},
        ["secretsmanager:BatchGetSecretValue *", "secretsmanager:ListSecrets *"],
    ),
    (
        "cloudwatch", "DeleteAlarms", {"AlarmNames": ["a", "b"]},
        [f"cloudwatch:DeleteAlarms arn:aws:cloudwatch:{HERE}:alarm:{one}" for one in "ab"],
    ),
    (
        "ecr", "DescribeRepositories", {"repositoryNames": ["a", "b"]},
        [f"ecr:DescribeRepositories arn:aws:ecr:{HERE}:repository/{one}" for one in "ab"],
    ),
    (
        "elbv2", "AddTags", {"ResourceArns": [f"{BALANCER}/a/1", f"{BALANCER}/b/1", "arn:aws:s3:::other"]},
        [f"elasticloadbalancing:AddTags {BALANCER}/{one}/1" for one in "ab"],
    ),
    (
        "cloudwatch", "DeleteInsightRules", {"RuleNames": ["a", "b"]},
        [f"cloudwatch:DeleteInsightRules arn:aws:cloudwatch:{HERE}:insight-rule/{one}" for one in "ab"],
    ),
    (
        "resourcegroupstaggingapi", "TagResources", {"ResourceARNList": [QUEUE, ROLE, "arn:aws:s3:::b", "nothing"]},
        ["tag:TagResources *", f"sqs:TagQueue {QUEUE}", f"iam:TagRole {ROLE}", "s3:PutBucketTagging arn:aws:s3:::b"],
    ),
    (
        "resourcegroupstaggingapi", "UntagResources", {"ResourceARNList": [TOPIC]},
        ["tag:UntagResources *", f"sns:UntagResource {TOPIC}"],
    ),
    (
        "ec2", "TerminateInstances", {"InstanceId": ["i-1", "i-2"]},
        [f"ec2:TerminateInstances arn:aws:ec2:{HERE}:instance/i-{one}" for one in (1, 2)],
    ),
    (
        "ssm", "AddTagsToResource", {"ResourceType": "Parameter", "ResourceId": "/a/b"},
        [f"ssm:AddTagsToResource arn:aws:ssm:{HERE}:parameter/a/b"],
    ),
    (
        "iam", "UpdateUser", {"UserName": "u", "NewUserName": "v", "NewPath": "/p/"},
        ["iam:UpdateUser arn:aws:iam::123456789012:user/u", "iam:UpdateUser arn:aws:iam::123456789012:user/p/v"],
    ),
    (
        "iam", "UpdateGroup", {"GroupName": "g", "NewPath": "/p/"},
        ["iam:UpdateGroup arn:aws:iam::123456789012:group/g", "iam:UpdateGroup arn:aws:iam::123456789012:group/p/g"],
    ),
    ("stepfunctions", "TestState", {"roleArn": ROLE}, ["states:TestState *", PASS]),
]  # fmt: skip
SIGNING = {
    "resourcegroupstaggingapi": "tagging",
    "elbv2": "elasticloadbalancing",
    "cloudwatch": "monitoring",
    "stepfunctions": "states",
    "apigatewayv2": "apigateway",
}


@pytest.mark.parametrize(("service", "operation", "params", "expected"), ROWS)
def test_what_is_asked_for(service: str, operation: str, params: dict[str, Any], expected: list[str]) -> None:
    found = rights(SIGNING.get(service, service), service, operation, params, SCOPE)
    assert [f"{one.action} {one.resource}" for one in found] == expected


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("apigateway", "UpdateIntegration", PATCHED),
        ("apigateway", "UpdateAuthorizer", PATCHED),
        ("apigateway", "UpdateAccount", PATCHED),
        ("apigateway", "ImportRestApi", {"body": json.dumps(definition()).encode()}),
        ("apigateway", "PutRestApi", IN_AUTHORIZER),
        ("apigateway", "ImportRestApi", {"body": ESCAPED}),
        ("apigatewayv2", "ImportApi", {"Body": json.dumps(definition())}),
        ("apigatewayv2", "ReimportApi", {"ApiId": "a", "Body": json.dumps(definition())}),
    ],
)  # fmt: skip
def test_a_role_is_passed_wherever_it_is_written(service: str, operation: str, params: dict[str, Any]) -> None:
    found = rights("apigateway", service, operation, params, SCOPE)
    assert [f"{one.action} {one.resource}" for one in found][1:] == [PASS]


def test_a_definition_that_is_none_passes_nothing() -> None:
    for body in (None, b"", b"{", b"- a", b"&a [*a]", b"\xff"):
        assert len(rights("apigateway", "apigateway", "ImportRestApi", {"body": body}, SCOPE)) == 1


@pytest.mark.parametrize(
    "said", ["c/d", "/c/d", "c%2Fd", "%2Fc/d", "c/d%2Fe", "c/d?x", "c/d%3FversionId=1", "c//d", "c/d?versionId=1"]
)
def test_a_source_is_what_is_copied(said: str) -> None:
    bucket, key, version = documents.copy_source(said)
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    found = rights("s3", "s3", "CopyObject", OBJECT | {"CopySource": said}, SCOPE)[-1]
    assert (found.action, found.resource) == (action, f"arn:aws:s3:::{bucket}/{key}")


def test_who_names_no_user_is_the_user() -> None:
    user = "arn:aws:iam::123456789012:user/u"
    caller = Caller(SCOPE, "id", "AKIA1", held=Held("s", "123456789012", user=user))
    for params, expected in (({}, user), ({"UserName": "v"}, user[:-1] + "v")):
        [right] = rights("iam", "iam", "CreateAccessKey", params, SCOPE)
        assert callers.about_themselves(right, caller).resource == expected
    [right] = rights("iam", "iam", "CreateAccessKey", {}, SCOPE)
    assert callers.about_themselves(right, Caller(SCOPE, "id", "ASIA1", held=Held("s", "1", ROLE, "f"))).resource == "*"
