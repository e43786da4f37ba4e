"""What SAM's policy templates and CDK's grants write lets a function do what they are for, and nothing beside.

Sources: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
(as aws-sam-translator has them), and the pages of CDK's `grant…` methods in
https://docs.aws.amazon.com/cdk/api/v2/docs/aws-construct-library.html.
"""

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from lambent.engine.authorisation import checking, document, principals
from lambent.engine.authorisation.decide import Ask, Policies, decide
from lambent.model.scope import Scope
from lambent.permissions.requests import rights

ACCOUNT = "123456789012"
SCOPE = Scope(ACCOUNT, "eu-west-1")
HERE = f"eu-west-1:{ACCOUNT}"
QUEUE_URL = f"http://localhost:4566/{ACCOUNT}/q"
QUEUE, TOPIC, TABLE = f"arn:aws:sqs:{HERE}:q", f"arn:aws:sns:{HERE}:t", f"arn:aws:dynamodb:{HERE}:table/t"
KEY_ID = "11111111-2222-3333-4444-555555555555"
KEY, SECRET = f"arn:aws:kms:{HERE}:key/{KEY_ID}", f"arn:aws:secretsmanager:{HERE}:secret:db-AbCdEf"
FUNCTION, STREAM = f"arn:aws:lambda:{HERE}:function:f", f"arn:aws:kinesis:{HERE}:stream/s"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:m"
WHO = principals.session(f"arn:aws:iam::{ACCOUNT}:role/r", "f")
SIGNING = {"cloudwatch": "monitoring", "stepfunctions": "states"}
TEMPLATES = json.loads(
    files("samtranslator").joinpath("policy_templates_data/policy_templates.json").read_text("utf-8")
)
OBJECT, ITEM = {"Bucket": "b", "Key": "k"}, {"TableName": "t", "Key": {"id": {"S": "1"}}}
Call = tuple[str, str, dict[str, Any]]
SEND: Call = ("sqs", "SendMessage", {"QueueUrl": QUEUE_URL})
RECEIVE: Call = ("sqs", "ReceiveMessage", {"QueueUrl": QUEUE_URL})
GET: Call = ("s3", "GetObject", OBJECT)
PUT: Call = ("s3", "PutObject", OBJECT)
LIST: Call = ("s3", "ListObjectsV2", {"Bucket": "b"})
READ: Call = ("dynamodb", "GetItem", ITEM)
WRITE: Call = ("dynamodb", "PutItem", {"TableName": "t", "Item": ITEM["Key"]})
BY_INDEX: Call = ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"})
WRITE_MANY: Call = ("dynamodb", "BatchWriteItem", {"RequestItems": {"t": []}})
INVOKE: Call = ("lambda", "Invoke", {"FunctionName": "f"})
INVOKE_LIVE: Call = ("lambda", "Invoke", {"FunctionName": "f", "Qualifier": "live"})
PUBLISH: Call = ("sns", "Publish", {"TopicArn": TOPIC})
DECRYPT: Call = ("kms", "Decrypt", {"KeyId": KEY_ID})
ENCRYPT: Call = ("kms", "Encrypt", {"KeyId": KEY_ID})
PARAMETER: Call = ("ssm", "GetParameter", {"Name": "/app/x"})
GET_SECRET: Call = ("secretsmanager", "GetSecretValue", {"SecretId": SECRET})
NAMED_SECRET: Call = ("secretsmanager", "GetSecretValue", {"SecretId": "db"})
PUT_EVENTS: Call = ("events", "PutEvents", {"Entries": [{"EventBusName": "bus"}]})
PUT_METRIC: Call = ("cloudwatch", "PutMetricData", {"Namespace": "n"})
PUT_RECORD: Call = ("kinesis", "PutRecord", {"StreamName": "s"})
EXECUTE: Call = ("stepfunctions", "StartExecution", {"stateMachineArn": MACHINE})


def allowed(said: dict[str, Any], call: Call) -> bool:
    service, operation, params = call
    policies = Policies((document.read("p", said),))
    needed = rights(SIGNING.get(service, service), service, operation, params, SCOPE)
    return all(decide(Ask(WHO, one.action, one.resource, one.account, one.keys), policies).allowed for one in needed)


def expanded(template: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """A SAM template with its parameters, as CloudFormation makes a policy of it."""
    own = {"AWS::Partition": "aws", "AWS::Region": SCOPE.region, "AWS::AccountId": ACCOUNT}

    def fill(said: Any) -> Any:
        if isinstance(said, list):
            return [fill(one) for one in said]
        if not isinstance(said, dict):
            return said
        if "Ref" in said:
            return {**own, **values}[said["Ref"]]
        if "Fn::Sub" in said:
            text, more = said["Fn::Sub"] if isinstance(said["Fn::Sub"], list) else (said["Fn::Sub"], {})
            known = {**own, **values, **{name: fill(one) for name, one in more.items()}}
            return re.sub(r"\$\{([^}!]+)\}", lambda found: str(known[found[1]]), text)
        return {name: fill(one) for name, one in said.items()}

    return {"Version": "2012-10-17", **fill(template["Definition"])}


SAM = [
    ("SQSSendMessagePolicy", {"QueueName": "q"}, [SEND], [RECEIVE]),
    ("SQSPollerPolicy", {"QueueName": "q"}, [RECEIVE, ("sqs", "DeleteMessageBatch", {"QueueUrl": QUEUE_URL})], [SEND]),
    ("S3ReadPolicy", {"BucketName": "b"}, [GET, LIST], [PUT]),
    ("S3WritePolicy", {"BucketName": "b"}, [PUT], [GET]),
    ("S3CrudPolicy", {"BucketName": "b"}, [GET, PUT, LIST, ("s3", "DeleteObject", OBJECT)], []),
    ("DynamoDBReadPolicy", {"TableName": "t"}, [READ, BY_INDEX], [WRITE]),
    ("DynamoDBWritePolicy", {"TableName": "t"}, [WRITE, WRITE_MANY], [READ]),
    ("DynamoDBCrudPolicy", {"TableName": "t"}, [READ, WRITE, WRITE_MANY, BY_INDEX], []),
    ("LambdaInvokePolicy", {"FunctionName": "f"}, [INVOKE, INVOKE_LIVE], [SEND]),
    ("SNSPublishMessagePolicy", {"TopicName": "t"}, [PUBLISH], [SEND]),
    ("KMSDecryptPolicy", {"KeyId": KEY_ID}, [DECRYPT], [ENCRYPT]),
    ("KMSEncryptPolicy", {"KeyId": KEY_ID}, [ENCRYPT], [DECRYPT]),
    ("SSMParameterReadPolicy", {"ParameterName": "app/x"}, [PARAMETER], []),
    ("AWSSecretsManagerGetSecretValuePolicy", {"SecretArn": SECRET}, [GET_SECRET], [PARAMETER]),
    ("EventBridgePutEventsPolicy", {"EventBusName": "bus"}, [PUT_EVENTS], []),
    ("CloudWatchPutMetricPolicy", {}, [PUT_METRIC], []),
    ("KinesisCrudPolicy", {"StreamName": "s"}, [PUT_RECORD], []),
    ("StepFunctionsExecutionPolicy", {"StateMachineName": "m"}, [EXECUTE], []),
]


@pytest.mark.parametrize(("name", "values", "may", "may_not"), SAM, ids=[row[0] for row in SAM])
def test_a_policy_template_of_sam(name: str, values: dict[str, str], may: list[Call], may_not: list[Call]) -> None:
    said = expanded(TEMPLATES["Templates"][name], values)
    assert [call for call in may if not allowed(said, call)] == []
    assert [call for call in may_not if allowed(said, call)] == []


def test_every_policy_template_of_sam_is_a_policy() -> None:
    for name, template in TEMPLATES["Templates"].items():
        said = expanded(template, dict.fromkeys(template["Parameters"], "x"))
        assert checking.wrong(json.dumps(said)).partition(" x ")[0] in ("", "Resource"), name


def grant(*actions: str, on: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Action": list(actions), "Effect": "Allow", "Resource": on}]}


BUCKET = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
TABLE_READ = (
    "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
)  # fmt: skip
CDK = {
    "bucket.grantRead": (grant("s3:GetObject*", "s3:GetBucket*", "s3:List*", on=BUCKET), [GET, LIST], [PUT]),
    "bucket.grantPut": (
        grant("s3:PutObject", "s3:PutObjectLegalHold", "s3:PutObjectTagging", "s3:Abort*", on="arn:aws:s3:::b/*"),
        [PUT, ("s3", "AbortMultipartUpload", OBJECT)],
        [GET],
    ),
    "queue.grantSendMessages": (
        grant("sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", on=QUEUE),
        [SEND, ("sqs", "SendMessageBatch", {"QueueUrl": QUEUE_URL}), ("sqs", "GetQueueUrl", {"QueueName": "q"})],
        [RECEIVE],
    ),
    "topic.grantPublish": (grant("sns:Publish", on=TOPIC), [PUBLISH], []),
    "table.grantReadData": (grant(*TABLE_READ, on=[TABLE, f"{TABLE}/index/*"]), [READ, BY_INDEX], [WRITE]),
    "function.grantInvoke": (grant("lambda:InvokeFunction", on=[FUNCTION, f"{FUNCTION}:*"]), [INVOKE, INVOKE_LIVE], []),
    "key.grantDecrypt": (grant("kms:Decrypt", on=KEY), [DECRYPT], [ENCRYPT]),
    "secret.grantRead": (
        grant("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", on=SECRET), [GET_SECRET], [],
    ),
    "Secret.fromSecretNameV2.grantRead": (
        grant("secretsmanager:GetSecretValue", on=f"arn:aws:secretsmanager:{HERE}:secret:db-??????"),
        [GET_SECRET, NAMED_SECRET],
        [],
    ),
    "eventBus.grantPutEventsTo": (
        grant("events:PutEvents", on=f"arn:aws:events:{HERE}:event-bus/bus"), [PUT_EVENTS], [],
    ),
    "parameter.grantRead": (
        grant("ssm:DescribeParameters", "ssm:GetParameters", "ssm:GetParameter", "ssm:GetParameterHistory",
              on=f"arn:aws:ssm:{HERE}:parameter/app/x"),
        [PARAMETER, ("ssm", "GetParameters", {"Names": ["/app/x"]})],
        [("ssm", "PutParameter", {"Name": "/app/x"})],
    ),
    "stream.grantWrite": (
        grant("kinesis:ListShards", "kinesis:PutRecord", "kinesis:PutRecords", on=STREAM), [PUT_RECORD], [],
    ),
    "stateMachine.grantStartExecution": (grant("states:StartExecution", on=MACHINE), [EXECUTE], []),
}  # fmt: skip


@pytest.mark.parametrize("name", CDK)
def test_a_grant_of_cdk(name: str) -> None:
    said, may, may_not = CDK[name]
    assert [call for call in may if not allowed(said, call)] == []
    assert [call for call in may_not if allowed(said, call)] == []
    elsewhere = json.loads(
        json.dumps(said).replace(':t"', ':x"').replace(ACCOUNT, "999999999999").replace(":::b", ":::c")
    )
    assert [call for call in may if allowed(elsewhere, call)] == []
