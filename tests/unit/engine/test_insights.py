"""The query language of Logs Insights."""

import pytest

from lambent.engine.insights.batch import every
from lambent.engine.insights.documents import document
from lambent.engine.insights.fields import LogEvent, Source
from lambent.engine.insights.functions import TextTooLong
from lambent.engine.insights.holding import TooManyGroups
from lambent.engine.insights.needles import needles, newest
from lambent.engine.insights.query import MalformedQuery
from lambent.engine.insights.reading import read
from lambent.engine.insights.running import run

ID = "8e2f6f35-3c0c-4d45-9a52-000000000001"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 41 MB\tInit Duration: 99.10 ms\t"
)
HERE = Source("111111111111", "g", "s")
MINUTE = 60_000


def events(*messages: str) -> list[LogEvent]:
    """One a minute."""
    return [LogEvent(place * MINUTE, 0, message, place, HERE) for place, message in enumerate(messages)]


def asked(query: str, *messages: str) -> list[dict[str, str]]:
    """The rows, without what names their events."""
    return [{name: value for name, value in row if name != "@ptr"} for row in run(read(query), events(*messages))]


JSON = [f'{{"n": {n}, "kind": "{"even" if n % 2 == 0 else "odd"}", "at": {{"list": [{n}, "x"]}}}}' for n in range(6)]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("fields n | sort n desc | limit 2", [{"n": "5"}, {"n": "4"}]),
        ("fields n | limit 1", [{"n": "5"}]),  # the newest
        ("fields n | sort n | filter n > 3", [{"n": "4"}, {"n": "5"}]),
        ("fields n | sort kind desc, n asc | limit 2", [{"n": "1"}, {"n": "3"}]),
        ("filter kind = 'odd' and not n in [1, 3] | display at.list.0 as first", [{"first": "5"}]),
        ("filter n = '2' or n = 3 | stats sum(n) as total", [{"total": "5"}]),
        ("stats count(*) by kind | sort kind", [{"kind": "even", "count(*)": "3"}, {"kind": "odd", "count(*)": "3"}]),
        ("stats avg(n), min(n), max(n)", [{"avg(n)": "2.5", "min(n)": "0", "max(n)": "5"}]),
        ("stats pct(n, 50) as p, stddev(n) as d, count_distinct(kind) as k", [{"p": "2", "d": "1.8708", "k": "2"}]),
        ("stats earliest(n) as e, latest(n) as l, sortsFirst(kind) as f", [{"e": "0", "l": "5", "f": "even"}]),
        ("stats count(missing) as c, max(n) - min(n) as width", [{"c": "0", "width": "5"}]),
        ("stats sum(n) as s by kind | stats max(s) as m", [{"m": "9"}]),
        (
            "stats count() by bin(4m)",
            [
                {"bin(4m)": "1970-01-01 00:04:00.000", "count()": "2"},
                {"bin(4m)": "1970-01-01 00:00:00.000", "count()": "4"},
            ],
        ),
        ("dedup kind | fields n", [{"n": "5"}, {"n": "4"}]),
        ("sort n asc | dedup kind | fields n", [{"n": "0"}, {"n": "1"}]),
        ("parse '\"n\": *,' as found | filter found >= 5 | display found", [{"found": "5"}]),
        ("parse @message /\"n\": (?<found>\\d)/ | stats sum(found)", [{"sum(found)": "15"}]),
        ("fields jsonParse(@message) as j | unnest j.at.list into item | filter item like 'x' | limit 1 | display item",
         [{"item": "x"}]),
        ("# a comment\nfilter ispresent(at.list.1) and n < 1 | fields strlen(kind) as l, toupper(kind) as u",
         [{"l": "4", "u": "EVEN"}]),
        ("filter n = 2 | fields n * 2 + 3 as a, n ^ 3 as b, 10 % 3 as c, n / 0 as d, -n as e",
         [{"a": "7", "b": "8", "c": "1", "e": "-2"}]),
        ("filter n = 1 | fields coalesce(none, kind) as a, concat(kind, '-', n) as b, substr('xyZfoo', 3, 3) as c",
         [{"a": "odd", "b": "odd-1", "c": "foo"}]),
        ("filter n = 1 | fields @timestamp, `at.list.1` as `a b`",
         [{"@timestamp": "1970-01-01 00:01:00.000", "a b": "x"}]),
        ("filter missing != 'x' | fields n", []),
        ("filter kind not like /o/ and n < 1 | fields n", [{"n": "0"}]),
        ("filter kind =~ /(?i)^EVEN$/ | stats count() as c", [{"c": "3"}]),
        ("filter isIpv4InSubnet('10.0.0.7', '10.0.0.0/24') and n = 0 | fields isempty(none) as e", [{"e": "1"}]),
    ],
)  # fmt: skip
def test_rows_of_json(query: str, rows: list[dict[str, str]]) -> None:
    assert asked(query, *JSON) == rows


def test_without_fields_time_and_message_are_shown() -> None:
    assert asked("filter @message like 'two'", "one", "two") == [
        {"@timestamp": "1970-01-01 00:01:00.000", "@message": "two"}
    ]


def test_lambdas_lines_have_fields() -> None:
    lines = (f"START RequestId: {ID} Version: $LATEST", f"[INFO]\t2026-01-01T00:00:00Z\t{ID}\thello", REPORT)
    query = "filter @type = 'REPORT' | fields @duration, @billedDuration, @initDuration, @maxMemoryUsed, @memorySize"
    assert asked(query, *lines) == [
        {
            "@duration": "12.34",
            "@billedDuration": "13",
            "@initDuration": "99.1",
            "@maxMemoryUsed": "41000000",
            "@memorySize": "128000000",
        }
    ]
    assert asked("stats count() as c by @requestId", *lines) == [{"@requestId": ID, "c": "3"}]
    sample = "filter @type = 'REPORT' | stats max(@memorySize / 1000 / 1000) as provisioned by bin(1h)"
    assert asked(sample, *lines)[0]["provisioned"] == "128"


def test_json_within_a_line_is_found() -> None:
    assert document('INFO {"a": {"b": 1}} and more {"c": 2}') == {"a": {"b": 1}}
    assert document("no { json") is None
    found = every(events('x {"a": {"b": [true, null]}}')[0])
    assert (found["a.b.0"], "a.b.1" in found, found["@log"]) == (1, False, "111111111111:g")


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ("", 0),
        ("fields", 6),
        ("fields a | limt 3", 11),
        ("fields a b", 9),
        ("filter a = ", 11),
        ("stats a by b", 8),
        ("fields nothing(a)", 7),
        ("fields abs(a, b)", 7),
        ("limit 10001", 6),
        ("parse @message '* *' as a", 15),
        ("diff", 0),
        ("fields a ~ b", 9),
        ("filter " + "(" * 200, 47),
        ("filter in(a, b)", 7),
        ("filter a in [b]", 13),
        ("fields bin(5)", 7),
        ("fields datefloor(@timestamp, 5)", 7),
        ("filter count(*) > 1", 7),
        ("sort count(*)", 5),
        ("stats sum(count(*))", 10),
        ("stats count(*) by max(a)", 18),
        ("stats pct(a, b)", 6),
        ("fields a" + " + a" * 200, 409),
        ("limit " + "9" * 5000, 6),
        ("stats count(*) by bin(" + "9" * 5000 + "m)", 22),
    ],
)
def test_what_can_t_be_read_is_said_with_its_place(query: str, start: int) -> None:
    with pytest.raises(MalformedQuery) as refused:
        read(query)
    assert refused.value.start == start, str(refused.value)


def test_a_condition_may_have_as_many_parts_as_a_query_has_room_for() -> None:
    alternatives = " or ".join(f"n = {number}" for number in range(700))
    assert asked(f"filter {alternatives} | stats count() as c", *JSON) == [{"c": "6"}]


def test_a_part_from_nowhere_is_none() -> None:
    assert asked("fields substr('abc', 1e308 * 10) as a, substr('abc', 1, -1e308 * 10) as b", "x") == [{}]
    assert asked("fields datefloor(-2, 99999999999y) as a", "x") == [{}]


def test_times_and_large_numbers_are_stringified_as_they_are_shown() -> None:
    (row,) = asked("fields jsonStringify(@timestamp) as a, jsonStringify(floor(1e30)) as b", "x")
    assert row == {"a": '"1970-01-01 00:00:00.000"', "b": str(int(1e30))}


def test_numbers_of_a_choice_may_be_negative() -> None:
    assert asked("filter n - 3 in [-2, 'x', 1.0] | sort n | fields n", *JSON) == [{"n": "1"}, {"n": "4"}]


@pytest.mark.parametrize("unit", ["4m", "4min", "4mins", "4minutes", "240s", "240000milliseconds"])
def test_units_of_time_have_longer_names_as_well(unit: str) -> None:
    rows = asked(f"stats count() as c by bin({unit}) as at | display c", *JSON)
    assert rows == [{"c": "2"}, {"c": "4"}]


def test_a_week_begins_on_a_monday_whatever_it_is_called() -> None:
    for unit in ("w", "week", "weeks"):
        (row,) = asked(f"fields datefloor(@timestamp, 1{unit}) as at", "x")
        assert row == {"at": "1969-12-29 00:00:00.000"}


def test_texts_that_must_be_there() -> None:
    assert needles(read("fields a | filter event = 'pdf_scan_start' and x like /two words/ | stats count()")) == [
        "pdf_scan_start",
        "two words",
    ]
    for unknowable in (
        "filter a = 'x' or b = 'yy'",
        "filter not a = 'yy'",
        "filter a = '12'",
        "filter a like /x+y/",
        "filter @logStream = 'stream'",
        "fields 'yy' as a | filter a = 'yy'",
        'filter a = "say \\"yy\\""',
    ):
        assert needles(read(unknowable)) == [], unknowable


def test_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambent.engine.insights.holding.MOST_GROUPS", 3)
    with pytest.raises(TooManyGroups):
        asked("stats count() by n", *JSON)


@pytest.mark.parametrize(
    "query",
    [
        "stats " + "+".join(["count(a)"] * 900) + " as x",
        "fields " + "-".join(["1"] * 4_900) + " as x",
        "fields " + "9" * 9_000,
        "fields bin(" + "9" * 9_000 + "d)",
        "limit " + "9" * 9_000,
        "|".join(["dedup a"] * 1_000),
        "fields " + "(" * 4_000,
    ],
)
def test_no_query_is_too_deep_to_be_refused(query: str) -> None:
    with pytest.raises(MalformedQuery):
        read(query)


def test_long_conditions_are_run() -> None:
    chained = " or ".join(f"n = {number}" for number in range(600))
    assert len(asked(f"fields n | filter {chained}", *JSON)) == 6
    chained = " and ".join(f"n != {number}" for number in range(3, 600))
    assert asked(f"fields n | filter {chained} | sort n", *JSON) == [{"n": "0"}, {"n": "1"}, {"n": "2"}]
    assert asked(f"stats {'+'.join(['count(n)'] * 100)} as x", *JSON) == [{"x": "600"}]


@pytest.mark.parametrize("made", ["concat(a, a)", "replace(a, 'a', 'aaaa')"])
def test_a_text_does_not_grow_and_grow(made: str) -> None:
    with pytest.raises(TextTooLong):
        asked("fields 'aaaa' as a" + f" | fields {made} as a" * 60, "x")


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("fields @timestamp, @message | sort @timestamp desc | limit 20", 20),
        ("fields @message | limit 20 | limit 5", 5),
        ("fields n", 1000),
        ("display n * 2 as m | sort @timestamp desc", 1000),
        ("fields @timestamp | sort @timestamp asc | limit 20", None),
        ("fields n as @timestamp | sort @timestamp desc", None),
        ("limit 20 | sort @timestamp desc", None),
        ("fields n | sort n desc | limit 20", None),
        ("filter n = 1 | limit 20", None),
        ("stats count()", None),
    ],
)
def test_a_query_for_the_newest_needs_no_others(query: str, most: int | None) -> None:
    assert newest(read(query), 1000) == most


def test_no_message_and_no_path_makes_a_query_fail() -> None:
    deep = '{"a":' + "[" * 1_000 + "]" * 1_000 + "}"
    assert [row.get("a", "") for row in asked("fields a", deep, '{"a": [1, 2]}')] == ["[1,2]", ""]
    assert [list(row.values()) for row in asked("fields a" + ".0" * 999, deep)] == [["[]"]]
    assert asked("fields a", 'x {"a": [123456789012345678901234567890]} y') == [
        {"a": "[123456789012345678901234567890]"}
    ]
    assert asked("fields `a.\u00b2` as b, `a." + "9" * 5_000 + "` as c, `a.1` as d", '{"a": [1, 2]}') == [{"d": "2"}]
