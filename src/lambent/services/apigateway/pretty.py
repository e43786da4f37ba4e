"""JSON as API Gateway writes the models of a document that was imported: objects line by line, lists on one.

Source: what tests of AWS's Serverless Application Model expect GetModels to answer
(https://github.com/aws/serverless-application-model, `integration/combination/test_api_settings.py`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson


def pretty(value: Any, depth: int = 0) -> str:
    """A value, as it stands `depth` objects deep."""
    if isinstance(value, Mapping):
        return "".join(_object(value, depth)) if value else "{ }"
    if isinstance(value, list):
        return f"[ {', '.join(pretty(one, depth) for one in value)} ]" if value else "[ ]"
    return orjson.dumps(value).decode()


def _object(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    start = "{"
    for name, one in value.items():
        yield f"{start}\n{'  ' * (depth + 1)}{orjson.dumps(str(name)).decode()} : {pretty(one, depth + 1)}"
        start = ","
    yield f"\n{'  ' * depth}}}"
