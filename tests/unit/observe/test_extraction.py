"""Metrics out of log events."""

import json
from typing import Any

import pytest

from lambent.model.finding import Finding
from lambent.model.metric import Metric, Sample
from lambent.model.scope import Scope
from lambent.observe import emf
from lambent.observe.extraction import BURST, Extraction
from lambent.observe.metric_filters import MetricFilter, made
from tests.unit.observe.test_emf import NOW, line

GROUP = "/aws/lambda/f"


def a_filter(pattern: str, value: str = "1", **more: Any) -> MetricFilter:
    said = {"metricName": "m", "metricNamespace": "N", "metricValue": value, **more}
    return made(Scope(), {"filterPattern": pattern, "metricTransformations": [said]})


def taken(messages: list[str], *filters: MetricFilter, burst: int = BURST) -> tuple[dict[str, float], list[Finding]]:
    """The sum of each metric after some messages, with its dimensions, and the findings."""
    added: list[Sample] = []
    findings: list[Finding] = []
    find = lambda _scope, _group: filters  # noqa: E731
    extraction = Extraction(find, added.extend, findings.append, lambda: NOW / 1000, lambda: 0.0, burst=burst)
    extraction.take(Scope(), GROUP, [(NOW, message) for message in messages])
    sums: dict[str, float] = {}
    for one in added:
        name = told(one.stream.metric)
        sums[name] = sums.get(name, 0.0) + one.value
    return sums, findings


def told(metric: Metric) -> str:
    return " ".join([metric.name, *(f"{name}={value}" for name, value in metric.dimensions)])


def test_embedded_metrics_and_the_volume_are_counted() -> None:
    sums, findings = taken([line(), line(), "plain"])
    assert sums["time service=orders"] == 25
    assert sums["IncomingLogEvents"] == sums[f"IncomingLogEvents LogGroupName={GROUP}"] == 3
    assert sums["IncomingBytes"] == 2 * len(line()) + len("plain") + 3 * 26
    assert findings == []


def test_a_wrong_line_is_counted_and_reported() -> None:
    sums, findings = taken([line(Namespace="")])
    assert sums[f"EMFValidationErrors LogGroupName={GROUP}"] == 1
    assert [(one.code, one.resource.rpartition(":")[2]) for one in findings] == [("emf-malformed", GROUP)]


def test_a_line_that_makes_much_of_little_is_wrong() -> None:
    values = {f"m{number}": list(range(100)) for number in range(100)} | {f"d{number}": "x" for number in range(30)}
    metrics = [{"Name": f"m{number}"} for number in range(100)]
    sets = [[f"d{number}"] for number in range(30)]
    sums, findings = taken([line(values, Metrics=metrics, Dimensions=sets)])
    assert sums[f"EMFValidationErrors LogGroupName={GROUP}"] == 1
    assert "m1 d1=x" not in sums
    assert [one.code for one in findings] == ["emf-malformed"]
    sums, findings = taken([line(values, Metrics=metrics, Dimensions=[["d1"]] * 1_000)])  # one set
    assert sums["m1 d1=x"] == sum(range(100))
    assert findings == []


def test_an_account_has_so_many_values_at_once() -> None:
    sums, findings = taken([line({"time": [1, 2]})] * 4, burst=5)
    assert sums["time service=orders"] == 6
    assert [one.code for one in findings] == ["emf-too-many"]  # once, however many lines


@pytest.mark.parametrize(
    ("one", "messages", "sums"),
    [
        (a_filter("ERROR"), ["ERROR a", "b", "ERROR c"], {"m": 2}),
        (a_filter("{ $.latency = * }", "$.latency"), ['{"latency": 5}', '{"latency": "2.5"}', '{"x": 1}'], {"m": 7.5}),
        (a_filter("{ $.a = 1 }", "$.b.c[0]"), ['{"a": 1, "b": {"c": [4]}}', '{"a": 1}'], {"m": 4}),
        (a_filter("[ip, status = 4*, size]", "$size"), ["1.1.1.1 404 10", "1.1.1.1 200 7"], {"m": 10}),
        (a_filter("[ip, ..., size]", "$size"), ["1.1.1.1 a b c 10", "1.1.1.1 7"], {"m": 17}),
        (a_filter("ERROR", defaultValue=0.0), ["fine", "fine"], {"m": 0}),
        (a_filter("ERROR", defaultValue=5.0), ["ERROR", "fine"], {"m": 1}),
        (
            a_filter("{ $.a = * }", "$.a", dimensions={"Where": "$.w"}),
            ['{"a": 1, "w": "x"}', '{"a": 2, "w": "y"}', '{"a": 3}'],
            {"m Where=x": 1, "m Where=y": 2},
        ),
    ],
)
def test_a_filter_counts(one: MetricFilter, messages: list[str], sums: dict[str, float]) -> None:
    found, _ = taken(messages, one)
    assert {name: value for name, value in found.items() if name.startswith("m")} == sums


def test_a_default_counts_once_a_minute() -> None:
    added: list[Sample] = []
    one = a_filter("ERROR", defaultValue=1.0)
    extraction = Extraction(lambda _scope, _group: (one,), added.extend, lambda _finding: None, lambda: NOW / 1000)
    minute = NOW // 60_000 * 60_000
    for at in (minute, minute + 1000, minute + 60_000):
        extraction.take(Scope(), GROUP, [(at, "fine")])
    assert [sample.at for sample in added if sample.stream.metric.name == "m"] == [minute / 1000, minute / 1000 + 60]


def test_a_function_reads_the_machines_clock_its_metrics_are_of_the_platforms() -> None:
    ahead = 30 * 86_400_000
    for at, when in (
        (NOW, NOW + ahead),
        (NOW - 5_000, NOW + ahead - 5_000),
        (NOW + ahead - 60_000, NOW + ahead - 60_000),
    ):
        directive = {"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "m"}]}
        text = json.dumps({"_aws": {"Timestamp": at, "CloudWatchMetrics": [directive]}, "m": 1})
        [sample] = emf.samples(Scope(), text, NOW + ahead, NOW)
        assert sample.at == when / 1000
