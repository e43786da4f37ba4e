import asyncio
import fcntl
import os
import sys
import termios
from collections.abc import Callable

from lambent.observe.flood import Allowance
from lambent.observe.pipes import Pipes


def frame(message: bytes, ms: int) -> bytes:
    return b"\xa5\x5a\x00\x03" + len(message).to_bytes(4, "big") + (ms * 1000).to_bytes(8, "big") + message


def with_pipes(body: Callable[[Pipes, list[tuple[int, str]]], None], now: float = 100.0) -> list[tuple[int, str]]:
    events: list[tuple[int, str]] = []

    async def run() -> None:
        pipes = Pipes(lambda ms, message: events.append((ms, message)), lambda: now)
        try:
            body(pipes, events)
        finally:
            pipes.close()

    asyncio.run(run())
    return events


def test_stdout_stderr_and_telemetry_keep_their_order() -> None:
    def body(pipes: Pipes, events: list[tuple[int, str]]) -> None:
        os.write(pipes.writers[1], b"out\n")
        os.write(pipes.writers[3], frame(b"framed\nlines", 99_000))
        os.write(pipes.writers[2], b"err\n")
        pipes.drain()
        assert events == [(99_000, "out\n"), (99_000, "framed\nlines"), (100_000, "err\n")]

    with_pipes(body)


def test_a_partial_line_waits_for_the_end_of_the_invocation() -> None:
    def body(pipes: Pipes, events: list[tuple[int, str]]) -> None:
        os.write(pipes.writers[1], b"half")
        pipes.drain()
        assert events == []
        pipes.flush()
        assert events == [(100_000, "half")]

    with_pipes(body)


def test_times_never_fall_and_are_never_ahead() -> None:
    def body(pipes: Pipes, events: list[tuple[int, str]]) -> None:
        os.write(pipes.writers[3], frame(b"late", 90_000) + frame(b"early", 1) + frame(b"ahead", 10**12))
        pipes.drain()

    assert [ms for ms, _ in with_pipes(body)] == sorted(ms for ms, _ in with_pipes(body))
    assert with_pipes(body)[-1][0] == 100_000


def test_a_drain_reads_a_whole_large_pipe_and_no_more_than_that() -> None:
    def body(pipes: Pipes, events: list[tuple[int, str]]) -> None:
        write = pipes.writers[1]
        size = fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 256 << 10)
        os.set_blocking(write, False)
        assert os.write(write, b"1234567\n" * (size // 8)) == size
        pipes.drain()
        assert sum(len(message) for _, message in events) == size

    with_pipes(body)


def test_a_large_pipe_of_nothing_but_ends_of_lines_keeps_nobody_waiting() -> None:
    async def run() -> list[str]:
        said: list[str] = []
        pipes = Pipes(
            lambda _ms, message: said.append(message),
            lambda: 1.0,
            on_dropped=lambda events, size: said.append(f"dropped {events} events, {size} bytes"),
        )
        size = fcntl.fcntl(pipes.writers[1], fcntl.F_SETPIPE_SZ, 256 << 10)
        os.set_blocking(pipes.writers[1], False)
        assert os.write(pipes.writers[1], b"\n" * size) == size
        pipes.drain()
        os.write(pipes.writers[1], b"next\n")
        pipes._allowance = Allowance()
        pipes.drain()
        pipes.close()
        return said

    said = asyncio.run(run())
    assert said == ["\n"] * (64 << 10) + [f"dropped {192 << 10} events, {192 << 10} bytes", "next\n"]


def test_short_lines_are_read_a_few_at_a_time() -> None:
    async def run() -> list[int]:
        pipes = Pipes(lambda _ms, _message: None, lambda: 1.0)
        os.write(pipes.writers[1], b"\n" * (48 << 10))
        left = []
        for _ in range(2):
            pipes._on_readable()
            left.append(int.from_bytes(fcntl.ioctl(pipes._read, termios.FIONREAD, bytes(4)), sys.byteorder))
        pipes.close()
        return left

    assert asyncio.run(run()) == [16 << 10, 14 << 10]


def test_the_loop_reads_without_being_asked() -> None:
    events: list[str] = []

    async def run() -> None:
        seen = asyncio.Event()

        def on_event(_ms: int, message: str) -> None:
            events.append(message)
            seen.set()

        pipes = Pipes(on_event, lambda: 1.0)
        os.write(pipes.writers[1], b"hello\n")
        await asyncio.wait_for(seen.wait(), 5)
        pipes.close()
        pipes.close()

    asyncio.run(run())
    assert events == ["hello\n"]


def test_no_descriptor_is_left() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with_pipes(lambda pipes, events: None)
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_exceeds_the_allowance_is_dropped_in_place_and_counted() -> None:
    async def run() -> list[str]:
        said: list[str] = []
        pipes = Pipes(
            lambda ms, message: said.append(message),
            lambda: 1.0,
            on_dropped=lambda events, size: said.append(f"dropped {events} events, {size} bytes"),
            allowance=Allowance(burst=1000, rate=0),
        )
        for text in (b"a" * 1000, b"b", b"c"):
            os.write(pipes.writers[1], text + b"\n")
            pipes.drain()
        pipes._allowance = Allowance()
        os.write(pipes.writers[1], b"d\n")
        pipes.drain()
        pipes.close()
        return said

    assert asyncio.run(run()) == ["a" * 1000 + "\n", "dropped 2 events, 4 bytes", "d\n"]


def test_a_log_that_is_behind_gets_nothing() -> None:
    async def run() -> list[str]:
        said: list[str] = []
        pipes = Pipes(
            lambda ms, message: said.append(message),
            lambda: 1.0,
            on_dropped=lambda events, size: said.append(f"dropped {events}"),
            behind=lambda: True,
        )
        os.write(pipes.writers[1], b"x\ny\n")
        pipes.close()
        return said

    assert asyncio.run(run()) == ["dropped 2"]


def test_a_real_flood_neither_stops_the_loop_nor_loses_order() -> None:
    """A process that writes as fast as it can."""
    said: list[str] = []
    missing = [0]

    def on_dropped(events: int, size: int) -> None:
        missing[0] += size
        said.append("dropped")

    async def run() -> float:
        loop = asyncio.get_running_loop()
        pipes = Pipes(
            lambda ms, message: said.append(message),
            lambda: 1.0,
            on_dropped=on_dropped,
            allowance=Allowance(burst=4 << 20, rate=1 << 20),
        )
        writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, stdout=pipes.writers[1])
        exited = asyncio.ensure_future(writer.wait())
        longest = 0.0
        while not exited.done():
            before = loop.time()
            await asyncio.sleep(0.001)
            longest = max(longest, loop.time() - before)
        pipes.close()
        return longest

    longest = asyncio.run(run())
    numbers = [int(line) for line in said if line != "dropped"]
    assert numbers == sorted(numbers)
    assert said[-1] == "dropped" or len(numbers) > 10_000
    assert missing[0] > 4 << 20
    assert longest < 0.5


WRITER = """
import os
number = 0
while number < 240_000:  # 24 MB, however slow the machine is
    os.write(1, b"".join(b"%099d\\n" % n for n in range(number, number + 40)))
    number += 40
"""
