"""What a trial has left: items, objects, and what was sent; and in what two of them differ.

Pure. An effect is compared by what it means, not by when it was made: items and objects by what is there at the end,
everything else (messages, publications, runs that were started) by how often it was done. What differs between two
clean runs (times, random ids) is noise, and does not count: see `Noise`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Call = Mapping[str, Any]
"""As the page of trials tells it: service, operation, params, step, error, done, reads."""
Fields = tuple[tuple[str, str], ...]
"""A thing as (path, value) pairs."""
STATE = {"dynamodb", "s3"}
"""Services whose effects are read from what they hold."""
FLEETING = {"logs", "sts", "xray"}
TOKENS = ("MessageDeduplicationId", "ClientRequestToken", "clientToken", "ClientToken", "name")
"""Parameters by which a service knows a repetition; `name` is that of a state machine's execution."""
SHOWN = 160
ANSWER = "the answer"
"""The place of what a function answers."""


@dataclass(frozen=True, slots=True)
class State:
    """What there is after a trial: tables and buckets by name, with their items and objects; what was sent."""

    items: Mapping[str, tuple[Fields, ...]] = field(default_factory=dict)
    sent: tuple[tuple[str, Fields], ...] = ()


def state(
    tables: Mapping[str, Iterable[Mapping[str, Any]]],
    buckets: Mapping[str, Iterable[Mapping[str, Any]]],
    calls: Iterable[Call],
) -> State:
    """`tables`: items as DynamoDB answers them; `buckets`: objects with Key and ETag; `calls`: of all attempts."""
    held = {f"table {name}": tuple(fields(one) for one in items) for name, items in tables.items()}
    held |= {f"bucket {name}": tuple(fields(one) for one in objects) for name, objects in buckets.items()}
    return State(held, tuple((_name(call), fields(call["params"])) for call in once(calls) if sends(call)))


def once(calls: Iterable[Call]) -> Iterable[Call]:
    """Calls without those that the service itself takes for repetitions, by a token that the caller gave."""
    known: set[tuple[str, str]] = set()
    for call in calls:
        token = next((str(call["params"][name]) for name in TOKENS if call["params"].get(name)), "")
        if token and sends(call):
            if (_name(call), token) in known:
                continue
            known.add((_name(call), token))
        yield call


def sends(call: Call) -> bool:
    """Whether a call did something outside that can't be read back."""
    if call.get("followed"):
        return False  # what it drove is looked at instead
    return call["done"] and not call["error"] and not call["reads"] and call["service"] not in STATE | FLEETING


def changes(call: Call) -> bool:
    """Whether a call may change anything at all."""
    return not call["reads"] and call["service"] not in FLEETING


def _name(call: Call) -> str:
    by = f" of {call['function']}" if call.get("function") else ""
    return f"{call['service']}:{call['operation']}{by}"


def fields(value: Any) -> Fields:
    """A value by its leaves; text that is JSON is looked into."""
    return tuple(sorted(_leaves("", value)))


def _leaves(path: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except ValueError:
            return [(path, value)]
    if isinstance(value, Mapping):
        return [leaf for key, one in value.items() for leaf in _leaves(f"{path}.{key}" if path else str(key), one)]
    if isinstance(value, list):
        return [leaf for place, one in enumerate(value) for leaf in _leaves(f"{path}[{place}]", one)]
    return [(path, str(value))]


@dataclass(frozen=True, slots=True)
class Noise:
    """Where two clean runs differ: (place, path)."""

    paths: frozenset[tuple[str, str]] = frozenset()

    def of(self, place: str, thing: Fields) -> Fields:
        """A thing without what is noise."""
        return tuple((path, "*" if (place, path) in self.paths else value) for path, value in thing)


def noise(first: State, second: State) -> Noise:
    """What may differ. A path that one has and the other has not is noise, too."""
    found: set[tuple[str, str]] = set()
    for place, ones, others in _pairs(first, second):
        mine, theirs = _values(ones), _values(others)
        found |= {(place, path) for path in mine.keys() | theirs.keys() if mine.get(path) != theirs.get(path)}
    return Noise(frozenset(found))


def within(state: State, other: State) -> State:
    """What a state has in the places of another one."""
    return State({place: things for place, things in state.items.items() if place in other.items}, state.sent)


def _pairs(first: State, second: State) -> Iterable[tuple[str, tuple[Fields, ...], tuple[Fields, ...]]]:
    for place in sorted({*first.items, *second.items}):
        yield place, tuple(first.items.get(place, ())), tuple(second.items.get(place, ()))
    for name in sorted({name for name, _ in (*first.sent, *second.sent)}):
        yield name, tuple(_sent(first, name)), tuple(_sent(second, name))


def _sent(state: State, name: str) -> Iterable[Fields]:
    return (said for one, said in state.sent if one == name)


def _values(things: Iterable[Fields]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for thing in things:
        for path, value in thing:
            found.setdefault(path, Counter())[value] += 1
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where more or less is than after one clean run. `place` is "table T", "bucket B" or "sqs:SendMessage"."""

    place: str
    more: tuple[str, ...]
    less: tuple[str, ...]

    @property
    def text(self) -> str:
        """In one line."""
        parts = [f"{len(self.more)} more: {self.more[0]}"] if self.more else []
        parts += [f"{len(self.less)} less: {self.less[0]}"] if self.less else []
        return f"{self.place}: {'; '.join(parts)}"

    @property
    def doubled(self) -> bool:
        """Whether something is there or was done once too often, and nothing is missing."""
        return bool(self.more) and not self.less


def differences(clean: State, other: State, known: Noise) -> list[Difference]:
    """In what `other` differs from a clean run."""
    found = []
    for place, ones, others in _pairs(clean, other):
        mine = Counter(known.of(place, one) for one in ones)
        theirs = Counter(known.of(place, one) for one in others)
        if mine != theirs:
            found.append(Difference(place, _texts(theirs - mine), _texts(mine - theirs)))
    return found


def _texts(things: Counter[Fields]) -> tuple[str, ...]:
    return tuple(_text(thing) for thing in things.elements())


def _text(thing: Fields) -> str:
    said = ", ".join(f"{path}={value}" for path, value in thing)
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}…"


def between(first: State, second: State, answer: Any, other: Any) -> Noise:
    """In what two clean runs differ: what they leave, and what they answer."""
    mine, theirs = _values((fields(answer),)), _values((fields(other),))
    found = {(ANSWER, path) for path in mine.keys() | theirs.keys() if mine.get(path) != theirs.get(path)}
    return Noise(noise(within(first, second), second).paths | found)
