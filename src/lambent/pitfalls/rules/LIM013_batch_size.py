"""Batches that AWS refuses."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.queues import is_fifo


def check(project: Project) -> Iterator[Hit]:
    """SQS mappings with a batch of more than ten on a FIFO queue, or without a window."""
    for function in project.functions:
        for trigger in function.driven_by("sqs"):
            size, window = trigger.fact("BatchSize"), trigger.fact("MaximumBatchingWindowInSeconds")
            if size.number is None or size.number <= 10:
                continue
            if is_fifo(function.stack, trigger.source):
                yield Hit(size, f"a FIFO queue gives at most 10, not {size.number}", function, trigger.resource.id)
            elif window.absent or window.number == 0:
                yield Hit(
                    size, f"a batch of {size.number} needs a window of 1 s at least", function, trigger.resource.id
                )


RULE = Rule(
    code="LIM013",
    title="The batch size is more than the queue can give",
    level="error",
    reliability="certain",
    production="CreateEventSourceMapping fails with InvalidParameterValueException, and with it the deployment.",
    mend="set BatchSize to 10, or MaximumBatchingWindowInSeconds to 1 or more (standard queues)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",),
    seeds="002, 004",
)
