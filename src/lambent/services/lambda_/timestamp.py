"""Moments as Lambda's JSON shows them."""

from datetime import UTC, datetime


def iso(now: float) -> str:
    """`now` (seconds since 1970) with milliseconds: `2026-01-31T12:00:00.000+0000`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
