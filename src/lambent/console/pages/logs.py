"""Queries of Logs Insights."""

import time

from starlette.responses import Response

from lambent.console.api import Document
from lambent.console.site import Asked, Site

UNDER_WAY = ("Scheduled", "Running")
POLL_SECONDS, MOST_SECONDS = 0.1, 60.0
MOST_GROUPS, MOST_ROWS = 200, 1_000
BACK = {"15m": 900, "1h": 3_600, "6h": 21_600, "1d": 86_400, "7d": 604_800}
"""Seconds."""
EXAMPLES = (
    ("Newest lines", "fields @timestamp, @message\n| sort @timestamp desc\n| limit 50"),
    ("Errors", "fields @timestamp, @message\n| filter @message like /(?i)error|exception|timed out/\n| limit 50"),
    (
        "Slowest invocations",
        'filter @type = "REPORT"\n| fields @requestId, @duration, @maxMemoryUsed\n| sort @duration desc\n| limit 20',
    ),
    (
        "Cold starts",
        'filter @type = "REPORT"\n| stats count(*) as runs, count(@initDuration) as cold, '
        "avg(@initDuration) as init by bin(5m)",
    ),
)


def logs(site: Site, asked: Asked) -> Response:
    """The page of queries."""
    groups = site.api.some("logs", "describe_log_groups", "logGroups", MOST_GROUPS + 1)
    names = [one["logGroupName"] for one in groups]
    return site.show("logs.html", asked, groups=names, most=MOST_GROUPS, back=tuple(BACK), examples=EXAMPLES)


def query(site: Site, asked: Asked) -> Response:
    """What a query answers."""
    api, end = site.api, int(site.api.endpoint.now()) + 1
    back = BACK.get(asked.form.get("back", ""), BACK["1h"])
    began = api.ask(
        "logs",
        "start_query",
        logGroupName=asked.form.get("group", ""),
        queryString=asked.form.get("query", ""),
        startTime=end - back,
        endTime=end,
    )
    said = _answer(site, began["queryId"])
    rows = [{one["field"]: one["value"] for one in row if one["field"] != "@ptr"} for row in said["results"]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return site.show("_rows.html", asked, said=said, rows=rows[:MOST_ROWS], names=names)


def _answer(site: Site, query_id: str) -> Document:
    """What a query answered when it ended, or when it took too long and was stopped."""
    until = time.monotonic() + MOST_SECONDS
    while (said := site.api.ask("logs", "get_query_results", queryId=query_id))["status"] in UNDER_WAY:
        if time.monotonic() > until:
            site.api.maybe("logs", "stop_query", queryId=query_id)
            break
        time.sleep(POLL_SECONDS)
    return said
