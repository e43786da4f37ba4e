"""The findings of this server: what was reported, once per code and resource, until it is withdrawn.

In memory: whoever reports about durable state reports it again at the start.
"""

import dataclasses
from typing import Any

from lambent.model.finding import Finding

BOUND = 1_000
"""Findings that are kept; the oldest make room."""


class Ledger:
    """Findings in the order of their latest report."""

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._kept: dict[tuple[str, str], Finding] = {}
        self._dropped = 0

    def report(self, finding: Finding) -> None:
        """Keep `finding`, in the place of an earlier one of the same code and resource."""
        key = (finding.code, finding.resource)
        self._kept.pop(key, None)
        self._kept[key] = finding
        if len(self._kept) > self._bound:
            del self._kept[next(iter(self._kept))]
            self._dropped += 1

    def withdraw(self, resource: str, code: str = "") -> None:
        """Forget what was said of a resource and of what its ARN begins (versions, aliases): `code`, or all of it."""
        inside = f"{resource}:"
        for key in list(self._kept):
            if (key[1] == resource or key[1].startswith(inside)) and code in ("", key[0]):
                del self._kept[key]

    def all(self) -> list[Finding]:
        """Every finding, the oldest first."""
        return list(self._kept.values())

    def document(self) -> dict[str, Any]:
        """For the page: every finding, and how many were forgotten for want of room."""
        return {"findings": [dataclasses.asdict(finding) for finding in self.all()], "dropped": self._dropped}
