"""The package that evaluates JSONata lets Python call deeper when it is imported: only in its own tests."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def deep_calls() -> Iterator[None]:
    before = sys.getrecursionlimit()
    import jsonata  # noqa: F401

    sys.setrecursionlimit(10_000)
    yield
    sys.setrecursionlimit(before)
