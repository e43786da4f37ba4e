"""Effects done twice because events come twice."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Mails and messages of functions that queues and streams drive, with nothing that guards them."""
    for function in project.functions:
        if function.driven_by("sqs", "kinesis", "dynamodb") and not effects.guarded(function):
            yield from (
                Hit(call.place, f"{call.service}.{call.operation} happens again when a record comes twice", function)
                for call in effects.calls(function)
                if (effects.again(call) and call.service in effects.HEARD) or effects.made_anew(call)
            )


RULE = Rule(
    code="ASY002",
    title="An effect that is repeated when an event is delivered twice",
    level="warning",
    reliability="likely",
    production="Standard queues and streams deliver at least once, without any error: some mails go out twice.",
    mend="guard with the record's id (Powertools' idempotency)",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html",),
    seeds="000, 002, 003",
)
