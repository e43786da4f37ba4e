"""Metric filters: what log events count in which metric.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.model.metric import NONE, Metric, Sample, Stream, dimensions_of
from lambent.model.scope import Scope
from lambent.observe import filterfields, filterjson
from lambent.observe.filterpattern import compile_pattern

SELECTOR = re.compile(r"\$(?:\.?\[[^\]]*\]|\.[\w@-]+)+")


class Pattern:
    """A filter pattern, and the values that its selectors find. Raises PatternError."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.matches = compile_pattern(text)

    def value(self, selector: str, message: str) -> str | float | None:
        """What `$.latency` or `$size` finds in a message; None for nothing, or for what is no text and no number."""
        if selector.startswith("$."):
            return _of_json(selector, message)
        if self.text.startswith("[") and selector.startswith("$"):
            return filterfields.named(self.text, message).get(selector[1:])
        return None

    def extracted(self, message: str) -> dict[str, str]:
        """What all selectors of the pattern find in a message, as TestMetricFilter tells it."""
        if self.text.startswith("["):
            return {f"${name}": value for name, value in filterfields.named(self.text, message).items()}
        if not self.text.startswith("{"):
            return {}
        found = ((selector, _of_json(selector, message)) for selector in SELECTOR.findall(self.text))
        return {selector: str(value) for selector, value in found if value is not None}


def _of_json(selector: str, message: str) -> str | float | None:
    try:
        root = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None
    for (value,) in filterjson.select(root, filterjson.steps_of(selector)):
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return value
    return None


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A filter of a log group: `value` is a number or a selector, `default` what counts for a minute in which events
    came and none of them matched."""

    scope: Scope
    pattern: Pattern
    namespace: str
    name: str
    value: str
    dimensions: Mapping[str, str]
    unit: str = NONE
    default: float | None = None

    def sample(self, at: float, message: str) -> Sample | None:
        """What a message counts for; None when it does not match, or has not what is selected."""
        if not self.pattern.matches(message):
            return None
        value = _number(self.pattern.value(self.value, message) if self.value.startswith("$") else self.value)
        found = {name: self.pattern.value(selector, message) for name, selector in self.dimensions.items()}
        if value is None or None in found.values():
            return None
        pairs = dimensions_of({name: str(text) for name, text in found.items()})
        return Sample(Stream(Metric(self.scope, self.namespace, self.name, pairs), self.unit), at, value)

    def unmatched(self, at: float) -> Sample | None:
        """What a minute without a match counts for."""
        if self.default is None:
            return None
        return Sample(Stream(Metric(self.scope, self.namespace, self.name), self.unit), at, self.default)


def _number(value: str | float | None) -> float | None:
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None


def made(scope: Scope, document: Mapping[str, Any]) -> MetricFilter:
    """A filter of what PutMetricFilter was told. Raises PatternError."""
    [said] = document["metricTransformations"]
    return MetricFilter(
        scope,
        Pattern(document["filterPattern"]),
        said["metricNamespace"],
        said["metricName"],
        said["metricValue"],
        said.get("dimensions") or {},
        said.get("unit", NONE),
        said.get("defaultValue"),
    )


Find = Callable[[Scope, str], tuple[MetricFilter, ...]]
"""The filters of a log group."""
