"""What both generations of API Gateway measure of their requests.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
"""

import functools
from typing import NamedTuple

from lambent.model.metric import Dimensions, MeasureTogether, Metric, Together
from lambent.model.scope import Scope

NAMESPACE = "AWS/ApiGateway"


class Answered(NamedTuple):
    """A request that was answered; `seconds` in all, and of the integration (None for one that it did not come to)."""

    status: int
    seconds: float
    integration: float | None


def tell(
    measure: MeasureTogether, scope: Scope, sets: tuple[Dimensions, ...], errors: tuple[str, str], one: Answered
) -> None:
    """Measure a request in each set of dimensions. `errors` are the names for answers of 400 and of 500 and more."""
    status, seconds, integration = one
    failed, broken = 1.0 if 400 <= status < 500 else 0.0, 1.0 if status >= 500 else 0.0
    taken = None if integration is None else integration * 1000
    measure(_together(scope, sets, errors), (1.0, failed, broken, seconds * 1000, taken))


@functools.lru_cache(4_096)
def _together(scope: Scope, sets: tuple[Dimensions, ...], errors: tuple[str, str]) -> Together:
    """Each value counts in every set."""
    names = (("Count", "Count"), *((error, "Count") for error in errors))
    times = (("Latency", "Milliseconds"), ("IntegrationLatency", "Milliseconds"))
    return tuple(
        (tuple(Metric(scope, NAMESPACE, name, dimensions) for dimensions in sets), unit)
        for name, unit in (*names, *times)
    )
