"""Execution logs: which lines a request leaves, by level, with data and without."""

from pathlib import Path

import pytest

from tests.unit.services_apigateway.door_kit import Stage, with_stage

ROLE = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::111111111111:role/logs"}


async def served(stage: Stage, **settings: str) -> None:
    """A stage with a method that answers, and these settings for all methods."""
    await stage.call("UpdateAccount", patchOperations=[ROLE])
    await stage.proxy("/pets")
    await stage.deploy()
    await stage.patch_stage(**{f"/*/*/logging/{name}": value for name, value in settings.items()})


def lines(stage: Stage) -> list[str]:
    """What the log has, without the request's id, which every line begins with."""
    group = f"API-Gateway-Execution-Logs_{stage.id}/dev"
    assert {name for name, _ in stage.logged} <= {group}
    assert len({text.partition(" ")[0] for _, text in stage.logged}) <= 1
    assert all(text.startswith("(") for _, text in stage.logged)
    return [text.partition(") ")[2] for _, text in stage.logged]


def test_a_request_that_goes_well(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await served(stage, loglevel="INFO")
        answer = await stage.ask("/dev/pets?a=1", authorization="secret")
        said = lines(stage)
        known = dict(answer.headers)
        assert [line.partition(known["x-amzn-RequestId"])[0] for line in said] == [
            f"Extended Request Id: {known['x-amz-apigw-id']}",
            "Verifying Usage Plan for request: ",
            "API Key  authorized because method 'GET /pets' does not require API Key. Request will not contribute to "
            "throttle or quota limits",
            f"Usage Plan check succeeded for API Key  and API Stage {stage.id}/dev",
            "Starting execution for request: ",
            "HTTP Method: GET, Resource Path: /pets",
            "Successfully completed execution",
            "Method completed with status: 200",
        ]
        assert not any("secret" in line or "done" in line for line in said)

    with_stage(tmp_path, scene)


def test_with_its_data(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await served(stage, loglevel="INFO", dataTrace="true")
        await stage.ask("/dev/pets?a=1")
        said = lines(stage)
        assert "Method request query string: {a=1}" in said
        assert any(line.startswith('Endpoint request body after transformations: {"resource":"/pets"') for line in said)
        assert 'Endpoint response body before transformations: {"statusCode":200,"body":"done"}' in said
        assert "Method response body after transformations: done" in said
        assert all(len(line) < 1_100 for line in said)

    with_stage(tmp_path, scene)


@pytest.mark.parametrize(("level", "more"), [("INFO", True), ("ERROR", False)])
def test_a_request_that_fails(level: str, more: bool, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await served(stage, loglevel=level)

        async def bad(_event: object) -> object:
            return "no answer"

        stage.functions.run = bad
        assert (await stage.ask("/dev/pets")).status == 502
        said = lines(stage)
        assert any(
            line.startswith("Execution failed due to configuration error: Malformed Lambda proxy") for line in said
        )
        assert said[0].startswith("Extended Request Id: ") and said[-1] == "Method completed with status: 502"
        assert ("Gateway response type: DEFAULT_5XX with status code: 502" in said) is more
        assert (len(said) > 3) is more

    with_stage(tmp_path, scene)


@pytest.mark.parametrize("level", ["OFF", "ERROR"])
def test_nothing_is_said_of_what_nobody_asks_about(level: str, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await served(stage, loglevel=level, dataTrace="true")
        assert (await stage.ask("/dev/pets")).status == 200
        assert (await stage.ask("/dev/nothing")).status == 403
        assert lines(stage) == []

    with_stage(tmp_path, scene)


def test_a_method_of_its_own_settings(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await served(stage, loglevel="INFO")
        await stage.patch_stage(**{"/~1pets/GET/logging/loglevel": "OFF"})
        await stage.ask("/dev/pets")
        assert lines(stage) == []

    with_stage(tmp_path, scene)


def test_a_key_is_told_by_its_end(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await served(stage, loglevel="INFO")
        await stage.proxy("/keyed", apiKeyRequired=True)
        await stage.deploy()
        key = await stage.call("CreateApiKey", enabled=True, value="k" * 20 + "abcdef")
        plan = await stage.call("CreateUsagePlan", name="p", apiStages=[{"apiId": stage.id, "stage": "dev"}])
        await stage.call("CreateUsagePlanKey", usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
        assert (await stage.ask("/dev/keyed", x_api_key="k" * 20 + "abcdef")).status == 200
        said = lines(stage)
        assert said[1].endswith(f". API Key: {'*' * 20}abcdef API Stage: {stage.id}/dev")
        assert said[2] == f"Usage Plan check succeeded for API Key {'*' * 20}abcdef and API Stage {stage.id}/dev"

    with_stage(tmp_path, scene)
