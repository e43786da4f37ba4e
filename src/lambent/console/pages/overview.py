"""What there is and how it goes: the first page, and the list of functions."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from lambent.console.api import Document
from lambent.console.site import Asked, Site

HOUR, DAY = 3_600, 86_400
TOTALS = ("Invocations", "Errors", "Throttles", "Duration")
MOST_QUEUES = 10
PAGE_SIZE = 50
"""Functions of a page, which is how many AWS answers at once."""


def overview(site: Site, asked: Asked) -> Response:
    """The first page."""
    return site.show("overview.html", asked, **_now(site))


def overview_part(site: Site, asked: Asked) -> Response:
    """What of it changes."""
    return site.show("_overview.html", asked, **_now(site))


def _now(site: Site) -> Document:
    api = site.api
    usage = api.ask("lambda", "get_account_settings")
    return {
        "usage": usage["AccountUsage"],
        "limits": usage["AccountLimit"],
        "health": api.page("health"),
        "totals": _totals(site),
        "mappings": mappings(site),
        "queues": _queues(site),
        "findings": api.findings()[:PAGE_SIZE],
    }


def _totals(site: Site) -> dict[str, float]:
    """Sums of the last hour."""
    end = site.api.endpoint.now()
    queries = [
        {
            "Id": name.lower(),
            "MetricStat": {
                "Metric": {"Namespace": "AWS/Lambda", "MetricName": name},
                "Period": HOUR,
                "Stat": "Average" if name == "Duration" else "Sum",
            },
        }
        for name in TOTALS
    ]
    said = site.api.ask(
        "cloudwatch", "get_metric_data", MetricDataQueries=queries, StartTime=end - HOUR, EndTime=end + 60
    )
    return {one["Id"]: _one(one) for one in said["MetricDataResults"]}


def _one(said: Document) -> float:
    """Two periods may touch the last hour: sums add up, of an average the latest counts."""
    values: list[float] = said["Values"]
    return (values[0] if said["Id"] == "duration" else sum(values)) if values else 0.0


def mappings(site: Site, function: str = "") -> list[Document]:
    """The event source mappings of the account and region, or of a function."""
    mine = site.api.arn(function)
    return [
        one
        for one in site.api.page("mappings")["mappings"]
        if (one["FunctionArn"].startswith(mine) if not function else _is_of(one["FunctionArn"], mine))
    ]


def _is_of(arn: str, function: str) -> bool:
    return arn == function or arn.startswith(f"{function}:")


def _queues(site: Site) -> list[Document]:
    urls = site.api.ask("sqs", "list_queues", MaxResults=MOST_QUEUES).get("QueueUrls", [])
    return [queue_row(site, url) for url in urls]


def queue_row(site: Site, url: str) -> Document:
    """A queue with what it holds."""
    said = site.api.maybe("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})
    dead = json.loads(said.get("RedrivePolicy", "{}")).get("deadLetterTargetArn", "")
    return {"name": url.rpartition("/")[2], "url": url, "dead": dead.rpartition(":")[2], **said}


def cost(site: Site, asked: Asked) -> Response:
    """What a day would have cost on AWS, by function or the like."""
    return site.show("_cost.html", asked, sums=summed(site.spent(DAY)), about="the last 24 hours")


def summed(lines: Sequence[Any]) -> list[tuple[str, float]]:
    """Dollars by what they were spent for, the dearest first."""
    sums: dict[str, float] = {}
    for line in lines:
        sums[line.use.subject] = sums.get(line.use.subject, 0.0) + line.dollars
    return sorted(sums.items(), key=lambda pair: -pair[1])


def functions(site: Site, asked: Asked) -> Response:
    """The list of functions: fifty at a time, or all whose name holds what is looked for."""
    sought = asked.query.get("q", "").strip()
    found, marker = _sought(site, sought) if sought else _listed(site, asked.query.get("marker", ""))
    template = "_functions.html" if asked.partial else "functions.html"
    return site.show(template, asked, functions=found, marker=marker, sought=sought)


def _listed(site: Site, marker: str) -> tuple[list[Document], str]:
    params = {"Marker": marker} if marker else {}
    said = site.api.ask("lambda", "list_functions", MaxItems=PAGE_SIZE, **params)
    return said["Functions"], said.get("NextMarker", "")


def _sought(site: Site, sought: str) -> tuple[list[Document], str]:
    found = [one for one in site.api.functions() if sought.lower() in one["FunctionName"].lower()]
    return found[: 4 * PAGE_SIZE], ""


def findings(site: Site, asked: Asked) -> Response:
    """All that the server found worth knowing."""
    return site.show("findings.html", asked, findings=site.api.findings())
