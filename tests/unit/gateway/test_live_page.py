"""PUT and DELETE /_lambent/live."""

import asyncio
from pathlib import Path

import orjson
import pytest

from lambent.gateway.live import LivePage, make_token
from lambent.model.scope import Scope
from lambent.wire.http import Request

WHOSE = {"account": "111111111111", "region": "eu-west-1", "function": "f"}


def ask(page: LivePage, said: object, method: str = "PUT", token: str = "secret") -> int:
    body = said if isinstance(said, bytes) else orjson.dumps(said)
    return asyncio.run(page(Request(method, "/_lambent/live", "", {"x-lambent-token": token}, body))).status


def test_a_folder_is_turned_on_and_off(tmp_path: Path) -> None:
    calls: list[object] = []

    def set_live(scope: Scope, name: str, folder: Path | None) -> bool:
        calls.append((scope, name, folder))
        return True

    page = LivePage("secret", set_live)
    assert ask(page, WHOSE | {"folder": str(tmp_path)}) == 204
    assert ask(page, WHOSE, "DELETE") == 204
    scope = Scope("111111111111", "eu-west-1")
    assert calls == [(scope, "f", tmp_path), (scope, "f", None)]


@pytest.mark.parametrize(
    ("said", "token", "status"),
    [
        (WHOSE | {"folder": "/"}, "guess", 403),
        (WHOSE | {"folder": "/"}, "", 403),
        (WHOSE | {"folder": "relative"}, "secret", 400),
        (WHOSE | {"folder": "/not/there"}, "secret", 400),
        (WHOSE, "secret", 400),
        ([], "secret", 400),
        (b"{", "secret", 400),
        (WHOSE | {"folder": "/"}, "secret", 404),
    ],
)
def test_what_is_refused(said: object, token: str, status: int) -> None:
    page = LivePage("secret", lambda _scope, _name, _folder: False)
    assert ask(page, said, token=token) == status


def test_the_token_is_new_each_time_and_the_user_s_own(tmp_path: Path) -> None:
    first, second = make_token(tmp_path), make_token(tmp_path)
    assert first != second
    assert (tmp_path / "token").read_text() == second
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
