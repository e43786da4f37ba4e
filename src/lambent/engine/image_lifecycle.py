"""Which images of a repository expire by its lifecycle policy.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html: rules count by their priority; an
image expires by one rule at most; an image that a rule's tags select is none for the rules after it; a rule counts
images that others have marked as if they were there.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DAY = 86_400.0
UNBUILT = ("sinceImagePulled", "sinceImageTransitioned")
COUNTS = ("imageCountMoreThan", "sinceImagePushed", *UNBUILT)
STATUSES = ("tagged", "untagged", "any")
MOST_WILDCARDS = 4


@dataclass(frozen=True, slots=True)
class Image:
    """An image as rules see it; `pushed` in seconds since 1970."""

    digest: str
    tags: tuple[str, ...]
    pushed: float


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `patterns` must each match a tag of the image; `most` is a number of images, or of days."""

    priority: int
    status: str
    patterns: tuple[str, ...]
    count: str
    most: int

    def selects(self, image: Image) -> bool:
        """Whether the rule is about an image's tags."""
        if self.status == "any":
            return True
        if self.status == "untagged":
            return not image.tags
        return all(any(fnmatch.fnmatchcase(tag, one) for tag in image.tags) for one in self.patterns)

    def over(self, images: Sequence[Image], now: float) -> list[Image]:
        """Those of the images that it selects that are too many or too old."""
        if self.count == "imageCountMoreThan":
            return sorted(images, key=lambda one: -one.pushed)[self.most :]
        return [one for one in images if now - one.pushed > self.most * DAY]


class Unbuilt(ValueError):
    """What AWS has and is not carried out here; the text names it."""


def rules_of(policy: Any) -> list[Rule]:
    """The rules of a policy, by their priority. Raises ValueError for what is none, Unbuilt."""
    rules = policy.get("rules") if isinstance(policy, Mapping) else None
    if not isinstance(rules, list):
        raise ValueError("rules are missing")
    found = sorted((_rule(one) for one in rules), key=lambda one: one.priority)
    if len({one.priority for one in found}) != len(found):
        raise ValueError("each rulePriority is to be unique")
    if any(one.status == "any" for one in found[:-1]):
        raise ValueError("the rule with tagStatus any is to have the highest rulePriority")
    return found


def _rule(said: Any) -> Rule:
    if not isinstance(said, Mapping) or not isinstance(said.get("selection"), Mapping):
        raise ValueError("a rule is to have a rulePriority, a selection and an action")
    selection, action = said["selection"], said.get("action")
    if not isinstance(action, Mapping) or action.get("type") not in ("expire", "transition"):
        raise ValueError("the type of an action is expire or transition")
    if action["type"] == "transition":
        raise Unbuilt("the action transition")
    priority, most = (_number(where, name) for where, name in ((said, "rulePriority"), (selection, "countNumber")))
    count, status = selection.get("countType"), selection.get("tagStatus")
    if count not in COUNTS or status not in STATUSES:
        raise ValueError(f"tagStatus is one of {', '.join(STATUSES)}, countType one of {', '.join(COUNTS)}")
    if count in UNBUILT:
        raise Unbuilt(f"the countType {count}")
    if (count == "sinceImagePushed") != (selection.get("countUnit") == "days"):
        raise ValueError("sinceImagePushed takes the countUnit days, imageCountMoreThan none")
    return Rule(priority, status, _patterns(selection, status), count, most)


def _number(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is a whole number from 1")
    return value


def _patterns(selection: Mapping[str, Any], status: str) -> tuple[str, ...]:
    lists = [selection.get(name) for name in ("tagPatternList", "tagPrefixList")]
    given = [one for one in lists if one is not None]
    if (status == "tagged") != (len(given) == 1):
        raise ValueError("tagStatus tagged takes a tagPatternList or a tagPrefixList, others take none")
    items = given[0] if given else []
    if not isinstance(items, list) or (given and not items) or not all(isinstance(one, str) and one for one in items):
        raise ValueError("a list of tags is to hold texts")
    if any(one.count("*") > MOST_WILDCARDS for one in items):
        raise ValueError(f"a pattern has {MOST_WILDCARDS} wildcards at most")
    escaped = [one.replace("[", "[[]").replace("?", "[?]") for one in items]
    return tuple(f"{one}*" for one in escaped) if lists[1] is not None else tuple(escaped)


def expired(rules: Sequence[Rule], images: Sequence[Image], now: float) -> dict[str, int]:
    """Digest -> the priority of the rule by which the image expires."""
    found: dict[str, int] = {}
    taken: set[str] = set()
    for rule in rules:
        selected = [one for one in images if rule.selects(one)]
        for one in rule.over(selected, now):
            if one.digest not in taken:
                found[one.digest] = rule.priority
        taken |= {one.digest for one in selected}
    return found
