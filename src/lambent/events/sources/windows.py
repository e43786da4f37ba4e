"""The states of a shard's tumbling windows.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html: a function gets and answers the
state, up to 1 MB a shard; above that the window ends early.
"""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

STATE_BYTES = 1024 * 1024


class Windows:
    """`document` is what `dump` made."""

    def __init__(self, width: int, document: str = "") -> None:
        self._width = width
        self._states: dict[int, dict[str, Any]] = {int(k): v for k, v in json.loads(document or "{}").items()}
        self._dumped: str | None = document

    @property
    def open(self) -> Collection[int]:
        """The starts of the windows that have a state."""
        return self._states.keys()

    def keep(self, windows: Collection[int]) -> None:
        """Forget the others: they are over."""
        for start in self._states.keys() - set(windows):
            del self._states[start]
            self._dumped = None

    def members(self, start: int, final: bool, early: bool, shard: str, source: str) -> dict[str, Any]:
        """What the event of a windowed batch has beside its records."""
        return {
            "window": {"start": _timestamp(start), "end": _timestamp(start + self._width)},
            "state": self._states.get(start, {}),
            "shardId": shard,
            "eventSourceARN": source,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": early,
        }

    def answered(self, start: int, final: bool, payload: bytes) -> bool:
        """Keep the state that a function answered; False when it is larger than a window's may be."""
        self._dumped = None
        if final:
            self._states.pop(start, None)
            return True
        try:
            answer = json.loads(payload) if payload else None
        except ValueError:
            answer = None
        state = answer.get("state") if isinstance(answer, dict) else None
        self._states[start] = state if isinstance(state, dict) else {}
        return len(json.dumps(self._states[start])) <= STATE_BYTES

    def dump(self) -> str:
        """All states as a text, "" for none."""
        if self._dumped is None:
            self._dumped = json.dumps(self._states) if self._states else ""
        return self._dumped


def _timestamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
