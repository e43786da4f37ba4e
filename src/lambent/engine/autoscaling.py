"""Application Auto Scaling of provisioned concurrency: what the alarms of a target tracking policy would do.

A policy looks at the utilization of each minute: over its target for 3 minutes in a row the capacity grows, under 90 %
of it for 15 it shrinks. A minute without any invocation has no utilization, and no alarm goes off without: as on AWS,
provisioned concurrency that nobody uses at all is not scaled in by its policy.
Sources: developer guide, "Managing provisioned concurrency with Application Auto Scaling" (provisioned-concurrency),
https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
"""

import math
from typing import NamedTuple

TARGET, POLICY, ACTION = "scalable-target", "scaling-policy", "scheduled-action"
"""The kinds under which targets, their policies and their scheduled actions are stored."""
OUT_POINTS = 3
IN_POINTS = 15
IN_SHARE = 0.9
"""Of the target: what utilization has to be under for a scale-in."""
IN_STEP = 0.1
"""The most that one scale-in takes off; AWS says no more than that it goes in smaller steps."""


class Tracking(NamedTuple):
    """A target tracking policy; cooldowns are seconds (0 is AWS's default for provisioned concurrency)."""

    target: float
    out_cooldown: float = 0.0
    in_cooldown: float = 0.0
    scale_in: bool = True


class History(NamedTuple):
    """The utilization of the last minutes, the newest last, None where there was none; when it last scaled."""

    points: tuple[float | None, ...] = ()
    out_at: float = -math.inf
    in_at: float = -math.inf


def track(
    policy: Tracking, history: History, utilization: float | None, now: float, capacity: int
) -> tuple[History, int | None]:
    """One minute more: the capacity that it asks for, None to leave it. `now` is seconds of any clock."""
    points = (*history.points, utilization)[-IN_POINTS:]
    history = history._replace(points=points)
    if utilization is None:
        return history, None
    wanted = max(math.ceil(round(capacity * utilization / policy.target, 9)), 1)
    if _all(points, OUT_POINTS, policy.target, above=True):
        if wanted > capacity and now - history.out_at >= policy.out_cooldown:
            return history._replace(out_at=now), wanted
        return history, None
    low = policy.scale_in and _all(points, IN_POINTS, policy.target * IN_SHARE, above=False)
    # A scale-in waits for the cooldown of a scale-out, too: it protects what was just added.
    rested = now - history.in_at >= policy.in_cooldown and now - history.out_at >= policy.out_cooldown
    if low and rested and wanted < capacity:
        return history._replace(in_at=now), max(wanted, capacity - max(int(capacity * IN_STEP), 1))
    return history, None


def bounded(capacity: int, low: int, high: int) -> int:
    """A capacity within those that were registered."""
    return max(min(capacity, high), low)


def _all(points: tuple[float | None, ...], count: int, bound: float, above: bool) -> bool:
    latest = points[-count:]
    if len(latest) < count:
        return False
    return all(point is not None and (point > bound if above else point < bound) for point in latest)
