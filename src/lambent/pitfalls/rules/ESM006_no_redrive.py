"""A queue whose bad messages go nowhere."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project, Resource
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.facts.wiring import ASYNC
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Queues of the stack that drive a function: no redrive policy, or too few receives; useless dead letters."""
    for function in project.functions:
        for trigger in function.driven_by("sqs"):
            queue = function.stack.target(trigger.source)
            if queue is not None and queue.type == "AWS::SQS::Queue":
                yield from _queue(function, queue)
        yield from _useless(function)


def _queue(function: Function, queue: Resource) -> Iterator[Hit]:
    if queue.fact("RedrivePolicy").absent:
        yield Hit(queue, f"a message that {function.id} can't process comes again until it expires", function, queue.id)
        return
    count = queue.fact("RedrivePolicy", "maxReceiveCount")
    if count.number is not None and count.number < 5:
        yield Hit(
            count,
            f"after {count.number} receives a message is given up; throttling counts too",
            function,
            queue.id,
            "info",
            "likely",
            "set maxReceiveCount to 5 or more",
        )


def _useless(function: Function) -> Iterator[Hit]:
    fact = function.fact("DeadLetterConfig")
    pulled = function.driven_by("sqs", "kinesis", "dynamodb")
    if (
        isinstance(fact.value, Map)
        and pulled
        and not function.driven_by(*ASYNC)
        and len(pulled) == len(function.triggers)
    ):
        yield Hit(
            fact,
            "the function's dead-letter queue is never used: queues and streams are invoked synchronously",
            function,
            mend="put a RedrivePolicy on the source queue, OnFailure on a stream's mapping",
        )


RULE = Rule(
    code="ESM006",
    title="The source queue has no dead-letter queue",
    level="warning",
    reliability="certain",
    production="A poison message is received, fails and is paid for again and again until retention ends (4 days by"
    " default), then it is gone.",
    mend="set RedrivePolicy with a deadLetterTargetArn and maxReceiveCount of 5 on the queue",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",),
    seeds="002, 004",
    elsewhere="Others want OnFailure on SQS mappings, which SQS does not support.",
    silent="the queue is of another stack",
)
