"""Application Auto Scaling of provisioned concurrency, carried out once a minute of the platform's clock.

`engine.autoscaling` and `engine.schedule` decide. Histories and activities are in memory: after a restart a policy
waits for its minutes anew, and what was scheduled while no server ran is not made up for.
"""

import logging
import zoneinfo
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.engine.autoscaling import (
    ACTION,
    POLICY,
    TARGET,
    Action,
    Decision,
    History,
    Target,
    Tracking,
    decide,
    track,
)
from lambent.engine.schedule import parse
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.store.errors import StoreError
from lambent.store.resources import Resource, Resources

log = logging.getLogger(__name__)

KEPT = 1_000
"""Activities that are remembered."""
Share = dict[tuple[Scope, str, str], float]


class Autoscaler:
    """Scales what is registered.

    `wall` answers seconds since 1970. `spread` answers how many environments a version or alias ("function:f:live") has
    provisioned of which version, None when it is not there; `provision` sets how many, and raises when that is refused.
    `under_way` runs a coroutine in the background, for which a clock that is moved by hand waits.
    """

    def __init__(
        self,
        resources: Resources,
        wall: Callable[[], float],
        new_id: Callable[[], str],
        spread: Callable[[Scope, str], dict[str, int] | None],
        provision: Callable[[Scope, str, int], Awaitable[None]],
        under_way: Callable[[Coroutine[Any, Any, None]], object],
        report: Callable[[Finding], None],
    ) -> None:
        self._resources = resources
        self._wall = wall
        self._new_id = new_id
        self._spread = spread
        self._provision = provision
        self._under_way = under_way
        self._report = report
        self._histories: dict[tuple[Scope, str, str], History] = {}
        self._looked_at = wall()
        self._done: deque[tuple[Scope, dict[str, Any]]] = deque(maxlen=KEPT)

    def activities(self, scope: Scope) -> Iterator[dict[str, Any]]:
        """What was scaled in an account, the newest first."""
        return (activity for where, activity in reversed(self._done) if where == scope)

    def minute(self, utilised: Share) -> None:
        """A minute has passed, in which so much of each provisioned version was in use; what is not in it was not."""
        now, before = self._wall(), self._looked_at
        self._looked_at = now
        histories, self._histories = self._histories, {}
        for target in [one for one in self._resources if one.kind == TARGET]:
            spread = self._spread(target.scope, target.name)
            if spread is not None:
                self._look_at(target, spread, utilised, histories, before, now)

    def _look_at(
        self,
        target: Resource,
        spread: dict[str, int],
        utilised: Share,
        histories: dict[tuple[Scope, str, str], History],
        before: float,
        now: float,
    ) -> None:
        capacity, utilization = sum(spread.values()), _utilization(target, spread, utilised)
        actions = [
            _action(action)
            for action in self._resources.children(ACTION, target.scope, target.name)
            if _is_due(action.document, before, now)
        ]
        wishes = self._wishes(target, utilization, capacity, histories, now) if capacity else {}
        decision = decide(_target(target.document), capacity, actions, wishes, utilization)
        if decision is not None:
            self._under_way(self._scale(target, capacity, decision))

    def _wishes(
        self,
        target: Resource,
        utilization: float | None,
        capacity: int,
        histories: dict[tuple[Scope, str, str], History],
        now: float,
    ) -> dict[str, int]:
        """The capacities that the policies of a target want, by their names."""
        wishes = {}
        for policy in self._resources.children(POLICY, target.scope, target.name):
            key = (target.scope, target.name, policy.name)
            history, wanted = track(
                _tracking(policy.document), histories.get(key, History()), utilization, now, capacity
            )
            self._histories[key] = history
            wishes[policy.name] = capacity if wanted is None else wanted
        return wishes

    async def _scale(self, target: Resource, before: int, decision: Decision) -> None:
        wanted = decision.capacity
        bounds = {**target.document, "MinCapacity": decision.low, "MaxCapacity": decision.high}
        activity = {
            "ActivityId": self._new_id(),
            "ServiceNamespace": "lambda",
            "ResourceId": target.name,
            "ScalableDimension": "lambda:function:ProvisionedConcurrency",
            "Description": f"Setting desired concurrency to {wanted}.",
            "Cause": decision.why,
            "StartTime": self._wall(),
            "StatusCode": "Successful",
        }
        try:
            if bounds != target.document:
                await self._resources.replace(target, target.changed(self._new_id(), bounds))
            if wanted != before:
                await self._provision(target.scope, target.name, wanted)
        except StoreError as error:
            log.warning("%s was not scaled: %s", target.name, error)
            activity |= {"StatusCode": "Failed", "StatusMessage": str(error)}
        except Exception as error:
            text = getattr(error, "message", None) or str(error)
            activity |= {"StatusCode": "Failed", "StatusMessage": text}
            arn = f"arn:aws:lambda:{target.scope.region}:{target.scope.account}:{target.name}"
            self._report(Finding("not-scaled", arn, f"its provisioned concurrency could not be {wanted}: {text}"))
        self._done.append((target.scope, activity | {"EndTime": self._wall()}))


def _target(document: Mapping[str, Any]) -> Target:
    suspended = document["SuspendedState"]
    return Target(
        document["MinCapacity"],
        document["MaxCapacity"],
        suspended["DynamicScalingOutSuspended"],
        suspended["DynamicScalingInSuspended"],
        suspended["ScheduledScalingSuspended"],
    )


def _action(action: Resource) -> Action:
    bounds = action.document["ScalableTargetAction"]
    return Action(action.name, bounds.get("MinCapacity"), bounds.get("MaxCapacity"))


def _tracking(document: Mapping[str, Any]) -> Tracking:
    said = document["TargetTrackingScalingPolicyConfiguration"]
    return Tracking(
        said["TargetValue"],
        said.get("ScaleOutCooldown", 0),
        said.get("ScaleInCooldown", 0),
        not said.get("DisableScaleIn", False),
    )


def _utilization(target: Resource, spread: dict[str, int], utilised: Share) -> float | None:
    """Of all environments of a version or alias; None when none of its versions was invoked."""
    name = target.name.split(":")[1]
    shares = {version: utilised.get((target.scope, name, version)) for version in spread}
    if all(share is None for share in shares.values()) or not sum(spread.values()):
        return None
    return sum((shares[version] or 0.0) * places for version, places in spread.items()) / sum(spread.values())


def _is_due(document: Mapping[str, Any], before: float, now: float) -> bool:
    """Whether a scheduled action falls between two looks at it."""
    if now < document.get("StartTime", 0) or now > document.get("EndTime", now):
        return False
    zone = zoneinfo.ZoneInfo(document.get("Timezone", "UTC"))

    def local(seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone).replace(tzinfo=None)

    start = document.get("StartTime", document["CreationTime"])
    return parse(document["Schedule"]).due(local(before), local(now), local(start))
