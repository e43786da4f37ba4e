"""A map without a bound."""

from collections.abc import Iterator

from lambent.pitfalls import machines
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Map states without MaxConcurrency."""
    for state in machines.states(project):
        bound = state.body.get("MaxConcurrency")
        if state.body.get("Type") == "Map" and bound in (None, 0) and "MaxConcurrencyPath" not in state.body:
            yield Hit(state.place, f"the map {state.name} runs as many at once as it can", None, state.machine.id)


RULE = Rule(
    code="SFN001",
    title="A Map state without MaxConcurrency",
    level="warning",
    reliability="certain",
    production="40 iterations at once (inline), up to 10,000 (distributed): they take the account's 1,000 environments, other"
    " functions get 429.",
    mend="set MaxConcurrency",
    check=check,
    sources=("https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html",),
    seeds="002",
)
