"""Buckets and their policies. The API writes much otherwise than CloudFormation does."""

import re
from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, reads

_BUCKET = {"Bucket": "$name"}
Shape = dict[str, Any]


def _renamed(said: Any, names: dict[str, str]) -> Shape:
    return {names.get(name, name): value for name, value in (said or {}).items()}


def _of(name: str, make: Any) -> Any:
    return reads(name)(
        lambda subject: make(subject.properties[name]) if subject.properties.get(name) is not None else None
    )


def _cors(said: Shape) -> Shape:
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    return {"CORSRules": [_renamed(one, names) for one in said.get("CorsRules") or []]}


def _encryption(said: Shape) -> Shape:
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {"Rules": [_renamed(one, names) for one in said.get("ServerSideEncryptionConfiguration") or []]}


def _website(said: Shape) -> Shape:
    found = dict(said)
    if "IndexDocument" in said:
        found["IndexDocument"] = {"Suffix": said["IndexDocument"]}
    if "ErrorDocument" in said:
        found["ErrorDocument"] = {"Key": said["ErrorDocument"]}
    if "RoutingRules" in said:
        names = {"RoutingRuleCondition": "Condition", "RedirectRule": "Redirect"}
        found["RoutingRules"] = [_renamed(one, names) for one in said["RoutingRules"]]
    return found


def _notification(said: Shape) -> Shape:
    kinds = (("Lambda", "Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
             ("Queue", "Queue", "QueueConfigurations", "QueueArn"),
             ("Topic", "Topic", "TopicConfigurations", "TopicArn"))  # fmt: skip
    found: Shape = {}
    for kind, target, member, arn in kinds:
        listed = said.get(f"{kind}Configurations") or []
        if listed:
            found[member] = [_notified(one, target, arn) for one in listed]
    bridge = said.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        found["EventBridgeConfiguration"] = {}
    return found


def _notified(one: Shape, target: str, arn: str) -> Shape:
    found: Shape = {arn: one[target], "Events": [one["Event"]]}
    rules = ((one.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    if rules:
        found["Filter"] = {"Key": {"FilterRules": rules}}
    return found


def _lifecycle(said: Shape) -> Shape:
    return {"Rules": [_lifecycle_rule(one) for one in said.get("Rules") or []]}


def _lifecycle_rule(one: Shape) -> Shape:
    found: Shape = {"Status": one["Status"]}
    if "Id" in one:
        found["ID"] = one["Id"]
    found["Filter"] = _lifecycle_filter(one)
    days = {"Days": one.get("ExpirationInDays"), "Date": one.get("ExpirationDate")}
    days["ExpiredObjectDeleteMarker"] = one.get("ExpiredObjectDeleteMarker")
    if any(value is not None for value in days.values()):
        found["Expiration"] = {name: value for name, value in days.items() if value is not None}
    transitions = one.get("Transitions") or ([one["Transition"]] if "Transition" in one else [])
    if transitions:
        names = {"TransitionInDays": "Days", "TransitionDate": "Date"}
        found["Transitions"] = [_renamed(each, names) for each in transitions]
    older = one.get("NoncurrentVersionExpiration")
    if older is None and "NoncurrentVersionExpirationInDays" in one:
        older = {"NoncurrentDays": one["NoncurrentVersionExpirationInDays"]}
    if older is not None:
        found["NoncurrentVersionExpiration"] = older
    single = [one["NoncurrentVersionTransition"]] if "NoncurrentVersionTransition" in one else []
    for each in one.get("NoncurrentVersionTransitions") or single:
        said = _renamed(each, {"TransitionInDays": "NoncurrentDays"})
        found.setdefault("NoncurrentVersionTransitions", []).append(said)
    if "AbortIncompleteMultipartUpload" in one:
        found["AbortIncompleteMultipartUpload"] = one["AbortIncompleteMultipartUpload"]
    return found


def _lifecycle_filter(one: Shape) -> Shape:
    parts: Shape = {"Prefix": one["Prefix"]} if one.get("Prefix") else {}
    sizes = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
    parts |= {name: int(one[name]) for name in sizes if name in one}
    tags = one.get("TagFilters") or []
    if len(parts) + len(tags) > 1:
        return {"And": {**parts, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else parts or {"Prefix": ""}


def _logging(said: Shape) -> Shape:
    names = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}
    return {"LoggingEnabled": {"TargetPrefix": "", **_renamed(said, names)}} if said else {}


@reads("AccessControl")
def _acl(subject: Subject) -> str | None:
    said = subject.properties.get("AccessControl")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", str(said)).lower() if said else None


def _where(subject: Subject) -> Shape | None:
    region = subject.owner.scope.region
    return None if region == "us-east-1" else {"LocationConstraint": region}


def _put(operation: str, member: str, name: str, make: Any = lambda said: said, gone: str = "") -> Do:
    """A setting of a bucket with an operation of its own."""
    undo = Do(f"s3:{gone}", _BUCKET) if gone else None
    if operation == "PutBucketNotificationConfiguration":
        undo = Do(f"s3:{operation}", {**_BUCKET, member: lambda _subject: {}})
    return Do(f"s3:{operation}", {**_BUCKET, member: _of(name, make)}, on=(name,), gone=undo)


SETTINGS = (
    _put("PutBucketVersioning", "VersioningConfiguration", "VersioningConfiguration"),
    _put(
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        "BucketEncryption",
        _encryption,
        "DeleteBucketEncryption",
    ),
    _put(
        "PutPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        "PublicAccessBlockConfiguration",
        gone="DeletePublicAccessBlock",
    ),
    _put("PutBucketOwnershipControls", "OwnershipControls", "OwnershipControls", gone="DeleteBucketOwnershipControls"),
    _put("PutBucketCors", "CORSConfiguration", "CorsConfiguration", _cors, "DeleteBucketCors"),
    _put(
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        "LifecycleConfiguration",
        _lifecycle,
        "DeleteBucketLifecycle",
    ),
    _put("PutBucketWebsite", "WebsiteConfiguration", "WebsiteConfiguration", _website, "DeleteBucketWebsite"),
    _put("PutBucketLogging", "BucketLoggingStatus", "LoggingConfiguration", _logging),
    _put(
        "PutBucketAccelerateConfiguration",
        "AccelerateConfiguration",
        "AccelerateConfiguration",
        lambda said: {"Status": said.get("AccelerationStatus")},
    ),
    _put("PutBucketNotificationConfiguration", "NotificationConfiguration", "NotificationConfiguration", _notification),
)
_TAGGING = Do("s3:PutBucketTagging", {"Bucket": "$name", "Tagging": lambda subject: {"TagSet": _own_tags(subject)}})


def _own_tags(subject: Subject) -> list[Shape]:
    return [one for one in subject.properties.get("Tags") or [] if not one["Key"].startswith("aws:")]


def _has_tags(subject: Subject) -> list[int]:
    return [1] if _own_tags(subject) else []


KINDS = {
    "AWS::S3::Bucket": Kind(
        name="BucketName",
        length=63,
        lower=True,
        create=(
            Do(
                "s3:CreateBucket",
                {
                    "Bucket": "$name",
                    "ACL": _acl,
                    "CreateBucketConfiguration": _where,
                    "ObjectLockEnabledForBucket": "$ObjectLockEnabled",
                },
            ),
            *SETTINGS,
            Do(_TAGGING.call, _TAGGING.params, each=_has_tags),
        ),
        lost=("LifecycleConfiguration.TransitionDefaultMinimumObjectSize",),
        update=(*SETTINGS, Do("s3:PutBucketAcl", {**_BUCKET, "ACL": _acl}, on=("AccessControl",))),
        empty={
            "AccelerateConfiguration": {"AccelerationStatus": "Suspended"},
            "AccessControl": "Private",
            "LoggingConfiguration": {},
            "VersioningConfiguration": {"Status": "Suspended"},
        },
        delete=(Do("s3:DeleteBucket", _BUCKET),),
        attributes={
            "Arn": "arn:aws:s3:::{name}",
            "DomainName": "{name}.s3.amazonaws.com",
            "DualStackDomainName": "{name}.s3.dualstack.{region}.amazonaws.com",
            "RegionalDomainName": "{name}.s3.{region}.amazonaws.com",
            "WebsiteURL": "http://{name}.s3-website-{region}.amazonaws.com",
        },
        tags="Tags",
        tag=_TAGGING,
    ),
    "AWS::S3::BucketPolicy": Kind(
        create=(Do("s3:PutBucketPolicy", {"Bucket": "$Bucket", "Policy": "$PolicyDocument"}),),
        update=(Do("s3:PutBucketPolicy", {"Bucket": "$Bucket", "Policy": "$PolicyDocument"}, on=("PolicyDocument",)),),
        delete=(Do("s3:DeleteBucketPolicy", {"Bucket": "$Bucket"}),),
        id="{Bucket}",
    ),
}
