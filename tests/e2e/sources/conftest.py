"""One world for all tests of event sources."""

import pytest

from tests.e2e.conftest import Server
from tests.e2e.sources.world import World


@pytest.fixture(scope="session")
def world(server: Server) -> World:
    return World(server)
