"""What both generations of API Gateway measure of their requests.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lambent.model.metric import Dimensions, Measure, Metric, dimensions_of
from lambent.model.scope import Scope

NAMESPACE = "AWS/ApiGateway"


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was answered; `seconds` in all, and of the integration (None for one that it did not come to)."""

    status: int
    seconds: float
    integration: float | None


def tell(
    measure: Measure, scope: Scope, sets: Sequence[Mapping[str, str]], errors: tuple[str, str], one: Answered
) -> None:
    """Measure a request in each set of dimensions. `errors` are the names for answers of 400 and of 500 and more."""
    status = one.status
    for each in sets:
        count, failed, broken, latency, integration = _metrics(scope, dimensions_of(each), errors)
        measure(count, "Count", 1.0)
        measure(failed, "Count", 1.0 if 400 <= status < 500 else 0.0)
        measure(broken, "Count", 1.0 if status >= 500 else 0.0)
        measure(latency, "Milliseconds", one.seconds * 1000)
        if one.integration is not None:
            measure(integration, "Milliseconds", one.integration * 1000)


@functools.lru_cache(4_096)
def _metrics(scope: Scope, dimensions: Dimensions, errors: tuple[str, str]) -> tuple[Metric, ...]:
    names = ("Count", *errors, "Latency", "IntegrationLatency")
    return tuple(Metric(scope, NAMESPACE, name, dimensions) for name in names)
