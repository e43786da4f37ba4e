"""How large an item is, in bytes, as DynamoDB counts.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html; recorded stream
records fit it exactly.
"""

import base64
from collections.abc import Mapping
from typing import Any

COLLECTION_BYTES = 3
ELEMENT_BYTES = 1


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """An item, in DynamoDB's JSON."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "B":
            return len(base64.b64decode(content))
        case "SS" | "NS" | "BS":
            return sum(_value_size({kind[0]: one}) for one in content)
        case "L":
            return COLLECTION_BYTES + sum(ELEMENT_BYTES + _value_size(one) for one in content)
        case "M":
            return COLLECTION_BYTES + len(content) * ELEMENT_BYTES + item_size(content)
        case _:  # BOOL, NULL
            return 1


def _number_size(text: str) -> int:
    """One byte for two significant digits, one more, and one for a sign."""
    digits = text.lstrip("-").partition("e")[0].partition("E")[0].replace(".", "").strip("0") or "0"
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")
