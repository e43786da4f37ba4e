"""Effects done again when the event is tried again."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.queues import asynchronous


def check(project: Project) -> Iterator[Hit]:
    """Mails, messages and runs of functions that are invoked asynchronously, with nothing that guards them."""
    for function in project.functions:
        if asynchronous(function) and not effects.guarded(function):
            yield from (
                Hit(
                    call.place,
                    f"{call.service}.{call.operation} happens again in each of up to three attempts",
                    function,
                )
                for call in effects.calls(function)
                if (effects.again(call) and call.service in effects.HEARD) or effects.made_anew(call)
            )


RULE = Rule(
    code="ASY001",
    title="An effect that is repeated when the event is tried again",
    level="warning",
    reliability="likely",
    production="An asynchronous event is tried up to three times, after 1 and 2 minutes: what was sent before the error is"
    " sent again.",
    mend="guard with an id of the event (Powertools' @idempotent), or do the effect last",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html",),
    seeds="000, 002, 003, 004",
)
