"""What functions read the time on."""

import asyncio
import struct
from pathlib import Path

from lambent.clock import ManualClock, make
from lambent.environments.clock_dial import LAYOUT, Dial


def read(path: Path) -> tuple[float, int, int]:
    scale, monotonic_ns, wall_ns = struct.unpack(LAYOUT, path.read_bytes())
    return scale, monotonic_ns, wall_ns


def test_a_scaled_clock_is_written_once(tmp_path: Path) -> None:
    clock = make("real", 60)
    dial = Dial(tmp_path / "dial", clock)
    course = clock.course()
    assert read(dial.path) == (60.0, course.monotonic_ns, course.wall_ns)
    dial.close()


def test_a_moved_clock_is_read_as_it_stands_at_each_moment(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock(1_000.5)
        dial = Dial(tmp_path / "dial", clock)
        seen = [read(dial.path)]
        clock.call_at(60, lambda: seen.append(read(dial.path)))
        await clock.advance(3600)
        seen.append(read(dial.path))
        assert seen == [(0.0, 0, 1_000_500_000_000), (0.0, 0, 1_060_500_000_000), (0.0, 0, 4_600_500_000_000)]
        dial.close()
        await clock.advance(1)
        assert read(dial.path) == seen[-1]

    asyncio.run(scene())


def test_the_dial_of_an_earlier_server_is_replaced_and_not_written_to(tmp_path: Path) -> None:
    first = Dial(tmp_path / "dial", ManualClock(1.0))
    held = first.path.open("rb")
    second = Dial(tmp_path / "dial", ManualClock(2.0))
    assert read(second.path)[2] == 2_000_000_000
    assert struct.unpack(LAYOUT, held.read())[2] == 1_000_000_000
    assert second.path.stat().st_mode & 0o777 == 0o444
    held.close()
    first.close()
    second.close()
