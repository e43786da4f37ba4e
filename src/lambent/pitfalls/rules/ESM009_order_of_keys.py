"""An order that is not there."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Streams with ParallelizationFactor: several batches of a shard at once."""
    for function in project.functions:
        for trigger in function.driven_by("kinesis", "dynamodb", "stream"):
            factor = trigger.fact("ParallelizationFactor")
            if factor.number is not None and factor.number > 1:
                text = f"{factor.number} batches of a shard at once: in order for each partition key alone"
                yield Hit(factor, text, function, trigger.resource.id)


RULE = Rule(
    code="ESM009",
    title="Records of a shard out of order",
    level="info",
    reliability="possible",
    production="Records of different keys overtake each other; what adds them up in their order adds up wrong. Without it, one"
    " slow record holds up its shard.",
    mend="a partition key for all that must stay in order",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html",),
    seeds="002, 004",
)
