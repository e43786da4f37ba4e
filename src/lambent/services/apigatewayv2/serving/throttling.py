"""How many requests a second a stage and its routes take.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
"""

from lambent.http_events.http_authorizers import Refused
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document, Served

RATE, BURST = 10_000.0, 5_000
"""An account's, which count for the one of the two that is not set."""


def throttle(ports: Ports, served: Served, stage: Document, key: str) -> None:
    """By the route's settings, or the stage's for all routes. Raises Refused (429)."""
    own = (stage.get("RouteSettings") or {}).get(key) or {}
    settings = own if _sets(own) else stage.get("DefaultRouteSettings") or {}
    if not _sets(settings):
        return
    rate, burst = settings.get("ThrottlingRateLimit", RATE), settings.get("ThrottlingBurstLimit", BURST)
    place = (served.scope, served.api_id, stage["StageName"], key if settings is own else "")
    if not ports.buckets.take(place, float(rate), int(burst), ports.clock.monotonic()):
        raise Refused(429, "Too Many Requests", "the stage's throttle")


def _sets(settings: Document) -> bool:
    return "ThrottlingRateLimit" in settings or "ThrottlingBurstLimit" in settings
