"""Stages and integrations of HTTP and WebSocket APIs, whose maps are changed part by part: what a template has no more
is taken away by name.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-integration.html
"""

from collections.abc import Mapping
from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, dropped, reads
from lambent.deploy.resources.types.apis import tagged

_INTEGRATION = {"ApiId": "$ApiId", "IntegrationId": "$id"}
_STAGE = {"ApiId": "$ApiId", "StageName": "$StageName"}


def _parts(name: str) -> Any:
    """A map, with "" for what it has no more."""

    @reads(name)
    def found(subject: Subject) -> dict[str, Any] | None:
        former, now = subject.former.get(name) or {}, subject.properties.get(name) or {}
        return {**dict.fromkeys(former, ""), **now} or None

    return found


@reads("ResponseParameters")
def _response_parameters(subject: Subject) -> dict[str, Any] | None:
    """By status, with {} for one that there is no more: a list of sources and destinations is a map of them."""
    former, now = (of.get("ResponseParameters") or {} for of in (subject.former, subject.properties))
    gone: dict[str, Any] = {str(status): {} for status in former}
    return {**gone, **{str(status): _mapped(said) for status, said in now.items()}} or None


def _mapped(said: Mapping[str, Any]) -> dict[str, str]:
    listed = said.get("ResponseParameters")
    if not isinstance(listed, list):
        return {name: str(value) for name, value in said.items()}
    return {str(one["Destination"]): str(one["Source"]) for one in listed}


@reads("RouteSettings")
def _routes_without_settings(subject: Subject) -> list[str]:
    former, now = (of.get("RouteSettings") or {} for of in (subject.former, subject.properties))
    return [key for key in former if key not in now]


_PARAMETERS = {"RequestParameters": _parts("RequestParameters"), "ResponseParameters": _response_parameters}
_VARIABLES = {"StageVariables": _parts("StageVariables")}

KINDS = {
    "AWS::ApiGatewayV2::Integration": Kind(
        create=(Do("apigatewayv2:CreateIntegration", _PARAMETERS, fit=True),),
        update=(Do("apigatewayv2:UpdateIntegration", {"IntegrationId": "$id", **_PARAMETERS}, fit=True),),
        delete=(Do("apigatewayv2:DeleteIntegration", _INTEGRATION),),
        id="@IntegrationId",
        attributes={"IntegrationId": "{id}"},
    ),
    "AWS::ApiGatewayV2::Stage": Kind(
        create=(Do("apigatewayv2:CreateStage", fit=True),),
        update=(
            Do("apigatewayv2:UpdateStage", _VARIABLES, fit=True),
            Do("apigatewayv2:DeleteRouteSettings", {**_STAGE, "RouteKey": "@item"}, each=_routes_without_settings),
            Do("apigatewayv2:DeleteAccessLogSettings", _STAGE, each=dropped("AccessLogSettings")),
        ),
        delete=(Do("apigatewayv2:DeleteStage", _STAGE),),
        id="{StageName}",
        **tagged("apis/{ApiId}/stages/{StageName}", "apigatewayv2:", "ResourceArn"),
    ),
}
