"""The platform's own figures in the text format of Prometheus.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4); names follow
https://prometheus.io/docs/practices/naming/.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lambent.observe.lambda_metrics import MILLISECONDS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTER, GAUGE, SUMMARY = "counter", "gauge", "summary"
READ = frozenset(
    {
        *("ConcurrentExecutions", "UnreservedConcurrentExecutions", "ClaimedAccountConcurrency"),
        *("ProvisionedConcurrentExecutions", "ProvisionedConcurrencyUtilization"),
    }
)
"""Of Lambda's metrics those that are read now and then: no sum of them means anything."""
Labels = Mapping[str, str]


class Point(NamedTuple):
    """A value; `suffix` is behind the family's name ("_sum")."""

    labels: Labels
    value: float
    suffix: str = ""


@dataclass(slots=True)
class Family:
    """All values of one name."""

    name: str
    kind: str
    help: str
    points: list[Point] = field(default_factory=list)


def of_lambda(metrics: Iterable[Mapping[str, Any]]) -> list[Family]:
    """What the page of metrics has, by function: what is counted of a version or alias is part of that already."""
    found: dict[str, Family] = {}
    for one in metrics:
        dimensions = one["Dimensions"]
        if "Resource" in dimensions:
            continue
        labels = {"account": one["Account"], "region": one["Region"]}
        if "FunctionName" in dimensions:
            labels["function"] = dimensions["FunctionName"]
        made = _family(one["MetricName"])
        found.setdefault(made.name, made).points.extend(_points(made.kind, labels, one))
    return sorted(found.values(), key=lambda one: one.name)


def _family(metric: str) -> Family:
    name = f"lambent_{_snake(metric)}"
    if metric in MILLISECONDS:
        return Family(f"{name}_seconds", SUMMARY, f"{metric} of AWS/Lambda")
    if metric in READ:
        return Family(f"{name}_max", GAUGE, f"The most of {metric} of AWS/Lambda since the start")
    return Family(f"{name}_total", COUNTER, f"{metric} of AWS/Lambda since the start")


def _points(kind: str, labels: Labels, one: Mapping[str, Any]) -> list[Point]:
    if kind == SUMMARY:
        return [Point(labels, one["Sum"] / 1000, "_sum"), Point(labels, one["SampleCount"], "_count")]
    return [Point(labels, one["Maximum"] if kind == GAUGE else one["Sum"])]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def counted(name: str, text: str, label_sets: Iterable[tuple[tuple[str, str], ...]]) -> Family:
    """How many there are of each set of labels, now."""
    counts: dict[tuple[tuple[str, str], ...], int] = {}
    for labels in label_sets:
        counts[labels] = counts.get(labels, 0) + 1
    return Family(name, GAUGE, text, [Point(dict(labels), count) for labels, count in sorted(counts.items())])


def single(name: str, kind: str, text: str, value: float, **labels: str) -> Family:
    """One value."""
    return Family(name, kind, text, [Point(labels, value)])


def written(families: Sequence[Family]) -> str:
    """The text. A family without values is left out."""
    lines: list[str] = []
    for one in families:
        if one.points:
            lines += [f"# HELP {one.name} {one.help}", f"# TYPE {one.name} {one.kind}"]
            lines += [f"{one.name}{point.suffix}{_labels(point.labels)} {_number(point.value)}" for point in one.points]
    return "\n".join((*lines, ""))


def _labels(labels: Labels) -> str:
    said = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{said}}}" if said else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
