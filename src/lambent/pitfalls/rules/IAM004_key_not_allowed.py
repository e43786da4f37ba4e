"""A key that the role may not use."""

from collections.abc import Iterator

from lambent.pitfalls import called, effects, keys
from lambent.pitfalls.facts.permissions import allows
from lambent.pitfalls.facts.project import Fact, Function, Place, Project, Resource
from lambent.pitfalls.finding import Hit, Rule

NEEDED = {
    ("s3", "get_object"): "kms:Decrypt",
    ("s3", "download_file"): "kms:Decrypt",
    ("s3", "download_fileobj"): "kms:Decrypt",
    ("s3", "put_object"): "kms:GenerateDataKey",
    ("s3", "upload_file"): "kms:GenerateDataKey",
    ("s3", "upload_fileobj"): "kms:GenerateDataKey",
    ("sqs", "send_message"): "kms:GenerateDataKey",
    ("sqs", "send_message_batch"): "kms:GenerateDataKey",
    ("sqs", "receive_message"): "kms:Decrypt",
    ("sns", "publish"): "kms:GenerateDataKey",
    ("kinesis", "put_record"): "kms:GenerateDataKey",
    ("kinesis", "put_records"): "kms:GenerateDataKey",
    ("secretsmanager", "get_secret_value"): "kms:Decrypt",
}


def check(project: Project) -> Iterator[Hit]:
    """What is encrypted with a key of the stack, and read or written by a role without it."""
    for function in project.functions:
        if function.permissions_known and function.listed:
            for place, resource, action in _uses(function):
                if keys.asks_the_role(resource, function.stack) and not allows(function, action):
                    yield Hit(
                        place, f"{resource.id} is encrypted with a key, the role does not allow {action}", function
                    )


def _uses(function: Function) -> Iterator[tuple[Place | Fact, Resource, str]]:
    for call in effects.calls(function):
        action = NEEDED.get((call.service, call.operation))
        resource = called.resource(function, call) if action is not None else None
        if action is not None and resource is not None:
            yield call.place, resource, action
    for trigger in function.driven_by("sqs", "kinesis"):
        source = function.stack.target(trigger.source)
        if source is not None and source.type in ("AWS::SQS::Queue", "AWS::Kinesis::Stream"):
            yield trigger.place, source, "kms:Decrypt"


RULE = Rule(
    code="IAM004",
    title="The role may not use the key of what it reads or writes",
    level="error",
    reliability="certain",
    production="AccessDenied (KMS.AccessDeniedException) although the bucket, queue or secret itself is allowed; a queue's"
    " mapping stops with it.",
    mend="allow the role kms:Decrypt (and kms:GenerateDataKey to write) on the key",
    check=check,
    node=True,
    sources=(
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    ),
    seeds="000, 002",
    silent="the key is AWS's own or of another stack, its policy names the role, or a part of the role is not in the template",
)
