"""Which resource of the stack a call acts on."""

from typing import Any

from lambent.pitfalls.facts import sdk
from lambent.pitfalls.facts.project import Function, Resource
from lambent.pitfalls.facts.python import Env
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.facts.tree import Ref

TYPES = {
    "s3": ("AWS::S3::Bucket",),
    "sqs": ("AWS::SQS::Queue",),
    "sns": ("AWS::SNS::Topic",),
    "dynamodb": ("AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"),
    "kinesis": ("AWS::Kinesis::Stream",),
    "secretsmanager": ("AWS::SecretsManager::Secret",),
}


def resource(function: Function, call: SdkCall) -> Resource | None:
    """The resource that a call certainly acts on; None when it is of no type above, elsewhere, or unknown."""
    return named(function, sdk.target(call), *TYPES.get(call.service, ()))


def named(function: Function, value: Any, *types: str) -> Resource | None:
    """The resource of some types that a folded value names: itself, or by a variable of the environment."""
    if isinstance(value, Env):
        value = function.environment.get(value.name)
    found = function.stack.target(value) if isinstance(value, str | Ref) else None
    return found if found is not None and found.type in types else None
