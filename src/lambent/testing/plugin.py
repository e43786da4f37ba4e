"""The pytest plugin: fixture `lambent` (one server for the run, its clock moved by hand) and `lambent_env`.

    def test_it(lambent):
        client = lambent.client("lambda")
        ...
        client.invoke(FunctionName="f", InvocationType="Event")
        lambent.advance("3m")     # both retries have happened

`lambent_options` in pytest's configuration holds further options of `lambent up`.
"""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lambent.testing.running import Lambent


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting `lambent_options`."""
    parser.addini("lambent_options", "further options of `lambent up`", default="")


@pytest.fixture(scope="session")
def lambent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Lambent]":
    """A running server with an empty data folder, for all tests of the run."""
    from lambent.testing.running import Lambent

    options = shlex.split(str(request.config.getini("lambent_options")))
    with Lambent(tmp_path_factory.mktemp("lambent"), *options) as running:
        yield running


@pytest.fixture
def lambent_env(lambent: "Lambent", monkeypatch: pytest.MonkeyPatch) -> "Lambent":
    """The same, found by every AWS SDK of this process: the variables are set for one test."""
    for name, value in lambent.environment.items():
        monkeypatch.setenv(name, value)
    return lambent
