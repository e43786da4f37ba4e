"""Members of messages' JSON: those that a query names, the same whoever reads them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.engine.insights import documents as module
from lambent.engine.insights.documents import WHOLE, Reader, Wanted, documents, keys_of
from lambent.engine.insights.fields import LogEvent, Source
from lambent.engine.insights.query import FieldName, Fields, Named
from lambent.engine.insights.reading import read
from lambent.engine.insights.running import run

KEYS = ("a", "b", "é", "a.b")
HERE = Source("111111111111", "group", "stream")
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=3)
VALUES = st.recursive(LEAVES, lambda one: st.lists(one, max_size=2) | st.dictionaries(st.sampled_from(KEYS), one))
SAID = st.dictionaries(st.sampled_from((*KEYS, "other")), VALUES).map(json.dumps)
BROKEN = st.text(alphabet='{}[]",:1a\\u ', max_size=12)


def columns(messages: list[str], reader: Reader) -> dict[str, list[Any]]:
    found = documents(messages, reader)
    return {key: reader.column(found, key) for key in KEYS}


@given(st.lists(SAID | BROKEN | SAID.map(lambda said: f"INFO {said} more")))
def test_some_members_are_what_they_are_among_all(messages: list[str]) -> None:
    assert columns(messages, Wanted(KEYS)) == columns(messages, WHOLE)


def test_half_of_a_surrogate_pair_takes_no_other_message_with_it() -> None:
    messages = ['{"a": "\ud800"}', '{"a": 1}', '{"a": "\\ud800"}']
    assert columns(messages, Wanted(KEYS)) == columns(messages, WHOLE) and columns(messages, WHOLE)["a"][1] == 1


def test_a_query_names_its_members() -> None:
    said = "fields a.b as c, @timestamp | filter ispresent(d) and e in [1] | parse f '* x' as g | unnest h into i"
    assert keys_of(read(said)) >= {"a", "a.b", "d", "e", "f", "g", "h", "i"}
    assert keys_of(read("stats sum(j + k.l) by m, bin(1h) | sort n | dedup o")) >= {"j", "k.l", "k", "m", "n", "o"}


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("digits", [19, 25, 309, 400, 5_000])
@pytest.mark.parametrize("message", ['{"x": %s}', 'INFO {"x": %s} and more', '{"o":{"x":%s}}', '{"o":{"p":{"x":%s}}}'])
def test_no_number_in_a_message_makes_a_query_fail(
    message: str, digits: int, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not quick:
        monkeypatch.setattr(module, "msgspec", None)
    module.reader.cache_clear()
    said = [message % ("1" * digits)] * 3 + ['{"x": 1, "o": {"x": 2, "p": {"x": 3}}}']
    events = [LogEvent(at, at, text, at, HERE) for at, text in enumerate(said)]
    for name in ("x", "o.x", "o.p.x"):
        asked = f"stats count({name}) as many, avg({name}), sum({name}), max({name}), pct({name}, 50), stddev({name})"
        assert run(read(asked), events)[0][0][0] == "many"
        assert len(run(read(f"fields {name} * 2 as y, sqrt({name}) as z | sort {name} desc"), events)) == 4
    module.reader.cache_clear()


@given(st.lists(SAID, min_size=1))
def test_without_a_quick_reader_the_answer_is_the_same(messages: list[str]) -> None:
    events = [LogEvent(at, at, text, at, HERE) for at, text in enumerate(messages)]
    query = read("fields a, b, a.b, a.a | sort @timestamp")
    quick = run(query, events)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "reader", lambda keys: WHOLE)
        patch.setattr("lambent.engine.insights.batch.reader", lambda keys: WHOLE)
        assert run(query, events) == quick


@pytest.mark.parametrize("name", ['say "it"', "back\\slash", "new\nline", "", "\ud800", "\0"])
def test_a_member_of_any_name_is_found(name: str) -> None:
    """msgspec takes not all of them."""
    said = json.dumps({name: 1, "b": 2})
    reader = module.reader(keys_of((Fields((Named(FieldName(name), "x"),)),)))
    found = documents([said, said], reader)
    assert reader.column(found, name) == [1, 1]
