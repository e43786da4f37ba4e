"""Whether what a bucket is to send would arrive."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlencode

from lambent.model.scope import Caller, Scope
from lambent.neighbour.outbox import signed_as
from lambent.objects.buckets import Bucket
from lambent.server.asking import ask_service
from lambent.server.base import Doors, new_id
from lambent.wire.http import Request

FORM = "application/x-www-form-urlencoded; charset=utf-8"


MaySend = Callable[[str, str, str, str], Awaitable[str]]
"""Why a service may not send what something of an account makes to a target, "" if it may."""


async def check_destination(doors: Doors, may_send: MaySend, caller: Caller, bucket: Bucket, arn: str) -> str:
    """Why nothing can be sent there, "" when it can. Asked as the destination's own account."""
    parts = arn.split(":", 5)
    there = Caller(Scope(parts[4], parts[3]), caller.request_id)
    status, what = await _ask(doors, there, arn, parts)
    if status in (400, 404):
        return f"The destination {what} does not exist"
    if not await may_send("s3", bucket.arn, bucket.scope.account, arn):
        return ""
    if parts[2] == "lambda":
        return f"Not authorized to invoke function [{arn}]"
    return f"Permissions on the destination {what} do not allow S3 to publish notifications from this bucket"


async def exists(doors: Doors, arn: str) -> bool:
    """Whether an ARN leads to a function, queue or topic."""
    parts = arn.split(":", 5)
    status, _ = await _ask(doors, Caller(Scope(parts[4], parts[3]), new_id()), arn, parts)
    return status not in (400, 404)


async def _ask(doors: Doors, there: Caller, arn: str, parts: list[str]) -> tuple[int, str]:
    """The status with which a destination tells of itself, and what it is."""
    if parts[2] == "sqs":
        document = {"QueueName": parts[5], "QueueOwnerAWSAccountId": there.scope.account}
        status, _ = await ask_service(doors, there, "sqs", "AmazonSQS.GetQueueUrl", document)
        return status, "queue"
    if parts[2] == "lambda":
        path = f"/2015-03-31/functions/{quote(arn, safe='')}/configuration"
        return (await doors.gateway(Request("GET", path, "", _headers(there, "lambda")))).status, "Lambda"
    body = urlencode({"Action": "GetTopicAttributes", "Version": "2010-03-31", "TopicArn": arn}).encode()
    headers = {**_headers(there, "sns"), "content-type": FORM}
    return (await doors.gateway(Request("POST", "/", "", headers, body))).status, "topic"


def _headers(caller: Caller, service: str) -> dict[str, str]:
    return {"host": "127.0.0.1", "authorization": signed_as(caller.scope, service)}
