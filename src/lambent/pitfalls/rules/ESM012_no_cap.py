"""A consumer without a bound."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.queues import is_fifo


def check(project: Project) -> Iterator[Hit]:
    """SQS mappings without MaximumConcurrency on functions without a reservation; a reservation under five."""
    for function in project.functions:
        reserved = function.fact("ReservedConcurrentExecutions")
        for trigger in function.driven_by("sqs"):
            if is_fifo(function.stack, trigger.source):
                continue  # no more at once than it has message groups
            if not trigger.fact("ScalingConfig").absent or not trigger.fact("ProvisionedPollerConfig").absent:
                continue
            if reserved.absent and not function.resource.open:
                yield Hit(
                    trigger.place, "the mapping may take 1,250 environments at once", function, trigger.resource.id
                )
            elif reserved.number is not None and 0 < reserved.number < 5:
                yield Hit(
                    reserved,
                    f"the mapping starts with 5 pollers, {reserved.number} may run: throttled messages count as received",
                    function,
                    level="warning",
                    mend="set ScalingConfig.MaximumConcurrency on the mapping instead",
                )


RULE = Rule(
    code="ESM012",
    title="Nothing bounds how far the queue's consumer scales",
    level="info",
    reliability="likely",
    production="A backlog takes 300 environments more each minute, up to 1,250: it eats the account's pool of 1,000 or"
    " the database behind. A reservation under 5 makes throttling, which drives messages to the dead-letter queue.",
    mend="set ScalingConfig.MaximumConcurrency (2 or more) on the mapping",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",),
    seeds="002, 004",
    silent="the queue is FIFO: it has no more consumers at once than message groups",
)
