"""What is said of a deployment when it is first asked."""

from pathlib import Path

import pytest

from tests.unit.services_apigatewayv2.http_kit import FUNCTION, URI, Api, with_api

SOURCE = "$request.header.authorization"


def codes(api: Api) -> dict[str, str]:
    return {one.code: one.resource for one in api.findings.all()}


@pytest.mark.parametrize(("own", "told"), [(60.0, True), (30.0, True), (29.0, False), (None, False)])
def test_a_function_that_outlives_the_api(tmp_path: Path, own: float | None, told: bool) -> None:
    async def scene(api: Api) -> None:
        api.functions.timeout = lambda _door, _arn: own  # type: ignore[method-assign]
        made = await api.quick()
        await api.ask(made)
        assert (codes(api).get("function-outlives-door") == FUNCTION) is told

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    ("routes", "sources", "seconds", "told"),
    [
        (2, [SOURCE], 60, True),
        (1, [SOURCE], 60, False),
        (2, [SOURCE, "$context.routeKey"], 60, False),
        (2, [SOURCE], 0, False),
    ],
)
def test_an_answer_that_is_kept_for_every_route(
    tmp_path: Path, routes: int, sources: list[str], seconds: int, told: bool
) -> None:
    async def scene(api: Api) -> None:
        made = await api.empty()
        authorizer = await api.call(
            "CreateAuthorizer", ApiId=made, Name="a", AuthorizerType="REQUEST", AuthorizerUri=URI,
            AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True, AuthorizerResultTtlInSeconds=seconds,
            IdentitySource=sources,
        )  # fmt: skip
        for number in range(routes):
            await api.route(made, f"GET /{number}", AuthorizationType="CUSTOM", AuthorizerId=authorizer["AuthorizerId"])
        await api.ask(made, "/0")
        assert ("authorizer-cache-all-routes" in codes(api)) is told

    with_api(tmp_path, scene)
