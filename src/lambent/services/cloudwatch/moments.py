"""Times as alarms tell them, and texts that are JSON."""

from datetime import UTC, datetime

import orjson


def told(at: float) -> str:
    """`2019-10-02T17:04:40.985+0000`."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def is_json(text: str | None) -> bool:
    """Whether a text is JSON."""
    try:
        orjson.loads(text or "")
    except orjson.JSONDecodeError:
        return False
    return True


def spoken(at: float) -> str:
    """`Friday 14 August, 2020 15:51:45 UTC`."""
    return datetime.fromtimestamp(at, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
