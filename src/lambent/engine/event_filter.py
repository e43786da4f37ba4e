"""FilterCriteria of an event source mapping: does a record match?

Patterns are EventBridge's (`engine.event_pattern`). A record is what the function would see of it, with the data key
(`body`, `data`) parsed as JSON where it is JSON. Several patterns are alternatives; without any, everything matches.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html (comparison operators, and what
becomes of data whose form differs from the pattern's).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.engine.event_pattern import ABSENT, matches


@dataclass(frozen=True, slots=True)
class Filter:
    """The patterns of one mapping; `data_key` is the member that holds what the sender wrote."""

    patterns: tuple[Mapping[str, Any], ...]
    data_key: str

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is for the function. `record[data_key]` is a text."""
        return not self.patterns or any(self._matches(pattern, record) for pattern in self.patterns)

    def _matches(self, pattern: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
        wanted = pattern.get(self.data_key, ABSENT)
        data = record.get(self.data_key)
        if wanted is ABSENT or not isinstance(data, str):
            return matches(pattern, record)
        parsed = parsed_data(data)
        if isinstance(wanted, Mapping) != isinstance(parsed, Mapping):
            return False  # the form of the data is not that of the pattern
        seen = parsed if isinstance(wanted, Mapping) else data
        return matches(pattern, {**record, self.data_key: seen})


def read(patterns: Sequence[str], data_key: str) -> Filter:
    """The filter of patterns that were checked when they were stored."""
    return Filter(tuple(json.loads(one) for one in patterns), data_key)


def parsed_data(text: str) -> Any:
    """The value of a text that is JSON, else the text; what is nested deeper than can be read is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
