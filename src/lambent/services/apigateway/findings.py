"""What is stored of an API and has no effect: said so, never silently."""

from collections.abc import Mapping
from typing import Any

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.services.apigateway.env import ApiGatewayEnv
from lambent.services.apigateway.kinds import REST_API

Document = Mapping[str, Any]
STORED_ONLY = "stored-only/api-gateway"


def tell_api(env: ApiGatewayEnv, scope: Scope, api: Document) -> None:
    """Report it of an API, or take it back: a private one is answered to all who reach the endpoint."""
    private = "PRIVATE" in ((api.get("endpointConfiguration") or {}).get("types") or ())
    said = ["PRIVATE: whoever reaches this endpoint reaches the API"] if private else []
    _tell(env, f"arn:aws:apigateway:{scope.region}::/restapis/{api['id']}", said)


def _tell(env: ApiGatewayEnv, arn: str, said: list[str]) -> None:
    if said:
        env.report(Finding(STORED_ONLY, arn, f"Stored, and without effect here: {'; '.join(said)}."))
    else:
        env.withdraw(arn, STORED_ONLY)


def resume(env: ApiGatewayEnv) -> None:
    """At the start: say it of everything that is stored."""
    for one in env.resources:
        if one.kind == REST_API.stored:
            tell_api(env, one.scope, one.document)
