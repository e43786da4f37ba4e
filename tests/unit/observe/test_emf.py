"""The embedded metric format."""

import json
from typing import Any

import pytest

from lambent.model.metric import Metric, Sample, Stream
from lambent.model.scope import Scope
from lambent.observe.emf import PARSING, VALIDATION, Malformed, samples

NOW = 1_775_000_000_000


def line(root: dict[str, Any] | None = None, aws: dict[str, Any] | None = None, **directive: Any) -> str:
    """A good line, but for what is given."""
    one = {"Namespace": "N", "Dimensions": [["service"]], "Metrics": [{"Name": "time", "Unit": "Milliseconds"}]}
    head = {"Timestamp": NOW, "CloudWatchMetrics": [one | directive]} | (aws or {})
    return json.dumps({"_aws": head, "service": "orders", "time": 12.5} | (root or {}))


def stream(name: str = "time", unit: str = "Milliseconds", **dimensions: str) -> Stream:
    return Stream(Metric(Scope(), "N", name, tuple(sorted(dimensions.items()))), unit)


def test_a_line_has_samples_of_each_metric_in_each_set_of_dimensions() -> None:
    metrics = [{"Name": "time", "Unit": "Milliseconds"}, {"Name": "sizes", "StorageResolution": 1}]
    found = samples(
        Scope(), line({"sizes": [1, 2], "v": "7"}, Dimensions=[["service"], ["service", "v"], []], Metrics=metrics), NOW
    )
    sets: list[dict[str, str]] = [{"service": "orders"}, {"service": "orders", "v": "7"}, {}]
    assert found == [Sample(stream(**one), NOW / 1000, 12.5) for one in sets] + [
        Sample(stream("sizes", "None", **one), NOW / 1000, value, 1.0, 1) for one in sets for value in (1.0, 2.0)
    ]


def test_without_dimensions_there_is_one_series() -> None:
    assert samples(Scope(), line(Dimensions=[]), NOW) == [Sample(stream(), NOW / 1000, 12.5)]


@pytest.mark.parametrize(
    "message", ['he said "CloudWatchMetrics"', '["CloudWatchMetrics"]', '{"CloudWatchMetrics": 1}']
)
def test_other_lines_are_not_its_affair(message: str) -> None:
    assert samples(Scope(), message, NOW) == []


@pytest.mark.parametrize(
    ("message", "counted"),
    [
        (line()[:-3], PARSING),
        (line(aws={"Timestamp": "now"}), PARSING),
        (line(aws={"CloudWatchMetrics": {}}), PARSING),
        (line(Metrics="time"), PARSING),
        (line(Metrics=[{"Unit": "Count"}]), PARSING),
        (line(Dimensions=["service"]), PARSING),
        (line(aws={"Timestamp": NOW / 1000}), VALIDATION),
        (line(Namespace=""), VALIDATION),
        (line({"service": 7}), VALIDATION),
        (line(Dimensions=[["unknown"]]), VALIDATION),
        (line(Dimensions=[[f"d{number}" for number in range(31)]]), VALIDATION),
        (line(Metrics=[{"Name": f"m{number}"} for number in range(101)]), VALIDATION),
        (line({"time": "12"}), VALIDATION),
        (line({"time": list(range(101))}), VALIDATION),
        (line(Metrics=[{"Name": "unknown"}]), VALIDATION),
        (line(Metrics=[{"Name": "time", "Unit": "Hours"}]), VALIDATION),
        (line(Metrics=[{"Name": "time", "Unit": ["Count"]}]), VALIDATION),
        (line(Metrics=[{"Name": "time", "StorageResolution": 5}]), VALIDATION),
    ],
)
def test_a_line_that_is_wrong_is_counted_as_aws_counts_it(message: str, counted: str) -> None:
    with pytest.raises(Malformed) as said:
        samples(Scope(), message, NOW)
    assert said.value.counted == counted


def full(metrics: int = 100, dimensions: int = 30, values: int = 100) -> str:
    """A line that has so many of each, with all that it names."""
    names, about = [f"m{place}" for place in range(metrics)], {f"d{place}": "x" for place in range(dimensions)}
    root: dict[str, Any] = about | {name: list(range(values)) for name in names}
    return line(root, Dimensions=[list(about)], Metrics=[{"Name": name} for name in names])


def test_a_line_has_a_hundred_metrics_of_a_hundred_values_and_thirty_dimensions() -> None:
    assert len(samples(Scope(), full(), NOW)) == 10_000


@pytest.mark.parametrize("more", [{"metrics": 101}, {"dimensions": 31}, {"values": 101}])
def test_a_line_that_has_more_is_refused_whole(more: dict[str, int]) -> None:
    with pytest.raises(Malformed) as refused:
        samples(Scope(), full(**more), NOW)
    assert refused.value.counted == VALIDATION and "more than" in refused.value.reason
