"""A task that gives up at the first hiccup."""

from collections.abc import Iterator

from lambent.pitfalls import machines
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Lambda tasks without Retry."""
    for state in machines.states(project):
        if machines.is_lambda(state) and "Retry" not in state.body:
            yield Hit(
                state.place, f"the task {state.name} is not tried again when Lambda hiccups", None, state.machine.id
            )


RULE = Rule(
    code="SFN003",
    title="A Lambda task without Retry",
    level="warning",
    reliability="certain",
    production="One Lambda.ServiceException or 429 ends the whole execution.",
    mend="Retry on Lambda.ServiceException, Lambda.AWSLambdaException, Lambda.SdkClientException,"
    " Lambda.TooManyRequestsException; and TimeoutSeconds",
    check=check,
    sources=("https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html",),
    seeds="002",
)
