"""The widgets of a dashboard as questions to GetMetricData. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
PERIOD, STATISTIC = 300, "Average"
"""Unless a widget says others."""
MOST_WIDGETS, MOST_QUERIES = 100, 30


@dataclass(slots=True)
class Widget:
    """What is drawn: a chart or numbers of `queries`, a text, or nothing, and why."""

    title: str
    numbers: bool = False
    text: str = ""
    why: str = ""
    queries: list[Document] = field(default_factory=list)


def widgets(body: str, region: str) -> list[Widget]:
    """Those of a dashboard's body, row by row; of what is in another region nothing is drawn."""
    found = json.loads(body).get("widgets", [])[:MOST_WIDGETS]
    return [_widget(one, region) for one in sorted(found, key=lambda one: (one.get("y", 0), one.get("x", 0)))]


def _widget(said: Document, region: str) -> Widget:
    kind, about = str(said.get("type", "")), said.get("properties", {})
    title = str(about.get("title", ""))
    if kind == "text":
        return Widget(title, text=str(about.get("markdown", "")))
    if kind != "metric" or "metrics" not in about:
        return Widget(
            title, why=f"A widget of type {kind or '?'}{' without metrics' * (kind == 'metric')} is not drawn."
        )
    if about.get("region", region) != region:
        return Widget(title, why=f"Its metrics are of {about['region']}.")
    made = Widget(title, numbers=about.get("view") == "singleValue")
    rows = list(_whole(about["metrics"]))[:MOST_QUERIES]
    made.queries = [_query(row, number, about) for number, row in enumerate(rows)]
    return made


def _whole(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[list[str], Document]]:
    """Each row with what it leaves to the one before ("." for an item, "..." for all first ones), and its options."""
    before: list[str] = []
    for row in rows:
        options = row[-1] if row and isinstance(row[-1], dict) else {}
        items = [str(one) for one in row if not isinstance(one, dict)]
        if items[:1] == ["..."]:
            items = before[: len(before) - len(items) + 1] + items[1:]
        items = [before[place] if one == "." and place < len(before) else one for place, one in enumerate(items)]
        before = items or before
        yield items, options


def _query(row: tuple[list[str], Document], number: int, about: Document) -> Document:
    items, options = row
    period = int(options.get("period") or about.get("period") or PERIOD)
    made: Document = {"Id": str(options.get("id", f"lambent{number}")), "ReturnData": options.get("visible", True)}
    if "label" in options:
        made["Label"] = str(options["label"])
    if "expression" in options:
        return made | {"Expression": str(options["expression"]), "Period": period}
    names, values = items[2::2], items[3::2]
    dimensions = [{"Name": name, "Value": value} for name, value in zip(names, values, strict=False)]
    metric = {"Namespace": items[0], "MetricName": items[1], "Dimensions": dimensions} if len(items) > 1 else {}
    statistic = str(options.get("stat", about.get("stat", STATISTIC)))
    return made | {"MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}


def longest(widget: Widget) -> int:
    """The longest period of its series, in seconds."""
    return max((one.get("Period") or one["MetricStat"]["Period"] for one in widget.queries), default=PERIOD)
