"""A query over files: in parts, in other processes, over damaged lines."""

import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from lambent.engine.insights.fields import LogEvent, Source
from lambent.engine.insights.reading import read
from lambent.engine.insights.running import run
from lambent.observe import insights

START = 1_790_000_000_000
QUERIES = [
    "stats count(*) by bin(1m)",
    "stats count(), avg(n), stddev(n), min(n), max(n), sum(n) by kind",
    "stats pct(n, 90), median(n), count_distinct(kind), earliest(n), latest(n), sortsFirst(kind), sortsLast(kind)",
    "stats count(*) by kind, bin(5m) | sort kind desc, n | limit 3",
    "fields n, kind | sort n desc | limit 7",
    "sort kind desc, n asc | limit 5",
    "filter kind = 'k3' and n > 10 | fields n",
    "filter n < 20 | limit 3",
    "dedup kind | fields kind, n",
    "stats latest(n) as last, earliest(n), count(n) by list.1",
    "filter n > 30 | fields n, kind, at.hour | sort at.hour, n desc | limit 4",
    "sort n | dedup kind | fields n, kind",
    "parse @message 'took * ms' as took | filter ispresent(took) | stats sum(took), count(took) as c",
    "parse @message /took (?<took>\\d+) ms/ | stats max(took) by kind",
    "unnest list into one | stats count(*) by one",
    "pattern @message",
    "filter kind like /3|5/ or n = '7' | stats count(*) as many by kind | filter many > 2",
]


def messages() -> list[str]:
    found = []
    for number in range(400):
        said = {"n": number % 37, "kind": f"k{number % 7}", "list": ["a", f"b{number % 3}"], "text": "é"}
        said |= {"at": {"hour": number % 24}} if number % 3 else {"n": None}
        found.append(f"took {number} ms" if number % 5 == 0 else orjson.dumps(said).decode())
    return found


def job(tmp_path: Path, query: str, lines: list[bytes]) -> dict[str, Any]:
    path = tmp_path / "stream.log"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    said = {"account": "111111111111", "group": "g", "stream": "s", "path": str(path), "start": 0}
    streams = [{**said, "end": path.stat().st_size}]
    return {"query": query, "periods": [(START, START + 10**9)], "limit": 10_000, "streams": streams}


def kept(texts: list[str]) -> list[bytes]:
    return [orjson.dumps((START + place * 1_000, START, text)) for place, text in enumerate(texts)]


@pytest.mark.parametrize("query", QUERIES)
def test_parts_together_answer_what_the_whole_does(query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = job(tmp_path, query, kept(messages()))
    whole = insights.answer(asked)
    source = Source("111111111111", "g", "s")
    offsets = [sum(len(line) + 1 for line in kept(messages())[:place]) for place in range(400)]
    events = [LogEvent(START + place * 1_000, START, text, offsets[place], source)
              for place, text in enumerate(messages())]  # fmt: skip
    assert whole["rows"] == run(read(query), events) and whole["rows"]
    monkeypatch.setattr(insights, "BLOCK", 500)
    assert insights.answer(asked) == whole
    monkeypatch.setattr(insights, "PART", 1_000)
    monkeypatch.setattr(insights.os, "sched_getaffinity", lambda _pid: {0, 1})
    assert insights.answer(asked) == whole


def test_lines_that_are_no_events_are_left_out(tmp_path: Path) -> None:
    lines = [b"\0" * 40, *kept(["a"]), b"[1790000000000", b"{}", orjson.dumps((5, 5, "early")), b""]
    said = insights.answer(job(tmp_path, "stats count(*) as c", lines))
    assert said["rows"] == [[("c", "1")]] and said["figures"]["recordsScanned"] == 1


def test_what_is_wrong_in_a_part_is_wrong_with_the_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "PART", 1_000)
    monkeypatch.setattr(insights.os, "sched_getaffinity", lambda _pid: {0, 1})
    monkeypatch.setattr("lambent.engine.insights.holding.MOST_GROUPS", 3)
    said = insights.answer(job(tmp_path, "stats count(*) by n", kept(messages())))
    assert said == {"error": "the query has more than 3 groups"}


def test_what_a_filter_needs_is_found_where_it_is_frequent_and_where_it_is_rare(tmp_path: Path) -> None:
    for text, many in (("kind", 320), ("took 395", 1)):
        said = insights.answer(job(tmp_path, f"filter @message like '{text}' | stats count(*) as c", kept(messages())))
        assert said["rows"] == [[("c", str(many))]] and said["figures"]["recordsScanned"] == 400


SIDE_BY_SIDE = [QUERIES[0], QUERIES[1], QUERIES[4], QUERIES[6], QUERIES[7], QUERIES[10], QUERIES[11]]


@pytest.mark.parametrize("query", SIDE_BY_SIDE)
def test_lines_are_gone_through_side_by_side(query: str, tmp_path: Path) -> None:
    asked, calls = job(tmp_path, query, kept(messages() * 20)), 0

    def count(_frame: Any, what: str, _argument: Any) -> None:
        nonlocal calls
        calls += what in ("call", "c_call")

    sys.setprofile(count)
    try:
        answer = insights._part(asked, asked["streams"])
    finally:
        sys.setprofile(None)
    assert answer.counted.scanned == 8_000
    assert calls < 8_000 * 6, calls / 8_000
