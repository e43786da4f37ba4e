"""What of a mapping will bite: findings, said once it is made or changed.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html (six times the timeout, a dead-letter
queue, at least five receives), https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html (defaults
that block a shard until its records expire).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.model.event_source import NEVER, EventSource
from lambent.model.finding import Finding
from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources.carried_out import event_source
from lambent.services.lambda_.functions import stored_only
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import find_qualified
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

CODE = "source-pitfall"
FACTOR = 6
LEAST_RECEIVES = 5
USUAL_FILTERS = 5
"""Of one mapping. Source: developer guide, "Control which events Lambda sends to your function"."""
TABLE_READ = 1_000
"""Records that one read of a table's stream answers at most (API reference of DynamoDB Streams, GetRecords)."""


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What a queue's attributes say; `receives` is None without a dead-letter queue."""

    visibility: int
    receives: int | None


async def advise(env: LambdaEnv, caller: Caller, mapping: Resource) -> None:
    """Report what will bite; what can't be asked is not said."""
    source = event_source(mapping)
    env.withdraw(stored_only.arn_of(mapping), CODE)
    found = await _of_this_queue(env, caller, source) if source.service == "sqs" else list(of_stream(source))
    found += of_filters(source)
    if found:
        env.report(finding(source.arn, found))


def finding(arn: str, found: Sequence[tuple[str, str]]) -> Finding:
    """All of it as one: of a resource and a code one finding is kept."""
    *others, (message, hint) = found
    return Finding(CODE, arn, " ".join([*(f"{one} {what}" for one, what in others), message]), hint)


async def _of_this_queue(env: LambdaEnv, caller: Caller, source: EventSource) -> list[tuple[str, str]]:
    name = f"{source.function}:{source.qualifier}" if source.qualifier else source.function
    try:
        timeout = find_qualified(env, refer(source.scope, name)).configuration["Timeout"]
        return list(of_queue(source, await _facts(env, caller, source), timeout))
    except (Fault, KeyError, ValueError):
        return []


async def _facts(env: LambdaEnv, caller: Caller, source: EventSource) -> QueueFacts:
    name, account = source.source.split(":")[5], source.source.split(":")[4]
    asked: dict[str, Any] = {"QueueName": name, "QueueOwnerAWSAccountId": account}
    _, said = await env.ask(caller, "sqs", "AmazonSQS.GetQueueUrl", asked)
    asked = {"QueueUrl": said["QueueUrl"], "AttributeNames": ["VisibilityTimeout", "RedrivePolicy"]}
    _, said = await env.ask(caller, "sqs", "AmazonSQS.GetQueueAttributes", asked)
    return facts(said["Attributes"])


def facts(attributes: Mapping[str, str]) -> QueueFacts:
    """From a queue's attributes."""
    policy = json.loads(attributes.get("RedrivePolicy") or "{}")
    receives = int(policy["maxReceiveCount"]) if "maxReceiveCount" in policy else None
    return QueueFacts(int(attributes["VisibilityTimeout"]), receives)


def of_filters(source: EventSource) -> Iterator[tuple[str, str]]:
    """What to say of its filters."""
    if len(source.filters) > USUAL_FILTERS:
        yield (
            f"There are {len(source.filters)} filters: an account that has not asked AWS for more may have "
            f"{USUAL_FILTERS}.",
            "Ask for the quota, or say it in fewer patterns.",
        )


def of_queue(source: EventSource, queue: QueueFacts, timeout: int) -> Iterator[tuple[str, str]]:
    """What to say of a queue: messages and hints."""
    wanted = FACTOR * timeout + int(source.window)
    if queue.visibility < wanted:
        yield (
            f"The queue's visibility timeout is {queue.visibility} s, the function's timeout {timeout} s: messages may "
            "turn visible while they are handled.",
            f"Six times the timeout, plus the window: {wanted} s.",
        )
    if queue.receives is None:
        yield (
            "The queue has no dead-letter queue: a message that always fails is tried until it expires.",
            "Set a RedrivePolicy on the queue (not on the function: that one is for asynchronous invocations).",
        )
    elif queue.receives < LEAST_RECEIVES:
        yield (
            f"maxReceiveCount is {queue.receives}: messages may be dead-lettered for being throttled.",
            f"At least {LEAST_RECEIVES}.",
        )
    if source.batch_size > 1 and not source.reports_failures:
        yield (
            f"One message that fails brings back all {source.batch_size} of its batch.",
            "FunctionResponseTypes ReportBatchItemFailures, and batchItemFailures in the answer.",
        )


def of_stream(source: EventSource) -> Iterator[tuple[str, str]]:
    """What to say of a stream."""
    if source.service == "dynamodb" and source.batch_size > TABLE_READ and not source.window:
        yield (
            f"BatchSize {source.batch_size} can't be reached: a read of a table's stream answers {TABLE_READ} records.",
            "Set MaximumBatchingWindowInSeconds to gather more.",
        )
    if source.maximum_retries == NEVER and source.maximum_age == NEVER:
        yield (
            "Retries and record age are without a limit: a record that always fails blocks its shard until it expires.",
            "Set MaximumRetryAttempts or MaximumRecordAgeInSeconds, and an OnFailure destination.",
        )
    elif not source.on_failure:
        yield (
            "There is no OnFailure destination: records that are given up are lost without a trace.",
            "Set DestinationConfig.OnFailure.",
        )
