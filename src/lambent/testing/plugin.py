"""The pytest plugin: fixture `lambent` (one server for the run, its clock moved by hand; an empty account of its own
for each test) and `lambent_env`. With pytest-xdist each worker has a server of its own.

    def test_it(lambent):
        client = lambent.client("lambda")
        ...
        client.invoke(FunctionName="f", InvocationType="Event")
        lambent.advance("3m")     # both retries have happened

`lambent_options` in pytest's configuration holds further options of `lambent up`.
"""

import shlex
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lambent.testing.running import Lambent


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting `lambent_options`."""
    parser.addini("lambent_options", "further options of `lambent up`", default="")


@pytest.fixture(scope="session")
def lambent_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Lambent]":
    """A running server with an empty data folder, for all tests of the run. For fixtures that several tests share:
    the tests that use `lambent` see nothing of what is made in its account."""
    from lambent.testing.running import Lambent

    options = shlex.split(str(request.config.getini("lambent_options")))
    folder = tmp_path_factory.mktemp("lambent")
    with Lambent(folder, *options) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lambent(lambent_server: "Lambent") -> "Iterator[Lambent]":
    """That server, as an account in which there is nothing yet. Clock and findings are those of the run."""
    before = lambent_server.account
    lambent_server.reset()
    yield lambent_server
    lambent_server.recycle()
    lambent_server.account = before


@pytest.fixture
def lambent_env(lambent: "Lambent", monkeypatch: pytest.MonkeyPatch) -> "Lambent":
    """The same, found by every AWS SDK of this process: the variables are set for one test."""
    for name, value in lambent.environment.items():
        monkeypatch.setenv(name, value)
    return lambent
