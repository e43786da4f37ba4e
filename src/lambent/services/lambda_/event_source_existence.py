"""Whether the source of a new event source mapping is there: asked of the service that has it."""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_source_kinds import DYNAMODB, KINESIS, SQS, SQS_FIFO, Kind

_NO_QUEUE = (
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist for this wsdl version."
)
"""Words not recorded."""


async def require_source(env: LambdaEnv, caller: Caller, kind: Kind, arn: str, seconds: int) -> None:
    """Raise Fault for a queue or stream that isn't there, and for a queue whose messages would show up again before
    a function whose timeout is `seconds` is done. Clusters and brokers are not looked for.

    Raises Fault ServiceUnavailable, too, when the service can't be asked.
    """
    _arn, _aws, _service, region, account, name = arn.split(":", 5)
    there = Caller(Scope(account, region), caller.request_id)
    if kind in (SQS, SQS_FIFO):
        await _require_queue(env, there, name, seconds)
    elif kind is KINESIS:
        stream = {"StreamName": name.split("/")[1]}
        await _require_stream(env, there, arn, "kinesis", "Kinesis_20131202.DescribeStreamSummary", stream)
    elif kind is DYNAMODB:
        stream = {"StreamArn": arn}
        await _require_stream(env, there, arn, "dynamodbstreams", "DynamoDBStreams_20120810.DescribeStream", stream)


async def _require_queue(env: LambdaEnv, there: Caller, name: str, seconds: int) -> None:
    queue = {"QueueName": name, "QueueOwnerAWSAccountId": there.scope.account}
    status, found = await env.ask(there, "sqs", "AmazonSQS.GetQueueUrl", queue)
    if status != 200:
        raise faults.invalid(_NO_QUEUE)
    wanted = {"QueueUrl": found["QueueUrl"], "AttributeNames": ["VisibilityTimeout"]}
    status, found = await env.ask(there, "sqs", "AmazonSQS.GetQueueAttributes", wanted)
    visibility = int(found.get("Attributes", {}).get("VisibilityTimeout", seconds)) if status == 200 else seconds
    if visibility < seconds:
        # Source of the words: https://github.com/github-aws-runners/terraform-aws-github-runner/issues/465
        raise faults.invalid(
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {seconds} seconds"
        )


async def _require_stream(
    env: LambdaEnv, there: Caller, arn: str, service: str, target: str, document: Mapping[str, Any]
) -> None:
    status, _found = await env.ask(there, service, target, document)
    if status != 200:
        raise faults.invalid(f"Stream not found: {arn}")  # words not recorded
