"""Runs one query of Logs Insights over log files, in a process of its own: a query over gigabytes must keep nobody
waiting. A job comes as JSON on stdin, the answer goes as JSON to stdout.

Of each stream a range of whole lines is read (`observe.logfile` says what a line is). Where the query names texts that
a message must hold, only lines that hold them are decoded.
"""

import ctypes
import functools
import gc
import os
import resource
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import accumulate, compress, islice, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from lambent.engine.insights.clustering import TooManyPatterns
from lambent.engine.insights.events import Events
from lambent.engine.insights.fields import Source
from lambent.engine.insights.functions import TextTooLong
from lambent.engine.insights.holding import TooManyGroups
from lambent.engine.insights.needles import needles, newest
from lambent.engine.insights.reading import read
from lambent.engine.insights.running import BATCH, Counted, Run

CHUNK = 4 << 20
BLOCK = 256 << 10
"""Bytes of lines that are read at once: what is made of them fits into a processor's cache."""
PART = 16 << 20
"""Bytes that one of several processes goes through before it tells what it found."""
WORKERS = 4
"""Of a query at most, and no more than there are processors."""
BACK = 1 << 20
LEAST_BYTES, MEMORY_BYTES = 512 << 20, 4 << 30
"""Of addresses: a quarter of what the machine has is shared by all that run; a query that needs more fails."""
ANSWER_BYTES = 64 << 20
"""Of the rows of an answer, as JSON: they are held by the server."""
SECONDS = 900
"""What a query may take."""
PR_SET_PDEATHSIG = 1
ESCAPED = b"\\\\u"
"""Letters that are written by their numbers in a message's JSON: a text can be there unseen."""

Job = dict[str, Any]
Periods = list[tuple[int, int]]


def backwards(said: Job, periods: Periods, most: int, counted: Counted) -> Iterator[Events]:
    """The newest events of a stream, so many of them, the last one first; the others are only counted."""
    source = Source(said["account"], said["group"], said["stream"])
    with suppress(FileNotFoundError), Path(said["path"]).open("rb") as file:  # deleted meanwhile
        lines = _backwards(file, said["start"], said["end"])
        left = most
        while left > 0 and (some := list(islice(lines, min(left, BATCH)))):
            found = _within(periods, Events.of_lines([line for line, _ in some], [at for _, at in some], source))
            left -= len(found.times)
            yield found
        _count(file, said["start"], next(lines, (b"", said["start"])), counted)


def forwards(said: Job, periods: Periods, wanted: list[bytes], counted: Counted) -> Iterator[Events]:
    """The events of a stream; those that can't be wanted are only counted."""
    source = Source(said["account"], said["group"], said["stream"])
    with suppress(FileNotFoundError), Path(said["path"]).open("rb") as file:  # deleted meanwhile
        for data, offset in _blocks(file, said["start"], said["end"], CHUNK if wanted else BLOCK):
            if not wanted:
                yield _within(periods, Events.of_block(data, offset, source))
                continue
            lines, offsets = _candidates(data, offset, wanted, counted)
            for at in range(0, len(lines), BATCH):
                found = Events.of_lines(lines[at : at + BATCH], offsets[at : at + BATCH], source)
                yield _within(periods, found)


def _within(periods: Periods, events: Events) -> Events:
    times = events.times
    if not times or any(start <= min(times) and max(times) < end for start, end in periods):
        return events
    wanted = [any(start <= at < end for start, end in periods) for at in times]
    return events.each(lambda values: list(compress(values, wanted)))


def _backwards(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines, the last one first, and where they stand."""
    rest = b""
    while end > start:
        length = min(BACK, end - start)
        end -= length
        file.seek(end)
        data = file.read(length) + rest
        first = data.find(b"\n") + 1 if end > start else 0
        offset = end + len(data)
        for line in reversed(data[first:].split(b"\n")[:-1]):
            offset -= len(line) + 1
            yield line, offset
        rest = data[:first]


def _count(file: BinaryIO, start: int, left: tuple[bytes, int], counted: Counted) -> None:
    """The lines that were not read: `left` is the last of them."""
    end = left[1] + len(left[0]) + 1 if left[0] else start
    file.seek(start)
    while (size := min(CHUNK, end - file.tell())) > 0:
        many = file.read(size).count(b"\n")
        counted.scanned += many
        counted.matched += many
    counted.bytes += end - start


def _blocks(file: BinaryIO, offset: int, end: int, size: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines, about `size` bytes of them at a time, and where they stand."""
    file.seek(offset)
    rest = b""
    while offset + len(rest) < end:
        data = rest + file.read(min(size, end - offset - len(rest)))
        cut = data.rfind(b"\n") + 1
        if len(data) == len(rest):
            return
        if cut:
            yield data[:cut], offset
        rest, offset = data[cut:], offset + cut


def _candidates(data: bytes, offset: int, wanted: list[bytes], counted: Counted) -> tuple[list[bytes], list[int]]:
    """The lines that hold all that is wanted, and where they stand; the others are only counted."""
    if ESCAPED in data:
        lines = data.splitlines()  # JSON has no raw carriage return either
        return lines, list(accumulate((len(line) + 1 for line in lines[:-1]), initial=offset))
    lines, offsets = _with(data, offset, wanted[0])
    for other in wanted[1:]:
        chosen = [other in line for line in lines]
        lines, offsets = list(compress(lines, chosen)), list(compress(offsets, chosen))
    counted.scanned += data.count(b"\n") - len(lines)
    counted.bytes += len(data) - sum(map(len, lines)) - len(lines)
    return lines, offsets


def _with(data: bytes, offset: int, wanted: bytes) -> tuple[list[bytes], list[int]]:
    """The lines that hold a text."""
    lines, offsets, find, before = [], [], data.find, data.rfind
    at = find(wanted)
    while at >= 0:
        start, stop = before(b"\n", 0, at) + 1, find(b"\n", at)
        lines.append(data[start:stop])
        offsets.append(offset + start)
        at = find(wanted, stop)
    return lines, offsets


def parts_of(job: Job) -> list[Job]:
    """Ranges of whole lines, the first ones of a stream first."""
    found = []
    for said in job["streams"]:
        with suppress(FileNotFoundError), Path(said["path"]).open("rb") as file:
            start = said["start"]
            while start < said["end"]:
                file.seek(min(start + PART, said["end"]) - 1)
                file.readline()
                end = min(max(file.tell(), start + 1), said["end"])
                found.append({**said, "start": start, "end": end})
                start = end
    return found


def _part(job: Job, parts: list[Job]) -> Run:
    """The query when it has seen some parts."""
    query = read(job["query"])
    running = Run(query, job["limit"], since=job["periods"][0][0])
    wanted = sorted((needle.encode() for needle in needles(query)), key=len, reverse=True)
    for said in parts:
        for events in forwards(said, job["periods"], wanted, running.counted):
            running.add(events)
    return running


def _state(job: Job, part: Job) -> tuple[Counted, Any]:
    """What another process finds in a part."""
    return _part(job, [part]).state()


def _gone_through(job: Job) -> Run:
    """The query when it has seen everything."""
    query = read(job["query"])
    running, most = Run(query, job["limit"], since=job["periods"][0][0]), newest(query, job["limit"])
    if most is not None:
        for said in job["streams"]:
            for events in backwards(said, job["periods"], most, running.counted):
                running.add(events)
        return running
    parts, workers = parts_of(job), min(len(os.sched_getaffinity(0)), WORKERS)
    if workers < 2 or len(parts) < 2 or not running.in_parts:
        return _part(job, parts)
    begin = functools.partial(_begin_part, workers)
    with ProcessPoolExecutor(min(workers, len(parts)), get_context("fork"), begin) as pool:
        for state in pool.map(_state, repeat(job), parts):
            running.merge(state)
    return running


def answer(job: Job) -> dict[str, Any]:
    """The rows and the figures, or the reason why there are none."""
    try:
        running = _gone_through(job)
        rows = running.rows()
    except (TooManyGroups, TooManyPatterns, TextTooLong) as error:
        return {"error": str(error)}
    except (RecursionError, ArithmeticError, ValueError) as error:
        return {"error": f"the query can't be run: {error}"}
    except (MemoryError, BrokenProcessPool):
        return {"error": "the query needs more memory than it may have"}
    counted = running.counted
    figures = {"recordsMatched": counted.matched, "recordsScanned": counted.scanned, "bytesScanned": counted.bytes}
    return {"rows": rows, "figures": figures}


def _begin_part(workers: int) -> None:
    """A process that goes through parts: all of them together may take as much memory as the one that began them."""
    end_with_parent()
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        most = max(most // workers, LEAST_BYTES)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def end_with_parent() -> None:
    """This process is killed when the one that began it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def memory_of(machine: int, at_once: int) -> int:
    """What each of so many queries may take on a machine with so many bytes."""
    return min(max(machine // 4 // at_once, LEAST_BYTES), MEMORY_BYTES)


def main() -> None:
    """The argument: how many run at once at most. Ends with the process that began it, and after `SECONDS` at the
    latest."""
    end_with_parent()
    gc.disable()  # nothing that is made here is a circle
    os.nice(10)
    signal.alarm(SECONDS)
    most = memory_of(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    said = orjson.dumps(answer(orjson.loads(sys.stdin.buffer.read())))
    if len(said) > ANSWER_BYTES:
        said = orjson.dumps({"error": f"the query answers more than {ANSWER_BYTES >> 20} MB"})
    sys.stdout.buffer.write(said)


if __name__ == "__main__":
    main()
