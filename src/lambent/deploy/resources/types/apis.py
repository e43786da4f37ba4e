"""APIs of API Gateway: REST, HTTP and WebSocket."""

import json
from collections.abc import Mapping
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

REST = {"restApiId": "$RestApiId"}


def patches(*pairs: tuple[str, str]) -> Any:
    """Patch operations for the simple properties that have changed."""

    def found(subject: Subject) -> list[dict[str, str]] | None:
        changed = [(name, path) for name, path in pairs if name in subject.changed]
        said = [
            {"op": "replace", "path": path, "value": plain(subject.properties.get(name, ""))} for name, path in changed
        ]
        return said or None

    return found


def plain(value: Any) -> str:
    """A value as a patch has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, dict | list) else str(value)


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
                "ConnectionId", "ResponseTransferMode")  # fmt: skip
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


def _same_place(item: Mapping[str, Any], subject: Subject) -> bool:
    said = subject.properties
    return (item.get("parentId"), item.get("pathPart")) == (said["ParentId"], said["PathPart"])


KINDS = {
    "AWS::ApiGateway::RestApi": Kind(
        name="Name",
        create=(
            Do(
                "apigateway:CreateRestApi",
                {"name": "$name", "policy": "$Policy", "apiKeySource": "$ApiKeySourceType"},
                fit=True,
                without=("Policy",),
            ),
            *_PUT_REST_API,
        ),
        update=(
            *_PUT_REST_API,
            Do(
                "apigateway:UpdateRestApi",
                {
                    "restApiId": "$id",
                    "patchOperations": patches(
                        ("Name", "/name"),
                        ("Description", "/description"),
                        ("Policy", "/policy"),
                        ("ApiKeySourceType", "/apiKeySource"),
                        ("DisableExecuteApiEndpoint", "/disableExecuteApiEndpoint"),
                    ),
                },
                on=("Name", "Description", "Policy", "ApiKeySourceType", "DisableExecuteApiEndpoint"),
            ),
        ),
        delete=(Do("apigateway:DeleteRestApi", {"restApiId": "$id"}),),
        id="@id",
        left=Left(Do("apigateway:GetRestApis", {"limit": 500}), "items", tagged_by_stack("tags")),
        read=Do("apigateway:GetResources", {"restApiId": "$id", "limit": 500}),
        attributes={"RestApiId": "{id}", "RootResourceId": "@items[?path=='/'].id | [0]"},
        tags="Tags",
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
        delete=(Do("apigateway:DeleteAuthorizer", {**REST, "authorizerId": "$id"}),),
        id="@id",
        attributes={"AuthorizerId": "{id}"},
    ),
    "AWS::ApiGateway::Model": Kind(
        name="Name",
        create=(Do("apigateway:CreateModel", {"name": "$name"}, fit=True),),
        delete=(Do("apigateway:DeleteModel", {**REST, "modelName": "$name"}),),
        replace=("Schema", "Description"),
    ),
    "AWS::ApiGateway::RequestValidator": Kind(
        create=(Do("apigateway:CreateRequestValidator", fit=True),),
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
        delete=(Do("apigateway:DeleteApiKey", {"apiKey": "$id"}),),
        id="@id",
        attributes={"APIKeyId": "{id}"},
        tags="Tags",
    ),
    "AWS::ApiGateway::UsagePlan": Kind(
        name="UsagePlanName",
        create=(Do("apigateway:CreateUsagePlan", {"name": "$name"}, fit=True),),
        delete=(
            Do("apigateway:GetUsagePlanKeys", {"usagePlanId": "$id"}),
            Do("apigateway:DeleteUsagePlanKey", {"usagePlanId": "$id", "keyId": "@item.id"}, each="@items"),
            Do("apigateway:DeleteUsagePlan", {"usagePlanId": "$id"}),
        ),
        id="@id",
        attributes={"Id": "{id}"},
        tags="Tags",
    ),
    "AWS::ApiGateway::UsagePlanKey": Kind(
        create=(Do("apigateway:CreateUsagePlanKey", fit=True),),
        delete=(Do("apigateway:DeleteUsagePlanKey", {"usagePlanId": "$UsagePlanId", "keyId": "$KeyId"}),),
        id="{KeyId}:{UsagePlanId}",
        attributes={"Id": "{id}"},
    ),
    "AWS::ApiGateway::Account": Kind(
        create=(
            Do(
                "apigateway:UpdateAccount",
                {
                    "patchOperations": reads("CloudWatchRoleArn")(
                        lambda subject: [
                            {
                                "op": "replace",
                                "path": "/cloudwatchRoleArn",
                                "value": subject.properties["CloudWatchRoleArn"],
                            }
                        ]
                    )
                },
                on=("CloudWatchRoleArn",),
            ),
        ),
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
        delete=(Do("apigatewayv2:DeleteApi", {"ApiId": "$id"}),),
        defaults={"ProtocolType": "HTTP"},
        id="@ApiId",
        left=Left(Do("apigatewayv2:GetApis", {"MaxResults": "500"}), "Items", tagged_by_stack("Tags")),
        attributes={"ApiId": "{id}", "ApiEndpoint": "@ApiEndpoint"},
        tags="Tags",
        tag=Do("apigatewayv2:TagResource", {"ResourceArn": "arn:aws:apigateway:{region}::/apis/{id}", "Tags": "$Tags"}),
    ),
    "AWS::ApiGatewayV2::Route": _v2("CreateRoute", "RouteId", "DeleteRoute", "UpdateRoute", "RouteId"),
    "AWS::ApiGatewayV2::Authorizer": _v2(
        "CreateAuthorizer", "AuthorizerId", "DeleteAuthorizer", "UpdateAuthorizer", "AuthorizerId"
    ),
    "AWS::ApiGatewayV2::Model": _v2("CreateModel", "ModelId", "DeleteModel", "UpdateModel", "ModelId"),
    "AWS::ApiGatewayV2::Deployment": _v2(
        "CreateDeployment", "DeploymentId", "DeleteDeployment", "UpdateDeployment", "DeploymentId"
    ),
    "AWS::ApiGatewayV2::RouteResponse": Kind(
        create=(Do("apigatewayv2:CreateRouteResponse", fit=True),),
        delete=(
            Do(
                "apigatewayv2:DeleteRouteResponse",
                {"ApiId": "$ApiId", "RouteId": "$RouteId", "RouteResponseId": "$id"},
            ),
        ),
        id="@RouteResponseId",
    ),
    "AWS::ApiGatewayV2::IntegrationResponse": Kind(
        create=(Do("apigatewayv2:CreateIntegrationResponse", fit=True),),
        delete=(
            Do(
                "apigatewayv2:DeleteIntegrationResponse",
                {"ApiId": "$ApiId", "IntegrationId": "$IntegrationId", "IntegrationResponseId": "$id"},
            ),
        ),
        id="@IntegrationResponseId",
    ),
}
