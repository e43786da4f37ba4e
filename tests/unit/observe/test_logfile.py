import resource
import signal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambent.observe.logfile import LogFile


def messages(file: LogFile, offset: int = 0, chunk: int = 64) -> list[str]:
    return [event.message for event in file.forward(offset, chunk)]


def test_what_is_appended_is_read_both_ways(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "deep" / "a.jsonl")
    file.append([(1, "one\ntwo"), (2, "three")], 5)
    file.append([(3, "x" * 500)], 6)
    assert messages(file) == ["one\ntwo", "three", "x" * 500]
    assert [event.message for event in file.backward(file.size, 16)] == ["x" * 500, "three", "one\ntwo"]
    again = LogFile(file.path)
    assert again.size == file.size
    assert (again.first, again.last, again.ingested) == (1, 3, 6)


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.jsonl")
    file.append([(1, "whole")], 5)
    with file.path.open("ab") as out:
        out.write(b'[2,5,"torn')
    again = LogFile(file.path)
    again.append([(3, "next")], 6)
    assert messages(again) == ["whole", "next"]
    assert messages(LogFile(file.path)) == ["whole", "next"]


def test_a_file_that_is_one_torn_line_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"x" * 200_000)
    assert LogFile(tmp_path / "a.jsonl").size == 0


def test_times_that_fall_are_raised(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.jsonl")
    file.append([(10, "a")], 0)
    file.append([(5, "b"), (11, "c")], 0)
    assert [event.timestamp for event in file.forward(0)] == [10, 10, 11]


def test_an_insert_stands_where_it_belongs(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.jsonl")
    file.insert([(10, "a"), (20, "c")], 0)
    file.insert([(10, "b"), (30, "d")], 1)
    file.insert([(1, "first")], 2)
    assert messages(file) == ["first", "a", "b", "c", "d"]
    assert (file.size, file.first, file.last) == (file.path.stat().st_size, 1, 30)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(-1, 52), st.integers(1, 300))
def test_seek_finds_the_first_event_at_a_time(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], wanted: int, width: int
) -> None:
    file = LogFile(tmp_path_factory.mktemp("log") / "a.jsonl")
    file.append([(time, "m" * width * 40) for time in sorted(times)], 0)
    found = [event.timestamp for event in file.forward(file.seek(wanted))]
    assert found == [time for time in sorted(times) if time >= wanted]


def test_a_failed_append_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.jsonl")
    file.append([(1, "a")], 0)
    size = file.size
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(OSError, match="directory"):
        file.append([(2, "b")], 0)
    assert file.size == size


def test_lone_surrogates_are_replaced(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.jsonl")
    file.append([(1, "a\ud800")], 0)
    assert messages(file) == ["a?"]


def test_a_disk_that_fills_up_midway_leaves_no_half_line(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands in for the full disk: the write stops short, then fails."""
    file = LogFile(tmp_path / "a.jsonl")
    file.append([(1, "a")], 0)
    size = file.size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            file.append([(2, "b" * 100)], 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert file.path.stat().st_size == size
    file.append([(3, "c")], 0)
    assert messages(file) == ["a", "c"]
