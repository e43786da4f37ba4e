"""A function that waits for a function."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """lambda.invoke with RequestResponse, or without a type, which is the same."""
    for function in project.functions:
        for call in effects.calling(function, "lambda", "invoke"):
            kind = call.fold("InvocationType")
            if not call.open and (kind is None or kind == "RequestResponse"):
                yield Hit(call.place, "the function waits for another one, both are billed", function)


RULE = Rule(
    code="ARC003",
    title="A function invokes a function and waits",
    level="warning",
    reliability="certain",
    production="Two functions are billed for one piece of work, two environments are held; the caller's timeout cuts the"
    " callee's work off from its result, and a retry does it twice.",
    mend="call the code as a library, invoke with InvocationType='Event', or let Step Functions orchestrate",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html",),
    seeds="003",
    elsewhere="SonarQube S6246 sees a literal 'RequestResponse' only.",
)
