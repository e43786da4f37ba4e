"""The answers recorded from AWS, and what of them can't be reproduced here, with the reasons."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "answers"
GAPS = Path(__file__).parent / "gaps.json"
FILES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@cache
def load(file: str) -> Mapping[str, Mapping[str, Any]]:
    """The answers of a file: recorded test -> key -> answer."""
    answers: Mapping[str, Mapping[str, Any]] = json.loads((FOLDER / f"{file}.json").read_text("utf-8"))
    return answers


@cache
def every_test() -> Mapping[str, Mapping[str, Any]]:
    """All recorded tests, as `file::Class::test`."""
    return {f"{file}::{test}": answers for file in FILES for test, answers in load(file).items()}


@dataclass(frozen=True, slots=True)
class Gap:
    """What differs from the recording. `key` is "" for a whole test, `member` "" for a whole answer."""

    test: str
    key: str
    member: str
    reason: str

    @property
    def name(self) -> str:
        """As the gap file writes it."""
        return self.test + (f"/{self.key}" if self.key else "") + (f":{self.member}" if self.member else "")

    def of_test(self, test: str) -> bool:
        """Whether it is about a recorded test."""
        return _fits(self.test, test)

    def of_key(self, key: str) -> bool:
        """Whether it is about an answer of that test."""
        return not self.key or _fits(self.key, key)

    def of_member(self, path: str) -> bool:
        """Whether it is about a member of that answer (`Configuration.Runtime`) or about what is in it."""
        return not self.member or _fits(self.member, path) or _fits(f"{self.member}.*", path)


def _fits(pattern: str, text: str) -> bool:
    """`*` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


@cache
def gaps() -> tuple[Gap, ...]:
    """The gap file: reason -> names. A name is `test`, `test/key` or `test/key:member`; `*` stands for anything."""
    by_reason: Mapping[str, list[str]] = json.loads(GAPS.read_text("utf-8"))
    return tuple(_gap(name, reason) for reason, names in by_reason.items() for name in names)


def _gap(name: str, reason: str) -> Gap:
    test, _, rest = name.partition("/")
    key, _, member = rest.partition(":")
    return Gap(test, key, member, reason)


def gaps_of(test: str) -> list[Gap]:
    """The gaps of one recorded test."""
    return [gap for gap in gaps() if gap.of_test(test)]


def is_gap(test: str, key: str) -> bool:
    """Whether an answer is not matched at all."""
    return any(gap.of_key(key) and not gap.member for gap in gaps_of(test))
