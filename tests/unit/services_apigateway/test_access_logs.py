"""Access logs of REST APIs: what they tell of an answer."""

from pathlib import Path
from typing import Any

import pytest

from lambent.services import door_logs
from tests.unit.services_apigateway.api_kit import HERE, URI
from tests.unit.services_apigateway.door_kit import Stage, with_stage

ROLE = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::111111111111:role/logs"}
GROUP = "arn:aws:logs:eu-west-1:111111111111:log-group:access"
FORM = (
    "$context.httpMethod $context.resourcePath $context.status $context.responseLength $context.error.responseType "
    "$context.integration.status $context.integration.integrationStatus $context.integrationLatency "
    "$context.integrationErrorMessage"
)


async def logged(stage: Stage) -> None:
    await stage.call("UpdateAccount", patchOperations=[ROLE])
    await stage.proxy("/pets")
    await stage.deploy()
    await stage.patch_stage(**{"/accessLogSettings/destinationArn": GROUP, "/accessLogSettings/format": FORM})


@pytest.mark.parametrize(
    ("path", "answer", "line"),
    [
        ("/pets", {"statusCode": 201, "body": "ok"}, "GET /pets 201 2 - 201 200 7000 -"),
        ("/pets", {"statusCode": 500}, "GET /pets 500 0 - 500 200 7000 -"),
        ("/pets", "x", "GET /pets 502 36 DEFAULT_5XX - 200 7000 Malformed Lambda proxy response: "),
        ("/nowhere", None, "GET - 403 42 MISSING_AUTHENTICATION_TOKEN - - - -"),
    ],
)
def test_what_a_line_tells_of_an_answer(path: str, answer: Any, line: str, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await logged(stage)

        async def run(_event: Any) -> Any:
            await stage.clock.advance(7)
            return answer

        stage.functions.run = run
        await stage.ask(f"/dev{path}")
        assert [group for group, _ in stage.logged] == ["access"]
        assert stage.logged[0][1].startswith(line)

    with_stage(tmp_path, scene)


PHASES = (
    "$context.authorizer.principalId $context.authorizer.status $context.authorizer.latency "
    "$context.authorizer.integrationLatency $context.authorizer.error $context.authorize.status"
)


@pytest.mark.parametrize(("token", "line"), [("good", "me 200 3000 3000 - -"), ("", "- 401 0 - ")])
def test_a_line_tells_how_authorization_went(token: str, line: str, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.call("UpdateAccount", patchOperations=[ROLE])
        made = await stage.call(
            "CreateAuthorizer", restApiId=stage.id, name="t", type="TOKEN", authorizerUri=URI,
            identitySource="method.request.header.Auth",
        )  # fmt: skip
        await stage.proxy("/pets", authorizationType="CUSTOM", authorizerId=made["id"])
        await stage.deploy()
        await stage.patch_stage(**{"/accessLogSettings/destinationArn": GROUP, "/accessLogSettings/format": PHASES})

        async def run(event: Any) -> Any:
            if event.get("type") != "TOKEN":
                return {"statusCode": 200}
            await stage.clock.advance(3)
            statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
            return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

        stage.functions.run = run
        await stage.ask("/dev/pets", Auth=token)
        assert stage.logged[0][1].startswith(line), stage.logged

    with_stage(tmp_path, scene)


def test_logs_need_the_accounts_role(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy("/pets")
        await stage.deploy()
        text = "CloudWatch Logs role ARN must be set in account settings to enable logging"
        for place, value in (("/accessLogSettings/destinationArn", GROUP), ("/*/*/logging/loglevel", "INFO")):
            patch = [{"op": "replace", "path": place, "value": value}]
            said = await stage.refused("UpdateStage", restApiId=stage.id, stageName="dev", patchOperations=patch)
            assert said == ("BadRequestException", text)

    with_stage(tmp_path, scene)


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        ("arn:aws:logs:eu-west-1:222222222222:log-group:theirs", "BadRequestException"),
        ("arn:aws:s3:::bucket", "BadRequestException"),
        ("arn:aws:firehose:eu-west-1:111111111111:deliverystream/amazon-apigateway-a", "NotImplementedException"),
    ],
)
def test_a_log_goes_into_a_group_of_the_apis_own_account(destination: str, code: str, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await logged(stage)
        patch = [{"op": "replace", "path": "/accessLogSettings/destinationArn", "value": destination}]
        said = await stage.refused("UpdateStage", restApiId=stage.id, stageName="dev", patchOperations=patch)
        assert said[0] == code

    with_stage(tmp_path, scene)


def test_what_was_set_before_writes_into_nobody_elses_logs() -> None:
    written: list[str] = []
    for account in ("111111111111", "222222222222"):
        place = f"arn:aws:logs:eu-west-1:{account}:log-group:g:*"
        door_logs.write(lambda scope, *_: written.append(scope.account), HERE, place, "s", "line")
    assert written == ["111111111111"]
