"""Which series a measurement of Lambda's counts in."""

import pytest

from lambent.engine.statistics import Bucket
from lambent.model.metric import Stream
from lambent.model.scope import Scope
from lambent.observe.lambda_metrics import streams
from lambent.observe.metrics import Metrics

NONE: dict[str, str] = {}
F = {"FunctionName": "f"}


@pytest.mark.parametrize(
    ("name", "function", "resource", "executed", "sets"),
    [
        ("Invocations", "f", "", "$LATEST", [NONE, F, F | {"Resource": "f"}]),
        ("Invocations", "f", "f:3", "3", [NONE, F, F | {"Resource": "f:3"}]),
        (
            *("Errors", "f", "f:live", "3"),
            [NONE, F, F | {"Resource": "f:live"}, F | {"Resource": "f:live", "ExecutedVersion": "3"}],
        ),
        ("UnreservedConcurrentExecutions", "", "", "", [NONE]),
        ("ConcurrentExecutions", "f", "", "", [F, F | {"Resource": "f"}]),
        ("PolledEventCount", "f", "uuid", "", [{"EventSourceMappingUUID": "uuid"}]),
        ("IteratorAge", "f", "uuid", "", [NONE, F, F | {"EventSourceMappingUUID": "uuid"}]),
    ],
)
def test_dimensions(name: str, function: str, resource: str, executed: str, sets: list[dict[str, str]]) -> None:
    found = streams(name, Scope(), function, resource, executed)
    assert [dict(one.metric.dimensions) for one in found] == sets
    assert {one.unit for one in found} == {"Milliseconds" if name == "IteratorAge" else "Count"}


def test_an_invocation_waits_until_somebody_asks() -> None:
    taken: list[tuple[tuple[Stream, ...], float, Bucket]] = []
    woken: list[int] = []
    metrics = Metrics(lambda: 67.0, take=lambda *one: taken.append(one))
    metrics.wake = lambda: woken.append(len(taken))
    arn = "arn:aws:lambda:eu-west-1:111111111111:function:f:live"
    metrics.ran(arn, 12.0, False, "3")
    metrics.ran(arn, 15.0, True, "3")
    assert (taken, woken) == ([], [0])
    metrics.drain()
    metrics.drain()
    assert [(one[0].metric.name, len(one), at, values.values) for one, at, values in taken] == [
        ("Invocations", 4, 60.0, {1.0: 2.0}),
        ("Errors", 4, 60.0, {0.0: 1.0, 1.0: 1.0}),
        ("Duration", 4, 60.0, {12.0: 1.0, 15.0: 1.0}),
    ]


def test_what_waits_is_bounded() -> None:
    taken: list[float] = []
    metrics = Metrics(lambda: 0.0, take=lambda _streams, _at, values: taken.append(values.count), waiting=10)
    for _ in range(100):
        metrics.ran("arn:aws:lambda:eu-west-1:111111111111:function:f", 1.0, False)
    assert sum(taken) >= 3 * 80


def test_what_is_billed_is_a_series_of_its_own() -> None:
    taken: list[tuple[tuple[Stream, ...], float, Bucket]] = []
    metrics = Metrics(lambda: 67.0, take=lambda *one: taken.append(one))
    for memory, billed in ((128, 12), (128, 13), (512, 5)):
        metrics.ran("arn:aws:lambda:eu-west-1:111111111111:function:f", 1.0, False, "$LATEST", billed, memory)
    metrics.drain()
    bills = {
        dict(one[0].metric.dimensions)["MemorySize"]: values.total
        for one, _, values in taken
        if one[0].metric.namespace == "Lambent"
    }
    assert bills == {"128": 25.0, "512": 5.0}
