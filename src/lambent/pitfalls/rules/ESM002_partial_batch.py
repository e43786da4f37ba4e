"""One bad record makes the whole batch come again."""

from collections.abc import Iterator

from lambent.pitfalls.batches import failures_reported, one_by_one, returns_failures
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

KINDS = ("sqs", "kinesis", "dynamodb", "stream")


def check(project: Project) -> Iterator[Hit]:
    """Mappings with batches of more than one and no ReportBatchItemFailures."""
    for function in project.functions:
        for trigger in function.driven_by(*KINDS):
            if failures_reported(trigger) is False and not one_by_one(trigger) and not returns_failures(function):
                yield Hit(
                    trigger.place,
                    f"one failing record of a batch makes all of it come again to {function.id}",
                    function,
                    trigger.resource.id,
                )


RULE = Rule(
    code="ESM002",
    title="Partial batch failures are not reported",
    level="warning",
    reliability="certain",
    production="A raise for one record fails the whole batch: up to 10 messages (SQS) or 100 records (streams) that"
    " succeeded are processed again, with their effects, until the bad one is given up.",
    mend="set FunctionResponseTypes: [ReportBatchItemFailures] and return the failed records' ids in batchItemFailures",
    check=check,
    node=True,
    sources=(
        "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html",
    ),
    seeds="000, 001, 002, 004",
    elsewhere="No other tool looks at FunctionResponseTypes.",
    silent="batches hold one record, or the setting can't be read",
)
