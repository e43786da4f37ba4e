"""Metrics that CloudWatch does not take."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, fold
from lambent.pitfalls.finding import Hit, Rule

UNITS = {
    "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits",
    "Megabits", "Gigabits", "Terabits", "Percent", "Count", "None",
}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Documents with `_aws` that stand in the code as they are."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                wrong = _wrong(node, one) if isinstance(node, ast.Dict) else None
                if wrong is not None:
                    yield Hit(one.place(node), wrong, function)


def _wrong(document: ast.Dict, one: Reached) -> str | None:
    """What is wrong with a document, if it is one of metrics."""
    block = _get(document, "_aws")
    if not isinstance(block, ast.Dict) or not all(isinstance(key, ast.Constant) for key in document.keys):
        return None
    directives = _get(block, "CloudWatchMetrics")
    if _get(block, "Timestamp") is None or directives is None:
        return "_aws needs Timestamp and CloudWatchMetrics"
    if _in_seconds(_get(block, "Timestamp"), one):
        return "Timestamp is in seconds, not in milliseconds: the metric lies in 1970"
    for directive in directives.elts if isinstance(directives, ast.List) else ():
        if isinstance(directive, ast.Dict) and (wrong := _directive(directive, document, one)) is not None:
            return wrong
    return None


def _directive(directive: ast.Dict, document: ast.Dict, one: Reached) -> str | None:
    metrics, sets = _get(directive, "Metrics"), _get(directive, "Dimensions")
    if _get(directive, "Namespace") is None or metrics is None:
        return "a directive needs Namespace and Metrics"
    if isinstance(sets, ast.List) and any(isinstance(each, ast.Constant) for each in sets.elts):
        return "Dimensions is a list of lists"
    for metric in metrics.elts if isinstance(metrics, ast.List) else ():
        if isinstance(metric, ast.Dict) and (wrong := _metric(metric, document, one)) is not None:
            return wrong
    return _dimensions(sets, document, one)


def _metric(metric: ast.Dict, document: ast.Dict, one: Reached) -> str | None:
    name = fold(_get(metric, "Name"), one.module, one)
    unit = fold(_get(metric, "Unit"), one.module, one)
    if isinstance(name, str) and _get(document, name) is None:
        return f"the metric {name} has no value in the document"
    if isinstance(unit, str) and unit.partition("/")[0] not in UNITS:
        return f"{unit} is no unit"
    return None


def _dimensions(sets: ast.expr | None, document: ast.Dict, one: Reached) -> str | None:
    lists = [each for each in sets.elts if isinstance(each, ast.List)] if isinstance(sets, ast.List) else []
    names = [fold(inner, one.module, one) for each in lists for inner in each.elts]
    missing = next((name for name in names if isinstance(name, str) and _get(document, name) is None), None)
    return None if missing is None else f"the dimension {missing} has no value in the document"


def _get(node: ast.Dict, name: str) -> ast.expr | None:
    pairs = zip(node.keys, node.values, strict=True)
    return next((value for key, value in pairs if isinstance(key, ast.Constant) and key.value == name), None)


def _in_seconds(node: ast.expr | None, one: Reached) -> bool:
    """`int(time.time())` without a factor."""
    if isinstance(node, ast.Call) and one.module.dotted(node.func) in ("int", "round") and node.args:
        node = node.args[0]
    return isinstance(node, ast.Call) and one.module.dotted(node.func) == "time.time"


RULE = Rule(
    code="OBS005",
    title="A metric that CloudWatch does not take",
    level="error",
    reliability="likely",
    production="The line is kept as a log and no metric comes of it; nothing says so, and alarms on it stay quiet.",
    mend="Powertools' Metrics, which refuses what is malformed",
    check=check,
    node=True,
    sources=(
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html",
    ),
    seeds="002",
    silent="the document is put together elsewhere",
)
