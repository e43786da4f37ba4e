"""Time that is paid for and not used."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, fold
from lambent.pitfalls.finding import Hit, Reliability, Rule


def check(project: Project) -> Iterator[Hit]:
    """Sleeps and waiters in what the handler reaches."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                if isinstance(node, ast.Call) and one.module.dotted(node.func) in ("time.sleep", "asyncio.sleep"):
                    seconds = fold(node.args[0] if node.args else None, one.module, one)
                    if not (isinstance(seconds, int | float) and seconds < 0.5):
                        known = f" for {seconds:g} s" if isinstance(seconds, int | float) else ""
                        text = f"the function sleeps{known} and is billed"
                        sure: Reliability = "certain" if known else "possible" if _grows(node, one) else "likely"
                        yield Hit(one.place(node), text, function, reliability=sure)
        for call in effects.calls(function):
            if call.operation == "wait" and call.paginated:
                yield Hit(call.place, f"a waiter of {call.service} polls while the function is billed", function)


def _grows(node: ast.Call, one: Reached) -> bool:
    """Whether it is a power: what grows from attempt to attempt begins small, and is mostly not waited for."""
    value: ast.expr = node.args[0] if node.args else node
    value = one.locals.get(value.id, value) if isinstance(value, ast.Name) else value
    return any(isinstance(inner, ast.Pow) for inner in ast.walk(value))


RULE = Rule(
    code="ARC005",
    title="The function is paid to wait",
    level="warning",
    reliability="certain",
    production="Waiting is billed as work: ten seconds at 1 GB are $0.00017 each time, $167 a million, and hold an"
    " environment of the account's 1,000.",
    mend="let Step Functions wait, send a delayed message, or be called when it is done (EventBridge)",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html",),
    seeds="002, 003",
    elsewhere="SonarQube S7621 advises a waiter, which is billed all the same.",
    silent="less than half a second",
)
