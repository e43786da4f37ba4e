"""Pairs of functions, one with a footgun and one without, and by what they are told apart.

Each is a folder with `bad/` and `good/`, a project each: app.py and a template for SAM.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def _message(number: int) -> dict[str, Any]:
    return {"messageId": f"m-{number}", "body": f'{{"id": "o-{number}", "amount": {number}}}', "eventSource": "aws:sqs"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One footgun. `event` is for both functions; `check`, `torture` and `watch` are the pitfalls that each of the
    three finds in the bad one and not in the good one, `trials` those of torture that show them."""

    name: str
    event: Mapping[str, Any]
    check: tuple[str, ...] = ()
    torture: tuple[str, ...] = ()
    trials: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()

    def folder(self, kind: str) -> Path:
        """Of "bad" or "good"."""
        return HERE / self.name / kind


_UPLOAD = {"s3": {"bucket": {"name": "footguns-uploads"}, "object": {"key": "a.txt"}}}
PAIRS = (
    Pair("partial_batches", {"Records": [_message(1), _message(2)]}, ("ESM002",), ("ESM002",), ("bad-record",)),
    Pair("idempotency", {"order": "o-1"}, (), ("ASY006", "ASY008"), ("together:0", "crash-after:1")),
    Pair("tmp", {"name": "r.csv", "lines": ["a", "b"]}, ("EXE003", "EXE004"), ("EXE001", "EXE003"),
         ("warm", "tmp-left:0")),
    Pair("recursion", {"Records": [_UPLOAD]}, ("ARC001",)),
    Pair("secrets", {"text": "t"}, ("SEC001", "SEC003"), watch=("SEC003",)),
    Pair("clients", {"id": "p-1"}, ("EXE008",), watch=("EXE008",)),
)  # fmt: skip


def each() -> Iterator[tuple[Pair, str]]:
    """Every pair with what is to be found in it: "check", "torture" or "watch"."""
    for pair in PAIRS:
        for way in ("check", "torture", "watch"):
            if getattr(pair, way):
                yield pair, way
