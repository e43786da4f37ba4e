"""PUT and DELETE /_lambent/live."""

import asyncio
import os
from pathlib import Path

import orjson
import pytest

from lambent.gateway.live_folder import LivePage, make_token
from lambent.model.scope import Scope
from lambent.wire.http import Request

WHOSE = {"account": "111111111111", "region": "eu-west-1", "function": "f"}


def request(said: object, method: str = "PUT", token: str = "secret") -> Request:
    if isinstance(said, dict) and "folder" in said:
        said = {"watcher": 2**22} | said  # beyond every process id (proc(5), pid_max)
    body = said if isinstance(said, bytes) else orjson.dumps(said)
    return Request(method, "/_lambent/live", "", {"x-lambent-token": token}, body)


def ask(page: LivePage, said: object, method: str = "PUT", token: str = "secret") -> int:
    return asyncio.run(page(request(said, method, token))).status


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
        (WHOSE | {"folder": "/"}, "gu\xe9ss", 403),
        (WHOSE | {"folder": "/", "region": ".."}, "secret", 400),
        (WHOSE | {"folder": "/", "account": "../.."}, "secret", 400),
        (WHOSE | {"folder": "relative"}, "secret", 400),
        (WHOSE | {"folder": "/not/there"}, "secret", 400),
        (WHOSE, "secret", 400),
        (WHOSE | {"folder": "/", "watcher": "me"}, "secret", 400),
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


def test_one_process_watches_and_its_end_gives_the_function_back(tmp_path: Path) -> None:
    calls: list[Path | None] = []

    async def scene() -> None:
        given_back = asyncio.Event()

        def set_live(_scope: Scope, _name: str, folder: Path | None) -> bool:
            calls.append(folder)
            if folder is None:
                given_back.set()
            return True

        page = LivePage("secret", set_live)
        watcher = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE)
        put = WHOSE | {"folder": str(tmp_path), "watcher": watcher.pid}
        assert [(await page(request(put))).status for _ in range(2)] == [204, 204]
        second = await page(request(put | {"watcher": os.getpid()}))
        assert (second.status, str(watcher.pid).encode() in second.body) == (409, True)
        assert orjson.loads((await page(request(WHOSE, "POST"))).body) == {"watcher": watcher.pid}
        watcher.kill()
        await given_back.wait()
        await watcher.wait()
        assert orjson.loads((await page(request(WHOSE, "POST"))).body) == {"watcher": None}
        assert (await page(request(put | {"watcher": os.getpid()}))).status == 204
        page.close()

    asyncio.run(scene())
    assert calls == [tmp_path, tmp_path, None, tmp_path]
