"""Calls that the role does not allow."""

from collections.abc import Iterator
from typing import Any

from lambent.pitfalls import called, effects
from lambent.pitfalls.facts.permissions import allows, by_its_own_policy, matches
from lambent.pitfalls.facts.project import Function, Project, Resource
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.facts.tree import Ref, Text
from lambent.pitfalls.finding import Hit, Rule

PREFIX = {"stepfunctions": "states", "ses": "ses", "sesv2": "ses", "lambda": "lambda", "cloudwatch": "cloudwatch",
          "s3": "s3", "dynamodb": "dynamodb", "sqs": "sqs", "sns": "sns", "secretsmanager": "secretsmanager", "ssm": "ssm",
          "kinesis": "kinesis", "firehose": "firehose", "events": "events", "textract": "textract", "ec2": "ec2",
          "rekognition": "rekognition", "comprehend": "comprehend", "translate": "translate", "polly": "polly"}  # fmt: skip
ACTIONS = {
    ("lambda", "invoke"): "InvokeFunction",
    ("s3", "upload_file"): "PutObject",
    ("s3", "upload_fileobj"): "PutObject",
    ("s3", "download_file"): "GetObject",
    ("s3", "download_fileobj"): "GetObject",
    ("s3", "head_object"): "GetObject",
    ("s3", "copy_object"): "PutObject",
    ("s3", "copy"): "PutObject",
    ("s3", "delete_objects"): "DeleteObject",
    ("sqs", "send_message_batch"): "SendMessage",
    ("sqs", "delete_message_batch"): "DeleteMessage",
    ("sns", "publish_batch"): "Publish",
    ("sesv2", "send_email"): "SendEmail",
}
OBJECTS = {"get_object", "put_object", "delete_object", "get_object_tagging", "put_object_tagging"}
SKIPPED = {"list_objects_v2", "list_objects", "generate_presigned_url", "generate_presigned_post", "get_caller_identity",
           "put", "update", "wait", "close", "batch_write_item", "transact_write_items", "transact_get_items",
           "get_paginator", "can_paginate", "exceptions", "query_objects"}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Calls by SDK whose action no statement of the role allows on anything."""
    for function in project.functions:
        if not function.permissions_known or not function.listed:
            continue
        told: set[str] = set()
        for call in effects.calls(function):
            action = _action(call)
            if action is None or action in told:
                continue
            if by_its_own_policy(function, action):
                continue
            if not allows(function, action):
                told.add(action)
                yield Hit(call.place, f"the role does not allow {action}", function)
            elif (target := called.resource(function, call)) is not None and _elsewhere(function, action, target):
                told.add(action)
                yield Hit(call.place, f"the role allows {action} on others, not on {target.id}", function)


def _elsewhere(function: Function, action: str, target: Resource) -> bool:
    """Whether every statement that allows an action names only other resources of the stack of the same kind."""
    names = [
        resource
        for statement in function.statements
        if statement.allow and any(not isinstance(one, str) or matches(one, action) for one in statement.actions)
        for resource in statement.resources
    ]
    return bool(names) and all(_another(name, function, target) for name in names)


def _another(name: Any, function: Function, target: Resource) -> bool:
    """Whether a statement's resource is certainly not the one that is called."""
    if not isinstance(name, Ref | Text) or (isinstance(name, Text) and len(name.refs()) != 1):
        return False
    other = function.stack.target(name)
    return other is not None and other is not target and other.type == target.type


def _action(call: SdkCall) -> str | None:
    prefix = PREFIX.get(call.service)
    if prefix is None or call.operation in SKIPPED or call.service == "ec2":
        return None
    if call.service == "s3" and (call.service, call.operation) not in ACTIONS and call.operation not in OBJECTS:
        return None  # many of S3's actions are not called as its operations are
    name = ACTIONS.get((call.service, call.operation))
    if name is None:
        if (call.service, call.client.kind) in (("s3", "Object"), ("s3", "Bucket")) and not call.operation.endswith(
            "_object"
        ):
            return None
        if "_" not in call.operation and call.operation not in ("publish", "scan", "query"):
            return None
        name = "".join(part.capitalize() for part in call.operation.split("_"))
    return f"{prefix}:{name}"


RULE = Rule(
    code="IAM001",
    title="The role lacks an action that the code calls",
    level="error",
    reliability="likely",
    production="AccessDenied at the first call; on a developer's machine, with a developer's rights, it worked.",
    mend="allow the action on the resource that is called",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html",),
    seeds="000, 002, 004",
    silent="a part of the role is not in the template: a managed policy that is not known, a role by its ARN",
)
