"""What requests name is not connected to by the server, as docs/isolation.md has it."""

import contextlib
import http.client
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from tests.e2e.conftest import Server, start
from tests.e2e.user import as_user
from tools.deputies import DOORS, HOSTS, http_api

REDIRECT = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
LISTED = {
    "SNS, a subscriber on the web": "http",
    "Lambda, an image of a registry": "http",
    "REST API, integration of the web": "http",
    "HTTP API, a JWT authorizer's issuer": "https",
    "EventBridge, an API destination": "https",
    "EventBridge, where a connection gets its token": "https",
}
"""Doors that lead to what is listed, and how they ask."""


@dataclass
class Trap:
    """A socket of this machine's, on all its addresses, that notes what it is sent."""

    answer: str = ""
    came: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.door = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.door.accept()
                with connection:
                    connection.settimeout(2)
                    self.came.append(connection.recv(4096))
                    connection.sendall(self.answer.encode())


@pytest.fixture(scope="module")
def redirecting() -> Iterator[tuple[Trap, Trap]]:
    """What is listed, and redirects to what is not."""
    trap = Trap()
    listed = Trap(REDIRECT.format(trap.port))
    yield listed, trap
    trap.door.close()
    listed.door.close()


@pytest.fixture(scope="module", params=["root", "user"])
def deputy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, redirecting: tuple[Trap, Trap]
) -> Iterator[Server]:
    """A server of root's or of an ordinary user's, that may reach one port of this machine."""
    if request.param == "root" and os.getuid() != 0:
        pytest.skip("needs root")
    reach = {"LAMBENT_REACH": f"127.0.0.1:{redirecting[0].port}"}
    if request.param == "root":
        server = start(tmp_path_factory.mktemp("deputy") / "data", env=reach)
    else:
        home = request.getfixturevalue("user_home")
        how = as_user(home)
        server = start(home / "data-deputy", **{**how, "env": how["env"] | reach})
    yield server
    assert server.stop() == 0, "".join(server.output)
    shutil.rmtree(server.data_dir)


@dataclass
class Asks:
    """A client of the server's APIs."""

    server: Server

    def __call__(self, api: str, path: str, headers: Mapping[str, str]) -> int:
        connection = http.client.HTTPConnection(self.server.endpoint.removeprefix("http://"), timeout=60)
        connection.request("GET", path, headers={"Host": f"{api}.execute-api.us-east-1.amazonaws.com", **headers})
        status = connection.getresponse().status
        connection.close()
        return status


@pytest.mark.parametrize("name", DOORS)
def test_no_door_leads_to_this_machine(deputy: Server, redirecting: tuple[Trap, Trap], name: str) -> None:
    _, trap = redirecting
    open_it, _ = DOORS[name]
    for host in HOSTS:
        for scheme in ("http", "https"):
            url = f"{scheme}://{host.format(name=socket.gethostname())}:{trap.port}/"
            open_it(deputy.client, Asks(deputy), url)
    time.sleep(0.3)  # for what is sent later
    assert trap.came == []


def test_what_is_listed_is_reached_and_its_redirect_is_not_followed(
    deputy: Server, redirecting: tuple[Trap, Trap]
) -> None:
    listed, trap = redirecting
    before = len(listed.came)
    http_api(deputy.client, Asks(deputy), f"http://127.0.0.1:{listed.port}/")
    assert len(listed.came) == before + 1
    for name, scheme in LISTED.items():
        before = len(listed.came)
        DOORS[name][0](deputy.client, Asks(deputy), f"{scheme}://127.0.0.1:{listed.port}/")
        deadline = time.monotonic() + 10
        while len(listed.came) == before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(listed.came) > before, name
    assert trap.came == []
