"""Stacks and what may be asked of them, without HTTP: made, changed, deleted, planned as change sets.

Every road of a request is the same: a `Wanted` is read into a `Goal` (template, transforms, parameters, capabilities),
the stack is written down with its new status, and a deployment is begun, which others may wait for.
"""

import asyncio
from dataclasses import replace
from typing import Any

from lambent.deploy.backward import clean_up, delete_all, roll_back_update
from lambent.deploy.blueprint import Blueprint
from lambent.deploy.errors import AlreadyThere, DeployError, LimitReached, StackMissing, TemplateInvalid
from lambent.deploy.forward import make_all
from lambent.deploy.goals import Goals, Wanted
from lambent.deploy.phases import CONTINUE, GONE, OPERATIONS, REVIEW, End, Phase, after, check_updatable, phase_of
from lambent.deploy.running import Ports, Running, tell_stack
from lambent.deploy.stack import SERVICE, Goal, Stack
from lambent.model.acting import Acting, as_role
from lambent.model.scope import Scope

MOST = 2_000
"""Stacks of an account in a region, nested ones too: a template that nests itself ends there. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
USER = "User Initiated"
SESSION = "AWSCloudFormation"
"""What CloudFormation calls its sessions of roles."""
NOTHING_NEW = "No updates are to be performed."
MAKING = ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE")
"""What becomes of a stack by the request that makes it."""
PHASES = {
    Phase.CREATE: make_all,
    Phase.UPDATE: make_all,
    Phase.ROLLBACK: delete_all,
    Phase.DELETE: delete_all,
    Phase.CLEANUP: clean_up,
    Phase.ROLLBACK_CLEANUP: clean_up,
    Phase.UPDATE_ROLLBACK: roll_back_update,
}


class Stacks:
    """All stacks, `most` of an account in a region. `close` lets go of what is under way: the next server goes on with
    it."""

    def __init__(self, ports: Ports, most: int = MOST) -> None:
        self.ports = ports
        self._most = most
        self.records = ports.records
        self.goals = Goals(ports)
        self._running: dict[str, Running] = {}
        self._over: dict[str, asyncio.Event] = {}
        self._making: set[tuple[Scope, str]] = set()

    # --- asked for ---------------------------------------------------------------------------------------

    async def create(self, scope: Scope, wanted: Wanted) -> Stack:
        """Begin to make a stack. Raises DeployError."""
        name = (scope, wanted.name)
        same = self.records.find(scope, wanted.name)
        if same is not None and wanted.token and same.token == wanted.token and same.status in MAKING:
            return same  # the request was sent again
        if name in self._making or self.records.find(scope, wanted.name) is not None:
            raise AlreadyThere(f"Stack [{wanted.name}] already exists")
        if self.records.alive(scope) + len(self._making) >= self._most:
            raise LimitReached(f"Limit of {self._most} stacks in {scope.account} and {scope.region} is reached")
        self._making.add(name)
        try:
            stack = await self.acted(self.fresh(scope, wanted, Phase.CREATE), wanted.by, wanted.role)
            goal, blueprint = await self.goals.prepare(stack, wanted, None, macros_need=True)
            stack = replace(stack, goal=goal.document(), description=blueprint.template.description)
            return await self.begin(stack, USER)
        finally:
            self._making.discard(name)

    async def update(self, scope: Scope, wanted: Wanted) -> Stack:
        """Begin to change one. Raises DeployError."""
        if self.records.find(scope, wanted.name) is None:
            raise StackMissing(f"Stack [{wanted.name}] does not exist")
        stack = self.existing(scope, wanted.name)
        check_updatable(stack.arn, stack.status)
        stack = await self.acted(stack, wanted.by, wanted.role or stack.target.role)
        goal, blueprint = await self.goals.prepare(stack, wanted, stack.target, macros_need=True)
        if not self.goals.differs(stack, goal, blueprint):
            raise TemplateInvalid(NOTHING_NEW)
        return await self.go_on(stack, goal, blueprint, wanted)

    async def go_on(self, stack: Stack, goal: Goal, blueprint: Blueprint, wanted: Wanted) -> Stack:
        """Begin an update, in the name of the stack's actor; of `wanted` counts what the goal does not hold. Raises
        DeployError."""
        stack = replace(self.records.get(stack), actor=stack.actor)
        check_updatable(stack.arn, stack.status)
        self._check_types(stack, blueprint)
        former = stack.former if stack.former is not None else stack.goal
        now = self.ports.clock.wall()
        stack = replace(
            stack, status=str(Phase.UPDATE), reason="", former=former, goal=goal.document(), updated=now,
            token=wanted.token, disable_rollback=wanted.disable_rollback, on_failure="ROLLBACK", retained=[],
            description=blueprint.template.description, policy=wanted.policy or stack.policy,
            during=wanted.during or stack.policy, except_on_create=wanted.except_on_create,
            deployment=dict(wanted.deployment), change_set=wanted.change_set or stack.change_set,
        )  # fmt: skip
        return await self.begin(stack, USER)

    def _check_types(self, stack: Stack, blueprint: Blueprint) -> None:
        made = self.records.resources(stack)
        changed = [name for name, spec in blueprint.wanted.items() if name in made and made[name].type != spec.type]
        if changed:
            raise TemplateInvalid(
                "Update of resource type is not permitted. The new template modifies resource type of the following "
                f"resources: [{', '.join(changed)}]"
            )

    async def delete(
        self,
        scope: Scope,
        name: str,
        retained: tuple[str, ...] = (),
        token: str = "",
        forced: bool = False,
        by: Acting | None = None,
        role: str = "",
    ) -> None:
        """Begin to delete one; that there is none is no error. `forced` lets go of what can't be deleted. Raises
        TemplateInvalid."""
        stack = self.records.find(scope, name)
        if stack is None or stack.status in (GONE, Phase.DELETE):
            return
        if stack.protected and not stack.parent:
            raise TemplateInvalid(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if (retained or forced) and stack.status != "DELETE_FAILED":
            what = "which resources to retain" if retained else "FORCE_DELETE_STACK"  # the second is our wording
            raise TemplateInvalid(
                f"Invalid operation on stack [{stack.arn}]. "
                f"When you delete a stack, specify {what} only when the stack is in the DELETE_FAILED state."
            )
        if stack.status == REVIEW:
            now, done = self.ports.clock.wall(), self._operation(OPERATIONS[Phase.DELETE])
            stack = await self.records.change(stack, status=GONE, deleted=now, token=token, operations=[done])
            await tell_stack(self.ports, stack, GONE)
            return
        actor = (await self.acted(stack, by, role or stack.target.role)).actor
        running = self._running.get(stack.uid)
        if running is not None:
            running.cancel("Stack deletion was requested.")  # our wording
            await self.wait(stack)
            stack = self.records.get(stack)
        stack = replace(
            stack, status=str(Phase.DELETE), reason="", retained=list(retained), token=token, forced=forced, actor=actor
        )
        await self.begin(stack, USER)

    async def roll_back(
        self,
        scope: Scope,
        name: str,
        token: str = "",
        by: Acting | None = None,
        role: str = "",
        except_on_create: bool = False,
    ) -> Stack:
        """Begin to bring back what was, of a stack that failed and was kept. Raises DeployError."""
        stack = self.existing(scope, name)
        to = {"CREATE_FAILED": Phase.ROLLBACK, "UPDATE_FAILED": Phase.UPDATE_ROLLBACK}.get(stack.status)
        if to is None:
            raise TemplateInvalid(f"Stack:{stack.arn} is in {stack.status} state and can not be rolled back.")  # ours
        stack = await self.acted(stack, by, role or stack.target.role)
        kept = except_on_create or stack.except_on_create
        stack = replace(stack, status=str(to), reason="", token=token, retained=[], except_on_create=kept)
        return await self.begin(stack, USER)

    async def continue_rollback(
        self,
        scope: Scope,
        name: str,
        token: str = "",
        skipped: tuple[str, ...] = (),
        by: Acting | None = None,
        role: str = "",
        forced: bool = False,
    ) -> Stack:
        """Go on with the rollback of an update that has failed, without the resources `skipped`, or with `forced`
        without all that it failed at. Raises DeployError."""
        stack = self.existing(scope, name)
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise TemplateInvalid(f"Stack:{stack.arn} is in {stack.status} state and can not be rolled back.")  # ours
        failed = [name for name, one in self.records.resources(stack).items() if one.status == "UPDATE_FAILED"]
        wrong = [one for one in skipped if one not in failed]
        if wrong:
            raise TemplateInvalid(
                f"Resources to skip that are not in UPDATE_FAILED state: [{', '.join(wrong)}]"
            )  # ours
        stack = await self.acted(stack, by, role or stack.target.role)
        left = failed if forced else list(skipped)
        stack = replace(stack, status=str(Phase.UPDATE_ROLLBACK), reason="", token=token, retained=left)
        return await self.begin(stack, USER, CONTINUE)

    def cancel_update(self, scope: Scope, name: str) -> None:
        """Let an update under way end as failed. Raises DeployError."""
        stack = self.existing(scope, name)
        running = self._running.get(stack.uid)
        if stack.status != Phase.UPDATE or running is None:
            raise TemplateInvalid("CancelUpdateStack cannot be called from current stack status")
        running.cancel("User Initiated")

    # --- what others ask ---------------------------------------------------------------------------------

    def existing(self, scope: Scope, name: str) -> Stack:
        """The stack of that name or id. Raises StackMissing."""
        stack = self.records.find(scope, name)
        if stack is None:
            raise StackMissing(f"Stack with id {name} does not exist")
        return stack

    async def wait(self, stack: Stack) -> Stack:
        """Until nothing is under way in a stack."""
        over = self._over.get(stack.uid)
        if over is not None:
            await over.wait()
        return self.records.get(stack)

    # --- deployments -------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Go on with what the last server left unfinished."""
        for stack in self.records.unfinished():
            running = self._running[stack.uid] = Running(self.ports, stack)
            self._over[stack.uid] = asyncio.Event()
            self.ports.spawn(self._deploy(running))

    async def acted(self, stack: Stack, by: Acting | None, role: str) -> Stack:
        """The stack, as it is changed in the name of who asks, or of a role that CloudFormation assumes. Raises
        TemplateInvalid, in AWS's words, for a role that it can't.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
        """
        if role and await self.ports.unassumable(role, stack.scope, stack.arn):
            raise TemplateInvalid(f"Role {role} is invalid or cannot be assumed")
        acting = as_role(SERVICE, role, SESSION) if role else by
        return replace(stack, actor=acting.document() if acting is not None else {})

    def fresh(self, scope: Scope, wanted: Wanted, status: str) -> Stack:
        uid, now = self.ports.new_id(), self.ports.clock.wall()
        return Stack(
            uid, wanted.name, scope.account, scope.region, str(status), now, Goal("").document(), token=wanted.token,
            disable_rollback=wanted.disable_rollback, on_failure=wanted.on_failure, protected=wanted.protected,
            minutes=wanted.minutes, policy=wanted.policy, parent=wanted.parent, root=wanted.root,
            except_on_create=wanted.except_on_create, deployment=dict(wanted.deployment),
        )  # fmt: skip

    def _operation(self, kind: str) -> list[str]:
        return [self.ports.new_id(), kind]

    async def begin(self, stack: Stack, reason: str, kind: str = "") -> Stack:
        """Begin the operation that the stack's status is, or one of another `kind`. Raises TemplateInvalid when
        something is under way already."""
        if stack.uid in self._running:
            raise TemplateInvalid(f"Stack:{stack.arn} is being changed and can not be updated.")  # our wording
        stack = replace(stack, operations=[self._operation(kind or OPERATIONS[Phase(stack.status)])])
        running = self._running[stack.uid] = Running(self.ports, stack)
        self._over[stack.uid] = asyncio.Event()
        try:
            await self.records.put(stack)
            await tell_stack(self.ports, stack, stack.status, reason)
        except BaseException:
            self._end(stack.uid)
            raise
        self.ports.spawn(self._deploy(running))
        return stack

    def _end(self, uid: str) -> None:
        self._running.pop(uid, None)
        self._over.pop(uid).set()

    async def _deploy(self, running: Running) -> None:
        """Phase by phase, until nothing is under way."""
        uid = running.stack.uid
        timer = self._timer(running)
        try:
            while (phase := phase_of(self.records.get(running.stack).status)) is not None:
                running.begin(self.records.get(running.stack))
                try:
                    end, reason = await PHASES[phase](running)
                except DeployError as error:
                    end, reason = End.FAILED, str(error)
                await self._turn(running, phase, end, reason)
        finally:
            self._end(uid)
            if timer is not None:
                timer.cancel()

    def _timer(self, running: Running) -> Any:
        stack, clock = running.stack, self.ports.clock
        if not stack.minutes or stack.status != Phase.CREATE:
            return None
        over = clock.monotonic() + stack.created + 60 * stack.minutes - clock.wall()
        return clock.call_at(over, lambda: running.cancel("Stack creation timed out"))  # our wording

    async def _turn(self, running: Running, phase: Phase, end: End, reason: str) -> None:
        """From one phase to the next, or to the end."""
        status = after(phase, end)
        members: dict[str, Any] = {"status": status, "reason": reason}
        following = phase_of(status)
        if following is None:
            members["actor"] = {}
        elif following in OPERATIONS:
            members["operations"] = [self._operation(OPERATIONS[following]), *running.stack.operations]
        if status == GONE:
            members |= {"deleted": self.ports.clock.wall(), "outputs": [], "imports": [], "alias": ""}
        if following is None and phase in (Phase.CLEANUP, Phase.ROLLBACK_CLEANUP):
            members |= {"former": None}
        running.stack = await self.records.change(running.stack, **members)
        await running.tell_stack(status, reason)
