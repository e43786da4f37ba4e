"""Carries out what `engine.traffic_shift` decides: each step is on disk before it is done, the next server goes on.

A deployment's document: `last` (when, and what), `group` and its `role`, `function` (the AppSpec's), `hooks`, `plan`,
`shift`, `calls` (phase -> its hook's execution id), `called` (hooks that were called), `rollback` (whose it is).
"""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lambent.clock import Clock, Handle
from lambent.deploy.ports import Asks, Refused
from lambent.engine.traffic_shift import (
    Call,
    Decision,
    Due,
    Effect,
    Event,
    Phase,
    Plan,
    Said,
    Shift,
    Stop,
    Wake,
    begin,
    decide,
    fail,
)
from lambent.model.scope import Scope
from lambent.services.codedeploy.env import DEPLOYMENT, GROUP, acting
from lambent.store.resources import Resource, Resources

ALARM_SECONDS = 10.0
"""Between two looks at a group's alarms."""
FAILURE, ON_ALARM, ON_REQUEST = "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"
CAUSES = {"ALARM_ACTIVE": ON_ALARM, "MANUAL_STOP": ON_REQUEST}
ENDINGS = {"Succeeded": "DeploymentSuccess", "Failed": "DeploymentFailure", "Stopped": "DeploymentStop"}
Key = tuple[Scope, str, str]
log = logging.getLogger(__name__)


class _Gone(Exception):
    """The deployment was deleted meanwhile."""


@dataclass(slots=True)
class Deployments:
    """All deployments. `close` lets go of what is under way: the next server goes on with it."""

    resources: Resources
    clock: Clock
    new_id: Callable[[], str]
    asks: Asks
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    _timers: dict[Key, Handle] = field(default_factory=dict)
    _locks: dict[Key, asyncio.Lock] = field(default_factory=dict)

    # --- found -------------------------------------------------------------------------------------------

    def find(self, scope: Scope, deployment_id: str) -> Resource | None:
        """The deployment of that id."""
        return next((one for one in self.resources.all(DEPLOYMENT, scope) if one.name == deployment_id), None)

    def of_group(self, scope: Scope, application: str, group: str) -> list[Resource]:
        """A group's, the newest first."""
        made = [
            one for one in self.resources.children(DEPLOYMENT, scope, application) if one.document["group"] == group
        ]
        return sorted(made, key=lambda one: -one.document["last"]["createTime"])

    def fresh_id(self) -> str:
        """`d-` and nine letters and digits."""
        return f"d-{self.new_id().replace('-', '')[:9].upper()}"

    # --- begun, stopped ----------------------------------------------------------------------------------

    async def start(self, scope: Scope, application: str, document: dict[str, Any]) -> str:
        """Write a deployment down and begin it; its id."""
        name = document["last"]["deploymentId"]
        await self.resources.put(Resource(DEPLOYMENT, scope, application, name, self.new_id(), document))
        self._go_on((scope, application, name), None)
        return str(name)

    def resume(self) -> None:
        """Go on with what the last server left unfinished."""
        for one in self.resources:
            if one.kind == DEPLOYMENT and one.document["shift"]["phase"] != Phase.ENDED:
                self._go_on(_key(one), Due() if one.document["shift"]["times"] else None)

    async def hear(self, deployment: Resource, event: Event, undo: bool = False) -> None:
        """A hook has said something, or somebody wants an end (`undo`: and what was before it): on disk when it
        returns."""
        self.clock.began()
        await self._turn(_key(deployment), event, undo)

    def forget(self, deployment: Resource) -> None:
        """It is being deleted."""
        timer = self._timers.pop(_key(deployment), None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Nothing is begun any more: the next server goes on."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    # --- carried out -------------------------------------------------------------------------------------

    def _go_on(self, key: Key, event: Event | None) -> None:
        self.clock.began()
        self.spawn(self._turn(key, event))

    async def _turn(self, key: Key, event: Event | None, undo: bool = False) -> None:
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):
                await self._step(key, event, undo)
        except _Gone:
            self._locks.pop(key, None)
        finally:
            self.clock.ended()

    async def _step(self, key: Key, event: Event | None, undo: bool) -> None:
        """One event: decided, written down, done. `event` None begins. Raises _Gone."""
        document = self._found(key).document
        if document["shift"]["phase"] == Phase.ENDED:
            return
        plan, shift = Plan(**document["plan"]), Shift.of(document["shift"])
        wrong = await self._wrong(key[0], document) if event is None else ""
        ringing = await self._ringing(key[0], document)
        now = self.clock.wall()
        if ringing:
            said = Stop("ALARM_ACTIVE", f"One or more alarms have been activated: {', '.join(ringing)}")
            decision = decide(plan, shift, said, now)
        elif wrong:
            decision = fail(shift, "INVALID_LAMBDA_CONFIGURATION", wrong, now), []
        else:
            decision = begin(plan, now) if event is None else decide(plan, shift, event, now)
        await self._carry_out(key, decision, undo)

    async def _carry_out(self, key: Key, decision: Decision, undo: bool) -> None:
        """Raises _Gone."""
        shift, effects = decision
        calls = {one.phase: self.new_id() for one in effects if isinstance(one, Call)}
        if shift.status in ("Failed", "Stopped"):
            await self._end(key, shift, undo)
            return
        try:
            await self._weigh(key[0], self._found(key).document, shift.weight)
        except Refused as error:
            failed = fail(shift, "INVALID_LAMBDA_FUNCTION", f"{error.code}: {error.message}", self.clock.wall())
            await self._end(key, failed, undo)
            return
        calls = {**self._found(key).document["calls"], **calls}
        document = await self._note(key, shift=shift.document(), calls=calls, weighed=shift.weight)
        if shift.phase == Phase.ENDED:
            await self._over(key, shift)
            return
        await self._call(key, document)
        self._wake(key, document, effects)

    def _found(self, key: Key) -> Resource:
        """The deployment as it is now. Raises _Gone."""
        found = self.resources.get(DEPLOYMENT, *key)
        if found is None:
            raise _Gone
        return found

    async def _note(self, key: Key, **members: Any) -> dict[str, Any]:
        """Change members of the document. Raises _Gone."""
        found = self._found(key)
        document = {**found.document, **members}
        await self.resources.put(found.changed(self.new_id(), document))
        return document

    async def _weigh(self, scope: Scope, document: dict[str, Any], percent: int) -> None:
        """Bring the alias to that share, if it is not there: before it is written down, so that who sees a success sees
        the alias as well. Raises Refused."""
        if not percent or document.get("weighed") == percent:
            return
        of, whole = document["function"], percent == 100
        weights = {} if whole else {of["TargetVersion"]: percent / 100}
        await self._ask(scope, document, "lambda", "UpdateAlias", {
            "FunctionName": of["Name"], "Name": of["Alias"], "RoutingConfig": {"AdditionalVersionWeights": weights},
            "FunctionVersion": of["TargetVersion"] if whole else of["CurrentVersion"],
        })  # fmt: skip

    async def _call(self, key: Key, document: dict[str, Any]) -> None:
        """Call the hook of the phase, if that was not done. Raises _Gone."""
        phase = document["shift"]["phase"]
        function, execution = document["hooks"].get(phase), document["calls"].get(phase)
        if not function or not execution or phase in document["called"]:
            return
        payload = json.dumps({"DeploymentId": key[2], "LifecycleEventHookExecutionId": execution}).encode()
        call = {"FunctionName": function, "InvocationType": "Event", "Payload": payload}
        try:
            await self._ask(key[0], document, "lambda", "Invoke", call)
        except Refused as error:
            self._go_on(key, Said(phase, False, f"The {phase} hook could not be called: {error.message}"))
        await self._note(key, called=[*document["called"], phase])

    def _wake(self, key: Key, document: dict[str, Any], effects: Sequence[Effect]) -> None:
        """Look again when something is due, or at the alarms if there are any."""
        due = [one.at for one in effects if isinstance(one, Wake)]
        if document["alarms"]:
            due.append(self.clock.wall() + ALARM_SECONDS)
        old = self._timers.pop(key, None)
        if old is not None:
            old.cancel()
        if due:
            at = self.clock.monotonic() + min(due) - self.clock.wall()
            self._timers[key] = self.clock.call_at(at, lambda: self._go_on(key, Due()))

    async def _ask(
        self, scope: Scope, document: dict[str, Any], service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """Ask in the name of the group's role. Raises Refused."""
        return await self.asks(acting(scope, document.get("role", "")))(scope, service, operation, params)

    # --- looked at ---------------------------------------------------------------------------------------

    async def _ringing(self, scope: Scope, document: dict[str, Any]) -> list[str]:
        """The alarms that are in ALARM, wherever they are answered."""
        if not document["alarms"]:
            return []
        try:
            said = await self._ask(scope, document, "cloudwatch", "DescribeAlarms", {
                "AlarmNames": document["alarms"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]})  # fmt: skip
        except Refused as error:
            return [] if document["deaf"] else [f"they can't be read ({error.code})"]
        found = [*said.get("MetricAlarms", []), *said.get("CompositeAlarms", [])]
        return [one["AlarmName"] for one in found if one.get("StateValue") == "ALARM"]

    async def _wrong(self, scope: Scope, document: dict[str, Any]) -> str:
        """What of the AppSpec is not so."""
        of = document["function"]
        if document["rollback"]:
            return ""
        try:
            named = {"FunctionName": of["Name"], "Name": of["Alias"]}
            alias = await self._ask(scope, document, "lambda", "GetAlias", named)
            asked = {"FunctionName": of["Name"], "Qualifier": of["TargetVersion"]}
            await self._ask(scope, document, "lambda", "GetFunctionConfiguration", asked)
        except Refused as error:
            return error.message
        if alias["FunctionVersion"] not in (of["CurrentVersion"], of["TargetVersion"]):
            return (
                f"The current version of {of['Name']}:{of['Alias']} is {alias['FunctionVersion']}, "
                f"not {of['CurrentVersion']} as the AppSpec says."
            )
        return ""

    # --- over --------------------------------------------------------------------------------------------

    async def _end(self, key: Key, shift: Shift, undo: bool) -> None:
        """It has failed or was stopped: written down together with what brings back what was. Raises _Gone."""
        found = self._found(key)
        document = {**found.document, "shift": shift.document()}
        back = None
        if not document["rollback"] and (undo or _rolls_back(document, shift)):
            back = self._back(key, document)
            document["rolled"] = back.name
        new = found.changed(self.new_id(), document)
        await self.resources.write([back] if back else [], [(found, new)])
        if back is not None:
            self._go_on(_key(back), None)
        await self._over(key, shift)

    def _back(self, key: Key, document: dict[str, Any]) -> Resource:
        """A deployment of its own that brings the alias back, at once."""
        scope, application, name = key
        of, new = document["function"], self.fresh_id()
        last = {"deploymentId": new, "createTime": round(self.clock.wall(), 3), "creator": "codeDeployRollback"}
        back = {
            **document,
            "function": {**of, "CurrentVersion": of["TargetVersion"], "TargetVersion": of["CurrentVersion"]},
            "last": {**document["last"], **last},
            "plan": asdict(Plan()),
            "shift": Shift().document(),
            **{"hooks": {}, "calls": {}, "called": [], "alarms": [], "rollback": name, "weighed": 0},
        }
        return Resource(DEPLOYMENT, scope, application, new, self.new_id(), back)

    async def _over(self, key: Key, shift: Shift) -> None:
        """Nothing more is to come; the group's triggers that ask for it are told. Source:
        https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-sns-event-notifications-json-format.html"""
        scope, application, name = key
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        document = self._found(key).document
        group = self.resources.get(GROUP, scope, application, document["group"])
        for trigger in (group.document.get("triggerConfigurations") or []) if group else []:
            if ENDINGS[shift.status] in trigger.get("triggerEvents", []):
                message = {
                    "region": scope.region, "accountId": scope.account, "eventTriggerName": trigger["triggerName"],
                    "applicationName": application, "deploymentId": name, "status": shift.status.upper(),
                    "deploymentGroupName": group.name if group else "",
                }  # fmt: skip
                await self._publish(scope, document, trigger["triggerTargetArn"], json.dumps(message))

    async def _publish(self, scope: Scope, document: dict[str, Any], topic: str, message: str) -> None:
        try:
            await self._ask(scope, document, "sns", "Publish", {"TopicArn": topic, "Message": message})
        except Refused as error:
            log.warning("a trigger's topic %s was not told: %s", topic, error)


def _key(deployment: Resource) -> Key:
    return deployment.scope, deployment.parent, deployment.name


def _rolls_back(document: dict[str, Any], shift: Shift) -> bool:
    """Whether its end is one that the group wants undone."""
    configured = document["autoRollback"]
    return bool(configured.get("enabled")) and CAUSES.get(shift.code, FAILURE) in configured.get("events", [])


def alarms_of(configured: dict[str, Any]) -> Iterator[str]:
    """The names of the alarms that are to be heeded."""
    if configured.get("enabled"):
        yield from (one["name"] for one in configured.get("alarms") or [])
