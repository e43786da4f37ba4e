"""A real server for the replays, an account of its own for each; and one where nothing happens by itself."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambent.runtimes import interpreters
from tests.e2e.conftest import Server, start
from tests.recorded.held import Held
from tests.recorded.recordings import gaps_of
from tests.recorded.replaying import Endpoint, Said

DELAY = "0.1"
"""Changes last as on AWS, only shorter."""
_ACCOUNTS = itertools.count(200_000_000_000)

PYTHON = {"LAMBENT_HOST_PROGRAMS": "shown"}
"""Custom runtimes are replayed in Python, which Amazon Linux has not."""


def runtime_map() -> str:
    """Recorded Python runtimes that this machine lacks run on the Python of the tests."""
    here = f"3.{sys.version_info.minor}"
    lacking = [f"python3.{minor}={here}" for minor in range(8, 15) if f"3.{minor}" not in interpreters.find()]
    return ",".join(lacking)


@pytest.fixture(scope="session")
def recorded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all the replays."""
    env = {"LAMBENT_RUNTIME_MAP": runtime_map(), "LAMBENT_STATE_DELAY": DELAY, **PYTHON}
    running = start(tmp_path_factory.mktemp("recorded"), env=env)
    yield running
    assert running.stop() == 0, "".join(running.output)


def _wait(endpoint: Endpoint, name: str, qualifier: str | None) -> None:
    asked = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
    waiter = {"Delay": 0.02, "MaxAttempts": 4500}  # a runtime that is not there yet is fetched first
    for what in ("function_active_v2", "function_updated_v2"):
        endpoint.lambda_.get_waiter(what).wait(**asked, WaiterConfig=waiter)


@pytest.fixture
def aws(recorded_server: Server) -> Iterator[Endpoint]:
    """The server, as an account that nobody used before."""
    yield from account(recorded_server)


def account(server: Server) -> Iterator[Endpoint]:
    """A server as an account that nobody used before; its functions are deleted afterwards."""
    endpoint = Endpoint(server.endpoint, str(next(_ACCOUNTS)), _wait)
    yield endpoint
    for page in endpoint.lambda_.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            endpoint.lambda_.delete_function(FunctionName=function["FunctionName"])


@pytest.fixture
def held_plane(tmp_path: Path) -> Iterator[Held]:
    """A control plane where what is under way stays so until it is settled."""
    plane = Held(tmp_path)
    yield plane
    plane.close()


@pytest.fixture
def held(held_plane: Held) -> Endpoint:
    """That plane, as an account."""
    return held_plane.endpoint("123456789012")


@pytest.fixture
def said(recorded: str, request: pytest.FixtureRequest) -> Iterator[Said]:
    """Compares with the recorded test that is replayed."""
    where: Any = "held" if "held" in request.fixturenames else "aws"
    comparing = Said(recorded, request.getfixturevalue(where))
    yield comparing
    comparing.close(failed=request.node.stash.get(FAILED, False))


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """A replay of what is a gap as a whole has to fail; `said` is told of one that failed otherwise."""
    recorded = getattr(pyfuncitem, "callspec", None) and pyfuncitem.callspec.params.get("recorded")
    whole = bool(recorded) and any(not gap.key for gap in gaps_of(str(recorded)))
    try:
        result = yield
    except Exception:
        pyfuncitem.stash[FAILED] = True
        if whole:
            return True
        raise
    assert not whole, f"no gap any more: {recorded}"
    return result
