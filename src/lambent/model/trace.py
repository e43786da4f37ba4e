"""The header that goes with a request through everything it causes, as X-Ray reads it.

    X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1

Root is the trace (its eight digits are when it began), Parent the segment that caused the request, Sampled whether the
trace is recorded; what comes after it (`model.lineage`) is kept.
Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html ("Tracing header").
"""

import re
import zlib
from dataclasses import dataclass
from typing import NamedTuple

from lambent.model.scope import Scope

TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}", re.ASCII)
SEGMENT_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
SAMPLED, UNSAMPLED = "Sampled=1", "Sampled=0"


class Header(NamedTuple):
    """What a header says: "" for what it does not say."""

    root: str = ""
    parent: str = ""
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Traced:
    """An invocation that is recorded: its trace, who called (a segment's id, "" for nobody who is known), the ids of
    its own segments, and when it came (seconds since 1970). `service` is the segment of Lambda, `function` that of the
    function, `invocation` the part of that in which its handler runs."""

    root: str
    parent: str
    service: str
    function: str
    invocation: str
    received: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that was put into a queue first: when (seconds since 1970), and which attempt at it this is (1: the
    first)."""

    at: float
    attempt: int


class Segment(NamedTuple):
    """A segment document (JSON, at most 64 KB) and whose it is. `ahead`: so many seconds the platform's clock is ahead
    of the machine's, by which a function reads the time."""

    scope: Scope
    document: bytes
    ahead: float = 0.0


def read(header: str) -> Header:
    """What a header says; what can't be read is as if it was not said."""
    root = parent = ""
    sampled = False
    for field in header.split(";"):
        name, _, value = field.strip().partition("=")
        if name == "Root" and TRACE_ID.fullmatch(value):
            root = value
        elif name == "Parent" and SEGMENT_ID.fullmatch(value):
            parent = value
        elif name == "Sampled":
            sampled = value == "1"
    return Header(root, parent, sampled)


def root_in(header: str) -> str:
    """The trace that a header names, as it is said there; "" when it names none."""
    return next((part[5:] for part in header.split(";") if part.startswith("Root=")), "")


def is_decided(header: str) -> bool:
    """Whether it says that the trace is recorded, or that it is not."""
    return SAMPLED in header or UNSAMPLED in header


def decided(header: str, sampled: bool) -> str:
    """`header`, which says nothing of it yet (or `Sampled=?`: who called leaves it to us), with the decision."""
    fields = [field for field in header.split(";") if not field.strip().startswith("Sampled=")]
    at = next(
        (at for at, field in enumerate(fields) if not field.strip().startswith(("Root=", "Parent="))), len(fields)
    )
    fields.insert(at, SAMPLED if sampled else UNSAMPLED)
    return ";".join(fields)


def beneath(header: str, parent: str) -> str:
    """`header` as what is called from the segment `parent` gets it."""
    fields = [field for field in header.split(";") if not field.strip().startswith("Parent=")]
    fields.insert(1, f"Parent={parent}")
    return ";".join(fields)


def anew(header: str, root: str) -> str:
    """What `header` says besides its trace, with the field Root of another one, which is recorded."""
    kept = [field for field in header.split(";") if not field.strip().startswith(("Root=", "Parent=", "Sampled="))]
    return ";".join([root, SAMPLED, *(field for field in kept if field)])


def root_of(request_id: str, now: float | None = None) -> str:
    """The field Root of a trace that begins with a request, at `now` (seconds since 1970); `request_id` is a UUID. One
    that is not recorded needs no time."""
    digits = request_id.replace("-", "")
    return f"Root=1-{digits[:8] if now is None else f'{int(now):08x}'}-{digits[8:]}"


def lasting_id(text: str, salt: int) -> str:
    """A segment's id that is the same each time."""
    said = text.encode()
    return f"{zlib.crc32(said):08x}{zlib.crc32(said, salt):08x}"
