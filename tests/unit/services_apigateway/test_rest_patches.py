"""Every path of AWS's tables of patch operations, by operation: what it changes, or the words in which it is refused.

https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

from pathlib import Path
from typing import Any

import pytest

from lambent.wire import service
from tests.unit.services_apigateway.api_kit import Api, with_api

POOL = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_"
ROLE = "arn:aws:iam::111111111111:role/r"
CERTIFICATE = "arn:aws:acm:eu-west-1:111111111111:certificate/"
HEADER, ANSWERED = "integration.request.header.a", "method.response.header.a"
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",'
    '"Resource":"execute-api:/*"}]}'
)
GONE = object()
Patch = tuple[str, str, str | None, str, Any]
"""Operation, path ({} are names of `made`), value; where the answer has it, and what (GONE: nothing)."""

OBEYED: dict[str, list[Patch]] = {
    "UpdateAccount": [
        ("add", "/features", "UsagePlans", "features", ["UsagePlans"]),
        ("replace", "/cloudwatchRoleArn", ROLE, "cloudwatchRoleArn", ROLE),
    ],
    "UpdateApiKey": [
        ("replace", "/name", "n", "name", "n"),
        ("replace", "/description", "d", "description", "d"),
        ("replace", "/enabled", "true", "enabled", True),
        ("replace", "/customerId", "c", "customerId", "c"),
        ("add", "/stages", "{api}/dev", "stageKeys", ["{api}/dev"]),
        ("remove", "/stages", "{api}/dev", "stageKeys", []),
    ],
    "UpdateAuthorizer": [
        ("replace", "/name", "n", "name", "n"),
        ("add", "/providerARNs", f"{POOL}q", "providerARNs", [f"{POOL}p", f"{POOL}q"]),
        ("remove", "/providerARNs", f"{POOL}q", "providerARNs", [f"{POOL}p"]),
        ("replace", "/identitySource", "method.request.header.X", "identitySource", "method.request.header.X"),
        ("replace", "/identityValidationExpression", "a.*", "identityValidationExpression", "a.*"),
        ("replace", "/authorizerResultTtlInSeconds", "5", "authorizerResultTtlInSeconds", 5),
        ("replace", "/authorizerCredentials", ROLE, "authorizerCredentials", ROLE),
    ],
    "UpdateBasePathMapping": [
        ("replace", "/stage", "dev", "stage", "dev"),
        ("replace", "/restapiId", "{api}", "restApiId", "{api}"),
        ("replace", "/basePath", "c", "basePath", "c"),
    ],
    "UpdateClientCertificate": [("replace", "/description", "d", "description", "d")],
    "UpdateDeployment": [("replace", "/description", "d", "description", "d")],
    "UpdateDocumentationPart": [("replace", "/properties", '{"a":1}', "properties", '{"a":1}')],
    "UpdateDocumentationVersion": [("replace", "/description", "d", "description", "d")],
    "UpdateDomainName": [
        ("replace", "/regionalCertificateArn", f"{CERTIFICATE}y", "regionalCertificateArn", f"{CERTIFICATE}y"),
        ("replace", "/regionalCertificateName", "n", "regionalCertificateName", "n"),
        ("replace", "/securityPolicy", "TLS_1_0", "securityPolicy", "TLS_1_0"),
        ("replace", "/endpointConfiguration/types/REGIONAL", "EDGE", "endpointConfiguration.types", ["EDGE"]),
    ],
    "UpdateGatewayResponse": [
        ("replace", "/statusCode", "430", "statusCode", "430"),
        ("add", "/responseParameters/gatewayresponse.header.a", "'b'", "responseParameters",
         {"gatewayresponse.header.a": "'b'"}),
        ("replace", "/responseParameters/gatewayresponse.header.a", "'c'", "responseParameters",
         {"gatewayresponse.header.a": "'c'"}),
        ("remove", "/responseParameters/gatewayresponse.header.a", None, "responseParameters", GONE),
        ("replace", "/responseTemplates/application~1json", "x", "responseTemplates", {"application/json": "x"}),
    ],
    "UpdateIntegration": [
        ("replace", "/httpMethod", "POST", "httpMethod", "POST"),
        ("replace", "/uri", "https://x.example", "uri", "https://x.example"),
        ("replace", "/credentials", ROLE, "credentials", ROLE),
        ("add", "/requestTemplates/application~1json", "{}", "requestTemplates", {"application/json": "{}"}),
        ("replace", "/requestTemplates/application~1json", "[]", "requestTemplates", {"application/json": "[]"}),
        ("replace", "requestTemplates/application~1json", "{}", "requestTemplates", {"application/json": "{}"}),
        ("remove", "/requestTemplates/application~1json", None, "requestTemplates", GONE),
        ("add", f"/requestParameters/{HEADER}", "'b'", "requestParameters", {HEADER: "'b'"}),
        ("replace", f"/requestParameters/{HEADER}", "'c'", "requestParameters", {HEADER: "'c'"}),
        ("remove", f"/requestParameters/{HEADER}", None, "requestParameters", GONE),
        ("replace", "/passthroughBehavior", "NEVER", "passthroughBehavior", "NEVER"),
        ("replace", "/contentHandling", "CONVERT_TO_TEXT", "contentHandling", "CONVERT_TO_TEXT"),
        ("replace", "/contentHandling", "", "contentHandling", GONE),
        ("replace", "/cacheNamespace", "n", "cacheNamespace", "n"),
        ("add", "/cacheKeyParameters/method.request.path.a", None, "cacheKeyParameters", ["method.request.path.a"]),
        ("remove", "/cacheKeyParameters/method.request.path.a", None, "cacheKeyParameters", []),
        ("replace", "/timeoutInMillis", "100", "timeoutInMillis", 100),
        ("replace", "/tlsConfig/insecureSkipVerification", "true", "tlsConfig.insecureSkipVerification", True),
        ("replace", "/connectionType", "INTERNET", "connectionType", "INTERNET"),
    ],
    "UpdateIntegrationResponse": [
        ("replace", "/selectionPattern", "4.*", "selectionPattern", "4.*"),
        ("replace", "/contentHandling", "CONVERT_TO_BINARY", "contentHandling", "CONVERT_TO_BINARY"),
        ("add", "/responseTemplates/application~1json", "x", "responseTemplates", {"application/json": "x"}),
        ("remove", "/responseTemplates/application~1json", None, "responseTemplates", GONE),
    ],
    "UpdateMethodResponse": [
        ("add", f"/responseParameters/{ANSWERED}", "true", "responseParameters", {ANSWERED: True}),
        ("replace", f"/responseParameters/{ANSWERED}", "false", "responseParameters", {ANSWERED: False}),
        ("remove", f"/responseParameters/{ANSWERED}", None, "responseParameters", GONE),
        ("add", "/responseModels/application~1json", "Empty", "responseModels", {"application/json": "Empty"}),
        ("remove", "/responseModels/application~1json", None, "responseModels", GONE),
    ],
    "UpdateMethod": [
        ("replace", "/authorizationType", "AWS_IAM", "authorizationType", "AWS_IAM"),
        ("replace", "/apiKeyRequired", "true", "apiKeyRequired", True),
        ("replace", "/operationName", "o", "operationName", "o"),
        ("add", "/requestParameters/method.request.header.b", "true", "requestParameters",
         {"method.request.header.b": True}),
        ("replace", "/requestParameters/method.request.header.b", "false", "requestParameters",
         {"method.request.header.b": False}),
        ("remove", "/requestParameters/method.request.header.b", None, "requestParameters", GONE),
        ("add", "/requestModels/application~1json", "Empty", "requestModels", {"application/json": "Empty"}),
        ("replace", "/requestModels/application~1json", "Error", "requestModels", {"application/json": "Error"}),
        ("remove", "/requestModels/application~1json", None, "requestModels", GONE),
        ("replace", "/requestValidatorId", "{validator}", "requestValidatorId", "{validator}"),
        ("add", "/authorizationScopes", "a", "authorizationScopes", ["a"]),
        ("remove", "/authorizationScopes", "a", "authorizationScopes", []),
    ],
    "UpdateModel": [
        ("replace", "/description", "d", "description", "d"),
        ("replace", "/schema", '{"type":"string"}', "schema", '{"type":"string"}'),
    ],
    "UpdateRequestValidator": [
        ("replace", "/name", "n", "name", "n"),
        ("replace", "/validateRequestBody", "true", "validateRequestBody", True),
        ("replace", "/validateRequestParameters", "true", "validateRequestParameters", True),
    ],
    "UpdateResource": [
        ("replace", "/pathPart", "b", "path", "/b"),
        ("replace", "/parentId", "{root}", "parentId", "{root}"),
    ],
    "UpdateRestApi": [
        ("replace", "/name", "n", "name", "n"),
        ("replace", "/description", "d", "description", "d"),
        ("replace", "/apiKeySource", "AUTHORIZER", "apiKeySource", "AUTHORIZER"),
        ("add", "/binaryMediaTypes/image~1png", None, "binaryMediaTypes", ["image/png"]),
        ("replace", "/binaryMediaTypes/image~1png", "image/gif", "binaryMediaTypes", ["image/gif"]),
        ("remove", "/binaryMediaTypes/image~1gif", None, "binaryMediaTypes", GONE),
        ("replace", "/minimumCompressionSize", "1", "minimumCompressionSize", 1),
        ("replace", "/minimumCompressionSize", "", "minimumCompressionSize", GONE),
        ("replace", "/policy", POLICY, "policy", POLICY.replace('"', '\\"').replace("/", "\\/")),
        ("replace", "/endpointConfiguration/types/EDGE", "REGIONAL", "endpointConfiguration.types", ["REGIONAL"]),
        ("add", "/endpointConfiguration/vpcEndpointIds", "vpce-1", "endpointConfiguration.vpcEndpointIds", ["vpce-1"]),
        ("replace", "/disableExecuteApiEndpoint", "true", "disableExecuteApiEndpoint", True),
    ],
    "UpdateStage": [
        ("replace", "/description", "d", "description", "d"),
        ("replace", "/deploymentId", "{deployment}", "deploymentId", "{deployment}"),
        ("replace", "/variables/a", "b", "variables", {"a": "b"}),
        ("remove", "/variables/a", None, "variables", GONE),
        ("replace", "/cacheClusterEnabled", "true", "cacheClusterEnabled", True),
        ("replace", "/cacheClusterSize", "0.5", "cacheClusterSize", "0.5"),
        ("replace", "/clientCertificateId", "{certificate}", "clientCertificateId", "{certificate}"),
        ("replace", "/documentationVersion", "1", "documentationVersion", "1"),
        ("replace", "/tracingEnabled", "true", "tracingEnabled", True),
        ("replace", "/canarySettings/percentTraffic", "10", "canarySettings.percentTraffic", 10.0),
        ("replace", "/canarySettings/stageVariableOverrides/a", "b", "canarySettings.stageVariableOverrides.a", "b"),
        ("replace", "/canarySettings/useStageCache", "true", "canarySettings.useStageCache", True),
        ("remove", "/canarySettings", None, "canarySettings", GONE),
        ("replace", "/*/*/throttling/rateLimit", "5", "methodSettings.*/*.throttlingRateLimit", 5.0),
        ("replace", "/*/*/throttling/burstLimit", "6", "methodSettings.*/*.throttlingBurstLimit", 6),
        ("replace", "/*/*/metrics/enabled", "true", "methodSettings.*/*.metricsEnabled", True),
        ("replace", "/*/*/caching/enabled", "true", "methodSettings.*/*.cachingEnabled", True),
        ("replace", "/*/*/caching/ttlInSeconds", "7", "methodSettings.*/*.cacheTtlInSeconds", 7),
        ("replace", "/*/*/caching/dataEncrypted", "true", "methodSettings.*/*.cacheDataEncrypted", True),
        ("replace", "/*/*/logging/dataTrace", "true", "methodSettings.*/*.dataTraceEnabled", True),
        ("remove", "/*/*", None, "methodSettings", GONE),
    ],
    "UpdateUsage": [],
    "UpdateUsagePlan": [
        ("replace", "/name", "n", "name", "n"),
        ("replace", "/description", "d", "description", "d"),
        ("replace", "/productCode", "c", "productCode", "c"),
        ("remove", "/productCode", None, "productCode", GONE),
        ("replace", "/throttle/rateLimit", "5", "throttle.rateLimit", 5.0),
        ("replace", "/throttle/burstLimit", "5", "throttle.burstLimit", 5),
        ("replace", "/quota/limit", "9", "quota.limit", 9),
        ("replace", "/quota/period", "WEEK", "quota.period", "WEEK"),
        ("replace", "/quota/offset", "1", "quota.offset", 1),
        ("replace", "/apiStages/{api}:dev/throttle", '{"/a/GET":{"rateLimit":1,"burstLimit":2}}', "apiStages",
         [{"apiId": "{api}", "stage": "dev", "throttle": {"/a/GET": {"rateLimit": 1.0, "burstLimit": 2}}}]),
        ("replace", "/apiStages/{api}:dev/throttle/~1a/GET/rateLimit", "3", "apiStages",
         [{"apiId": "{api}", "stage": "dev", "throttle": {"/a/GET": {"rateLimit": 3.0, "burstLimit": 2}}}]),
        ("replace", "/apiStages/{api}:dev/throttle//a/GET/burstLimit", "4", "apiStages",
         [{"apiId": "{api}", "stage": "dev", "throttle": {"/a/GET": {"rateLimit": 3.0, "burstLimit": 4}}}]),
        ("remove", "/apiStages/{api}:dev/throttle/~1a/GET", None, "apiStages", [{"apiId": "{api}", "stage": "dev"}]),
        ("remove", "/apiStages", "{api}:dev", "apiStages", []),
        ("add", "/apiStages", "{api}:dev", "apiStages", [{"apiId": "{api}", "stage": "dev"}]),
        ("remove", "/throttle", None, "throttle", GONE),
        ("remove", "/quota", None, "quota", GONE),
    ],
    "UpdateVpcLink": [
        ("replace", "/name", "n", "name", "n"),
        ("replace", "/description", "d", "description", "d"),
    ],
}  # fmt: skip

PATH, NO_MEMBER, OPERATION = (
    "Invalid patch path  '{}' specified for op '{}'",
    "Invalid patch path {}",
    "Invalid patch op",
)
REFUSED: list[tuple[str, str, str, str, str]] = [
    ("UpdateAccount", "replace", "/throttleSettings/rateLimit", "1", PATH),
    ("UpdateAccount", "remove", "/features", "UsagePlans", "Invalid features"),
    ("UpdateApiKey", "replace", "/value", "x", PATH),
    ("UpdateApiKey", "add", "/name", "x", PATH),
    ("UpdateAuthorizer", "replace", "/id", "x", PATH),
    ("UpdateAuthorizer", "replace", "/authorizerResultTtlInSeconds", "3601", "Authorizer result TTL must be between"),
    ("UpdateAuthorizer", "replace", "/authorizerResultTtlInSeconds", "x", "Invalid value specified for patch: x"),
    ("UpdateBasePathMapping", "replace", "/stage", "none", "Invalid stage identifier specified"),
    ("UpdateClientCertificate", "replace", "/pemEncodedCertificate", "x", PATH),
    ("UpdateDeployment", "add", "/description", "x", PATH),
    ("UpdateDocumentationPart", "replace", "/properties", "", "Documentation part properties must be non-empty"),
    ("UpdateDocumentationVersion", "replace", "/version", "2", PATH),
    ("UpdateDomainName", "replace", "/domainName", "x", PATH),
    ("UpdateDomainName", "replace", "/mutualTlsAuthentication/truststoreUri", "s3://a/b", "Lambent does not support"),
    ("UpdateDomainName", "replace", "/routingMode", "ROUTING_RULE_ONLY", "Lambent does not support routing rules"),
    ("UpdateGatewayResponse", "add", "/statusCode", "1", NO_MEMBER),
    ("UpdateIntegration", "replace", "/integrationResponses", "x", PATH),
    ("UpdateIntegration", "replace", "/passthroughBehavior", "x", "Invalid passthrough behavior specified"),
    ("UpdateIntegration", "replace", "/contentHandling", "x", "Invalid value specified: x"),
    ("UpdateIntegration", "replace", "/timeoutInMillis", "1", "Timeout should be between 50 ms and 29000 ms"),
    ("UpdateIntegrationResponse", "replace", "/statusCode", "201", PATH),
    ("UpdateMethodResponse", "replace", "/statusCode", "201", PATH),
    ("UpdateMethodResponse", "add", "/responseModels/application~1json", "x", "Invalid model identifier specified: x"),
    ("UpdateMethod", "replace", "/httpMethod", "PUT", NO_MEMBER),
    ("UpdateMethod", "add", "/operationName", "x", OPERATION),
    ("UpdateModel", "replace", "/name", "x", PATH),
    ("UpdateRequestValidator", "replace", "/name", "", "Request Validator name cannot be blank"),
    ("UpdateResource", "replace", "/path", "x", PATH),
    ("UpdateRestApi", "replace", "/id", "x", NO_MEMBER),
    ("UpdateRestApi", "replace", "/apiKeySource", "x", "Invalid value specified: x"),
    ("UpdateRestApi", "replace", "/policy", "{}", "Invalid policy document. Please check the policy syntax"),
    ("UpdateRestApi", "replace", "/policy", "x", "Invalid policy document. Please check the policy syntax"),
    ("UpdateStage", "replace", "/stageName", "x", "Invalid method setting path: /stageName"),
    ("UpdateStage", "replace", "/cacheClusterSize", "7", "Invalid value specified: 7"),
    ("UpdateStage", "replace", "/*/*/logging/loglevel", "x", "Invalid logging level specified"),
    ("UpdateUsage", "replace", "/limit", "x", "Invalid patch path"),
    ("UpdateUsagePlan", "replace", "/id", "x", PATH),
    ("UpdateUsagePlan", "add", "/apiStages", "x", "Invalid API stage specified: x"),
    ("UpdateUsagePlan", "replace", "/apiStages/{api}:dev/throttle", "x", "Invalid value specified for patch: x"),
    ("UpdateVpcLink", "replace", "/targetArns", "x", PATH),
]


async def made_of_each(api: Api) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """One of every kind: names by what they are, and the parameters that name one, by operation."""
    name, root = await api.api()
    at = {"restApiId": name}
    child = await api.call("CreateResource", **at, parentId=root, pathPart="a")
    await api.method(name, root)
    method = at | {"resourceId": root, "httpMethod": "GET"}
    answer = method | {"statusCode": "200"}
    await api.call("PutMethodResponse", **answer)
    await api.call("PutIntegrationResponse", **answer)
    deployment = await api.call("CreateDeployment", **at, stageName="dev")
    key = await api.call("CreateApiKey", name="k")
    quota = {"limit": 5, "period": "MONTH"}
    stages = [{"apiId": name, "stage": "dev"}]
    plan = await api.call("CreateUsagePlan", name="p", apiStages=stages, quota=quota)
    await api.call("CreateUsagePlanKey", usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    authorizer = await api.call(
        "CreateAuthorizer", **at, name="a", type="COGNITO_USER_POOLS", providerARNs=[f"{POOL}p"]
    )
    certificate = (await api.call("GenerateClientCertificate"))["clientCertificateId"]
    part = await api.call("CreateDocumentationPart", **at, location={"type": "API"}, properties="{}")
    await api.call("CreateDocumentationVersion", **at, documentationVersion="1")
    await api.call("CreateModel", **at, name="M", contentType="application/json", schema='{"type":"object"}')
    validator = await api.call("CreateRequestValidator", **at, name="v")
    domain = {"domainName": "a.example.com"}
    regional = {"types": ["REGIONAL"]}
    await api.call(
        "CreateDomainName", **domain, regionalCertificateArn=f"{CERTIFICATE}x", endpointConfiguration=regional
    )
    await api.call("CreateBasePathMapping", **domain, basePath="b", restApiId=name)
    link = await api.call("CreateVpcLink", name="l", targetArns=["arn:aws:elasticloadbalancing:eu-west-1:1:x"])
    named = {"api": name, "root": root, "validator": validator["id"], "deployment": deployment["id"],
             "certificate": certificate}  # fmt: skip
    return named, {
        "UpdateAccount": {}, "UpdateApiKey": {"apiKey": key["id"]},
        "UpdateAuthorizer": at | {"authorizerId": authorizer["id"]},
        "UpdateBasePathMapping": domain | {"basePath": "b"},
        "UpdateClientCertificate": {"clientCertificateId": certificate},
        "UpdateDeployment": at | {"deploymentId": deployment["id"]},
        "UpdateDocumentationPart": at | {"documentationPartId": part["id"]},
        "UpdateDocumentationVersion": at | {"documentationVersion": "1"},
        "UpdateDomainName": domain, "UpdateGatewayResponse": at | {"responseType": "THROTTLED"},
        "UpdateIntegration": method, "UpdateIntegrationResponse": answer, "UpdateMethodResponse": answer,
        "UpdateMethod": method, "UpdateModel": at | {"modelName": "M"},
        "UpdateRequestValidator": at | {"requestValidatorId": validator["id"]},
        "UpdateResource": at | {"resourceId": child["id"]}, "UpdateRestApi": at,
        "UpdateStage": at | {"stageName": "dev"}, "UpdateUsage": {"usagePlanId": plan["id"], "keyId": key["id"]},
        "UpdateUsagePlan": {"usagePlanId": plan["id"]}, "UpdateVpcLink": {"vpcLinkId": link["id"]},
    }  # fmt: skip


def _filled(said: Any, names: dict[str, str]) -> Any:
    """The same with `{name}` by its value."""
    if isinstance(said, str):
        for name, value in names.items():
            said = said.replace("{" + name + "}", value)
        return said
    if isinstance(said, list):
        return [_filled(one, names) for one in said]
    return {key: _filled(one, names) for key, one in said.items()} if isinstance(said, dict) else said


def _at(answer: Any, path: str) -> Any:
    for part in path.split("."):
        answer = answer.get(part, GONE) if isinstance(answer, dict) else GONE
    return answer


@pytest.mark.parametrize("operation", OBEYED)
def test_each_path_is_obeyed(tmp_path: Path, operation: str) -> None:
    async def scene(api: Api) -> None:
        names, params = await made_of_each(api)
        for op, path, value, place, expected in OBEYED[operation]:
            patch = {"op": op, "path": _filled(path, names)} | (
                {} if value is None else {"value": _filled(value, names)}
            )
            answer = await api.call(operation, **params[operation], patchOperations=[patch])
            found = _at(answer, place)
            assert found == _filled(expected, names) or (expected is GONE and not found), (patch, found)
            if path == "/basePath":
                params[operation]["basePath"] = str(value)

    with_api(tmp_path, scene)


def test_each_other_path_is_refused(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        names, params = await made_of_each(api)
        for operation, op, path, value, text in REFUSED:
            patch = {"op": op, "path": _filled(path, names), "value": value}
            refused = (await api.refused(operation, **params[operation], patchOperations=[patch]))[1]
            assert refused.startswith(text.format(path, op)), (operation, patch, refused)

    with_api(tmp_path, scene)


def test_there_is_a_row_for_every_operation_that_patches() -> None:
    model = service.load("apigateway").model
    patching = {
        name for name in model.operation_names
        if "patchOperations" in (model.operation_model(name).input_shape.members or {})
    }  # fmt: skip
    assert patching == set(OBEYED) == {row[0] for row in REFUSED}
