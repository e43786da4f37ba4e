"""The Parameters and Secrets Lambda Extension, with services that are a table."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.model import own_layers
from lambent.runtime_api import parameters
from lambent.runtime_api.extensions import Reply
from lambent.runtime_api.parameters import Parameters

SECRET = {"ARN": "arn", "Name": "s", "SecretString": "x", "CreatedDate": 1_665_082_160.123}


class Case:
    def __init__(self, **variables: str) -> None:
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []
        self.status, self.now = 200, 0.0
        self.parameters = Parameters("token", variables, self._ask, lambda: self.now)

    async def _ask(self, service: str, operation: str, params: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append((service, operation, params))
        return self.status, dict(SECRET) if service == "secretsmanager" else {"Parameter": {"LastModifiedDate": 0}}

    def get(self, path: str, query: str, token: str = "token", method: str = "GET") -> Reply:
        headers = {"x-aws-parameters-secrets-token": token}
        return asyncio.run(self.parameters.answer(method, path, query, headers))

    def secret(self, name: str = "s") -> Reply:
        return self.get("/secretsmanager/get", f"secretId={name}")


def test_a_secret_is_answered_as_the_sdk_for_go_writes_it() -> None:
    case = Case()
    reply = case.get("/secretsmanager/get", "secretId=a%2Fb&versionStage=AWSPREVIOUS&versionId=v")
    said = {**SECRET, "CreatedDate": "2022-10-06T18:49:20.123Z", "ResultMetadata": {}}
    assert (reply.status, json.loads(reply.body)) == (200, said)
    members = {"SecretId": "a/b", "VersionStage": "AWSPREVIOUS", "VersionId": "v"}
    assert case.asked == [("secretsmanager", "GetSecretValue", members)]


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("name=%2Fa", {"Name": "/a"}),
        ("name=a&withDecryption=true", {"Name": "a", "WithDecryption": True}),
        ("name=a&version=3&withDecryption=false", {"Name": "a:3", "WithDecryption": False}),
        ("name=a&label=l", {"Name": "a:l"}),
    ],
)
def test_a_parameter_is_asked_for_by_name_version_and_label(query: str, params: Mapping[str, Any]) -> None:
    case = Case()
    reply = case.get("/systemsmanager/parameters/get", query)
    assert json.loads(reply.body)["Parameter"] == {"LastModifiedDate": "1970-01-01T00:00:00.000Z"}
    assert case.asked == [("ssm", "GetParameter", params)]


def test_no_more_bytes_are_kept_than_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "MOST_BYTES", 600)
    case = Case()
    for name in ("a", "b", "a", "c", "d", "e"):
        case.secret(name)
    assert [one[2]["SecretId"] for one in case.asked] == ["a", "b", "c", "d", "e"]
    case.secret("e")
    assert len(case.asked) == 5
    case.secret("a")
    assert len(case.asked) == 6
    case.secret("n" * 600)
    case.secret("n" * 600)
    assert len(case.asked) == 8


@pytest.mark.parametrize(("ttl", "lasts"), [("", 300), ("10", 10), ("4000", 300), ("no", 300), ("0", 0)])
def test_a_value_is_kept_for_its_time(ttl: str, lasts: int) -> None:
    case = Case(SECRETS_MANAGER_TTL=ttl)
    case.secret()
    case.now = max(lasts - 0.1, 0)
    case.secret()
    assert len(case.asked) == (1 if lasts else 2)
    case.now = lasts
    case.secret()
    assert len(case.asked) == (2 if lasts else 3)


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({}, 2),
        ({"PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE": "1"}, 4),
        ({"PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE": "0"}, 4),
        ({"PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED": "FALSE"}, 4),
    ],
)
def test_as_many_are_kept_as_there_may_be(variables: dict[str, str], asked: int) -> None:
    case = Case(**variables)
    for name in "abab":
        case.secret(name)
    assert len(case.asked) == asked


def test_an_error_is_told_and_not_kept() -> None:
    case = Case()
    case.status = 400
    assert (case.secret().status, case.secret().status, len(case.asked)) == (400, 400, 2)


def test_what_is_refused_asks_nobody() -> None:
    case = Case()
    assert case.get("/secretsmanager/get", "secretId=s", token="other").status == 401
    assert case.get("/secretsmanager/get", "secretId=s", token="ö").status == 401
    assert case.get("/secretsmanager/get", "").status == 400
    assert case.get("/other", "").status == 404
    assert case.get("/secretsmanager/get", "secretId=s", method="POST").status == 405
    assert not case.asked


def test_the_layer_is_always_the_same_and_its_port_a_function_s_own_to_choose() -> None:
    assert len(own_layers.PARAMETERS.digest) == 64
    name = own_layers.PORT_VARIABLE
    assert [own_layers.parameters_port({name: said}) for said in ("", "4000", "80", "x", "99999")] == [
        2773,
        4000,
        2773,
        2773,
        2773,
    ]
