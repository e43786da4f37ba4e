"""The tags of what is asked for, as its service has them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourcetag
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.engine.authorisation.patterns import lower
from lambent.permissions.attached import queue_url
from lambent.permissions.keys.of_request import pair_name, pair_value
from lambent.permissions.keys.view import Value, View
from lambent.permissions.reference import TAGS_UNASKED
from lambent.permissions.resolved import Resolved


@dataclass(frozen=True, slots=True)
class _Way:
    """How tags are asked for: the operation of a service, and its parameters from the ARN's fields."""

    service: str
    operation: str
    params: Callable[[list[str]], dict[str, Any]]


def _arn(name: str) -> Callable[[list[str]], dict[str, Any]]:
    return lambda fields: {name: ":".join(fields)}


def _queue(fields: list[str]) -> dict[str, Any]:
    return {"QueueUrl": queue_url(fields)}


def _function(fields: list[str]) -> dict[str, Any]:
    """Versions and aliases have the function's tags."""
    kept = fields[5].split(":")[:2] if fields[5].startswith("function:") else [fields[5]]
    return {"Resource": ":".join([*fields[:5], *kept])}


def _table(fields: list[str]) -> dict[str, Any]:
    return {"ResourceArn": ":".join([*fields[:5], "/".join(fields[5].split("/")[:2])])}


def _group(fields: list[str]) -> dict[str, Any]:
    return {"resourceArn": ":".join([*fields[:5], ":".join(fields[5].split(":")[:2])])}


def _machine(fields: list[str]) -> dict[str, Any]:
    """Executions have their machine's."""
    kind, _, rest = fields[5].partition(":")
    if kind in ("execution", "express"):
        rest = rest.partition(":")[0].partition("/")[0]
        kind = "stateMachine"
    return {"resourceArn": ":".join([*fields[:5], kind, rest.partition(":")[0]])}


def _stream(fields: list[str]) -> dict[str, Any]:
    return {"StreamName": fields[5].split("/")[1]} if "/" in fields[5] else {}


def _parameter(fields: list[str]) -> dict[str, Any]:
    name = fields[5].partition("/")[2]
    return {"ResourceType": "Parameter", "ResourceId": f"/{name}" if "/" in name else name}


def _of_iam(fields: list[str]) -> _Way | None:
    """Roles, users and policies are asked one by one."""
    kind, name = fields[5].partition("/")[0], fields[5].rpartition("/")[2]
    if kind == "policy":
        return _Way("iam", "ListPolicyTags", _arn("PolicyArn"))
    if kind not in ("role", "user"):
        return None
    kind = kind.capitalize()
    return _Way("iam", f"List{kind}Tags", lambda _fields: {f"{kind}Name": name})


_WAYS = {
    "lambda": _Way("lambda", "ListTags", _function),
    "sqs": _Way("sqs", "ListQueueTags", _queue),
    "sns": _Way("sns", "ListTagsForResource", _arn("ResourceArn")),
    "kms": _Way("kms", "ListResourceTags", _arn("KeyId")),
    "dynamodb": _Way("dynamodb", "ListTagsOfResource", _table),
    "secretsmanager": _Way("secretsmanager", "DescribeSecret", _arn("SecretId")),
    "logs": _Way("logs", "ListTagsForResource", _group),
    "states": _Way("stepfunctions", "ListTagsForResource", _machine),
    "kinesis": _Way("kinesis", "ListTagsForStream", _stream),
    "events": _Way("events", "ListTagsForResource", _arn("ResourceARN")),
    "ssm": _Way("ssm", "ListTagsForResource", _parameter),
    "ecr": _Way("ecr", "ListTagsForResource", _arn("resourceArn")),
    "cloudwatch": _Way("cloudwatch", "ListTagsForResource", _arn("ResourceARN")),
    "scheduler": _Way("scheduler", "ListTagsForResource", _arn("ResourceArn")),
    "firehose": _Way("firehose", "ListTagsForDeliveryStream", lambda fields: {"DeliveryStreamName": fields[5][15:]}),
    "cognito-idp": _Way("cognito-idp", "ListTagsForResource", _arn("ResourceArn")),
    "codedeploy": _Way("codedeploy", "ListTagsForResource", _arn("ResourceArn")),
    "cloudformation": _Way("cloudformation", "DescribeStacks", lambda fields: {"StackName": fields[5].split("/")[1]}),
    "elasticloadbalancing": _Way("elbv2", "DescribeTags", lambda fields: {"ResourceArns": [":".join(fields)]}),
    "apigateway": _Way("apigateway", "GetTags", _arn("resourceArn")),
}


async def tags(view: View, resolved: Resolved) -> dict[str, str]:
    """The tags of the resource; none of one that has none, or is not there."""
    fields = view.right.resource.split(":", 5)
    if len(fields) < 6:
        return {}
    way = _of_iam(fields) if fields[2] == "iam" else _WAYS.get(fields[2])
    if way is None:
        return {}
    said = await resolved.find(
        f"{view.right.resource} tags", view.owner, way.service, way.operation, way.params(fields), _read
    )
    found: dict[str, str] = json.loads(said) if said else {}
    return found


def _read(said: Mapping[str, Any]) -> str:
    """The tags wherever an answer has them, as JSON."""
    for holder in (said, *_parts(said)):
        for name in ("Tags", "tags", "TagSet", "TagList"):
            if name in holder:
                return json.dumps(_pairs(holder[name]))
    return ""


def _parts(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lists = (said.get("Stacks"), said.get("TagDescriptions"))
    return [one for found in lists if isinstance(found, list) for one in found[:1]]


def _pairs(said: Any) -> dict[str, str]:
    if isinstance(said, Mapping):
        return {str(key): str(value) for key, value in said.items()}
    return {pair_name(one): pair_value(one) for one in said or ()}


async def tag(view: View, resolved: Resolved, name: str) -> Value:
    """One of them."""
    found = await tags(view, resolved)
    return next((value for key, value in found.items() if lower(key) == name), None)


async def object_tag(view: View, resolved: Resolved, name: str) -> Value:
    """A tag of an object that is there."""
    bucket, _, key = view.right.resource.rpartition(":")[2].partition("/")
    if not key or view.right.action in TAGS_UNASKED:
        return None
    version = view.right.params.get("VersionId")
    asked = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
    said = await resolved.ask("s3", "GetObjectTagging", asked, view.owner)
    found = _pairs((said or {}).get("TagSet"))
    return next((value for one, value in found.items() if lower(one) == name), None)


FAMILIES = {
    "aws:resourcetag/": tag,
    "secretsmanager:resourcetag/": tag,
    "iam:resourcetag/": tag,
    "ssm:resourcetag/": tag,
    "ecr:resourcetag/": tag,
    "elasticloadbalancing:resourcetag/": tag,
    "s3:existingobjecttag/": object_tag,
}
