"""Metrics by name: what CloudWatch keeps numbers of.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from lambent.model.scope import Scope

Dimensions = tuple[tuple[str, str], ...]
"""Name and value of each, by name."""

NONE = "None"
"""The unit of what has none."""


class Metric(NamedTuple):
    """One metric of an account in a region."""

    scope: Scope
    namespace: str
    name: str
    dimensions: Dimensions = ()


class Stream(NamedTuple):
    """The values of a metric that have one unit: CloudWatch keeps them apart."""

    metric: Metric
    unit: str = NONE


class Sample(NamedTuple):
    """A value that `times` times was measured at `at` (seconds since 1970), kept by the second or by the minute
    (`resolution` 1 or 60)."""

    stream: Stream
    at: float
    value: float
    times: float = 1.0
    resolution: int = 60


class Measure(Protocol):
    """Takes what was measured now."""

    def __call__(self, metric: Metric, unit: str, value: float) -> None: ...


Together = tuple[tuple[tuple[Metric, ...], str], ...]
"""What is measured together: of each value the metrics that it counts in, and its unit."""


class MeasureTogether(Protocol):
    """Takes what was measured now, a value for each of `together`; None for one that was not."""

    def __call__(self, together: Together, values: tuple[float | None, ...]) -> None: ...


def none_measured(together: Together, values: tuple[float | None, ...]) -> None:
    """Nobody wants to know."""


def unmeasured(metric: Metric, unit: str, value: float) -> None:
    """Nobody wants to know."""


def dimensions_of(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> Dimensions:
    """Dimensions in the order that tells metrics apart."""
    return tuple(sorted(pairs.items() if isinstance(pairs, Mapping) else pairs))
