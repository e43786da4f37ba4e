"""One key for all of them: making one takes long."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sns_kit import Scene, play, signer


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory):
    return signer(str(tmp_path_factory.mktemp("keys")))


@pytest.fixture
def stage(tmp_path: Path, keys) -> Callable[[Scene], None]:
    return lambda scene: play(tmp_path, scene, keys)
