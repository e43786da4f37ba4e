"""`pattern` and `diff` of Logs Insights."""

from datetime import UTC, datetime

import pytest

from lambent.engine.insights import clustering
from lambent.engine.insights.clustering import Patterns, TooManyPatterns
from lambent.engine.insights.comparing import DAY, periods_of
from lambent.engine.insights.query import MalformedQuery
from lambent.engine.insights.reading import read
from lambent.engine.insights.running import run
from tests.unit.engine.test_insights import asked, events


def test_the_sample_of_aws_is_one_pattern() -> None:
    said = (
        "2023-01-01 19:00:01 [INFO] Calling DynamoDB to store for resource id 12342342k124-12345",
        "2023-01-01 19:00:02 [INFO] Calling DynamoDB to store for resource id 324892398123-12345",
        "2023-01-01 19:00:03 [INFO] Calling DynamoDB to store for resource id 3ff231242342-12345",
    )
    pattern = "<Time-1> [INFO] Calling DynamoDB to store for resource id <ID-2>"
    found = {"@pattern": pattern, "@ratio": "1", "@sampleCount": "3", "@severityLabel": "Info"}
    assert asked("pattern @message", *said) == [found]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("took 327 ms, 12.5ms or 1s", "took <Number-1> ms, <Number-2>ms or <Number-3>s"),
        ("from 10.0.0.7 v2 utf8", "from <IPAddress-1> v2 utf8"),
        ("RequestId: 8e2f6f35-3c0c-4d45-9a52-000000000001 failed", "RequestId: <ID-1> failed"),
        ('{"n": 5, "at": "2026-01-02T03:04:05.678Z"}', '{"n": <Number-1>, "at": "<Time-2>"}'),
        ("plain text", "plain text"),
    ],
)
def test_what_varies_by_its_form_is_a_token(text: str, pattern: str) -> None:
    assert asked("pattern @message | display @pattern", text) == [{"@pattern": pattern}]


def test_texts_that_are_nearly_the_same_are_one_pattern_with_tokens() -> None:
    said = (
        "user anna has logged in",
        "user bert has logged in",
        "nothing to do with it at all",
        "user cleo has logged in",
    )
    rows = asked("pattern @message | display @pattern, @sampleCount, @ratio", *said)
    assert rows[0] == {"@pattern": "user <Token-1> has logged in", "@sampleCount": "3", "@ratio": "0.75"}
    assert len(rows) == 2


def test_what_was_parsed_and_filtered_has_patterns_too() -> None:
    said = ("ERROR: no file 1", "ERROR: no file 2", "INFO: fine")
    query = "filter @message like /ERROR/ | parse '*: *' as level, rest | pattern rest | sort @sampleCount | limit 5"
    assert asked(query, *said) == [{"@pattern": "no file <Number-1>", "@ratio": "1", "@sampleCount": "2"}]


def test_a_diff_tells_what_is_new_and_what_is_gone() -> None:
    said = events("gone", "both", "both", "both", "new")
    rows = [dict(row) for row in run(read("pattern @message | diff"), said, since=2 * 60_000)]
    told = {
        row["@pattern"]: (row["@previousSampleCount"], row["@sampleCount"], row["@differenceDescription"])
        for row in rows
    }
    assert told == {
        "gone": ("1", "0", "Pattern gone"),
        "both": ("1", "2", "Count increased"),
        "new": ("0", "1", "New pattern"),
    }


@pytest.mark.parametrize("query", ["diff", "filter n = 1 | diff", "pattern @message | diff | diff"])
def test_a_diff_without_a_pattern_is_refused_in_the_words_of_aws(query: str) -> None:
    with pytest.raises(MalformedQuery, match="Diff operation has to be used after Pattern"):
        read(query)


@pytest.mark.parametrize("query", ["stats count() as c | pattern c", "pattern @message | pattern @message"])
def test_a_pattern_stands_once_and_before_stats(query: str) -> None:
    with pytest.raises(MalformedQuery):
        read(query)


def _at(*date: int) -> int:
    return round(datetime(*date, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("modifier", "begin"),
    [
        ("", _at(2026, 3, 30, 23)),
        ("previousDay", _at(2026, 3, 30)),
        ("previousWeek", _at(2026, 3, 24)),
        ("previousMonth", _at(2026, 2, 28)),
    ],
)
def test_the_time_before_is_as_long_as_the_query_asks(modifier: str, begin: int) -> None:
    start, hour = _at(2026, 3, 31), DAY // 24
    periods = periods_of(read(f"pattern @message | diff {modifier}"), start, start + hour)
    assert periods == [(start, start + hour), (begin, begin + hour)]
    assert periods_of(read("pattern @message"), start, start + hour) == [(start, start + hour)]


def test_more_patterns_than_are_held_end_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "MOST_PATTERNS", 3)
    patterns = Patterns()
    with pytest.raises(TooManyPatterns):
        for many in range(9):
            patterns.add(" ".join("abcdefghij"[: many + 1]))
