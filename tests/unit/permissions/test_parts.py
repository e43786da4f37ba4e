"""Operations on many things: what may not be done is left out, as on AWS, and never done."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.model.parts import DENIED
from lambent.objects.errors import ObjectError
from lambent.services.s3 import bodies, delete_object
from lambent.services.secretsmanager.batches import batch_get_secret_value
from tests.unit.permissions.test_gate import ROLE, SESSION, World

OURS = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::b/ours/*"}


def asked(*keys: str) -> dict[str, Any]:
    return {"Bucket": "b", "Delete": {"Objects": [{"Key": key} for key in keys]}}


def deleted(params: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], list[str]]:
    gone: list[str] = []

    async def delete(_bucket: Any, key: str, *_: Any, **__: Any) -> Any:
        gone.append(key)
        return SimpleNamespace(marker=False, version="")

    monkeypatch.setattr(bodies, "check_document", lambda _call: None)
    env = SimpleNamespace(registry=SimpleNamespace(get=str), objects=SimpleNamespace(delete=delete))
    call: Any = SimpleNamespace(env=env, bucket=lambda *_: None, asker=lambda _caller: None)
    return asyncio.run(delete_object.delete_objects(call, SESSION, params)), gone


def test_objects_that_may_not_be_deleted_are_named_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    world, params = World(OURS, mode="enforce"), asked("ours/a", "theirs/a")
    world.call(operation="DeleteObjects", params=params, service="s3")
    answer, gone = deleted(params, monkeypatch)
    assert (gone, [one["Key"] for one in answer["Deleted"]]) == (["ours/a"], ["ours/a"])
    [error] = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("theirs/a", "AccessDenied")
    assert (
        'not authorized to perform: s3:DeleteObject on resource: "arn:aws:s3:::b/theirs/a" because' in error["Message"]
    )
    [verdict] = world.gate.trail.denials("id")
    assert verdict.ask.resource == "arn:aws:s3:::b/theirs/a"


def test_in_a_report_all_go(monkeypatch: pytest.MonkeyPatch) -> None:
    world, params = World(OURS), asked("ours/a", "theirs/a")
    world.call(operation="DeleteObjects", params=params, service="s3")
    assert deleted(params, monkeypatch)[1] == ["ours/a", "theirs/a"]
    assert ("denied/s3:DeleteObject", ROLE) in world.findings


def test_a_denial_that_is_about_no_object_of_the_request_is_one_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ObjectError):
        deleted(asked("a") | {DENIED: {"arn:aws:s3:::b/other": "why"}}, monkeypatch)


def test_who_is_not_there_deletes_nothing() -> None:
    world, params = World(mode="enforce", gone=True), asked("a")
    world.call(operation="DeleteObjects", params=params, service="s3")
    assert params[DENIED].keys() == {"arn:aws:s3:::b/a"}


SECRETS = "arn:aws:secretsmanager:us-east-1:111111111111:secret"
MINE, THEIRS = f"{SECRETS}:mine-abcdef", f"{SECRETS}:their-s-abcdef"


def batch(params: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    asked: list[dict[str, Any]] = []

    async def ask(_caller: Any, _operation: str, params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params)
        named = params.get("SecretIdList", [MINE, THEIRS])
        return {"SecretValues": [{"ARN": one, "SecretString": "s"} for one in (MINE, THEIRS) if one in named]}

    env: Any = SimpleNamespace(ask=ask)
    return asyncio.run(batch_get_secret_value(env, SESSION, params)), asked


@pytest.mark.parametrize("name", [THEIRS, "their-s", f"{SECRETS}:their-s"])
def test_secrets_that_may_not_be_read_are_not_asked_for(name: str) -> None:
    said, [asked] = batch({"SecretIdList": [MINE, name], DENIED: {THEIRS: "why"}})
    assert asked == {"SecretIdList": [MINE]}
    assert [one["ARN"] for one in said["SecretValues"]] == [MINE]
    assert said["Errors"] == [{"SecretId": name, "ErrorCode": "AccessDeniedException", "Message": "why"}]


def test_secrets_that_a_filter_finds_and_may_not_be_read_are_left_out() -> None:
    said, _ = batch({"Filters": [], DENIED: {THEIRS: "why"}})
    assert [one["ARN"] for one in said["SecretValues"]] == [MINE]
    assert [one["SecretId"] for one in said["Errors"]] == [THEIRS]


def test_of_a_batch_of_which_nothing_may_be_read_nobody_is_asked() -> None:
    said, asked = batch({"SecretIdList": ["new"], DENIED: {f"{SECRETS}:new-??????": "why"}})
    assert (said["SecretValues"], len(said["Errors"]), asked) == ([], 1, [])
