"""FilterCriteria: which patterns an event source mapping accepts.

A pattern is a JSON object as deep as one likes whose leaves are lists of what a value may be. Source: developer
guide, "Control which events Lambda sends to your function" (invocation-eventfiltering).
"""

from collections.abc import Mapping
from typing import Any

from lambent.engine import event_pattern_reading
from lambent.engine.json_places import Invalid
from lambent.services.lambda_ import faults

FILTERS_MAX = 10
"""Of one mapping: five, and ten for accounts that asked for more. Source: developer guide, as above."""
WITHOUT = frozenset({"exactly", "wildcard"})
"""Operators of EventBridge that mappings don't have. Source: developer guide, as above; it does not name `cidr` either,
which a sample of AWS's uses: https://github.com/aws-samples/serverless-patterns (lambda-esm-sqs-filters-sam)."""


def filters_of(criteria: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The filters that were sent, checked. Raises Fault."""
    filters = [{"Pattern": one["Pattern"]} for one in (criteria or {}).get("Filters") or [] if "Pattern" in one]
    if len(filters) > FILTERS_MAX:
        # Wording of our own.
        raise faults.invalid(f"An event source mapping can have at most {FILTERS_MAX} filters.")
    if not all(_is_pattern(one["Pattern"]) for one in filters):
        raise faults.invalid("Invalid filter pattern definition.")
    return filters


def _is_pattern(text: str) -> bool:
    try:
        event_pattern_reading.read(text, without=WITHOUT)
    except Invalid:
        return False
    return True
