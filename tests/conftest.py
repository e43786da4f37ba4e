"""What holds for all tests, or for all of some folders."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
REAL = tuple(HERE / name for name in ("e2e", "recorded", "sandbox"))
"""Real clients leave sockets to the garbage collector, which is theirs; what the server leaves is counted there."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Elsewhere an exception that nobody sees fails the test that is running."""
    for item in items:
        if any(folder in item.path.parents for folder in REAL):
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))
