"""What is stored of an API and has no effect: said so, never silently."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.services.apigateway.env import ApiGatewayEnv
from lambent.services.apigateway.kinds import REST_API, STAGE

Document = Mapping[str, Any]
STORED_ONLY = "stored-only/api-gateway"
STAGE_SETTINGS = {
    "clientCertificateId": "backends are not shown a certificate",
}
METHOD_SETTINGS = {
    "dataTraceEnabled": "no execution logs are written",
}


def tell_stage(env: ApiGatewayEnv, scope: Scope, api_id: str, stage: Document) -> None:
    """Report it of a stage, or take it back."""
    arn = f"arn:aws:apigateway:{scope.region}::/restapis/{api_id}/stages/{stage['stageName']}"
    said = list(dict.fromkeys(_of_stage(stage)))
    _tell(env, arn, said)


def _of_stage(stage: Document) -> Iterator[str]:
    for name, why in STAGE_SETTINGS.items():
        if stage.get(name):
            yield f"{name}: {why}"
    for setting in (stage.get("methodSettings") or {}).values():
        for name, why in METHOD_SETTINGS.items():
            if setting.get(name):
                yield f"{name}: {why}"
        if setting.get("loggingLevel", "OFF") != "OFF":
            yield "loggingLevel: no execution logs are written"


def tell_api(env: ApiGatewayEnv, scope: Scope, api: Document) -> None:
    """The same of an API: a private one is answered to all who reach the endpoint."""
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
        if one.kind == STAGE.stored:
            tell_stage(env, one.scope, one.parent, one.document)
        elif one.kind == REST_API.stored:
            tell_api(env, one.scope, one.document)
