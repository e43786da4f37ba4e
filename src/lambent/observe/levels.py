"""Which lines the configured log levels keep out of a log group. Pure.

Levels hold with log format JSON only. Lambda filters its own events by the system log level, and what functions write
themselves by the application log level; runtimes that log through AWS's client have filtered already.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

import re
from datetime import datetime

import orjson

SYSTEM = {"DEBUG": 0, "INFO": 1, "WARN": 2}
"""The system log levels; INFO is the default."""

APPLICATION = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "ERROR": 4, "FATAL": 5}
"""The application log levels; INFO is the default."""

_SPELLINGS = {**APPLICATION, "WARNING": APPLICATION["WARN"], "CRITICAL": APPLICATION["FATAL"]}
"""Python's names beside AWS's: its own client maps them so (awslambdaric, `_format_log_level`)."""


def keeps_system(level: str, severity: str) -> bool:
    """Whether a platform event of `severity` reaches the log group at system log level `level`."""
    return SYSTEM[severity] >= SYSTEM[level]


def keeps_line(level: str, line: str) -> bool:
    """Whether a line that the function wrote itself reaches the log group at application log level `level`.

    A line's level is the member "level" of a JSON object. A line that has none, or none that is known, is INFO, and so
    is one without a valid timestamp (RFC 3339) beside it.
    """
    return _severity(line) >= APPLICATION[level]


def _severity(line: str) -> int:
    members = members_of(line)
    level = members.get("level") if members is not None else None
    if members is None or not isinstance(level, str) or not any(_is_timestamp(members.get(key)) for key in _TIMES):
        return APPLICATION["INFO"]
    return _SPELLINGS.get(level.upper(), APPLICATION["INFO"])


_TIMES = ("timestamp", "time")
"""As managed runtimes name it: Python, Node.js, Java, .NET and Rust the first, Go's slog the second."""
_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def _is_timestamp(value: object) -> bool:
    """Its 60th second is a leap second."""
    found = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[3]) > 60:
        return False
    try:
        datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        return False
    return True


def members_of(line: str) -> dict[str, object] | None:
    """What a line says if it is a JSON object, else None."""
    if not line.startswith("{"):
        return None
    try:
        members = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return members if isinstance(members, dict) else None
