"""What is worth knowing of a deployment when it is first asked: functions that outlive the API, an authorizer
whose kept answer lets a caller in everywhere."""

from collections.abc import Iterator

from lambent.model.door import Door
from lambent.model.finding import Finding
from lambent.services import door_findings
from lambent.services.apigatewayv2.serving import functions
from lambent.services.apigatewayv2.serving.exchange import PRINCIPAL
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document, Served

ALL_ROUTES = "authorizer-cache-all-routes"
SECONDS = {"HTTP": 30_000, "WEBSOCKET": 29_000}


def tell(ports: Ports, served: Served) -> None:
    """Report it."""
    for finding in (*_outliving(ports, served), *_leaking(served)):
        ports.report(finding)


def _outliving(ports: Ports, served: Served) -> Iterator[Finding]:
    for key, route in served.by_key.items():
        integration = served.integration_of(route) or {}
        uri = str(integration.get("IntegrationUri") or "")
        if integration.get("IntegrationType") != "AWS_PROXY" or integration.get("IntegrationSubtype") or "${" in uri:
            continue
        function = functions.function_of(uri, {})
        millis = integration.get("TimeoutInMillis") or SECONDS[served.api["ProtocolType"]]
        own = ports.functions.timeout(Door(PRINCIPAL, served.arn, served.scope.account, served.scope.region), function)
        found = door_findings.outlives(function, f"{served.arn}, route {key}", own, float(millis) / 1000)
        if found is not None:
            yield found


def _leaking(served: Served) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html: a simple answer
    that is kept "fully allows or denies all API requests that match the cached identity source values"."""
    for name, authorizer in served.authorizers.items():
        routes = [key for key, route in served.by_key.items() if route.get("AuthorizerId") == name]
        if len(routes) > 1 and _keeps_for_all(authorizer):
            yield Finding(
                ALL_ROUTES,
                f"{served.arn}/authorizers/{name}",
                f"What the authorizer answers of one route is kept for {authorizer['AuthorizerResultTtlInSeconds']} s "
                f"and counts for all {len(routes)} that have it: who may ask one may ask every one.",
                "Add $context.routeKey to its identity sources, or set its result TTL to 0.",
            )


def _keeps_for_all(authorizer: Document) -> bool:
    sources = authorizer.get("IdentitySource") or ()
    simple = authorizer.get("AuthorizerType") == "REQUEST" and authorizer.get("EnableSimpleResponses")
    return bool(simple and authorizer.get("AuthorizerResultTtlInSeconds") and "$context.routeKey" not in sources)
