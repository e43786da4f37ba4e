"""Operations on many things: what may not be done is left out, as on AWS, and never done."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.model.parts import DENIED
from lambent.objects.errors import ObjectError
from lambent.services.s3 import bodies, delete_object
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
