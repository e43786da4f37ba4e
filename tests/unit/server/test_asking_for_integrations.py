"""What an integration's path, which may be its client's, does not reach."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lambent.gateway.sites import Sites
from lambent.server.api_ports import ask_services
from lambent.wire.http import Request, Response


class Gateway:
    sites = Sites()

    async def __call__(self, _request: Request) -> Response:
        return Response(200)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/bucket/key", 200),
        ("/_lambent/recycle", 403),
        ("/%5Flambent/recycle", 403),
        ("/moto-api/reset", 403),
        ("/_aws/lambda-url/abc/x", 403),
        ("/restapis/abc/dev/_user_request_/x", 403),
    ],
)
def test_pages_and_sites_are_not_asked(path: str, status: int) -> None:
    doors = cast(Any, SimpleNamespace(gateway=Gateway()))
    assert asyncio.run(ask_services(doors, Request("POST", path))).status == status
