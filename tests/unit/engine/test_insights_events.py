"""Lines that are read at one go, and messages whose JSON is: the same as each by itself, whatever is in them."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.engine.insights.documents import document, documents
from lambent.engine.insights.events import Events
from lambent.engine.insights.fields import Source

HERE = Source("111111111111", "group", "stream")
START = 1_790_000_000_000
LINES = [orjson.dumps((START + place, START, text)) for place, text in enumerate(("a", '{"b":1}', "é\n", ""))]


def test_a_block_is_what_its_lines_are() -> None:
    data = b"".join(line + b"\n" for line in LINES)
    offsets = [100 + sum(len(line) + 1 for line in LINES[:place]) for place in range(4)]
    whole, each = Events.of_block(data, 100, HERE), Events.of_lines(LINES, offsets, HERE)
    for events in (whole, each, whole.settled(), Events.joined([whole])):
        assert events.messages == ["a", '{"b":1}', "é\n", ""] and events.times == [
            START,
            START + 1,
            START + 2,
            START + 3,
        ]
        assert events.offsets == offsets and events.ingested == [START] * 4 and events.sources == [HERE] * 4


@pytest.mark.parametrize("damage", [b"", b"\0\0", b"[1", b"[1,2,3]", b'["1",2,"3"]', b'[1,2,"a",4]', b"[]", b"7"])
def test_a_damaged_line_takes_no_other_with_it(damage: bytes) -> None:
    lines = [LINES[0], damage, LINES[2]]
    data = b"".join(line + b"\n" for line in lines)
    offsets = [0, len(LINES[0]) + 1, len(LINES[0]) + len(damage) + 2]
    for events in (Events.of_block(data, 0, HERE), Events.of_lines(lines, offsets, HERE)):
        assert events.messages == ["a", "é\n"] and events.offsets == [0, offsets[2]]


def test_what_is_kept_of_few_does_not_hold_the_others() -> None:
    data = b"".join(line + b"\n" for line in LINES)
    few = Events.of_block(data, 0, HERE).each(lambda values: list(values)[2:3]).settled()
    assert few.messages == ["é\n"] and few.offsets == [len(LINES[0]) + len(LINES[1]) + 2]
    assert few._origin._data == b"" and len(few._origin.sources) == 1


HOSTILE = [
    '{"a":[1',
    ']},9007199254740993,{"b":2}',
    '{"a":9007199254740993}',
    '{"a":1',
    '{"a":1},{"b":2}',
    '{"a":[',
    "]}",
    '{"a":1}}',
    '{"x":{"a":1',
    "}",
    "{}",
    '{"a":1}]',
    '{"a":1},0,{"b":2',
]


@given(st.lists(st.sampled_from(HOSTILE), max_size=6))
def test_no_message_can_be_taken_for_a_part_of_another_one(messages: list[str]) -> None:
    assert documents(messages) == [document(one) or {} for one in messages]


@given(st.lists(st.one_of(st.dictionaries(st.text(), st.integers()).map(json.dumps), st.text(alphabet='{}[]",:1a '))))
def test_together_as_by_themselves(messages: list[str]) -> None:
    assert documents(messages) == [document(one) or {} for one in messages]
