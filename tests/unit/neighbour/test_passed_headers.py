"""What of a client's headers reaches moto, nothing that only the gateway says; what of moto's reaches the client."""

import asyncio
from typing import Any

import pytest

from lambent.model.scope import Caller, Scope
from lambent.neighbour.asked import Asked
from lambent.neighbour.neighbour import Neighbour, _headers
from lambent.wire.http import Request, Response

OURS = {"x-lambent-service": "dynamodb", "x-moto-account-id": "111111111111"}


def sent(principal: str = "", **headers: str) -> dict[str, str]:
    """The headers that moto gets with a request that has these."""
    found: dict[str, str] = {}

    async def ask(asked: Asked, passed: dict[str, str], _request_id: str) -> Response:
        found.update(passed)
        return Response(200)

    async def main() -> None:
        neighbour: Any = Neighbour()
        neighbour._ask_moto = ask
        request = Request("POST", "/", "", headers, principal=principal)
        await neighbour.forward(request, Caller(Scope("111111111111"), "id"), "dynamodb")

    asyncio.run(main())
    return found


@pytest.mark.parametrize(
    "name",
    [
        *(
            "x-lambent-principal",
            "x_lambent_principal",
            "x-lambent_principal",
            "x-lambent-service",
            "x_lambent_service",
        ),
        *("x-lambent-token", "x-moto-account-id", "x_moto_account_id", "x-moto-anything"),
    ],
)
def test_a_client_can_not_speak_for_the_gateway(name: str) -> None:
    assert sent(**{name: "dynamodb.amazonaws.com", "x-amz-target": "t"}) == OURS | {"x-amz-target": "t"}


def test_in_whose_name_lambent_asks() -> None:
    assert sent("dynamodb.amazonaws.com") == OURS | {"x-lambent-principal": "dynamodb.amazonaws.com"}


def test_no_header_of_an_answer_passes_twice_and_none_for_pages() -> None:
    """Werkzeug says Server and Date, moto says them again; our listener dates what it sends."""
    doubled = [
        ("Server", "Werkzeug/3.1.3 Python/3.11"), ("Date", "Sun, 29 Nov 2026 21:00:00 GMT"),
        ("server", "amazon.com"), ("date", "Sun, 29 Nov 2026 21:00:01 GMT"), ("Connection", "close"),
        ("Content-Type", "text/html"), ("content-type", "application/json"),
        ("Access-Control-Allow-Origin", "*"), ("access-control-allow-methods", "*"),
        ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("x-amzn-RequestId", "1"),
    ]  # fmt: skip
    assert _headers("POST", doubled) == [
        ("server", "amazon.com"), ("content-type", "application/json"),
        ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("x-amzn-RequestId", "1"),
    ]  # fmt: skip
