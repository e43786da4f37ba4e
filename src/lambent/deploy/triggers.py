"""Alarms that roll a stack back: looked at while its resources are made or changed, and for a time after that.

An alarm in ALARM, or one that is not there, ends the operation as failed. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html. Which texts AWS has for
it is not documented: they are ours.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.ports import Refused
from lambent.deploy.running import Running

TYPES = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
MOST = 5
LONGEST = 180
"""Minutes."""
EVERY = 10.0
"""Seconds of the platform's clock between two looks, as at the alarms of CodeDeploy."""


def check(said: Mapping[str, Any]) -> None:
    """Raises TemplateInvalid for a RollbackConfiguration that is none."""
    triggers = said.get("RollbackTriggers") or []
    if len(triggers) > MOST:
        raise TemplateInvalid(f"A stack has {MOST} rollback triggers at most.")
    for one in triggers:
        if one["Type"] not in TYPES or ":alarm:" not in one["Arn"]:
            raise TemplateInvalid(f"{one['Arn']} ({one['Type']}) is no rollback trigger: it takes an alarm.")
    if not 0 <= int(said.get("MonitoringTimeInMinutes") or 0) <= LONGEST:
        raise TemplateInvalid(f"MonitoringTimeInMinutes is from 0 to {LONGEST}.")


@dataclass(frozen=True, slots=True)
class Triggers:
    """Those of one deployment."""

    running: Running

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """The alarms are looked at meanwhile, at first before anything is done. What is wrong cancels the
        deployment."""
        if not self._names():
            yield
            return
        await self._look()
        task = asyncio.get_running_loop().create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()

    async def monitored(self) -> None:
        """For the time that is to pass when all is made; at most until the deployment is cancelled. A server that goes
        on with it begins that time anew."""
        clock, minutes = self.running.ports.clock, int(self._said.get("MonitoringTimeInMinutes") or 0)
        if not minutes:
            return
        over = asyncio.get_running_loop().create_task(clock.sleep(60.0 * minutes))
        stopped = asyncio.get_running_loop().create_task(self.running.stopped.wait())
        try:
            await asyncio.wait({over, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            stopped.cancel()
        await self._look()

    @property
    def _said(self) -> Mapping[str, Any]:
        return self.running.stack.target.rollback

    def _names(self) -> list[str]:
        return [one["Arn"].partition(":alarm:")[2] for one in self._said.get("RollbackTriggers") or []]

    async def _watch(self) -> None:
        while not self.running.cancelled:
            await self.running.ports.clock.sleep(EVERY)
            await self._look()

    async def _look(self) -> None:
        names = self._names()
        if not names or self.running.cancelled:
            return
        asked = {"AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        try:
            said = await self.running.ask(self.running.stack.scope, "cloudwatch", "DescribeAlarms", asked)
        except Refused as error:
            self.running.cancel(f"The rollback triggers can't be read: {error.message}")
            return
        found = [*said.get("MetricAlarms", []), *said.get("CompositeAlarms", [])]
        states = {str(one["AlarmName"]): str(one.get("StateValue")) for one in found}
        wrong = [
            f"{name} is {states.get(name, 'not there')}" for name in names if states.get(name, "") in ("", "ALARM")
        ]
        if wrong:
            self.running.cancel(f"Rollback triggers: {', '.join(wrong)}.")
