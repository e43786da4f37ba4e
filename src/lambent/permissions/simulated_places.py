"""Where a statement of a policy begins and ends in its text: lines and columns from 1, right after what comes before it
and right after its last character.

Source: https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html (examples)
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')
_OPENS, _CLOSES = ("{", "["), ("}", "]")


def positions(text: str, place: int) -> dict[str, Any]:
    """StartPosition and EndPosition of a policy's statement, by its number from 1; nothing where it is not found."""
    found = list(_spans(text))
    if not 0 < place <= len(found):
        return {}
    start, end = found[place - 1]
    return {"StartPosition": _position(text, start), "EndPosition": _position(text, end)}


def _position(text: str, at: int) -> dict[str, int]:
    before = text[:at]
    return {"Line": before.count("\n") + 1, "Column": at - (before.rfind("\n") + 1) + 1}


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where statements begin and end, in characters."""
    depth, start, inside = 0, 0, 0
    key = ""
    for token in _TOKEN.finditer(text):
        said = token[0]
        if said in _OPENS:
            depth += 1
            if said == "[" and depth == 2 and key == "Statement":
                inside, start = 3, token.end()
        elif said in _CLOSES:
            if said == "}" and inside and depth == inside:
                yield start, token.end()
            depth -= 1
            inside = 0 if depth < 2 else inside
        elif depth == 1 and said.startswith('"'):
            key = str(json.loads(said))
        elif said == ":" and depth == 1 and key == "Statement":
            inside, start = 2, token.end()
        elif said == "," and inside == 3 and depth == 2:
            start = token.end()
