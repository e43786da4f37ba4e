"""Traces: the latest, one as a waterfall, and the map of services."""

from itertools import islice

from botocore.exceptions import BotoCoreError, ClientError
from starlette.responses import Response

from lambent.console import waterfall
from lambent.console.site import Asked, Site

BACK = {"15m": 900, "1h": 3_600, "6h": 21_600}
"""Seconds."""
MOST = 100


def traces(site: Site, asked: Asked) -> Response:
    """The latest traces and the map of what they went through."""
    end = site.api.endpoint.now()
    chosen, wanted = asked.query.get("back", "1h"), asked.query.get("filter", "").strip()
    times = {"StartTime": end - BACK.get(chosen, BACK["1h"]), "EndTime": end}
    asking = times | ({"FilterExpression": wanted} if wanted else {})
    why = ""
    try:
        found = list(islice(site.api.each("xray", "get_trace_summaries", "TraceSummaries", **asking), MOST))
    except (ClientError, BotoCoreError) as error:
        found, why = [], str(error)
    services = site.api.some("xray", "get_service_graph", "Services", **times) if found else []
    return site.show(
        "traces.html",
        asked,
        traces=sorted(found, key=lambda one: str(one.get("StartTime", one["Id"])), reverse=True),
        picture=waterfall.service_map(services) if services else None,
        back=tuple(BACK),
        chosen=chosen,
        wanted=wanted,
        why=why,
    )


def trace(site: Site, asked: Asked) -> Response:
    """One trace as a waterfall."""
    said = site.api.ask("xray", "batch_get_traces", TraceIds=[asked.path["id"]])
    found = said["Traces"][0] if said.get("Traces") else {}
    made, seconds = waterfall.bars(waterfall.rows(found))
    return site.show("trace.html", asked, id=asked.path["id"], bars=made, seconds=seconds)
