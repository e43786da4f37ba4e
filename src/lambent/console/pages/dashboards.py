"""CloudWatch's dashboards, drawn."""

from botocore.exceptions import BotoCoreError, ClientError
from starlette.responses import Response

from lambent.console.api import Document
from lambent.console.charts import Line, Span, chart
from lambent.console.dashboards import Widget, longest, widgets
from lambent.console.site import Asked, Site

BACK = {"1h": 3_600, "3h": 10_800, "24h": 86_400, "7d": 604_800}
"""Seconds."""
MOST = 100
COLOURS = ("c1", "c3", "c4", "c5", "c2")


def dashboards(site: Site, asked: Asked) -> Response:
    """The list of them."""
    found = site.api.some("cloudwatch", "list_dashboards", "DashboardEntries", MOST + 1)
    return site.show("dashboards.html", asked, dashboards=found, most=MOST)


def dashboard(site: Site, asked: Asked) -> Response:
    """One."""
    return site.show("dashboard.html", asked, **_drawn(site, asked))


def dashboard_part(site: Site, asked: Asked) -> Response:
    """What of it changes: all widgets."""
    return site.show("_dashboard.html", asked, **_drawn(site, asked))


def _drawn(site: Site, asked: Asked) -> Document:
    name, chosen = asked.path["name"], asked.query.get("back", "3h")
    chosen = chosen if chosen in BACK else "3h"
    body = site.api.ask("cloudwatch", "get_dashboard", DashboardName=name)["DashboardBody"]
    drawn = [_widget(site, one, BACK[chosen]) for one in widgets(body, site.api.endpoint.region)]
    return {"name": name, "back": tuple(BACK), "chosen": chosen, "drawn": drawn}


def _widget(site: Site, widget: Widget, seconds: int) -> Document:
    shown: Document = {"title": widget.title, "text": widget.text, "why": widget.why, "numbers": [], "lines": []}
    if not widget.queries:
        return shown
    period = longest(widget)
    end = -(-site.api.endpoint.now() // period) * period
    span = Span(end - seconds, end, period)
    asking = {"StartTime": span.start, "EndTime": end, "ScanBy": "TimestampAscending"}
    try:
        said = site.api.ask("cloudwatch", "get_metric_data", MetricDataQueries=widget.queries, **asking)
    except (ClientError, BotoCoreError) as error:
        return shown | {"why": str(error)}
    found = said["MetricDataResults"]
    if widget.numbers:
        return shown | {"numbers": [(one["Label"], one["Values"][-1] if one["Values"] else None) for one in found]}
    lines = [_line(one, COLOURS[number % len(COLOURS)]) for number, one in enumerate(found)]
    return shown | {"lines": lines, "picture": chart(widget.title or "Metrics", lines, span)}


def _line(said: Document, colour: str) -> Line:
    points = [(at.timestamp(), value) for at, value in zip(said["Timestamps"], said["Values"], strict=True)]
    return Line(said["Label"], colour, points)
