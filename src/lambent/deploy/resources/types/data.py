"""Tables and streams."""

from dataclasses import replace
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


@reads("GlobalSecondaryIndexes")
def _index_updates(subject: Subject) -> list[dict[str, Any]] | None:
    name = "GlobalSecondaryIndexes"
    return _indexes_between(subject.former.get(name) or [], subject.properties.get(name) or [])


def _indexes_between(former: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """One index at a time is made or deleted, as the API wants it; more than one are done one after another."""
    now, before = ({one["IndexName"]: one for one in said} for said in (wanted, former))
    found: list[dict[str, Any]] = [{"Delete": {"IndexName": name}} for name in before if name not in now]
    found += [{"Create": one} for name, one in now.items() if name not in before]
    for name, one in now.items():
        throughput = one.get("ProvisionedThroughput")
        if name in before and throughput and throughput != before[name].get("ProvisionedThroughput"):
            found.append({"Update": {"IndexName": name, "ProvisionedThroughput": throughput}})
    return found or None


def _capacity(said: dict[str, Any], how: str) -> int:
    """What is provisioned at first: by a number, or where scaling begins."""
    settings = said.get(f"{how}ProvisionedThroughputSettings") or {}
    scaling = settings.get(f"{how}CapacityAutoScalingSettings") or {}
    found = settings.get(f"{how}CapacityUnits") or scaling.get("SeedCapacity") or scaling.get("MinCapacity")
    return int(found or 1)


def _throughput(reads_: dict[str, Any], writes: dict[str, Any]) -> dict[str, int]:
    return {"ReadCapacityUnits": _capacity(reads_, "Read"), "WriteCapacityUnits": _capacity(writes, "Write")}


def _no_expiry(subject: Subject) -> dict[str, Any]:
    return {**subject.former["TimeToLiveSpecification"], "Enabled": False}


def _replica(subject: Subject) -> dict[str, Any]:
    """The one of the stack's region."""
    replicas: list[dict[str, Any]] = subject.properties.get("Replicas") or []
    return next((one for one in replicas if one.get("Region") == subject.owner.scope.region), {})


@reads("BillingMode", "WriteProvisionedThroughputSettings", "ReadProvisionedThroughputSettings", "Replicas")
def _global_throughput(subject: Subject) -> dict[str, int] | None:
    if subject.properties.get("BillingMode", "PROVISIONED") != "PROVISIONED":
        return None
    return _throughput(_replica(subject), dict(subject.properties))


@reads("GlobalSecondaryIndexes")
def _global_indexes(subject: Subject) -> list[dict[str, Any]] | None:
    """Each index, with what its replica reads and the table says that it writes."""
    there = {one["IndexName"]: one for one in _replica(subject).get("GlobalSecondaryIndexes") or []}
    found = []
    for one in subject.properties.get("GlobalSecondaryIndexes") or []:
        made = {name: one[name] for name in ("IndexName", "KeySchema", "Projection") if name in one}
        if subject.properties.get("BillingMode", "PROVISIONED") == "PROVISIONED":
            made["ProvisionedThroughput"] = _throughput(there.get(one["IndexName"], {}), one)
        found.append(made)
    return found or None


@reads("GlobalSecondaryIndexes", "Replicas")
def _global_index_updates(subject: Subject) -> list[dict[str, Any]] | None:
    before = replace(subject, properties=subject.former)
    return _indexes_between(_global_indexes(before) or [], _global_indexes(subject) or [])


@reads("BillingMode", "WriteProvisionedThroughputSettings", "ReadProvisionedThroughputSettings", "Replicas")
def _changed_throughput(subject: Subject) -> dict[str, int] | None:
    now, before = (_global_throughput(one) for one in (subject, replace(subject, properties=subject.former)))
    return now if now != before else None


def _changed_replica(name: str) -> Any:
    """A setting of the region's replica, when it has changed."""

    def found(subject: Subject) -> Any:
        now, before = _replica(subject).get(name), _replica(replace(subject, properties=subject.former)).get(name)
        return now if now != before else None

    return reads("Replicas")(found)


@reads("Replicas")
def _changed_backups(subject: Subject) -> list[Any]:
    found = _changed_replica("PointInTimeRecoverySpecification")(subject)
    return [found] if found else []


@reads("Replicas")
def _other_regions(subject: Subject) -> list[list[dict[str, Any]]]:
    """Replicas in other regions: what answers DynamoDB makes them, or says that it does not."""
    here = subject.owner.scope.region
    others = [one["Region"] for one in subject.properties.get("Replicas") or [] if one.get("Region") != here]
    return [[{"Create": {"RegionName": one}}] for one in others]


@reads("Replicas")
def _replica_backups(subject: Subject) -> list[Any]:
    found = _replica(subject).get("PointInTimeRecoverySpecification")
    return [found] if found else []


def _of_replica(name: str) -> Any:
    return reads("Replicas")(lambda subject: _replica(subject).get(name))


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


@reads("ShardCount")
def _shards(subject: Subject) -> list[int]:
    """Their number, when it has changed; a stream that goes on demand has none."""
    now = subject.properties.get("ShardCount")
    return [int(now)] if now is not None and str(now) != str(subject.former.get("ShardCount")) else []


_ENCRYPTION = Do(
    "kinesis:StartStreamEncryption",
    {**_STREAM, "EncryptionType": "$StreamEncryption.EncryptionType", "KeyId": "$StreamEncryption.KeyId"},
    each=reads("StreamEncryption")(lambda subject: [1] if subject.properties.get("StreamEncryption") else []),
)
_PREVIOUS = {"EncryptionType": "@item.EncryptionType", "KeyId": "@item.KeyId"}


@reads("StreamEncryption")
def _encryption_ends(subject: Subject) -> list[dict[str, Any]]:
    former = subject.former.get("StreamEncryption")
    return [former] if former and former != subject.properties.get("StreamEncryption") else []


_STREAM_ARN = "arn:aws:kinesis:{region}:{account}:stream/{name}"


_SCALING = "WriteProvisionedThroughputSettings.WriteCapacityAutoScalingSettings"
_NOT_GLOBAL = (
    *(f"{_SCALING}.{name}" for name in ("MaxCapacity", "TargetTrackingScalingPolicyConfiguration")),
    *(f"GlobalSecondaryIndexes.{name}" for name in ("WarmThroughput", "WriteOnDemandThroughputSettings")),
    *(
        f"Replicas.{name}"
        for name in (
            *("ContributorInsightsSpecification", "GlobalTableSettingsReplicationMode", "KinesisStreamSpecification"),
            *("ReadOnDemandThroughputSettings", "ReplicaStreamSpecification", "ResourcePolicy", "SSESpecification"),
        )
    ),
)
"""Parts of a global table's properties: tables here have the capacity that they are given."""
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
        empty={
            "BillingMode": "PROVISIONED",
            "DeletionProtectionEnabled": False,
            "GlobalSecondaryIndexes": [],
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False},
            "SSESpecification": {"SSEEnabled": False},
            "StreamSpecification": {},
            "TableClass": "STANDARD",
            "TimeToLiveSpecification": _no_expiry,
        },
        replace=("KeySchema", "LocalSecondaryIndexes"),
        lost=(
            *("GlobalSecondaryIndexes.ContributorInsightsSpecification", "StreamSpecification.ResourcePolicy"),
            "StreamSpecification.Tags",
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
        untag=Do(
            "dynamodb:UntagResource",
            {"ResourceArn": "arn:aws:dynamodb:{region}:{account}:table/{name}", "TagKeys": "@removed"},
        ),
    ),
    "AWS::DynamoDB::GlobalTable": Kind(
        name="TableName",
        length=255,
        create=(
            Do(
                "dynamodb:CreateTable",
                {
                    **_TABLE,
                    "StreamSpecification": _stream,
                    "SSESpecification": _encrypted,
                    "ProvisionedThroughput": _global_throughput,
                    "GlobalSecondaryIndexes": _global_indexes,
                    "DeletionProtectionEnabled": _of_replica("DeletionProtectionEnabled"),
                    "TableClass": _of_replica("TableClass"),
                    "Tags": _of_replica("Tags"),
                },
                fit=True,
                without=(*_SHAPED, "GlobalSecondaryIndexes", "WarmThroughput"),
            ),
            _TTL,
            Do(
                "dynamodb:UpdateContinuousBackups",
                {
                    **_TABLE,
                    "PointInTimeRecoverySpecification": _of_replica("PointInTimeRecoverySpecification"),
                },
                each=_replica_backups,
            ),
            Do("dynamodb:UpdateTable", {**_TABLE, "ReplicaUpdates": "@item"}, each=_other_regions),
        ),
        update=(
            Do(
                "dynamodb:UpdateTable",
                {
                    **_TABLE,
                    "StreamSpecification": if_changed("StreamSpecification", _stream),
                    "SSESpecification": if_changed("SSESpecification", _encrypted),
                    "AttributeDefinitions": "$AttributeDefinitions",
                    "BillingMode": if_changed("BillingMode", "$BillingMode"),
                    "ProvisionedThroughput": _changed_throughput,
                    "GlobalSecondaryIndexUpdates": _global_index_updates,
                    "DeletionProtectionEnabled": _changed_replica("DeletionProtectionEnabled"),
                    "TableClass": _changed_replica("TableClass"),
                },
                on=(
                    *("AttributeDefinitions", "BillingMode", "StreamSpecification", "SSESpecification", "Replicas"),
                    *("GlobalSecondaryIndexes", "WriteProvisionedThroughputSettings"),
                    "ReadProvisionedThroughputSettings",
                ),
            ),
            _TTL,
            Do(
                "dynamodb:UpdateContinuousBackups",
                {**_TABLE, "PointInTimeRecoverySpecification": "@item"},
                each=_changed_backups,
            ),
        ),
        empty={
            "BillingMode": "PROVISIONED",
            "GlobalSecondaryIndexes": [],
            "SSESpecification": {"SSEEnabled": False},
            "StreamSpecification": {},
            "TimeToLiveSpecification": _no_expiry,
        },
        lost=_NOT_GLOBAL,
        replace=("KeySchema", "LocalSecondaryIndexes"),
        delete=(Do("dynamodb:DeleteTable", _TABLE),),
        ready=_ACTIVE,
        gone=Until(Do("dynamodb:DescribeTable", _TABLE), "Table.TableStatus", (None,)),
        read=Do("dynamodb:DescribeTable", _TABLE),
        attributes={"Arn": "@Table.TableArn", "StreamArn": "@Table.LatestStreamArn", "TableId": "@Table.TableId"},
    ),
    "AWS::Kinesis::Stream": Kind(
        name="Name",
        length=128,
        create=(
            Do("kinesis:CreateStream", _STREAM, fit=True),
            *_RETENTION,
            _ENCRYPTION,
        ),
        update=(
            *_RETENTION,
            Do("kinesis:StopStreamEncryption", {**_STREAM, **_PREVIOUS}, each=_encryption_ends),
            _ENCRYPTION,
            Do(
                "kinesis:UpdateMaxRecordSize",
                {"StreamARN": _STREAM_ARN, "MaxRecordSizeInKiB": "$MaxRecordSizeInKiB"},
                on=("MaxRecordSizeInKiB",),
            ),
            Do(
                "kinesis:UpdateShardCount",
                {**_STREAM, "TargetShardCount": "@item", "ScalingType": "UNIFORM_SCALING"},
                each=_shards,
            ),
            Do(
                "kinesis:UpdateStreamMode",
                {"StreamARN": _STREAM_ARN, "StreamModeDetails": "$StreamModeDetails"},
                on=("StreamModeDetails",),
            ),
        ),
        empty={"MaxRecordSizeInKiB": 1024, "StreamModeDetails": {"StreamMode": "PROVISIONED"}},
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
