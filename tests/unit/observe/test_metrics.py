"""Metrics by name and dimension."""

from lambent.model.scope import Scope
from lambent.observe.metrics import Metrics

SCOPE = Scope("111111111111", "eu-west-1")


def test_samples_are_summed_by_function_and_resource() -> None:
    metrics = Metrics(lambda: 5.0)
    metrics.add("AsyncEventAge", SCOPE, "f", 10)
    metrics.add("AsyncEventAge", SCOPE, "f", 2, "f:live")
    metrics.add("AsyncEventAge", Scope(), "f", 1)
    assert metrics.total("AsyncEventAge", SCOPE, "f") == 12
    assert metrics.total("AsyncEventAge", SCOPE, "f", "f:live") == 2
    assert metrics.total("AsyncEventAge", SCOPE, "g") == 0
    said = metrics.document()
    assert (said["since"], said["now"], said["left_out"]) == (5.0, 5.0, 0)
    assert said["metrics"][1] == {
        "MetricName": "AsyncEventAge",
        "Account": "111111111111",
        "Region": "eu-west-1",
        "Dimensions": {"FunctionName": "f"},
        "SampleCount": 2,
        "Sum": 12.0,
        "Minimum": 2.0,
        "Maximum": 10.0,
    }


def test_memory_is_bounded_and_what_is_left_out_counted() -> None:
    metrics = Metrics(lambda: 0.0, bound=2)
    for number in range(5):
        metrics.add("AsyncEventsReceived", SCOPE, f"f{number}")
    assert len(metrics.document()["metrics"]) == 2
    assert metrics.document()["left_out"] == 3
