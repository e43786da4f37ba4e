"""How a Python process reads the dial."""

import importlib.util
import struct
import time
from pathlib import Path
from types import ModuleType

import pytest

from lambent.runtimes import told_time


@pytest.fixture
def inside() -> ModuleType:
    """The module that runs in functions' processes."""
    spec = importlib.util.spec_from_file_location(told_time.MODULE, told_time._CHECK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_clock_that_stands_is_read_where_it_was_moved_to(inside: ModuleType, tmp_path: Path) -> None:
    dial = tmp_path / "dial"
    dial.write_bytes(struct.pack("dqq", 0.0, 0, 1_000))
    read = inside.reader(str(dial))
    assert read() == 1_000
    with dial.open("r+b") as file:
        file.seek(16)
        file.write(struct.pack("q", 2_000))
    assert read() == 2_000


def test_a_scaled_one_goes_by_the_monotonic_clock(
    inside: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 7_000
    monkeypatch.setattr(time, "monotonic_ns", lambda: now)
    dial = tmp_path / "dial"
    dial.write_bytes(struct.pack("dqq", 60.0, 7_000, 1_000_000))
    read = inside.reader(str(dial))
    assert read() == 1_000_000
    now = 7_010
    assert read() == 1_000_600


def test_what_time_machine_imports_for_tests_is_left_as_it_was(inside: ModuleType, tmp_path: Path) -> None:
    import sys
    import unittest

    (tmp_path / "time_machine.py").write_text("import beside, unittest\ntests = unittest.TestCase\n")
    (tmp_path / "beside.py").write_text("")
    before = dict(sys.modules)
    try:
        machine = inside._import(str(tmp_path))
        assert machine.tests is object
        assert sys.modules["unittest"] is unittest and "beside" not in sys.modules
        assert sys.modules["pytest"] is pytest and str(tmp_path) not in sys.path
    finally:
        sys.modules.pop("time_machine", None)
    assert set(sys.modules) <= set(before) | {"time_machine"}
