"""Which functions a chain of calls has been through, and how often: the Lineage of a trace header.

    X-Amzn-Trace-Id: Root=1-…;Parent=…;Sampled=0;Lineage=1:e547cb94:0|74085691:3

Each function of the chain has an entry: a hash of its name, and how often it was called again. SDKs inside a function
send the header on with whatever they call (AWS SDK, "recursion detection"). The form is that of headers that functions
on AWS were seen to get since 2024; what the number before the entries stands for is not documented, and kept as it is.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html

AWS watches chains through Lambda, S3, SNS and SQS. Where one goes through anything else its Lineage ends there, as on
AWS, and a field of ours takes over what it said, so that a loop is known although nothing stops it:

    X-Amzn-Trace-Id: Root=1-…;Parent=…;Sampled=0;Unwatched=events:e547cb94:0;Lineage=1:e547cb94:0

Until such a hop a header has AWS's form alone.
"""

import functools
import re
import zlib
from collections.abc import Iterable
from typing import NamedTuple

ROUNDS = 16
"""How often a function may run in one chain of calls; the next call is stopped."""

_ENTRY = re.compile(r"([0-9a-f]{8}):(\d{1,6})")
_NAME = "Lineage="
_OURS = "Unwatched="


class Entered(NamedTuple):
    """A function in a chain of calls.

    `header` is what its invocation gets, `rounds` how often it ran in this chain before as AWS counts it, `in_all` the
    same with what AWS does not see.
    """

    header: str
    rounds: int
    in_all: int

    @property
    def is_unseen_loop(self) -> bool:
        """Whether AWS would let a loop of this function run on: one round too many, but not by its count."""
        return self.rounds < ROUNDS <= self.in_all


@functools.lru_cache(4096)
def _hash(function_arn: str) -> str:
    return f"{zlib.crc32(function_arn.encode()):08x}"


def first(header: str, function_arn: str) -> str:
    """`header`, which has no Lineage, as the first function of a chain gets it."""
    return f"{header};Lineage=1:{_hash(function_arn)}:0"


def is_begun(header: str) -> bool:
    """Whether a chain of calls has been through functions already, seen by AWS or not."""
    return _NAME in header or _OURS in header


def advance(header: str, function_arn: str) -> Entered:
    """The next function of a chain, whose trace header was `header`."""
    own = _hash(function_arn)
    unseen = _unseen(header).get(own, -1) + 1 if _OURS in header else 0
    if _NAME not in header:
        return Entered(first(header, function_arn), 0, unseen)
    fields = header.split(";")
    at = _place(fields, _NAME)
    if at is None:
        return Entered(first(header, function_arn), 0, unseen)
    prefix, entries = _read(fields[at].strip().removeprefix(_NAME))
    before = entries.get(own, -1) + 1
    entries[own] = before
    fields[at] = f"{_NAME}{prefix}{_written(entries)}"
    return Entered(";".join(fields), before, before + unseen)


def unwatched(header: str, way: str) -> str:
    """`header` behind a hop that AWS does not watch; `way` names that (lower-case letters: a service, say)."""
    entries = _unseen(header)
    fields = header.split(";")
    at = _place(fields, _NAME)
    if at is not None:
        for name, count in _read(fields[at].strip().removeprefix(_NAME))[1].items():
            entries[name] = entries.get(name, -1) + count + 1
    if not entries:
        return header
    kept = [field for field in fields if not field.strip().startswith((_NAME, _OURS))]
    return ";".join([*kept, f"{_OURS}{way}:{_written(entries)}"])


def furthest(headers: Iterable[str]) -> str:
    """Of the headers of several records the one whose chain is longest; "" when none has a header."""
    return max((header for header in headers if header), key=_length, default="")


def _length(header: str) -> int:
    fields = header.split(";")
    at = _place(fields, _NAME)
    seen = {} if at is None else _read(fields[at].strip().removeprefix(_NAME))[1]
    return sum(count + 1 for count in (*seen.values(), *_unseen(header).values()))


def way_of(header: str) -> str:
    """What the last hop that AWS does not watch went through; "" when there was none."""
    fields = header.split(";")
    at = _place(fields, _OURS)
    return "" if at is None else fields[at].strip().removeprefix(_OURS).partition(":")[0]


def _place(fields: list[str], name: str) -> int | None:
    return next((place for place, field in enumerate(fields) if field.strip().startswith(name)), None)


def _unseen(header: str) -> dict[str, int]:
    """The entries of our own field."""
    fields = header.split(";")
    at = _place(fields, _OURS)
    return {} if at is None else _entries(fields[at].strip().removeprefix(_OURS).partition(":")[2])


def _read(text: str) -> tuple[str, dict[str, int]]:
    """The prefix (`1:`, or nothing as in older headers) and the entries; what can't be read is left out."""
    number, colon, rest = text.partition(":")
    prefix = ""
    if colon and number.isdigit() and len(number) < 8:
        prefix, text = f"{number}:", rest
    return prefix, _entries(text)


def _entries(text: str) -> dict[str, int]:
    found = (_ENTRY.fullmatch(entry) for entry in text.split("|"))
    return {match[1]: int(match[2]) for match in found if match}


def _written(entries: dict[str, int]) -> str:
    return "|".join(f"{name}:{count}" for name, count in entries.items())
