"""Application Auto Scaling of provisioned concurrency: what the alarms of a target tracking policy would do.

A policy looks at the utilization of each minute: over its target for 3 minutes in a row the capacity grows, under 90 %
of it for 15 it shrinks. A minute without any invocation has no utilization, and no alarm goes off without: as on AWS,
provisioned concurrency that nobody uses at all is not scaled in by its policy.
Sources: developer guide, "Managing provisioned concurrency with Application Auto Scaling" (provisioned-concurrency),
https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
"""

import math
from collections.abc import Mapping, Sequence
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


class Target(NamedTuple):
    """A scalable target: the bounds of its capacity, and what of its scaling is suspended."""

    low: int
    high: int
    out_suspended: bool = False
    in_suspended: bool = False
    schedule_suspended: bool = False


class Action(NamedTuple):
    """A scheduled action that is due, with the bounds that it sets (None: left as they are)."""

    name: str
    low: int | None = None
    high: int | None = None


class Decision(NamedTuple):
    """The capacity that a target shall have from now on, its bounds, and why."""

    capacity: int
    low: int
    high: int
    why: str


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


def decide(
    target: Target, capacity: int, actions: Sequence[Action], wishes: Mapping[str, int], utilization: float | None
) -> Decision | None:
    """What happens to a target in a minute, None for nothing: `actions` are due, `wishes` the capacities that its
    policies ask for. It scales out when one of them does, and in when all do.
    """
    due = () if target.schedule_suspended else actions
    low, high = _bounds(target, due)
    most = max(wishes, key=lambda name: wishes[name], default="")
    wanted = wishes.get(most, capacity)
    if (wanted > capacity and target.out_suspended) or (wanted < capacity and target.in_suspended):
        wanted = capacity
    wanted = bounded(wanted, low, high)
    if not due and wanted == capacity:
        return None
    causes = [f"scheduled action name {action.name} was triggered" for action in due]
    if not causes and most:
        causes.append(f"policy {most}: utilization was {utilization}")
    return Decision(wanted, low, high, "; ".join(causes) or "the capacity was out of bounds")


def bounded(capacity: int, low: int, high: int) -> int:
    """A capacity within those that were registered."""
    return max(min(capacity, high), low)


def _bounds(target: Target, due: Sequence[Action]) -> tuple[int, int]:
    low, high = target.low, target.high
    for action in due:
        low = low if action.low is None else action.low
        high = high if action.high is None else action.high
    return low, max(low, high)


def _all(points: tuple[float | None, ...], count: int, bound: float, above: bool) -> bool:
    latest = points[-count:]
    if len(latest) < count:
        return False
    return all(point is not None and (point > bound if above else point < bound) for point in latest)
