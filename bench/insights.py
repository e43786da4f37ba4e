"""`python -m bench.insights [--mb N] [KIND…]`: what a query of Logs Insights takes for a gigabyte of logs, by kind.

No server: the process of a query is what a server begins (`observe.insights`), on a file made here. Seconds of
processor time, user and system, of that process and its own; the wall clock's beside them. How many times as much it is
as to read each line as JSON, measured before and behind, is the same on a busy machine as on an idle one.
"""

import argparse
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from typing import Any

import orjson

from lambent.observe.logfile import LogFile

START = 1_790_000_000_000
MS = 40
"""Between two lines."""
BLOCK = 20_000
SEED = 17
QUERIES = {
    "newest": "fields @timestamp, @message | sort @timestamp desc | limit 20",
    "text": "filter @message like /payment refused/ | stats count(*) by bin(5m)",
    "equal": 'filter event = "pdf_scan_start" | stats count() by bin(5m)',
    "bins": "stats count(*) by bin(5m)",
    "reports": 'filter @type = "REPORT" | stats avg(@duration), max(@maxMemoryUsed), pct(@duration, 99) by bin(5m)',
    "level": "stats count(*) by level",
    "json": "stats avg(latency), max(latency), pct(latency, 99) by service",
    "nested": "stats avg(http.status) as status, count(*) by http.path, bin(1h)",
    "number": "filter latency > 990 | fields @timestamp, service, latency | sort latency desc | limit 20",
    "glob": 'parse @message "took * ms for *" as took, who | stats avg(took), count(*) by who',
    "regex": "parse @message /took (?<took>\\d+) ms/ | stats sum(took), max(took) by bin(5m)",
    "unlike": "filter @message not like /took/ | stats count(*) by bin(5m)",
    "sorted": "fields @timestamp, latency, service | sort latency desc | limit 20",
    "dedup": "fields @timestamp, level, service | dedup level, service",
}


def messages() -> Iterator[str]:
    """Without end: two lines of JSON, one of text and one of Lambda's in each four, 230 bytes as they are kept."""
    chance = random.Random(SEED)
    while True:
        request = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        took = chance.randrange(1_000)
        said: dict[str, Any] = {
            "level": chance.choice(("INFO", "INFO", "INFO", "WARN", "ERROR")),
            "message": chance.choice(
                ("payment accepted", "payment refused") if took < 10 else ("order taken", "mail sent")
            ),
            "event": "pdf_scan_start" if took == 17 else "step",
            "service": f"service-{took % 12}",
            "latency": took,
            "http": {"path": f"/orders/{took % 7}", "status": 500 if took > 990 else 200},
            "requestId": request,
        }
        yield orjson.dumps(said).decode()
        rest = f"for customer-{took % 9}, the rest is said {'again ' * 14}"
        yield f"[INFO]\t2026-09-21T14:13:20.000Z\t{request}\ttook {took} ms {rest}\n"
        yield orjson.dumps(said | {"latency": took / 7, "cold_start": took % 2 == 0}).decode()
        yield (
            f"REPORT RequestId: {request}\tDuration: {took + 0.25} ms\tBilled Duration: {took + 1} ms\t"
            f"Memory Size: 512 MB\tMax Memory Used: {60 + took % 40} MB\t\n"
        )


def written(path: Path, size: int) -> int:
    """A stream's file of about so many bytes; its lines."""
    file, said, number = LogFile(path), messages(), 0
    while file.size < size:
        events = [(START + (number + place) * MS, next(said)) for place in range(BLOCK)]
        file.append(events, START + number * MS)
        number += BLOCK
    return number


def each(path: Path) -> float:
    """Seconds of a processor that reading each line takes, with nothing done about it."""
    with path.open("rb") as file:
        began = time.process_time()
        for line in file:
            orjson.loads(line)
        return time.process_time() - began


def measured(query: str, path: Path) -> tuple[float, float, int]:
    """Seconds of processors, seconds, and rows of the answer."""
    stream = {
        "account": "111111111111",
        "group": "g",
        "stream": "s",
        "path": str(path),
        "start": 0,
        "end": path.stat().st_size,
    }
    job = {"query": query, "periods": [(START, START + 10**12)], "limit": 10_000, "streams": [stream]}
    before, began = os.times(), time.monotonic()
    done = run(
        [sys.executable, "-m", "lambent.observe.insights", "1"],
        input=orjson.dumps(job),
        capture_output=True,
        check=True,
    )
    took, after = time.monotonic() - began, os.times()
    answer = orjson.loads(done.stdout)
    if "error" in answer:
        raise SystemExit(answer["error"])
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return spent, took, len(answer["rows"])


def main() -> None:
    """Print a line for each kind, behind one that tells how quick the machine is."""
    parser = argparse.ArgumentParser(prog="bench.insights", description=__doc__)
    parser.add_argument("--mb", type=int, default=256, help="of logs")
    parser.add_argument("kinds", nargs="*", choices=[[], *QUERIES], help="all without any")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "stream.log")
        lines = written(path, asked.mb << 20)
        factor = 1e9 / path.stat().st_size
        print(f"{path.stat().st_size / lines:.0f} bytes a line; for 1 GB:")
        print("         seconds of processors, by the clock, those of reading each line as JSON, times as many")
        for kind in asked.kinds or QUERIES:
            before = each(path)
            spent, took, rows = measured(QUERIES[kind], path)
            read = (before + each(path)) / 2
            figures = f"{spent * factor:6.1f} {took * factor:6.1f} {read * factor:6.1f} {spent / read:6.2f}"
            print(f"{kind:8} {figures}   {QUERIES[kind]}   ({rows} rows)", flush=True)


if __name__ == "__main__":
    main()
