"""What both generations of API Gateway measure of their requests.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lambent.model.metric import Measure, Metric, dimensions_of
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
    counts = {"Count": 1.0}
    counts[errors[0]] = float(400 <= one.status < 500)
    counts[errors[1]] = float(one.status >= 500)
    times = {"Latency": one.seconds}
    if one.integration is not None:
        times["IntegrationLatency"] = one.integration
    for each in sets:
        dimensions = dimensions_of(each)
        for name, count in counts.items():
            measure(Metric(scope, NAMESPACE, name, dimensions), "Count", count)
        for name, seconds in times.items():
            measure(Metric(scope, NAMESPACE, name, dimensions), "Milliseconds", seconds * 1000)
