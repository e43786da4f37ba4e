"""docs/prometheus.md and the dashboard: what they name is there."""

import json
import re
from pathlib import Path
from typing import Any

from lambent.engine import metric_search
from lambent.engine.insights.reading import read
from lambent.engine.traces import filter as trace_filter

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD = json.loads((DOCS / "grafana" / "lambent.json").read_text("utf-8"))


def targets() -> list[dict[str, Any]]:
    return [target for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_each_query_of_the_dashboard_can_be_asked() -> None:
    known = (DOCS / "metrics.md").read_text("utf-8")
    for one in targets():
        if one["datasource"]["type"] == "grafana-x-ray-datasource":
            trace_filter.read(one["query"].replace("$function", "f"))
        elif one["queryMode"] == "Logs":
            read(one["expression"])
        elif one["expression"]:
            metric_search.compiled(re.findall(r"SEARCH\('(.*?)'", one["expression"])[0])
        else:
            assert f"`{one['metricName']}`" in known, one["metricName"]


def test_the_dashboard_s_variables_are_those_that_it_uses() -> None:
    text = json.dumps(DASHBOARD["panels"])
    used = set(re.findall(r"\$\{?(\w+)\}?", text))
    assert used <= {one["name"] for one in DASHBOARD["templating"]["list"]}
