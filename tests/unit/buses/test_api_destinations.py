"""What API destinations are sent, and when it is sent once more."""

import asyncio
import base64
from typing import Any

import pytest

from lambent.buses import calling
from lambent.buses.api_destinations import ApiDestinations, Said
from lambent.buses.calling import Call
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope

SCOPE = Scope("111111111111", "eu-west-1")
ARN = "arn:aws:events:eu-west-1:111111111111:{}"
OAUTH = {
    "ClientParameters": {"ClientID": "i", "ClientSecret": "s"},
    "AuthorizationEndpoint": "https://e.test/token",
    "HttpMethod": "POST",
}


def connection(kind: str, **auth: Any) -> dict[str, Any]:
    return {"uid": "c1", "kind": kind, "auth": auth, "modified": 1.0}


def destination(**said: Any) -> dict[str, Any]:
    there = {"uid": "d1", "endpoint": "https://e.test/a/*/b/*", "method": "POST", "rate": 300}
    return {**there, "connection": ARN.format("connection/c/c1"), **said}


BASIC = connection("BASIC", BasicAuthParameters={"Username": "u", "Password": "p"})


def test_a_request_with_all_that_belongs_to_it() -> None:
    more = {
        "HeaderParameters": [{"Key": "h", "Value": "connection's"}],
        "QueryStringParameters": [{"Key": "q", "Value": "1"}],
        "BodyParameters": [{"Key": "extra", "Value": "2"}],
    }
    key = {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}
    there = connection("API_KEY", ApiKeyAuthParameters=key, InvocationHttpParameters=more)
    attributes = {
        "path:000": ("path", "x/y"),
        "path:001": ("path", "z"),
        "header:h": ("header", "target's"),
        "header:i": ("header", "v"),
        "query:r": ("query", "a b"),
    }
    made = calling.request_of(destination(), there, attributes, b'{"a":1}')
    assert made.url == "https://e.test/a/x%2Fy/b/z?r=a+b&q=1"
    assert made.body == b'{"a":1,"extra":"2"}'
    said = {name: made.headers[name] for name in ("h", "i", "x-key", "User-Agent", "Content-Type")}
    assert said == {
        "h": "connection's", "i": "v", "x-key": "secret",
        "User-Agent": "Amazon/EventBridge/ApiDestinations", "Content-Type": "application/json; charset=utf-8",
    }  # fmt: skip


def test_a_name_and_a_password() -> None:
    made = calling.request_of(destination(method="GET"), BASIC, {}, b"{}")
    assert made.headers["Authorization"] == f"Basic {base64.b64encode(b'u:p').decode()}"
    assert made.body == b""


class Web:
    """Answers in turn."""

    def __init__(self, *answers: Said | Exception) -> None:
        self.answers, self.asked = list(answers), list[Call]()

    async def ask(self, call: Call) -> Said:
        self.asked.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Found:
    """A registry of one destination and its connection."""

    def __init__(self, there: dict[str, Any] | None, **said: Any) -> None:
        self._by_kind = {"events-api-destination": destination(**said), "events-connection": there}

    def uniquely(self, kind: str, _scope: Scope, _resource: str) -> Any:
        return self._by_kind[kind]


def send(web: Web, there: dict[str, Any] | None, times: int = 1, **said: Any) -> list[float]:
    """Send a message so often; the pauses in between."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(round(seconds, 3))

    async def run() -> None:
        sender = ApiDestinations(Found(there, **said), web.ask, lambda: 100.0, pause, lambda: 7.0)  # type: ignore[arg-type]
        target = ARN.format("api-destination/d/d1")
        for _ in range(times):
            await sender(Delivery(SCOPE, target, b"{}", "", "rule", ""))

    asyncio.run(run())
    return pauses


TOKEN = Said(200, b'{"access_token": "t", "expires_in": 60}')


def test_a_token_is_asked_for_once_and_anew_when_it_is_not_taken() -> None:
    there = connection("OAUTH_CLIENT_CREDENTIALS", OAuthParameters=OAUTH)
    web = Web(TOKEN, Said(200, b""), Said(401, b""), Said(200, b'{"access_token": "u"}'), Said(204, b""))
    send(web, there, times=2)
    tokens = [one for one in web.asked if one.url == "https://e.test/token"]
    assert len(tokens) == 2
    assert tokens[0].body == b"grant_type=client_credentials&client_id=i&client_secret=s"
    said = [one.headers["Authorization"] for one in web.asked if one not in tokens]
    assert said == ["Bearer t", "Bearer t", "Bearer u"]


@pytest.mark.parametrize(
    ("status", "passing"),
    [(500, True), (429, True), (401, True), (409, True), (404, False), (302, False), (400, False)],
)
def test_what_is_tried_again(status: int, passing: bool) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        send(Web(Said(status, b"")), BASIC)
    assert failed.value.passing is passing


@pytest.mark.parametrize(
    "answer", [Said(200, b"[]"), Said(200, b"x"), Said(400, b""), Said(200, b'{"access_token": 1}')]
)
def test_a_token_that_is_not_given(answer: Said) -> None:
    there = connection("OAUTH_CLIENT_CREDENTIALS", OAuthParameters=OAUTH)
    with pytest.raises(DeliveryFailed) as failed:
        send(Web(answer), there)
    assert not failed.value.passing


@pytest.mark.parametrize("there", [None, connection("BASIC")])
def test_a_connection_that_is_gone_or_not_authorized(there: dict[str, Any] | None) -> None:
    with pytest.raises(DeliveryFailed, match="is not there, or not authorized"):
        send(Web(), there)


def test_it_is_called_no_faster_than_it_may_be() -> None:
    web = Web(*[Said(200, b"")] * 4)
    assert send(web, BASIC, times=4, rate=2) == [0.5, 1.0, 1.5]
