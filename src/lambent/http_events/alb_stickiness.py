"""The target group that a client stays with: the cookies AWSALBTG and AWSALBTGCORS.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#target-group-stickiness:
a cookie is good for as long as the action says, from the last answer on. What AWS writes into it is encrypted; this is
a digest of the group and the time when it is over.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from lambent.http_events import common

NAME, CORS = "AWSALBTG", "AWSALBTGCORS"
Action = Mapping[str, Any]


def seconds(action: Action) -> int:
    """How long a client stays, 0 where it does not."""
    config = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    if not config.get("Enabled"):
        return 0
    return int(config.get("DurationSeconds") or 0)


def group_of(action: Action, balancer: str, headers: common.Lines, now: float) -> str | None:
    """The ARN of the target group that a request's cookie names, if the action still has it and gives it weight. `now`
    is in seconds since 1970."""
    if not seconds(action):
        return None
    sent = dict(one.partition("=")[::2] for one in common.cookies(headers))
    for name in (NAME, CORS):
        digest, _, until = str(sent.get(name, "")).partition("-")
        if until.isascii() and until.isdigit() and len(until) < 13 and now < int(until):
            for one in action["ForwardConfig"].get("TargetGroups") or ():
                arn = str(one["TargetGroupArn"])
                if _digest(balancer, arn) == digest and str(one.get("Weight", 1)) != "0":
                    return arn
    return None


def cookies(action: Action, balancer: str, group: str, now: float) -> list[tuple[str, str]]:
    """What an answer sets."""
    lasts = seconds(action)
    if not lasts:
        return []
    until = int(now) + lasts
    value = f"{_digest(balancer, group)}-{until}"
    over = f"Expires={common.http_date(until)}; Path=/"
    return [
        ("Set-Cookie", f"{NAME}={value}; {over}"),
        ("Set-Cookie", f"{CORS}={value}; {over}; SameSite=None; Secure"),
    ]


def _digest(balancer: str, group: str) -> str:
    return hashlib.sha256(f"{balancer} {group}".encode()).hexdigest()
