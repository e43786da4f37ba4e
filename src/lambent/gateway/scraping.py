"""Prometheus asks for `/metrics`, which is S3's path for a bucket of that name as well.

It is told from S3's clients by what it accepts: no other asks for Prometheus' formats. At `/_lambent/prometheus` the
same is answered to everybody who may see Lambent's own pages.
https://prometheus.io/docs/instrumenting/content_negotiation/
"""

from collections.abc import Awaitable, Callable

from lambent.wire.http import Request, Response

PATH, NAME = "/metrics", "prometheus"
FORMATS = ("application/openmetrics-text", "version=0.0.4", "application/vnd.google.protobuf")


def is_scrape(request: Request) -> bool:
    """Whether Prometheus asks."""
    if request.path != PATH or request.method != "GET" or "authorization" in request.headers:
        return False
    accepted = request.headers.get("accept", "")
    return any(one in accepted for one in FORMATS)


def page(text: Callable[[], str], content_type: str) -> Callable[[Request], Awaitable[Response]]:
    """The page of what `text` says at that moment."""

    async def answer(_request: Request) -> Response:
        return Response(200, [("Content-Type", content_type)], text().encode())

    return answer
