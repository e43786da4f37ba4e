"""Tables and streams."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, Until, if_changed, reads

_TABLE = {"TableName": "$name"}


@reads("StreamSpecification")
def _stream(subject: Subject) -> dict[str, Any] | None:
    said = subject.properties.get("StreamSpecification")
    if said:
        return {"StreamEnabled": True, "StreamViewType": said["StreamViewType"]}
    return {"StreamEnabled": False} if subject.former.get("StreamSpecification") else None


@reads("SSESpecification")
def _encrypted(subject: Subject) -> dict[str, Any] | None:
    said = subject.properties.get("SSESpecification")
    return {("Enabled" if key == "SSEEnabled" else key): value for key, value in said.items()} if said else None


_ACTIVE = Until(Do("dynamodb:DescribeTable", _TABLE), "Table.TableStatus", ("ACTIVE",))
_TTL = Do("dynamodb:UpdateTimeToLive", {**_TABLE, "TimeToLiveSpecification": "$TimeToLiveSpecification"},
          on=("TimeToLiveSpecification",))  # fmt: skip
_BACKUPS = Do(
    "dynamodb:UpdateContinuousBackups",
    {**_TABLE, "PointInTimeRecoverySpecification": "$PointInTimeRecoverySpecification"},
    on=("PointInTimeRecoverySpecification",),
)
_SHAPED = ("StreamSpecification", "SSESpecification")


def _index_updates(subject: Subject) -> list[dict[str, Any]] | None:
    """One index at a time is made or deleted, as the API wants it; more than one are done one after another."""
    now = {one["IndexName"]: one for one in subject.properties.get("GlobalSecondaryIndexes") or []}
    before = {one["IndexName"]: one for one in subject.former.get("GlobalSecondaryIndexes") or []}
    found: list[dict[str, Any]] = [{"Delete": {"IndexName": name}} for name in before if name not in now]
    found += [{"Create": one} for name, one in now.items() if name not in before]
    for name, one in now.items():
        throughput = one.get("ProvisionedThroughput")
        if name in before and throughput and throughput != before[name].get("ProvisionedThroughput"):
            found.append({"Update": {"IndexName": name, "ProvisionedThroughput": throughput}})
    return found or None


_STREAM = {"StreamName": "$name"}
_STREAM_ACTIVE = Until(
    Do("kinesis:DescribeStreamSummary", _STREAM), "StreamDescriptionSummary.StreamStatus", ("ACTIVE",)
)
DEFAULT_HOURS = 24


def _hours(longer: bool) -> Any:
    """The retention, when it becomes longer, or shorter."""

    def items(subject: Subject) -> list[int]:
        now = int(subject.properties.get("RetentionPeriodHours") or DEFAULT_HOURS)
        before = int(subject.former.get("RetentionPeriodHours") or DEFAULT_HOURS)
        return [now] if now != before and (now > before) is longer else []

    return reads("RetentionPeriodHours")(items)


_RETENTION = (
    Do("kinesis:IncreaseStreamRetentionPeriod", {**_STREAM, "RetentionPeriodHours": "@item"}, each=_hours(True)),
    Do("kinesis:DecreaseStreamRetentionPeriod", {**_STREAM, "RetentionPeriodHours": "@item"}, each=_hours(False)),
)
_STREAM_ARN = "arn:aws:kinesis:{region}:{account}:stream/{name}"


KINDS = {
    "AWS::DynamoDB::Table": Kind(
        name="TableName",
        length=255,
        create=(
            Do(
                "dynamodb:CreateTable",
                {**_TABLE, "StreamSpecification": _stream, "SSESpecification": _encrypted},
                fit=True,
                without=(*_SHAPED, "OnDemandThroughput", "WarmThroughput", "ResourcePolicy"),
            ),
            _TTL,
            _BACKUPS,
        ),
        update=(
            Do(
                "dynamodb:UpdateTable",
                {
                    **_TABLE,
                    "StreamSpecification": if_changed("StreamSpecification", _stream),
                    "SSESpecification": if_changed("SSESpecification", _encrypted),
                    "AttributeDefinitions": "$AttributeDefinitions",
                    **{
                        name: if_changed(name, f"${name}")
                        for name in ("BillingMode", "ProvisionedThroughput", "DeletionProtectionEnabled", "TableClass")
                    },
                    "GlobalSecondaryIndexUpdates": _index_updates,
                },
                on=(
                    *("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes"),
                    *("ProvisionedThroughput", "TableClass", "StreamSpecification", "SSESpecification"),
                ),
            ),
            _TTL,
            _BACKUPS,
        ),
        delete=(Do("dynamodb:DeleteTable", _TABLE),),
        ready=_ACTIVE,
        gone=Until(Do("dynamodb:DescribeTable", _TABLE), "Table.TableStatus", (None,)),
        read=Do("dynamodb:DescribeTable", _TABLE),
        attributes={"Arn": "@Table.TableArn", "StreamArn": "@Table.LatestStreamArn"},
        tags="Tags",
        tag=Do(
            "dynamodb:TagResource", {"ResourceArn": "arn:aws:dynamodb:{region}:{account}:table/{name}", "Tags": "$Tags"}
        ),
    ),
    "AWS::Kinesis::Stream": Kind(
        name="Name",
        length=128,
        create=(
            Do("kinesis:CreateStream", _STREAM, fit=True),
            *_RETENTION,
            Do(
                "kinesis:StartStreamEncryption",
                {**_STREAM, "EncryptionType": "$StreamEncryption.EncryptionType", "KeyId": "$StreamEncryption.KeyId"},
                on=("StreamEncryption",),
            ),
        ),
        update=(
            *_RETENTION,
            Do(
                "kinesis:UpdateShardCount",
                {**_STREAM, "TargetShardCount": "$ShardCount", "ScalingType": "UNIFORM_SCALING"},
                on=("ShardCount",),
            ),
            Do(
                "kinesis:UpdateStreamMode",
                {"StreamARN": _STREAM_ARN, "StreamModeDetails": "$StreamModeDetails"},
                on=("StreamModeDetails",),
            ),
        ),
        delete=(Do("kinesis:DeleteStream", {**_STREAM, "EnforceConsumerDeletion": True}),),
        ready=_STREAM_ACTIVE,
        gone=Until(Do("kinesis:DescribeStreamSummary", _STREAM), "StreamDescriptionSummary.StreamStatus", (None,)),
        attributes={"Arn": _STREAM_ARN},
        tags="Tags",
        tag=Do("kinesis:AddTagsToStream", {**_STREAM, "Tags": "$Tags"}),
        untag=Do("kinesis:RemoveTagsFromStream", {**_STREAM, "TagKeys": "@removed"}),
    ),
    "AWS::Kinesis::StreamConsumer": Kind(
        create=(Do("kinesis:RegisterStreamConsumer", fit=True),),
        delete=(Do("kinesis:DeregisterStreamConsumer", {"ConsumerARN": "$id"}),),
        id="@Consumer.ConsumerARN",
        ready=Until(
            Do("kinesis:DescribeStreamConsumer", {"ConsumerARN": "$id"}),
            "ConsumerDescription.ConsumerStatus",
            ("ACTIVE",),
        ),
        read=Do("kinesis:DescribeStreamConsumer", {"ConsumerARN": "$id"}),
        attributes={
            "ConsumerARN": "{id}",
            "ConsumerName": "@ConsumerDescription.ConsumerName",
            "ConsumerStatus": "@ConsumerDescription.ConsumerStatus",
            "StreamARN": "@ConsumerDescription.StreamARN",
        },
    ),
}
