"""What is worth knowing of a stage when it is first asked: functions that outlive it, an API that need not be REST."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambent.model.door import Door
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.services import door_findings
from lambent.services.apigateway.restapis import BUILT_IN_MODELS
from lambent.services.apigateway.serving.deployed import Target
from lambent.services.apigateway.serving.exchange import SERVICE
from lambent.services.apigateway.serving.integrating import function_in
from lambent.services.apigateway.serving.ports import Ports

COULD_BE_HTTP = "rest-api-could-be-http"
PLAIN = frozenset({"AWS_PROXY", "HTTP_PROXY", "MOCK"})
OF_REST = ("policy", "binaryMediaTypes", "minimumCompressionSize")
OF_STAGES = ("cacheClusterEnabled", "canarySettings", "tracingEnabled", "methodSettings", "clientCertificateId")
Document = Mapping[str, Any]


def tell(ports: Ports, target: Target, snapshot: Document) -> None:
    """Report it."""
    scope, api, stage = target.api.scope, target.api.name, target.stage
    for finding in _outliving(ports, scope, f"{_arn(scope, api)}/{stage.name}", snapshot):
        ports.report(finding)
    if not _needs_rest(snapshot, stage.document):
        text = (
            "It uses nothing that an HTTP API has not: $3.50 for a million requests instead of $1.00, and more latency."
        )
        ports.report(Finding(COULD_BE_HTTP, _arn(scope, api), text, "Make it an HTTP API (apigatewayv2)."))


def _arn(scope: Scope, api: str) -> str:
    return f"arn:aws:execute-api:{scope.region}:{scope.account}:{api}"


def _methods(snapshot: Document) -> Iterator[tuple[str, str, Document]]:
    for resource in snapshot["resources"].values():
        for name, method in (resource.get("resourceMethods") or {}).items():
            yield resource["path"], name, method


def _outliving(ports: Ports, scope: Scope, stage: str, snapshot: Document) -> Iterator[Finding]:
    for path, name, method in _methods(snapshot):
        integration = method.get("methodIntegration") or {}
        uri = str(integration.get("uri") or "")
        function = function_in(uri) if "${" not in uri else None
        if function is None or _is_exempt(integration):
            continue
        own = ports.functions.timeout(Door(SERVICE, stage, scope.account, scope.region), function)
        seconds = float(integration.get("timeoutInMillis") or 29_000) / 1000
        found = door_findings.outlives(function, f"{stage}/{name}{path}", own, seconds)
        if found is not None:
            yield found


def _is_exempt(integration: Document) -> bool:
    """What is called asynchronously, or streams."""
    asked = integration.get("requestParameters") or {}
    return integration.get("responseTransferMode") == "STREAM" or any(
        "x-amz-invocation-type" in one.lower() for one in asked
    )


def _needs_rest(snapshot: Document, stage: Document) -> bool:
    """Whether something is used that HTTP APIs have not, as CST007 of `lambent check` has it."""
    api = snapshot["api"]
    private = "PRIVATE" in ((api.get("endpointConfiguration") or {}).get("types") or ())
    own_models = snapshot["models"].keys() - BUILT_IN_MODELS.keys()
    parts = (snapshot["validators"], snapshot["gatewayResponses"], snapshot["authorizers"], own_models, private)
    settings = [api.get(name) for name in OF_REST] + [stage.get(name) for name in OF_STAGES]
    return any(parts) or any(settings) or not all(_is_plain(method) for _, _, method in _methods(snapshot))


def _is_plain(method: Document) -> bool:
    kind = (method.get("methodIntegration") or {}).get("type")
    open_ = method.get("authorizationType", "NONE") == "NONE" and not method.get("apiKeyRequired")
    return open_ and kind in PLAIN
