"""What the lifecycle rules of a bucket say of one key's versions, and of uploads that nobody ends.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html (filters, actions; days are
rounded up to the next midnight of UTC), lifecycle-expire-general-considerations.html and
how-to-set-lifecycle-configuration-intro.html (delete markers that stand alone).
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DAY = 86_400.0
Rule = Mapping[str, Any]
"""A rule as boto3 has it; a date is text in ISO 8601."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A version of a key, or a delete marker; `modified` is seconds since 1970."""

    version: str
    marker: bool
    size: int
    modified: float
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expired:
    """What has to go: the version, or with "" the object as whoever names no version deletes it."""

    version: str = ""


def expired(rules: Sequence[Rule], key: str, versions: Sequence[Seen], now: float) -> list[Expired]:
    """What of a key's versions, the latest first, has had its time."""
    enabled = [rule for rule in rules if rule.get("Status") == "Enabled"]
    found = []
    if versions and any(_current(rule, key, versions, now) for rule in enabled):
        found.append(Expired(versions[0].version if versions[0].marker else ""))
    for newer, (after, one) in enumerate(itertools.pairwise(versions)):
        if any(_noncurrent(rule, key, one, after.modified, newer, now) for rule in enabled):
            found.append(Expired(one.version))
    return found


def abandoned(rules: Sequence[Rule], key: str, initiated: float, now: float) -> bool:
    """Whether an upload that began then is to be aborted."""
    return any(
        rule.get("Status") == "Enabled" and key.startswith(filter_of(rule).prefix) and due(initiated, days) <= now
        for rule in rules
        if (days := (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"))
    )


def due(since: float, days: int) -> float:
    """The midnight at which so many days are over."""
    return math.ceil((since + days * DAY) / DAY) * DAY


@dataclass(frozen=True, slots=True)
class Filter:
    """What a rule is about: sizes lie strictly between `above` and `below`."""

    prefix: str
    tags: Mapping[str, str]
    above: int
    below: float

    def takes(self, key: str, seen: Seen) -> bool:
        """Whether it is about a version."""
        tagged = all(seen.tags.get(name) == value for name, value in self.tags.items())
        return tagged and key.startswith(self.prefix) and self.above < seen.size < self.below


def filter_of(rule: Rule) -> Filter:
    """A rule's filter; the older form has its prefix outside of it."""
    said = rule.get("Filter") or {}
    both = said.get("And") or said
    tags = both.get("Tags") or ([said["Tag"]] if said.get("Tag") else [])
    above, below = both.get("ObjectSizeGreaterThan"), both.get("ObjectSizeLessThan")
    return Filter(
        both.get("Prefix") or rule.get("Prefix") or "",
        {tag["Key"]: tag["Value"] for tag in tags},
        -1 if above is None else above,
        math.inf if below is None else below,
    )


def _current(rule: Rule, key: str, versions: Sequence[Seen], now: float) -> bool:
    seen, said = versions[0], rule.get("Expiration") or {}
    if not filter_of(rule).takes(key, seen):
        return False
    if seen.marker and len(versions) > 1:
        return False  # it hides what is still there
    if seen.marker and said.get("ExpiredObjectDeleteMarker"):
        return True
    if said.get("Date"):
        return not seen.marker and datetime.fromisoformat(said["Date"]).timestamp() <= now
    return bool(said.get("Days")) and due(seen.modified, said["Days"]) <= now


def _noncurrent(rule: Rule, key: str, seen: Seen, since: float, newer: int, now: float) -> bool:
    said = rule.get("NoncurrentVersionExpiration") or {}
    if not said.get("NoncurrentDays") or not filter_of(rule).takes(key, seen):
        return False
    return newer >= (said.get("NewerNoncurrentVersions") or 0) and due(since, said["NoncurrentDays"]) <= now
