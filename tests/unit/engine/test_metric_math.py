"""Metric math, and search expressions."""

import math
from typing import Any

import pytest

from lambent.engine import metric_search
from lambent.engine.metric_functions import NotBuilt, evaluate
from lambent.engine.metric_math import Context, MathError, TimeSeries, names, parse, searches
from lambent.model.metric import Metric, dimensions_of
from lambent.model.scope import Scope

M1 = TimeSeries({0: 1.0, 60: 2.0, 120: 4.0}, 60, "one", "m1")
M2 = TimeSeries({0: 10.0, 120: 0.0}, 60, "two", "m2")


def found(text: str) -> Any:
    """What an expression is in three minutes with two metrics: points by minute, or a number."""
    context = Context({"m1": M1, "m2": M2}, 0, 180, 60, (M1, M2))
    value = evaluate(parse(text), context)
    if isinstance(value, TimeSeries):
        return {at // 60: point for at, point in value.points.items()}
    if isinstance(value, list):
        return [{at // 60: point for at, point in one.points.items()} for one in value]
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 ^ 2 - -1", 20),
        ("(1 + 2) * 3", 9),
        ("m1 * 2", {0: 2, 1: 4, 2: 8}),
        ("m1 + m2", {0: 11, 2: 4}),
        ("m1 / m2", {0: 0.1}),
        ("m1 > 1", {0: 0, 1: 1, 2: 1}),
        ("m1 > 1 AND m1 < 4", {0: 0, 1: 1, 2: 0}),
        ("m1 > 3 || m1 == 1", {0: 1, 1: 0, 2: 1}),
        ("[m1, m2] * 10", [{0: 10, 1: 20, 2: 40}, {0: 100, 2: 0}]),
        ("SUM(m1)", 7),
        ("SUM([m1, m2])", {0: 11, 1: 2, 2: 4}),
        ("AVG(METRICS())", {0: 5.5, 1: 2, 2: 2}),
        ('METRICS("m2")', [{0: 10, 2: 0}]),
        ("MAX(m1) - MIN(m1)", 3),
        ("STDDEV([m1, m2])", {0: 4.5, 1: 0, 2: 2}),
        ("FILL(m2, 5)", {0: 10, 1: 5, 2: 0}),
        ("FILL(m2, REPEAT)", {0: 10, 1: 10, 2: 0}),
        ("FILL(m2, LINEAR)", {0: 10, 1: 5, 2: 0}),
        ("FILL(m2, m1)", {0: 10, 1: 2, 2: 0}),
        ("IF(m1 > 1, m1, 0)", {0: 0, 1: 2, 2: 4}),
        ("IF(m1 > 1, m1)", {1: 2, 2: 4}),
        ("IF(1 > 2, 3, 4)", 4),
        ("DIFF(m1)", {1: 1, 2: 2}),
        ("DIFF_TIME(m2)", {2: 120}),
        ("RATE(m1)", {1: 1 / 60, 2: 2 / 60}),
        ("RUNNING_SUM(m1)", {0: 1, 1: 3, 2: 7}),
        ("PERIOD(m1)", 60),
        ("MINUTE(m1)", {0: 0, 1: 1, 2: 2}),
        ("YEAR(m1)", {0: 1970, 1: 1970, 2: 1970}),
        ("TIME_SERIES(7)", {0: 7, 1: 7, 2: 7}),
        ("METRIC_COUNT([m1, m2])", 2),
        ("DATAPOINT_COUNT(m2)", 2),
        ("FIRST([m1, m2])", {0: 1, 1: 2, 2: 4}),
        ("LAST([m1, m2])", {0: 10, 2: 0}),
        ("SORT([m1, m2], SUM, DESC, 1)", [{0: 10, 2: 0}]),
        ("SLICE([m1, m2], 1)", [{0: 10, 2: 0}]),
        ("REMOVE_EMPTY([m1, m1 / 0])", [{0: 1, 1: 2, 2: 4}]),
        ("LOG10(m1 * 100 / m1)", {0: 2, 1: 2, 2: 2}),
        ("CEIL(m1 / 3)", {0: 1, 1: 1, 2: 2}),
        ("ABS(0 - m1)", {0: 1, 1: 2, 2: 4}),
    ],
)
def test_an_expression(text: str, value: Any) -> None:
    if isinstance(value, list):
        assert [pytest.approx(one) for one in value] == found(text)
    else:
        assert found(text) == pytest.approx(value)


def test_what_can_t_be_computed_is_no_point() -> None:
    assert found("m1 / 0") == {}
    assert math.isnan(found("1 / 0"))
    assert found("LOG(m1 - 1)") == pytest.approx({1: 0, 2: math.log(3)})
    assert found("10 ^ (m1 * 1000)") == {}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "1 +",
            "m1 m2",
            "(m1",
            "[m1",
            "FOO(m1)",
            "SUM()",
            "SUM(m1, m2)",
            "m3",
            "m1 + 'a'",
            "§",
            "SORT(m1, SUM, ASC)",
        ),
        *("[m1, 1]", "[m1, m2] + [m1]", "FILL(m1, 'x')", "(" * 1000 + "1", "-" * 1000 + "1", "IF([m1], 1, 2)"),
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(MathError):
        found(text)


def test_functions_of_what_is_not_here_are_refused_by_name() -> None:
    with pytest.raises(NotBuilt, match="ANOMALY_DETECTION_BAND"):
        found("ANOMALY_DETECTION_BAND(m1, 2)")


def test_what_an_expression_needs() -> None:
    node = parse("SUM(SEARCH('{AWS/Lambda,FunctionName} Errors', 'Sum', 60)) / m1 + FILL(m2, REPEAT)")
    assert names(node) == {"m1", "m2"}
    assert [part.value for part in searches(node)[0].parts][1:] == ["Sum", 60]


@pytest.mark.parametrize(
    ("search", "meant"),
    [
        ('{AWS/Lambda,FunctionName} MetricName="Errors"', {"errors"}),
        ("{AWS/Lambda,FunctionName}", {"errors", "duration"}),
        ("{AWS/Lambda,FunctionName,Resource}", set()),
        ("orders", {"errors", "duration"}),
        ("Namespace=AWS/Lambda NOT MetricName=Errors", {"duration"}),
        ("MetricName=(Errors OR Sent)", {"errors", "sent"}),
        ('QueueName="my-queue" OR FunctionName=my-orders-fn', {"sent", "errors", "duration"}),
        ("queue AND messages", {"sent"}),
        ('"my-orders"', set()),
        ("(Errors)", {"errors"}),
    ],
)
def test_a_search(search: str, meant: set[str]) -> None:
    function = dimensions_of({"FunctionName": "my-orders-fn"})
    metrics = {
        "errors": Metric(Scope(), "AWS/Lambda", "Errors", function),
        "duration": Metric(Scope(), "AWS/Lambda", "Duration", function),
        "sent": Metric(Scope(), "AWS/SQS", "NumberOfMessagesSent", dimensions_of({"QueueName": "my-queue"})),
    }
    test = metric_search.compiled(search)
    assert {name for name, metric in metrics.items() if test(metric)} == meant


@pytest.mark.parametrize("search", ["{", "{}", "(a", "a)", "NOT", "MetricName=", "(" * 500, "a=(b"])
def test_what_is_no_search(search: str) -> None:
    with pytest.raises(MathError):
        metric_search.compiled(search)


@pytest.mark.parametrize(
    "text",
    [
        "TIME_SERIES(1)",
        "FILL(m1, 0)",
        "HOUR(m1)",
        "FILL(FILL(m1, 0), 1)",
        "+".join(["1"] * 1_000),
        "[" + ",".join(["METRICS()"] * 300) + "]",
    ],
)
def test_a_small_expression_makes_no_great_work(text: str) -> None:
    """Sixty years by the minute are 30 million points."""
    wide = TimeSeries(dict.fromkeys(range(5000), 1.0), 60, "one", "m1")
    context = Context({"m1": wide}, 0, 60 * 365 * 86_400, 60, (wide, wide))
    with pytest.raises(MathError):
        evaluate(parse(text), context)
