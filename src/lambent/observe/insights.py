"""Runs one query of Logs Insights over log files, in a process of its own: a query over gigabytes must keep nobody
waiting. A job comes as JSON on stdin, the answer goes as JSON to stdout.

Of each stream a range of whole lines is read (`observe.logfile` says what a line is). Where the query names texts that
a message must hold, only lines that hold them are decoded.
"""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from lambent.engine.insights.clustering import TooManyPatterns
from lambent.engine.insights.fields import LogEvent, Source
from lambent.engine.insights.functions import TextTooLong
from lambent.engine.insights.needles import needles, newest
from lambent.engine.insights.reading import read
from lambent.engine.insights.running import Counted, TooManyGroups, run

CHUNK = 4 << 20
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


def events(job: Job, wanted: list[bytes], counted: Counted, most: int | None = None) -> Iterator[LogEvent]:
    """The events of all streams that are in one of the `periods`; those that can't be wanted are only counted. With
    `most` only so many of each stream are wanted, the newest, which come first."""
    for said in job["streams"]:
        source = Source(said["account"], said["group"], said["stream"])
        try:
            with Path(said["path"]).open("rb") as file:
                if most is None:
                    lines = _lines(file, said["start"], said["end"], wanted, counted)
                else:
                    lines = _backwards(file, said["start"], said["end"])
                found = (_event(line, offset, source) for line, offset in lines)
                yield from islice((one for one in found if one and _within(job["periods"], one.timestamp)), most)
                if most is not None:
                    _count(file, said["start"], next(lines, (b"", said["start"])), counted)
        except FileNotFoundError:
            continue  # deleted meanwhile


def _event(line: bytes, offset: int, source: Source) -> LogEvent | None:
    try:
        timestamp, ingested, message = orjson.loads(line)
    except (ValueError, TypeError):
        return None
    return LogEvent(timestamp, ingested, message, offset, source)


def _within(periods: list[tuple[int, int]], timestamp: int) -> bool:
    return any(start <= timestamp < end for start, end in periods)


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


def _lines(file: BinaryIO, offset: int, end: int, wanted: list[bytes], counted: Counted) -> Iterator[tuple[bytes, int]]:
    """Lines that may be wanted, and where they stand."""
    file.seek(offset)
    rest = b""
    while offset + len(rest) < end:
        data = rest + file.read(min(CHUNK, end - offset - len(rest)))
        cut = data.rfind(b"\n") + 1
        if len(data) == len(rest):
            return
        if cut:
            yield from _candidates(data[:cut], offset, wanted, counted)
        rest, offset = data[cut:], offset + cut


def _candidates(data: bytes, offset: int, wanted: list[bytes], counted: Counted) -> Iterator[tuple[bytes, int]]:
    if not wanted or ESCAPED in data:
        for line in data.split(b"\n")[:-1]:
            yield line, offset
            offset += len(line) + 1
        return
    first, *others = wanted
    at, passed = data.find(first), 0
    while at >= 0:
        start, stop = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        line = data[start:stop]
        if all(one in line for one in others):
            counted.scanned += data.count(b"\n", passed, start)
            counted.bytes += start - passed
            passed = stop + 1
            yield line, offset + start
        at = data.find(first, stop)
    counted.scanned += data.count(b"\n", passed)
    counted.bytes += len(data) - passed


def answer(job: Job) -> dict[str, Any]:
    """The rows and the figures, or the reason why there are none."""
    query, counted = read(job["query"]), Counted()
    wanted = [needle.encode() for needle in needles(query)]
    try:
        found = events(job, wanted, counted, newest(query, job["limit"]))
        rows = run(query, found, job["limit"], counted, job["periods"][0][0])
    except (TooManyGroups, TooManyPatterns, TextTooLong) as error:
        return {"error": str(error)}
    except (RecursionError, ArithmeticError, ValueError) as error:
        return {"error": f"the query can't be run: {error}"}
    except MemoryError:
        return {"error": "the query needs more memory than it may have"}
    figures = {"recordsMatched": counted.matched, "recordsScanned": counted.scanned, "bytesScanned": counted.bytes}
    return {"rows": rows, "figures": figures}


def memory_of(machine: int, at_once: int) -> int:
    """What each of so many queries may take on a machine with so many bytes."""
    return min(max(machine // 4 // at_once, LEAST_BYTES), MEMORY_BYTES)


def main() -> None:
    """The argument: how many run at once at most. Ends with the process that began it, and after `SECONDS` at the
    latest."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
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
