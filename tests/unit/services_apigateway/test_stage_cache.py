"""A stage's cache: what is answered again, for how long, and who may have it made anew."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lambent.engine.response_cache import ResponseCache
from lambent.wire.http import Response
from tests.unit.services_apigateway.door_kit import Stage, with_stage

ALL = "/*/*/caching"
Scene = Callable[[Stage], Awaitable[None]]


async def counting(stage: Stage, *methods: str, **patch: str) -> None:
    """A function that answers a number, one higher each time, behind methods of a cached stage."""
    calls = iter(range(1, 100))

    async def run(_event: dict[str, Any]) -> Any:
        return {"statusCode": 200, "headers": {"X-Own": "1"}, "body": str(next(calls))}

    stage.functions.run = run
    for method in methods or ("GET",):
        await stage.proxy(method=method)
    await stage.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    await stage.patch_stage(**{f"{ALL}/enabled": "true", f"{ALL}/ttlInSeconds": "60"} | patch)


def said(answer: Response) -> str:
    assert isinstance(answer.body, bytes)
    return answer.body.decode()


def test_an_answer_is_kept_for_its_time_and_until_it_is_flushed(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await counting(stage)
        first, second = await stage.ask(), await stage.ask("/dev?other=1", X_Other="1")
        assert (said(first), said(second), dict(second.headers)["X-Own"]) == ("1", "1", "1")
        await stage.clock.advance(60)
        assert said(await stage.ask()) == "2"
        await stage.call("FlushStageCache", restApiId=stage.id, stageName="dev")
        assert said(await stage.ask()) == "3"
        await stage.patch_stage(**{"/cacheClusterEnabled": "false"})
        assert [said(await stage.ask()) for _ in range(2)] == ["4", "5"]
        assert (await stage.call("GetStage", restApiId=stage.id, stageName="dev"))["cacheClusterStatus"] == (
            "NOT_AVAILABLE"
        )

    with_flush(tmp_path, scene)


def test_the_setting_of_all_methods_is_about_get_and_one_of_a_method_wins(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await counting(stage, "GET", "POST")
        assert [said(await stage.ask(method="POST")) for _ in range(2)] == ["1", "2"]
        await stage.patch_stage(**{"/~1/POST/caching/enabled": "true", "/~1/GET/caching/enabled": "false"})
        assert [said(await stage.ask(method="POST")) for _ in range(2)] == ["3", "3"]
        assert [said(await stage.ask()) for _ in range(2)] == ["4", "5"]

    with_flush(tmp_path, scene)


def test_the_key_is_made_of_the_integrations_parameters(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        at = {"restApiId": stage.id, "resourceId": stage.root, "httpMethod": "GET"}
        await stage.proxy()
        changes = [
            {"op": "add", "path": f"/cacheKeyParameters/method.request.{name}"}
            for name in ("querystring.q", "header.x-a")
        ]
        await stage.call("UpdateIntegration", **at, patchOperations=changes)
        calls = iter(range(1, 100))

        async def run(_event: dict[str, Any]) -> Any:
            return {"statusCode": 200, "body": str(next(calls))}

        stage.functions.run = run
        await stage.deploy(cacheClusterEnabled=True)
        await stage.patch_stage(**{f"{ALL}/enabled": "true"})
        asked = [await stage.ask("/dev?q=1"), await stage.ask("/dev?q=2"), await stage.ask("/dev?q=1&z=1")]
        asked += [await stage.ask("/dev?q=1", x_a="2"), await stage.ask("/dev?q=1", x_a="2")]
        assert [said(one) for one in asked] == ["1", "2", "1", "3", "3"]

    with_flush(tmp_path, scene)


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        ({"statusCode": 429, "body": "x"}, 1),
        ({"statusCode": 500, "body": "x"}, 1),
        ({"statusCode": "x"}, 2),
        ({"statusCode": 200, "body": "x" * 1_048_577}, 2),
    ],
)
def test_what_is_kept(tmp_path: Path, answer: dict[str, Any], calls: int) -> None:
    async def scene(stage: Stage) -> None:
        await counting(stage)

        async def run(_event: dict[str, Any]) -> Any:
            return answer

        stage.functions.run = run
        await stage.ask()
        await stage.ask()
        assert len(stage.functions.calls) == calls

    with_flush(tmp_path, scene)


WARNING = "199 Cache-control headers were ignored because the caller was unauthorized."


@pytest.mark.parametrize(
    ("strategy", "status", "warning"),
    [
        ("SUCCEED_WITH_RESPONSE_HEADER", 200, WARNING),
        ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, None),
        ("FAIL_WITH_403", 403, None),
    ],
)
def test_who_may_not_have_it_made_anew(tmp_path: Path, strategy: str, status: int, warning: str | None) -> None:
    async def scene(stage: Stage) -> None:
        await counting(stage, **{f"{ALL}/unauthorizedCacheControlHeaderStrategy": strategy})
        await stage.ask()
        answer = await stage.ask(Cache_Control="max-age=0")
        assert (answer.status, dict(answer.headers).get("Warning")) == (status, warning)
        assert len(stage.functions.calls) == 1
        await stage.patch_stage(**{f"{ALL}/requireAuthorizationForCacheControl": "false"})
        assert said(await stage.ask(Cache_Control="no-transform, max-age=0")) == "2"
        assert said(await stage.ask()) == "2"

    with_flush(tmp_path, scene)


@pytest.mark.parametrize(("signer", "anew"), [("root", True), ("arn:role/may", True), ("arn:role/not", False)])
def test_who_may_by_iam(tmp_path: Path, signer: str, anew: bool) -> None:
    async def scene(stage: Stage) -> None:
        calls = iter(range(1, 100))

        async def run(_event: dict[str, Any]) -> Any:
            return {"statusCode": 200, "body": str(next(calls))}

        stage.functions.run = run
        await stage.proxy(authorizationType="AWS_IAM")
        await stage.deploy(cacheClusterEnabled=True)
        await stage.patch_stage(**{f"{ALL}/enabled": "true"})
        await stage.ask(authorization=signer)
        assert said(await stage.ask(authorization=signer, Cache_Control="max-age=0")) == ("2" if anew else "1")
        assert (await stage.ask()).status == 403  # what is kept is for who is let in

    with_flush(tmp_path, scene)


def test_a_canary_has_a_cache_of_its_own_unless_it_uses_the_stages(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await counting(stage)
        assert said(await stage.ask()) == "1"
        await stage.call(
            "CreateDeployment", restApiId=stage.id, stageName="dev",
            canarySettings={"percentTraffic": 50.0, "useStageCache": False},
        )  # fmt: skip
        stage.chances = iter((0.1, 0.1, 0.9))
        assert [said(await stage.ask()) for _ in range(3)] == ["2", "2", "1"]
        await stage.patch_stage(**{"/canarySettings/useStageCache": "true"})
        stage.chances = iter((0.1,))
        assert said(await stage.ask()) == "1"

    with_flush(tmp_path, scene)


def test_the_oldest_make_room() -> None:
    cache = ResponseCache[str](10)
    for number in range(3):
        cache.put("stage", number, str(number), 4, 0.0, 9.0)
    assert [cache.get("stage", number, 1.0) for number in range(3)] == [None, "1", "2"]
    cache.put("stage", 1, "new", 8, 1.0, 9.0)
    assert [cache.get("stage", number, 1.0) for number in range(3)] == [None, "new", None]


def test_header_values_have_a_limit(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy()
        await stage.deploy()
        host = len(f"{stage.id}.execute-api.eu-west-1.amazonaws.com")
        assert (await stage.ask(X_Long="x" * (10_240 - host))).status == 200
        assert (await stage.ask(X_Long="x" * (10_241 - host))).status == 431

    with_stage(tmp_path, scene)


@pytest.mark.parametrize(("kind", "most"), [("REGIONAL", 10_240), ("EDGE", 8_192)])
def test_urls_have_a_limit(tmp_path: Path, kind: str, most: int) -> None:
    async def scene(stage: Stage) -> None:
        stage.id, stage.root = await stage.api(endpointConfiguration={"types": [kind]})
        await stage.proxy()
        await stage.deploy()
        before = len(f"http://{stage.id}.execute-api.eu-west-1.amazonaws.com/dev?")
        assert (await stage.ask("/dev?" + "x" * (most - before))).status == 200
        assert (await stage.ask("/dev?" + "x" * (most - before + 1))).status == 414

    with_stage(tmp_path, scene)


def with_flush(folder: Path, scene: Scene) -> None:
    """The operations reach the door's cache, as in a server."""

    async def play(stage: Stage) -> None:
        def flush(scope: Any, api: str, name: str) -> None:
            for canary in (False, True):
                stage.ports.responses.flush((scope, api, name, canary))

        stage.env.flush_responses = flush
        await scene(stage)

    with_stage(folder, play)
