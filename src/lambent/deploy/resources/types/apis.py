"""APIs of API Gateway: REST, HTTP and WebSocket."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lambent.deploy.resources.kind import (
    Do,
    Kind,
    Left,
    Subject,
    dropped,
    from_s3,
    put,
    reads,
    tagged_by_stack,
    text_of,
)
from lambent.deploy.resources.patching import Patch, escaped, patched, removed, replaced

REST = {"restApiId": "$RestApiId"}


@reads("Body")
def _body(subject: Subject) -> str | None:
    return text_of(subject, "Body")


@reads("Mode")
def _mode(subject: Subject) -> str:
    return str(subject.properties.get("Mode", "overwrite"))


_PUT_REST_API = (
    from_s3("BodyS3Location"),
    Do(
        "apigateway:PutRestApi",
        {
            "restApiId": "$id",
            "mode": _mode,
            "parameters": "$Parameters",
            "failOnWarnings": "$FailOnWarnings",
            "body": _body,
        },
        on=("Body", "BodyS3Location"),
    ),
)
_REIMPORT_API = (
    from_s3("BodyS3Location"),
    Do(
        "apigatewayv2:ReimportApi",
        {"ApiId": "$id", "Body": _body, "Basepath": "$BasePath", "FailOnWarnings": "$FailOnWarnings"},
        on=("Body", "BodyS3Location"),
    ),
)


def _integration(subject: Subject) -> list[dict[str, Any]]:
    said = subject.properties.get("Integration")
    return [said] if said else []


def _responses(where: str) -> Any:
    def found(subject: Subject) -> list[Any]:
        said = subject.properties if where == "method" else subject.properties.get("Integration") or {}
        return list(said.get("MethodResponses" if where == "method" else "IntegrationResponses") or [])

    return reads("MethodResponses" if where == "method" else "Integration")(found)


_METHOD = {"restApiId": "$RestApiId", "resourceId": "$ResourceId", "httpMethod": "$HttpMethod"}
_CREDENTIALS = ("Type", "Uri", "Credentials", "RequestParameters", "RequestTemplates", "PassthroughBehavior",
                "CacheNamespace", "CacheKeyParameters", "ContentHandling", "TimeoutInMillis", "ConnectionType",
                "ConnectionId", "IntegrationTarget", "ResponseTransferMode")  # fmt: skip
_LOWER = {name: name[0].lower() + name[1:] for name in _CREDENTIALS}
_PUT_METHOD = (
    Do("apigateway:PutMethod", {**_METHOD, "authorizationType": "$AuthorizationType"}, fit=True),
    Do(
        "apigateway:PutMethodResponse",
        {
            **_METHOD,
            "statusCode": "@item.StatusCode",
            "responseParameters": "@item.ResponseParameters",
            "responseModels": "@item.ResponseModels",
        },
        each=_responses("method"),
    ),
    Do(
        "apigateway:PutIntegration",
        {
            **_METHOD,
            "integrationHttpMethod": "@item.IntegrationHttpMethod",
            **{small: f"@item.{name}" for name, small in _LOWER.items()},
            "tlsConfig": {"insecureSkipVerification": "@item.TlsConfig.InsecureSkipVerification"},
        },
        each=reads("Integration")(_integration),
    ),
    Do(
        "apigateway:PutIntegrationResponse",
        {
            **_METHOD,
            "statusCode": "@item.StatusCode",
            "selectionPattern": "@item.SelectionPattern",
            "responseParameters": "@item.ResponseParameters",
            "responseTemplates": "@item.ResponseTemplates",
            "contentHandling": "@item.ContentHandling",
        },
        each=_responses("integration"),
    ),
)


def _v2(create: str, key: str, delete: str, update: str, id_path: str, *attributes: str) -> Kind:
    """What belongs to an API of version 2."""
    return Kind(
        create=(Do(f"apigatewayv2:{create}", fit=True),),
        update=(Do(f"apigatewayv2:{update}", {key: "$id"}, fit=True),) if update else (),
        delete=(Do(f"apigatewayv2:{delete}", {"ApiId": "$ApiId", key: "$id"}),),
        id=f"@{id_path}",
        attributes=dict.fromkeys((*attributes, key), "{id}"),
    )


def tagged(path: str, service: str = "apigateway:", member: str = "resourceArn") -> dict[str, Any]:
    """The tags of what has an ARN."""
    arn, tags, keys = {member: f"arn:aws:apigateway:{{region}}::/{path}"}, "tags", "tagKeys"
    if member[0].isupper():
        tags, keys = "Tags", "TagKeys"
    return {
        "tags": "Tags",
        "tag": Do(f"{service}TagResource", {**arn, tags: "$Tags"}),
        "untag": Do(f"{service}UntagResource", {**arn, keys: "@removed"}),
    }


_AUTHORIZER = (
    *("Name", "Type", "AuthType", "AuthorizerUri", "AuthorizerCredentials", "IdentitySource"),
    *("IdentityValidationExpression", "AuthorizerResultTtlInSeconds"),
)


@reads("EndpointConfiguration")
def _endpoint(subject: Subject) -> Iterator[Patch]:
    """The one type of endpoint that an API has in the place of the other."""
    now, before = ((said.get("EndpointConfiguration") or {}) for said in (subject.properties, subject.former))
    types, former = (list(said.get("Types") or ["EDGE"]) for said in (now, before))
    if types != former:
        yield replaced(f"/endpointConfiguration/types/{former[0]}", types[0])
    if now.get("IpAddressType") != before.get("IpAddressType") and now.get("IpAddressType"):
        yield replaced("/endpointConfiguration/ipAddressType", now["IpAddressType"])


@reads("ApiStages", "Quota", "Throttle")
def _plan(subject: Subject) -> Iterator[Patch]:
    """Stages that come and go, with their throttles; limits."""
    for name in ("Quota", "Throttle"):
        yield from _limits(f"/{name.lower()}", subject.properties.get(name), subject.former.get(name))
    now, before = (
        {f"{one.get('ApiId')}:{one.get('Stage')}": one for one in said.get("ApiStages") or []}
        for said in (subject.properties, subject.former)
    )
    yield from (removed("/apiStages", name) for name in before if name not in now)
    for name, one in now.items():
        if name not in before:
            yield {"op": "add", "path": "/apiStages", "value": name}
        throttles, former = one.get("Throttle") or {}, before.get(name, {}).get("Throttle") or {}
        for method in {**former, **throttles}:
            resource, _, verb = method.rpartition("/")
            path = f"/apiStages/{name}/throttle/{escaped(resource)}/{verb}"
            yield from _limits(path, throttles.get(method), former.get(method))


def _limits(path: str, now: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> Iterator[Patch]:
    if before and not now:
        yield removed(path)
    for name, value in (now or {}).items():
        if value != (before or {}).get(name):
            yield replaced(f"{path}/{name[0].lower()}{name[1:]}", value)


_ACCOUNT = patched("apigateway:UpdateAccount", {}, ("CloudWatchRoleArn", "/cloudwatchRoleArn"))


def _same_place(item: Mapping[str, Any], subject: Subject) -> bool:
    said = subject.properties
    return (item.get("parentId"), item.get("pathPart")) == (said["ParentId"], said["PathPart"])


@reads("BinaryMediaTypes")
def _media_types(subject: Subject) -> list[str] | None:
    """With the slashes that a template has as `~1`."""
    said = subject.properties.get("BinaryMediaTypes")
    return [str(one).replace("~1", "/") for one in said] if said else None


KINDS = {
    "AWS::ApiGateway::RestApi": Kind(
        name="Name",
        create=(
            Do(
                "apigateway:CreateRestApi",
                {
                    "name": "$name",
                    "policy": "$Policy",
                    "apiKeySource": "$ApiKeySourceType",
                    "binaryMediaTypes": _media_types,
                },
                fit=True,
                without=("Policy",),
            ),
            *_PUT_REST_API,
        ),
        update=(
            *_PUT_REST_API,
            patched(
                "apigateway:UpdateRestApi",
                {"restApiId": "$id"},
                ("Name", "/name"),
                ("Description", "/description"),
                ("Policy", "/policy"),
                ("ApiKeySourceType", "/apiKeySource"),
                ("DisableExecuteApiEndpoint", "/disableExecuteApiEndpoint"),
                ("MinimumCompressionSize", "/minimumCompressionSize"),
                ("SecurityPolicy", "/securityPolicy"),
                ("EndpointAccessMode", "/endpointAccessMode"),
                lists=(
                    ("BinaryMediaTypes", "/binaryMediaTypes"),
                    ("EndpointConfiguration.VpcEndpointIds", "/endpointConfiguration/vpcEndpointIds"),
                ),
                more=_endpoint,
            ),
        ),
        empty={"DisableExecuteApiEndpoint": False, "ApiKeySourceType": "HEADER"},
        quiet=("FailOnWarnings", "Mode", "Parameters"),
        **tagged("restapis/{id}"),
        delete=(Do("apigateway:DeleteRestApi", {"restApiId": "$id"}),),
        id="@id",
        left=Left(Do("apigateway:GetRestApis", {"limit": 500}), "items", tagged_by_stack("tags")),
        read=Do("apigateway:GetResources", {"restApiId": "$id", "limit": 500}),
        attributes={"RestApiId": "{id}", "RootResourceId": "@items[?path=='/'].id | [0]"},
    ),
    "AWS::ApiGateway::Resource": Kind(
        create=(
            Do(
                "apigateway:CreateResource",
                {"restApiId": "$RestApiId", "parentId": "$ParentId", "pathPart": "$PathPart"},
            ),
        ),
        delete=(Do("apigateway:DeleteResource", {**REST, "resourceId": "$id"}),),
        id="@id",
        left=Left(Do("apigateway:GetResources", {**REST, "limit": 500}), "items", _same_place),
        attributes={"ResourceId": "{id}"},
    ),
    "AWS::ApiGateway::Method": Kind(
        create=_PUT_METHOD,
        update=(
            Do(
                "apigateway:DeleteMethod",
                _METHOD,
                fine=("NotFound",),
                on=(
                    "AuthorizationType",
                    "AuthorizerId",
                    "AuthorizationScopes",
                    "ApiKeyRequired",
                    "Integration",
                    "MethodResponses",
                    "OperationName",
                    "RequestModels",
                    "RequestParameters",
                    "RequestValidatorId",
                ),
            ),
            *_PUT_METHOD,
        ),
        delete=(Do("apigateway:DeleteMethod", _METHOD),),
        id="{RestApiId}|{ResourceId}|{HttpMethod}",
    ),
    "AWS::ApiGateway::Authorizer": Kind(
        create=(Do("apigateway:CreateAuthorizer", fit=True),),
        update=(
            patched(
                "apigateway:UpdateAuthorizer",
                {**REST, "authorizerId": "$id"},
                *((name, f"/{name[0].lower()}{name[1:]}") for name in _AUTHORIZER),
                lists=(("ProviderARNs", "/providerARNs"),),
            ),
        ),
        empty={"AuthorizerResultTtlInSeconds": 300},
        delete=(Do("apigateway:DeleteAuthorizer", {**REST, "authorizerId": "$id"}),),
        id="@id",
        attributes={"AuthorizerId": "{id}"},
    ),
    "AWS::ApiGateway::Model": Kind(
        name="Name",
        create=(Do("apigateway:CreateModel", {"name": "$name"}, fit=True),),
        update=(
            patched(
                "apigateway:UpdateModel",
                {**REST, "modelName": "$name"},
                ("Schema", "/schema"),
                ("Description", "/description"),
            ),
        ),
        delete=(Do("apigateway:DeleteModel", {**REST, "modelName": "$name"}),),
    ),
    "AWS::ApiGateway::RequestValidator": Kind(
        create=(Do("apigateway:CreateRequestValidator", fit=True),),
        update=(
            patched(
                "apigateway:UpdateRequestValidator",
                {**REST, "requestValidatorId": "$id"},
                ("ValidateRequestBody", "/validateRequestBody"),
                ("ValidateRequestParameters", "/validateRequestParameters"),
            ),
        ),
        empty={"ValidateRequestBody": False, "ValidateRequestParameters": False},
        delete=(Do("apigateway:DeleteRequestValidator", {**REST, "requestValidatorId": "$id"}),),
        id="@id",
        attributes={"RequestValidatorId": "{id}"},
    ),
    "AWS::ApiGateway::GatewayResponse": put(
        Do("apigateway:PutGatewayResponse", fit=True),
        delete=(Do("apigateway:DeleteGatewayResponse", {**REST, "responseType": "$ResponseType"}),),
        attributes={"Id": "{id}"},
    ),
    "AWS::ApiGateway::ApiKey": Kind(
        name="Name",
        create=(Do("apigateway:CreateApiKey", {"name": "$name"}, fit=True),),
        update=(
            patched(
                "apigateway:UpdateApiKey",
                {"apiKey": "$id"},
                ("CustomerId", "/customerId"),
                ("Description", "/description"),
                ("Enabled", "/enabled"),
            ),
        ),
        empty={"Enabled": False},
        delete=(Do("apigateway:DeleteApiKey", {"apiKey": "$id"}),),
        id="@id",
        attributes={"APIKeyId": "{id}"},
        **tagged("apikeys/{id}"),
    ),
    "AWS::ApiGateway::UsagePlan": Kind(
        name="UsagePlanName",
        create=(Do("apigateway:CreateUsagePlan", {"name": "$name"}, fit=True),),
        update=(
            patched(
                "apigateway:UpdateUsagePlan",
                {"usagePlanId": "$id"},
                ("UsagePlanName", "/name"),
                ("Description", "/description"),
                more=_plan,
            ),
        ),
        delete=(
            Do("apigateway:GetUsagePlanKeys", {"usagePlanId": "$id"}),
            Do("apigateway:DeleteUsagePlanKey", {"usagePlanId": "$id", "keyId": "@item.id"}, each="@items"),
            Do("apigateway:GetUsagePlan", {"usagePlanId": "$id"}),
            Do(
                "apigateway:UpdateUsagePlan",
                {
                    "usagePlanId": "$id",
                    "patchOperations": [{"op": "remove", "path": "/apiStages", "value": "@item"}],
                },
                each="@apiStages[].join(':', [apiId, stage])",
            ),
            Do("apigateway:DeleteUsagePlan", {"usagePlanId": "$id"}),
        ),
        id="@id",
        attributes={"Id": "{id}"},
        **tagged("usageplans/{id}"),
    ),
    "AWS::ApiGateway::UsagePlanKey": Kind(
        create=(Do("apigateway:CreateUsagePlanKey", fit=True),),
        delete=(Do("apigateway:DeleteUsagePlanKey", {"usagePlanId": "$UsagePlanId", "keyId": "$KeyId"}),),
        id="{KeyId}:{UsagePlanId}",
        attributes={"Id": "{id}"},
    ),
    "AWS::ApiGateway::Account": Kind(
        create=(_ACCOUNT,),
        update=(_ACCOUNT,),
        attributes={"Id": "{id}"},
    ),
    "AWS::ApiGatewayV2::Api": Kind(
        name="Name",
        create=(
            Do("apigatewayv2:CreateApi", {"Name": "$name"}, fit=True),
            *_REIMPORT_API,
        ),
        update=(
            *_REIMPORT_API,
            Do("apigatewayv2:UpdateApi", {"ApiId": "$id"}, fit=True),
            Do("apigatewayv2:DeleteCorsConfiguration", {"ApiId": "$id"}, each=dropped("CorsConfiguration")),
        ),
        quiet=("BasePath", "FailOnWarnings"),
        delete=(Do("apigatewayv2:DeleteApi", {"ApiId": "$id"}),),
        defaults={"ProtocolType": "HTTP"},
        id="@ApiId",
        left=Left(Do("apigatewayv2:GetApis", {"MaxResults": "500"}), "Items", tagged_by_stack("Tags")),
        attributes={
            "ApiId": "{id}",
            "ApiEndpoint": "@ApiEndpoint",
            "ExecuteApiArn": "arn:aws:execute-api:{region}:{account}:{id}",
        },
        tags="Tags",
        tag=Do("apigatewayv2:TagResource", {"ResourceArn": "arn:aws:apigateway:{region}::/apis/{id}", "Tags": "$Tags"}),
    ),
    "AWS::ApiGatewayV2::Route": _v2("CreateRoute", "RouteId", "DeleteRoute", "UpdateRoute", "RouteId"),
    "AWS::ApiGatewayV2::Authorizer": replace(
        _v2("CreateAuthorizer", "AuthorizerId", "DeleteAuthorizer", "UpdateAuthorizer", "AuthorizerId"),
        defaults={"IdentitySource": []},  # what the API wants said and a template may leave out
    ),
    "AWS::ApiGatewayV2::Model": _v2("CreateModel", "ModelId", "DeleteModel", "UpdateModel", "ModelId"),
    "AWS::ApiGatewayV2::Deployment": _v2(
        "CreateDeployment", "DeploymentId", "DeleteDeployment", "UpdateDeployment", "DeploymentId"
    ),
    "AWS::ApiGatewayV2::RouteResponse": Kind(
        create=(Do("apigatewayv2:CreateRouteResponse", fit=True),),
        update=(Do("apigatewayv2:UpdateRouteResponse", {"RouteResponseId": "$id"}, fit=True),),
        delete=(
            Do(
                "apigatewayv2:DeleteRouteResponse",
                {"ApiId": "$ApiId", "RouteId": "$RouteId", "RouteResponseId": "$id"},
            ),
        ),
        id="@RouteResponseId",
        attributes={"RouteResponseId": "{id}"},
    ),
    "AWS::ApiGatewayV2::IntegrationResponse": Kind(
        create=(Do("apigatewayv2:CreateIntegrationResponse", fit=True),),
        update=(Do("apigatewayv2:UpdateIntegrationResponse", {"IntegrationResponseId": "$id"}, fit=True),),
        delete=(
            Do(
                "apigatewayv2:DeleteIntegrationResponse",
                {"ApiId": "$ApiId", "IntegrationId": "$IntegrationId", "IntegrationResponseId": "$id"},
            ),
        ),
        id="@IntegrationResponseId",
        attributes={"IntegrationResponseId": "{id}"},
    ),
}
