"""Whether the source of a new event source mapping is there: asked of the service that has it."""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.queues.access import may_receive
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources.event_source_kinds import DYNAMODB, KINESIS, SQS, SQS_FIFO, Kind

_NO_QUEUE = (
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist for this wsdl version."
)
"""Words not recorded."""
_NO_STREAM = "Stream not found: {}"
"""Words not recorded."""
_NO_STREAM_ACCESS = (
    "Cannot access stream {}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, "
    "ListShards, and ListStreams Actions on your stream in IAM."
)


_MAY_NOT = "The function execution role does not have permissions to call ReceiveMessage on SQS"
"""Source of the words: https://github.com/anomalyco/sst/issues/5737"""


async def require_source(
    env: LambdaEnv, caller: Caller, kind: Kind, arn: str, configuration: Mapping[str, Any]
) -> None:
    """Raise Fault for a queue or stream that isn't there or is in another region, and for a queue whose messages would
    show up again before the function of `configuration` is done, or that is another account's and does not let the
    function's role receive. Clusters and brokers are not looked for.

    Raises Fault ServiceUnavailable, too, when the service can't be asked.
    """
    _arn, partition, _service, region, account, name = arn.split(":", 5)
    there = Caller(Scope(account, region), caller.request_id)
    if (partition, region) != ("aws", caller.scope.region):
        # Words not recorded; source of the rule: services-sqs-configure.html ("must be in the same AWS Region").
        raise faults.invalid(f"The event source {arn} and the function must be in the same AWS Region.")
    if kind in (SQS, SQS_FIFO):
        await _require_queue(env, caller, there, name, configuration)
    elif kind in (KINESIS, DYNAMODB) and account != caller.scope.account:
        raise faults.invalid(_NO_STREAM_ACCESS.format(arn))
    elif kind is KINESIS:
        operation, stream = "DescribeStreamSummary", {"StreamName": name.split("/")[1]}
        if "/consumer/" in name:
            operation, stream = "DescribeStreamConsumer", {"ConsumerARN": arn}
        await _require_stream(env, there, arn, "kinesis", f"Kinesis_20131202.{operation}", stream)
    elif kind is DYNAMODB:
        await _require_table(env, there, arn)


async def _require_queue(
    env: LambdaEnv, caller: Caller, there: Caller, name: str, configuration: Mapping[str, Any]
) -> None:
    attributes = await _attributes(env, there, name)
    if attributes is None:
        raise faults.invalid(_NO_QUEUE)
    arn = f"arn:aws:sqs:{there.scope.region}:{there.scope.account}:{name}"
    account, policy = caller.scope.account, attributes.get("Policy", "")
    if there.scope.account != account and not may_receive(policy, account, configuration["Role"], arn, env.clock()):
        raise faults.invalid(_MAY_NOT)
    _check_visibility(attributes, configuration["Timeout"])


async def check_visibility(env: LambdaEnv, arn: str, seconds: int) -> None:
    """Raise Fault for a queue whose messages would show up again before a function with that timeout is done."""
    _arn, _aws, _service, region, account, name = arn.split(":", 5)
    _check_visibility(await _attributes(env, Caller(Scope(account, region), env.new_id()), name) or {}, seconds)


async def _attributes(env: LambdaEnv, there: Caller, name: str) -> Mapping[str, str] | None:
    """A queue's attributes; None where there is no such queue."""
    queue = {"QueueName": name, "QueueOwnerAWSAccountId": there.scope.account}
    status, found = await env.ask(there, "sqs", "AmazonSQS.GetQueueUrl", queue)
    if status != 200:
        return None
    wanted = {"QueueUrl": found["QueueUrl"], "AttributeNames": ["VisibilityTimeout", "Policy"]}
    status, found = await env.ask(there, "sqs", "AmazonSQS.GetQueueAttributes", wanted)
    return found.get("Attributes", {}) if status == 200 else {}


def _check_visibility(attributes: Mapping[str, str], seconds: int) -> None:
    visibility = int(attributes.get("VisibilityTimeout", seconds))
    if visibility < seconds:
        # Source of the words: https://github.com/github-aws-runners/terraform-aws-github-runner/issues/465
        raise faults.invalid(
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {seconds} seconds"
        )


async def _require_table(env: LambdaEnv, there: Caller, arn: str) -> None:
    """moto answers for any label with the table's stream of today."""
    found = await _require_stream(
        env, there, arn, "dynamodbstreams", "DynamoDBStreams_20120810.DescribeStream", {"StreamArn": arn}
    )
    label = arn.rpartition("/")[2]
    if found.get("StreamDescription", {}).get("StreamLabel", label) != label:
        raise faults.invalid(_NO_STREAM.format(arn))


async def _require_stream(
    env: LambdaEnv, there: Caller, arn: str, service: str, target: str, document: Mapping[str, Any]
) -> dict[str, Any]:
    """What is said of the stream. Raises Fault."""
    status, found = await env.ask(there, service, target, document)
    if status != 200:
        raise faults.invalid(_NO_STREAM.format(arn))
    return found
