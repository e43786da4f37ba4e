"""The custom runtimes here are written in Python, which Amazon Linux has not: their server shows this machine's."""

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Server, start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start(tmp_path_factory.mktemp("data"), env={"LAMBENT_HOST_PROGRAMS": "shown"})
    yield running
    assert running.stop() == 0, "".join(running.output)
