"""An event that comes late: AWS's own times in it, and the links, are hours older. Pure.

What an event says of itself (a date of delivery) stays. Asynchronous events may be up to six hours old
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html), messages of queues up to 14 days.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

FIELDS = frozenset((
    "SentTimestamp", "ApproximateFirstReceiveTimestamp", "approximateArrivalTimestamp", "ApproximateCreationDateTime",
    "eventTime", "Timestamp", "time", "timeEpoch", "requestTimeEpoch",
))  # fmt: skip
"""Where events of AWS say when they were made."""
_LINK = re.compile(r"(X-Amz-Date=)(\d{8}T\d{6}Z)")
_COMPACT, _MILLISECONDS = "%Y%m%dT%H%M%SZ", 10**11
"""From there on a number is milliseconds."""


def aged(event: Any, seconds: float) -> Any:
    """The event, so much older; the same when nothing in it has a time of AWS's."""
    return _walk(event, "", seconds)


def has_links(event: Any) -> bool:
    """Whether it has presigned links."""
    return _LINK.search(json.dumps(event)) is not None


def _walk(value: Any, key: str, seconds: float) -> Any:
    if isinstance(value, Mapping):
        return {name: _walk(one, str(name), seconds) for name, one in value.items()}
    if isinstance(value, list):
        return [_walk(one, "", seconds) for one in value]
    if key in FIELDS:
        return _earlier(value, seconds)
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "["):
        return _inside(value, lambda inner: _walk(inner, "", seconds))
    return _LINK.sub(lambda found: found[1] + _moved(found[2], _COMPACT, seconds), value)


def _inside(text: str, change: Callable[[Any], Any]) -> str:
    """JSON in a text, as it was written where nothing changes."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    changed = change(value)
    return text if changed == value else json.dumps(changed)


def _earlier(value: Any, seconds: float) -> Any:
    """A number of seconds or milliseconds since 1970, also as text; a date of ISO 8601; anything else as it is."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value - (seconds * 1000 if value > _MILLISECONDS else seconds)
    if not isinstance(value, str):
        return value
    if value.isdecimal() and len(value) < 19:
        return str(int(_earlier(int(value), seconds)))
    try:
        made = datetime.fromisoformat(value) - timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return value
    said = made.isoformat(timespec="milliseconds" if "." in value else "seconds")
    return said.replace("+00:00", "Z") if value.endswith("Z") else said


def _moved(text: str, form: str, seconds: float) -> str:
    made = datetime.strptime(text, form).replace(tzinfo=UTC) - timedelta(seconds=seconds)
    return made.strftime(form)
