"""Dashboards are drawn as their bodies say; what can't be is named."""

import json
from datetime import UTC, datetime
from typing import Any

from lambent.console.dashboards import longest, widgets
from tests.unit.console.fake import NOW, Browser, Refused, site, usual

ERRORS = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "f"}]}
CHART: dict[str, Any] = {
    "type": "metric", "x": 0, "y": 6,
    "properties": {"title": "Failures", "period": 60, "metrics": [
        ["AWS/Lambda", "Errors", "FunctionName", "f", {"stat": "Sum", "id": "e", "visible": False}],
        [".", "Invocations", ".", "."],
        ["...", "g", {"period": 300, "label": "of g"}],
        [{"expression": "e * 100", "label": "percent"}],
    ]},
}  # fmt: skip
TEXT = {"type": "text", "x": 0, "y": 0, "properties": {"markdown": "# <b>Shop</b>"}}
OTHER = {"type": "log", "x": 6, "y": 6, "properties": {"query": "x"}}


def body(*those: dict[str, Any]) -> str:
    return json.dumps({"widgets": those})


def shown(*those: dict[str, Any], **more: Any) -> str:
    answers = usual() | {"cloudwatch.get_dashboard": {"DashboardBody": body(*those)}}
    said = Browser(site(answers | {f"cloudwatch.{name}": one for name, one in more.items()})).get("/dashboards/d")
    assert said.status_code == 200, said.text
    return str(said.text)


def test_rows_are_questions_that_take_from_the_row_before() -> None:
    text, chart = widgets(body(CHART, TEXT), "us-east-1")
    assert text.text == "# <b>Shop</b>" and chart.title == "Failures" and longest(chart) == 300
    first, second, third, fourth = chart.queries
    assert first == {
        "Id": "e", "ReturnData": False, "MetricStat": {"Metric": ERRORS, "Period": 60, "Stat": "Sum"}
    }  # fmt: skip
    assert second["MetricStat"]["Metric"] == ERRORS | {"MetricName": "Invocations"}
    assert second["MetricStat"]["Stat"] == "Average"
    assert third["Label"] == "of g" and third["MetricStat"]["Metric"]["Dimensions"][0]["Value"] == "g"
    assert fourth["Expression"] == "e * 100" and "MetricStat" not in fourth


def test_a_dashboard_is_drawn_with_its_texts_as_they_are() -> None:
    result = {"Id": "e", "Label": "of f", "Timestamps": [datetime.fromtimestamp(NOW - 600, UTC)], "Values": [3.0]}
    text = shown(CHART, TEXT, OTHER, get_metric_data={"MetricDataResults": [result]})
    assert "of f 3 at last" in text and "# &lt;b&gt;Shop" in text and "A widget of type log is not drawn" in text
    assert "Its metrics are of eu-west-1" in shown(
        CHART | {"properties": CHART["properties"] | {"region": "eu-west-1"}}
    )
    number = CHART | {"properties": CHART["properties"] | {"view": "singleValue"}}
    assert "<b>3</b> of f" in shown(number, get_metric_data={"MetricDataResults": [result]})


def test_what_cloudwatch_refuses_is_said_in_its_place() -> None:
    text = shown(CHART, TEXT, get_metric_data=Refused("ValidationError", 400))
    assert "ValidationError" in text and "Shop" in text


def test_without_any_it_says_what_to_do_next() -> None:
    assert "put-dashboard" in Browser(site(usual())).get("/dashboards").text
    assert "It has no widgets" in shown()
