"""What is said of a stage when it is first asked."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.services_apigateway.api_kit import FUNCTION
from tests.unit.services_apigateway.door_kit import Stage, with_stage

Prepare = Callable[[Stage], Awaitable[Any]]


def codes(stage: Stage) -> set[str]:
    return {one.code for one in stage.findings.all()}


def test_a_function_that_outlives_the_api_is_told_before_anybody_waits(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy()
        await stage.deploy()
        assert "function-outlives-door" not in codes(stage)
        await stage.ask()
        found = next(one for one in stage.findings.all() if one.code == "function-outlives-door")
        assert found.resource == FUNCTION
        assert "gives up after 29 s, the function runs for up to 60 s" in found.message
        stage.functions.timeout = lambda _door, _arn: 28.0  # type: ignore[method-assign]
        stage.findings.withdraw(FUNCTION)
        await stage.deploy()
        await stage.ask()
        assert "function-outlives-door" not in codes(stage)

    with_stage(tmp_path, scene)


async def _nothing(_stage: Stage) -> None:
    pass


async def _model(stage: Stage) -> None:
    await stage.call("CreateModel", restApiId=stage.id, name="Pet", contentType="application/json", schema="{}")


async def _stage_setting(stage: Stage) -> None:
    await stage.patch_stage(**{"/*/*/throttling/rateLimit": "1"})


@pytest.mark.parametrize(
    ("method", "before", "after", "told"),
    [
        ({}, _nothing, _nothing, True),
        ({"apiKeyRequired": True}, _nothing, _nothing, False),
        ({"authorizationType": "AWS_IAM"}, _nothing, _nothing, False),
        ({}, _model, _nothing, False),
        ({}, _nothing, _stage_setting, False),
    ],
)
def test_a_rest_api_that_need_not_be_one(
    tmp_path: Path, method: dict[str, Any], before: Prepare, after: Prepare, told: bool
) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy(**method)
        await before(stage)
        await stage.deploy()
        await after(stage)
        await stage.ask()
        assert ("rest-api-could-be-http" in codes(stage)) is told

    with_stage(tmp_path, scene)


@pytest.mark.parametrize(("size", "told"), [(4 << 20, False), (5 << 20, True)])
def test_a_payload_near_the_limit(tmp_path: Path, size: int, told: bool) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy(method="POST")
        await stage.deploy()
        assert (await stage.ask("/dev", "POST", b"x" * size)).status == 200
        assert ("payload-near-limit" in codes(stage)) is told

    with_stage(tmp_path, scene)
