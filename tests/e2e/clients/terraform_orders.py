"""What Terraform's AWS provider asks for some of its resources: how each is made, read, changed and deleted.

Source: https://github.com/hashicorp/terraform-provider-aws (internal/service: iam/role.go, sqs/queue.go,
dynamodb/table.go, s3/bucket.go, sns/topic.go, lambda/event_source_mapping.go, apigatewayv2/{api,integration,route,
stage}.go). The calls are theirs, the code is not. `{word}` in a parameter is what `keep` has of an earlier answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Call = tuple[str, dict[str, Any]]
Read = tuple[str, dict[str, Any], str, Any]
"""Operation, parameters, a path in the answer (JMESPath), what the configuration says stands there."""

TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
DEAD = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:tf-dead","maxReceiveCount":4}'


@dataclass(frozen=True)
class Resource:
    """One resource. `unset` are reads of what is not configured: the provider takes these codes for "none". `gone` is
    the first read and what its refusal is called when the resource is not there any more."""

    service: str
    make: Sequence[Call]
    read: Sequence[Read]
    change: Sequence[Call]
    changed: Sequence[Read]
    end: Sequence[Call]
    gone: tuple[str, str]
    keep: Mapping[str, str] = field(default_factory=dict)
    unset: Sequence[tuple[str, str]] = ()


def _queue(**attributes: str | None) -> list[Read]:
    at = {"QueueUrl": "{url}", "AttributeNames": ["All"]}
    return [("get_queue_attributes", at, f"Attributes.{name}", value) for name, value in attributes.items()]


QUEUE = Resource(
    service="sqs",
    make=[
        ("create_queue", {"QueueName": "tf-dead"}),
        (
            "create_queue",
            {
                "QueueName": "tf-queue",
                "Attributes": {
                    "DelaySeconds": "5",
                    "MaximumMessageSize": "262144",
                    "MessageRetentionPeriod": "345600",
                    "RedrivePolicy": DEAD,
                    "VisibilityTimeout": "60",
                },
                "tags": {"team": "blue"},
            },
        ),
    ],
    keep={"url": "QueueUrl"},
    read=[
        *_queue(DelaySeconds="5", VisibilityTimeout="60", RedrivePolicy=DEAD, ReceiveMessageWaitTimeSeconds="0"),
        *_queue(SqsManagedSseEnabled="true", Policy=None, KmsMasterKeyId=None, FifoQueue=None),
        ("list_queue_tags", {"QueueUrl": "{url}"}, "Tags", {"team": "blue"}),
    ],
    change=[("set_queue_attributes", {"QueueUrl": "{url}", "Attributes": {"DelaySeconds": "0", "RedrivePolicy": ""}})],
    changed=_queue(DelaySeconds="0", RedrivePolicy=None, VisibilityTimeout="60"),
    end=[
        ("delete_queue", {"QueueUrl": "{url}"}),
        ("get_queue_url", {"QueueName": "tf-dead"}),
        ("delete_queue", {"QueueUrl": "{url}"}),
    ],
    gone=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
)
_ROLE = {"RoleName": "tf-role"}
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}'
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
ROLE = Resource(
    service="iam",
    make=[
        (
            "create_role",
            {
                **_ROLE,
                "AssumeRolePolicyDocument": TRUST,
                "Path": "/",
                "MaxSessionDuration": 3600,
                "Tags": [{"Key": "team", "Value": "blue"}],
            },
        ),
        ("put_role_policy", {**_ROLE, "PolicyName": "own", "PolicyDocument": POLICY}),
        ("attach_role_policy", {**_ROLE, "PolicyArn": LOGS}),
    ],
    read=[
        (
            "get_role",
            _ROLE,
            "Role.[Path, MaxSessionDuration, Arn]",
            ["/", 3600, "arn:aws:iam::000000000000:role/tf-role"],
        ),
        ("get_role", _ROLE, "Role.Tags", [{"Key": "team", "Value": "blue"}]),
        ("get_role", _ROLE, "Role.AssumeRolePolicyDocument.Statement[0].Principal.Service", "lambda.amazonaws.com"),
        ("get_role", _ROLE, "Role.PermissionsBoundary", None),
        ("list_role_policies", _ROLE, "PolicyNames", ["own"]),
        ("get_role_policy", {**_ROLE, "PolicyName": "own"}, "PolicyDocument.Statement[0].Action", "sqs:*"),
        ("list_attached_role_policies", _ROLE, "AttachedPolicies[].PolicyArn", [LOGS]),
    ],
    change=[
        ("update_role_description", {**_ROLE, "Description": "works"}),
        ("update_role", {**_ROLE, "MaxSessionDuration": 7200}),
        ("tag_role", {**_ROLE, "Tags": [{"Key": "team", "Value": "red"}]}),
    ],
    changed=[
        ("get_role", _ROLE, "Role.[Description, MaxSessionDuration]", ["works", 7200]),
        ("get_role", _ROLE, "Role.Tags", [{"Key": "team", "Value": "red"}]),
    ],
    end=[
        ("list_instance_profiles_for_role", _ROLE),
        ("detach_role_policy", {**_ROLE, "PolicyArn": LOGS}),
        ("delete_role_policy", {**_ROLE, "PolicyName": "own"}),
        ("delete_role", _ROLE),
    ],
    gone=("NoSuchEntity", "NoSuchEntityException"),
)
_TABLE = {"TableName": "tf-table"}
_TABLE_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/tf-table"
TABLE = Resource(
    service="dynamodb",
    make=[
        (
            "create_table",
            {
                **_TABLE,
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [
                    {"AttributeName": "id", "AttributeType": "S"},
                    {"AttributeName": "at", "AttributeType": "N"},
                ],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-time",
                        "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
                "TableClass": "STANDARD",
                "Tags": [{"Key": "team", "Value": "blue"}],
            },
        ),
        ("update_time_to_live", {**_TABLE, "TimeToLiveSpecification": {"AttributeName": "ends", "Enabled": True}}),
    ],
    read=[
        ("describe_table", _TABLE, "Table.[TableStatus, TableArn]", ["ACTIVE", _TABLE_ARN]),
        ("describe_table", _TABLE, "Table.BillingModeSummary.BillingMode", "PAY_PER_REQUEST"),
        ("describe_table", _TABLE, "Table.StreamSpecification.StreamViewType", "NEW_IMAGE"),
        ("describe_table", _TABLE, "sort(Table.AttributeDefinitions[].AttributeName)", ["at", "id"]),
        ("describe_table", _TABLE, "Table.GlobalSecondaryIndexes[].[IndexName, IndexStatus]", [["by-time", "ACTIVE"]]),
        ("describe_table", _TABLE, "Table.GlobalSecondaryIndexes[].Projection", [{"ProjectionType": "ALL"}]),
        ("describe_table", _TABLE, "Table.ProvisionedThroughput.[ReadCapacityUnits, WriteCapacityUnits]", [0, 0]),
        ("describe_table", _TABLE, "Table.DeletionProtectionEnabled", False),
        (
            "describe_continuous_backups",
            _TABLE,
            "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus",
            "DISABLED",
        ),
        (
            "describe_time_to_live",
            _TABLE,
            "TimeToLiveDescription",
            {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"},
        ),
        ("list_tags_of_resource", {"ResourceArn": _TABLE_ARN}, "Tags", [{"Key": "team", "Value": "blue"}]),
    ],
    change=[
        ("update_table", {**_TABLE, "DeletionProtectionEnabled": True}),
        ("update_table", {**_TABLE, "DeletionProtectionEnabled": False}),
        (
            "update_continuous_backups",
            {**_TABLE, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
        ),
    ],
    changed=[
        (
            "describe_continuous_backups",
            _TABLE,
            "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus",
            "ENABLED",
        )
    ],
    end=[("delete_table", _TABLE)],
    gone=("ResourceNotFoundException", "ResourceNotFoundException"),
)
_BUCKET = {"Bucket": "tf-bucket"}
BUCKET = Resource(
    service="s3",
    make=[
        ("create_bucket", _BUCKET),
        ("put_bucket_tagging", {**_BUCKET, "Tagging": {"TagSet": [{"Key": "team", "Value": "blue"}]}}),
        ("put_bucket_versioning", {**_BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}),
    ],
    read=[
        ("head_bucket", _BUCKET, "BucketRegion", "us-east-1"),
        ("get_bucket_acl", _BUCKET, "Grants[].Permission", ["FULL_CONTROL"]),
        ("get_bucket_versioning", _BUCKET, "Status", "Enabled"),
        ("get_bucket_accelerate_configuration", _BUCKET, "Status", None),
        ("get_bucket_request_payment", _BUCKET, "Payer", "BucketOwner"),
        ("get_bucket_logging", _BUCKET, "LoggingEnabled", None),
        (
            "get_bucket_encryption",
            _BUCKET,
            "ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm",
            "AES256",
        ),
        ("get_bucket_location", _BUCKET, "LocationConstraint", None),
        ("get_bucket_tagging", _BUCKET, "TagSet", [{"Key": "team", "Value": "blue"}]),
        ("get_public_access_block", _BUCKET, "PublicAccessBlockConfiguration.BlockPublicAcls", True),
    ],
    unset=[
        ("get_bucket_policy", "NoSuchBucketPolicy"),
        ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"),
        ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
    ],
    change=[("put_bucket_versioning", {**_BUCKET, "VersioningConfiguration": {"Status": "Suspended"}})],
    changed=[("get_bucket_versioning", _BUCKET, "Status", "Suspended")],
    end=[("delete_bucket", _BUCKET)],
    gone=("404", "NoSuchBucket"),
)
_TOPIC = {"TopicArn": "{arn}"}
TOPIC = Resource(
    service="sns",
    make=[("create_topic", {"Name": "tf-topic", "Tags": [{"Key": "team", "Value": "blue"}]})],
    keep={"arn": "TopicArn"},
    read=[
        ("get_topic_attributes", _TOPIC, "Attributes.TopicArn", "arn:aws:sns:us-east-1:000000000000:tf-topic"),
        ("get_topic_attributes", _TOPIC, "Attributes.[DisplayName, Owner]", ["", "000000000000"]),
        ("list_tags_for_resource", {"ResourceArn": "{arn}"}, "Tags", [{"Key": "team", "Value": "blue"}]),
    ],
    change=[
        ("set_topic_attributes", {**_TOPIC, "AttributeName": "DisplayName", "AttributeValue": "shown"}),
    ],
    changed=[("get_topic_attributes", _TOPIC, "Attributes.DisplayName", "shown")],
    end=[("delete_topic", _TOPIC)],
    gone=("NotFound", "NotFoundException"),
)
_API, _PART = {"ApiId": "{api}"}, {"ApiId": "{api}", "IntegrationId": "{integration}"}
_STAGE = {**_API, "StageName": "$default"}
API = Resource(
    service="apigatewayv2",
    make=[
        (
            "create_api",
            {
                "Name": "tf-api",
                "ProtocolType": "HTTP",
                "CorsConfiguration": {"AllowOrigins": ["*"]},
                "Tags": {"team": "blue"},
            },
        ),
        (
            "create_integration",
            {
                **_API,
                "IntegrationType": "HTTP_PROXY",
                "IntegrationMethod": "GET",
                "IntegrationUri": "https://example.com/",
                "ConnectionType": "INTERNET",
                "PayloadFormatVersion": "1.0",
            },
        ),
        ("create_route", {**_API, "RouteKey": "GET /a", "Target": "integrations/{integration}"}),
        ("create_stage", {**_STAGE, "AutoDeploy": True}),
    ],
    keep={"api": "ApiId", "integration": "IntegrationId", "route": "RouteId"},
    read=[
        ("get_api", _API, "[Name, ProtocolType, DisableExecuteApiEndpoint]", ["tf-api", "HTTP", False]),
        ("get_api", _API, "[ApiKeySelectionExpression, RouteSelectionExpression]",
         ["$request.header.x-api-key", "$request.method $request.path"]),
        ("get_api", _API, "CorsConfiguration", {"AllowOrigins": ["*"]}),
        ("get_api", _API, "Tags", {"team": "blue"}),
        ("get_integration", _PART, "[ConnectionType, PayloadFormatVersion]", ["INTERNET", "1.0"]),
        ("get_integration", _PART, "TimeoutInMillis", 30_000),
        ("get_route", {**_API, "RouteId": "{route}"}, "[ApiKeyRequired, AuthorizationType]", [False, "NONE"]),
        ("get_stage", _STAGE, "[AutoDeploy, StageVariables]", [True, {}]),
        ("get_stage", _STAGE, "DefaultRouteSettings.DetailedMetricsEnabled", False),
    ],
    change=[("update_api", {**_API, "Description": "changed"}), ("update_stage", {**_STAGE, "AutoDeploy": True})],
    changed=[("get_api", _API, "Description", "changed")],
    end=[
        ("delete_stage", _STAGE),
        ("delete_route", {**_API, "RouteId": "{route}"}),
        ("delete_integration", _PART),
        ("delete_api", _API),
    ],
    gone=("NotFoundException", "NotFoundException"),
)  # fmt: skip
RESOURCES = {
    "aws_sqs_queue": QUEUE,
    "aws_iam_role": ROLE,
    "aws_dynamodb_table": TABLE,
    "aws_s3_bucket": BUCKET,
    "aws_sns_topic": TOPIC,
    "aws_apigatewayv2_api": API,
}
