"""Which lines the configured log levels keep out of a log group. Pure.

Levels hold with log format JSON only. Lambda filters its own events by the system log level, and what functions write
themselves by the application log level; runtimes that log through AWS's client have filtered already.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

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

    A line's level is the member "level" of a JSON object; a line that has none, or none that is known, is INFO.
    """
    return _severity(line) >= APPLICATION[level]


def _severity(line: str) -> int:
    members = members_of(line)
    level = members.get("level") if members is not None else None
    return _SPELLINGS.get(level.upper(), APPLICATION["INFO"]) if isinstance(level, str) else APPLICATION["INFO"]


def members_of(line: str) -> dict[str, object] | None:
    """What a line says if it is a JSON object, else None."""
    if not line.startswith("{"):
        return None
    try:
        members = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return members if isinstance(members, dict) else None
