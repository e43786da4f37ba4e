from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from plane import Plane, play


@pytest.fixture
def stage(tmp_path: Path) -> Callable[[Callable[[Plane], Awaitable[None]]], None]:
    """Plays one scene on a fresh control plane."""
    return lambda scene: play(tmp_path, scene)
