"""Is an answer of ours the recorded one?

Recorded answers hold placeholders for what differs from run to run. A numbered one (`<uuid:1>`) stands for the same
value wherever it is found in one test, and two numbers of one kind stand for two values. One without a number
(`<code-size>`) stands for anything. A few values were replaced by plain words (`date`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

Difference = tuple[str, str]
"""Where an answer differs (`Configuration.Runtime`), and how."""

ACCOUNT = "111111111111"
_PLACEHOLDER = re.compile(r"<([^<>]+)>")
_ANYTHING = re.compile(r"<[^<>:]+>")
_REPEATED = re.compile(r"(.+):len\((\d+)\)")
_MOMENT = re.compile(r"<timestamp:([^<>]+)>")
"""Stands for any moment in that form: the recording gave all of them one value."""
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+0000|\+00:00|Z)")

WORDS: dict[str, Callable[[Any], bool]] = {
    "date": lambda value: isinstance(value, str) and _DATE.fullmatch(value) is not None,
    "datetime": lambda value: isinstance(value, datetime),
    "sender-id": lambda value: isinstance(value, str) and bool(value),
    "sent-timestamp": lambda value: isinstance(value, str) and value.isdigit(),
    "timestamp": lambda value: isinstance(value, str) and value.isdigit(),
    "maximum-batching-window-in-seconds": lambda value: isinstance(value, int),
    "lambda-url": lambda value: isinstance(value, str) and value.startswith("http"),
    "code-sha256": lambda value: isinstance(value, str) and len(value) == 44,
}
"""Plain words that stand for a value."""

NOT_COMPARED = {"CreateEventSourceMappingResponse": None, "StatusCode": 204}
"""Members that the recording added: no API answers them."""


class Matcher:
    """Compares the answers of one recorded test. `fixed` maps placeholders to what they stand for here."""

    def __init__(self, account: str, region: str, fixed: Mapping[str, str] | None = None) -> None:
        self._account = account
        self._fixed = {"partition": "aws", "region": region, "aws_internal_failure": "none", **(fixed or {})}
        self._bound: dict[str, str] = {}

    def differences(self, recorded: Any, answer: Any) -> list[Difference]:
        """What differs."""
        return list(self._compare(recorded, answer, ""))

    def _compare(self, recorded: Any, answer: Any, at: str) -> Iterator[Difference]:
        if isinstance(recorded, dict):
            yield from self._members(recorded, answer, at)
        elif isinstance(recorded, list):
            yield from self._items(recorded, answer, at)
        elif isinstance(recorded, str) and recorded in WORDS:
            if not WORDS[recorded](answer):
                yield at, f"{answer!r} is no {recorded}"
        elif isinstance(recorded, str):
            yield from self._text(recorded, answer, at)
        elif recorded != answer or isinstance(recorded, bool) != isinstance(answer, bool):
            yield at, f"recorded {recorded!r}, answered {answer!r}"

    def _members(self, recorded: dict[str, Any], answer: Any, at: str) -> Iterator[Difference]:
        if isinstance(answer, str):
            answer = _parsed(answer)
        if not isinstance(answer, dict):
            yield at, f"recorded members, answered {answer!r}"
            return
        names = {self._known(name): name for name in recorded if recorded[name] != NOT_COMPARED.get(name, ...)}
        for name in sorted(set(names) - set(answer)):
            yield _in(at, name), f"recorded {recorded[names[name]]!r}, not answered"
        for name in sorted(set(answer) - set(names) - NOT_COMPARED.keys()):
            yield _in(at, name), f"answered {answer[name]!r}, not recorded"
        for name in sorted(set(names) & set(answer)):
            if name == "ResponseMetadata":
                yield from self._metadata(recorded[names[name]], answer[name], at)
            else:
                yield from self._compare(recorded[names[name]], answer[name], _in(at, name))

    def _metadata(self, recorded: dict[str, Any], answer: dict[str, Any], at: str) -> Iterator[Difference]:
        yield from self._compare(recorded["HTTPStatusCode"], answer["HTTPStatusCode"], _in(at, "HTTPStatusCode"))
        headers = answer.get("HTTPHeaders", {})
        for name, value in recorded.get("HTTPHeaders", {}).items():
            yield from self._compare(value, headers.get(name.lower()), _in(at, f"HTTPHeaders.{name}"))

    def _items(self, recorded: list[Any], answer: Any, at: str) -> Iterator[Difference]:
        if not isinstance(answer, list):
            yield at, f"recorded a list, answered {answer!r}"
            return
        if len(recorded) != len(answer):
            yield at, f"recorded {len(recorded)} items, answered {len(answer)}: {answer!r}"
        for place, (ours, theirs) in enumerate(zip(answer, recorded, strict=False)):
            yield from self._compare(theirs, ours, _in(at, str(place)))

    def _text(self, recorded: str, answer: Any, at: str) -> Iterator[Difference]:
        if answer is not None and _ANYTHING.fullmatch(recorded) and recorded[1:-1] not in self._fixed:
            return
        if isinstance(answer, dict | list) or answer is None:
            yield at, f"recorded {recorded!r}, answered {answer!r}"
            return
        if not isinstance(answer, str) and not _PLACEHOLDER.search(recorded):
            yield at, f"recorded {recorded!r}, answered {answer!r}"
            return
        if (moment := _MOMENT.fullmatch(recorded)) is not None:
            if re.sub(r"\d", "0", moment[1]) != re.sub(r"\d", "0", str(answer)):
                yield at, f"recorded {recorded!r}, answered {answer!r}"
            return
        text, open_ = self._pattern(recorded)
        found = re.fullmatch(text, str(answer), re.DOTALL)
        if found is None:
            yield at, f"recorded {self._known(recorded)!r}, answered {answer!r}"
            return
        for group, name in open_.items():
            yield from self._bind(name, found[group], at)

    def _pattern(self, recorded: str) -> tuple[str, dict[str, str]]:
        """A regular expression for a recorded text, and the placeholders that its groups bind."""
        recorded = self._known(recorded)
        parts: list[str] = []
        open_: dict[str, str] = {}
        last = 0
        for place in _PLACEHOLDER.finditer(recorded):
            parts.append(re.escape(recorded[last : place.start()]))
            last = place.end()
            name = place[1]
            group = next((group for group, known in open_.items() if known == name), None)
            if ":" not in name:
                parts.append(".+?")
            elif group is not None:
                parts.append(f"(?P={group})")
            else:
                group = f"g{len(open_)}"
                open_[group] = name
                parts.append(f"(?P<{group}>.+?)")
        parts.append(re.escape(recorded[last:]))
        return "".join(parts), open_

    def _known(self, text: str) -> str:
        """A recorded text with everything in it that is known by now."""
        return _PLACEHOLDER.sub(self._value, text.replace(ACCOUNT, self._account))

    def _value(self, place: re.Match[str]) -> str:
        repeated = _REPEATED.fullmatch(place[1])
        if repeated is not None:
            return repeated[1] * int(repeated[2])
        return self._fixed.get(place[1], self._bound.get(place[1], place[0]))

    def _bind(self, name: str, value: str, at: str) -> Iterator[Difference]:
        kind = name.partition(":")[0]
        same = next(
            (other for other, known in self._bound.items() if known == value and other.partition(":")[0] == kind), None
        )
        if same is not None:
            yield at, f"{value!r} is <{same}> already, recorded as <{name}>"
            return
        self._bound[name] = value


def _in(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _parsed(text: str) -> Any:
    """A document that AWS answers as text and that the recording shows parsed (a policy)."""
    try:
        return json.loads(text)
    except ValueError:
        return text
