"""A dead-letter queue where a destination says more."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.queues import asynchronous, invoke_config, is_fifo, on_failure


def check(project: Project) -> Iterator[Hit]:
    """Dead-letter queues without a destination beside them; FIFO destinations."""
    for function in project.functions:
        fact = function.fact("DeadLetterConfig")
        if not fact.absent and not fact.unknown and asynchronous(function) and on_failure(function) is False:
            yield Hit(fact, "a dead-letter queue has the event only, not why it failed", function)
        yield from _fifo(function)


def _fifo(function: Function) -> Iterator[Hit]:
    targets = [function.fact("DeadLetterConfig", "TargetArn")]
    config = invoke_config(function)
    if isinstance(config, Map):
        targets += [
            function.fact("EventInvokeConfig", "DestinationConfig", one, "Destination")
            for one in ("OnFailure", "OnSuccess")
        ]
    for fact in targets:
        if is_fifo(function.stack, fact.value):
            yield Hit(
                fact, "a FIFO queue or topic can't be a destination", function, level="error", reliability="certain"
            )


RULE = Rule(
    code="ASY005",
    title="A dead-letter queue where a destination says more",
    level="info",
    reliability="likely",
    production="The queue has the event without the error's text, the stack trace and the number of attempts; and"
    " FIFO queues and topics are refused.",
    mend="set EventInvokeConfig.DestinationConfig.OnFailure to a standard queue, topic, bucket or bus",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",),
    seeds="002, 004",
)
