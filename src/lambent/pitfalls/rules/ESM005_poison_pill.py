"""One record holds up a shard."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project, Trigger
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.finding import Hit, Rule

SETTINGS = ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError")


def check(project: Project) -> Iterator[Hit]:
    """Streams' mappings with no bound on retries, no bisecting and no destination."""
    for function in project.functions:
        for trigger in function.driven_by("kinesis", "dynamodb", "stream"):
            if all(_unset(trigger, key) for key in SETTINGS) and not _destination(trigger):
                yield Hit(
                    trigger.place, "a record that always fails is tried until it expires", function, trigger.resource.id
                )


def _unset(trigger: Trigger, key: str) -> bool:
    fact = trigger.fact(key)
    return fact.absent or fact.value in (False, "false", -1, "-1")


def _destination(trigger: Trigger) -> bool:
    value = trigger.fact("DestinationConfig").value
    return value is not None and (not isinstance(value, Map) or "OnFailure" in value)


RULE = Rule(
    code="ESM005",
    title="A poison record blocks its shard",
    level="error",
    reliability="certain",
    production="The batch is tried again without end: nothing else of the shard is read for 24 hours or more (Kinesis'"
    " retention, a day for DynamoDB), each round is paid for.",
    mend="set MaximumRetryAttempts, BisectBatchOnFunctionError: true and DestinationConfig.OnFailure",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html",),
    seeds="002, 004",
)
