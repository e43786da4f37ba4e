"""Change sets: what would be done to a stack, written down, and then done."""

from dataclasses import dataclass, replace

from lambent.deploy import errors
from lambent.deploy.blueprint import Blueprint
from lambent.deploy.changes import changes
from lambent.deploy.errors import AlreadyThere, TemplateInvalid
from lambent.deploy.goals import TransformFailed, Wanted
from lambent.deploy.making import replaces
from lambent.deploy.phases import REVIEW, Phase, check_updatable
from lambent.deploy.running import tell_stack
from lambent.deploy.stack import ChangeSet, Goal, Stack
from lambent.deploy.stacks import USER, Stacks
from lambent.model.acting import Acting
from lambent.model.scope import Scope

UNCHANGED = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass(frozen=True, slots=True)
class Asked:
    """What CreateChangeSet says of the change set itself."""

    name: str
    kind: str
    description: str = ""
    on_failure: str = ""
    nested: bool = False
    imports: bool = False


class ChangeSets:
    """The change sets of all stacks."""

    def __init__(self, stacks: Stacks) -> None:
        self.stacks = stacks
        self.goals = stacks.goals
        self.records = stacks.records

    async def plan(self, scope: Scope, wanted: Wanted, asked: Asked) -> tuple[Stack, ChangeSet]:
        """Write down what would be done. Raises DeployError."""
        name = asked.name
        stack = self._planned(scope, wanted, asked.kind, name)
        stack = await self.stacks.acted(stack, wanted.by, wanted.role or stack.target.role)
        same = [one for one in self.records.change_sets(stack) if one.name == name]
        for one in same:
            if one.execution == "AVAILABLE" and wanted.token and one.token == wanted.token:
                return stack, one  # the request was sent again
            if one.execution == "AVAILABLE":
                raise AlreadyThere(f"ChangeSet {name} already exists for stack {stack.name}")  # our wording
        # AWS CLI names them by the second, in which two deployments fit here.
        await self.records.drop_change_sets(stack, same)
        fresh = stack.status == REVIEW
        base = self._base(stack, wanted, asked)
        try:
            goal, blueprint = await self.goals.prepare(
                stack, wanted, None if fresh else stack.target, macros_need=False
            )
        except TransformFailed as error:
            change_set = replace(base, status="FAILED", execution="UNAVAILABLE", reason=str(error))
        else:
            change_set = self._plan(stack, base, goal, blueprint)
        if fresh and self.records.find(scope, wanted.name) is None:
            await self.records.put(replace(stack, actor={}))
            await tell_stack(self.stacks.ports, stack, REVIEW, USER)
        await self.records.put_change_set(stack, change_set)
        return stack, change_set

    def _base(self, stack: Stack, wanted: Wanted, asked: Asked) -> ChangeSet:
        new_id = self.stacks.ports.new_id
        return ChangeSet(
            new_id(), asked.name, stack.arn, asked.kind, self.stacks.ports.clock.wall(), stack.goal, token=wanted.token,
            description=asked.description, disable_rollback=wanted.disable_rollback, on_failure=asked.on_failure,
            nested=asked.nested, operation=new_id(), imports=asked.imports, deployment=dict(wanted.deployment),
        )  # fmt: skip

    def _planned(self, scope: Scope, wanted: Wanted, kind: str, name: str) -> Stack:
        stack = self.records.find(scope, wanted.name)
        if kind == "CREATE":
            if stack is not None and stack.status != REVIEW:
                raise TemplateInvalid(
                    f"Stack [{wanted.name}] already exists and cannot be created again with the changeSet [{name}]."
                )
            return stack or self.stacks.fresh(scope, wanted, REVIEW)
        if stack is None or stack.status == REVIEW:
            raise TemplateInvalid(f"Stack [{wanted.name}] does not exist")
        check_updatable(stack.arn, stack.status)
        return stack

    def _plan(self, stack: Stack, base: ChangeSet, goal: Goal, blueprint: Blueprint) -> ChangeSet:
        found = changes(self.records.resources(stack), blueprint, replaces)
        planned = replace(base, goal=goal.document(), changes=found)
        if stack.status != REVIEW and not self.goals.differs(stack, goal, blueprint):
            return replace(planned, status="FAILED", execution="UNAVAILABLE", reason=UNCHANGED)
        return planned

    async def execute(
        self,
        stack: Stack,
        change_set: ChangeSet,
        disable: bool | None,
        token: str,
        by: Acting | None = None,
        except_on_create: bool = False,
    ) -> None:
        """Begin to do what a change set says, in the name of who executes it. Raises DeployError."""
        if change_set.execution != "AVAILABLE":
            raise errors.WrongStatus(
                f"ChangeSet [{arn_of(stack, change_set)}] cannot be executed in its current status of "
                f"[{change_set.status}]"
            )
        goal = Goal.from_document(change_set.goal)
        stack = await self.stacks.acted(self.records.get(stack), by, goal.role)
        blueprint = self.goals.draw(stack, goal)
        off = change_set.disable_rollback if disable is None else disable
        others = [one for one in self.records.change_sets(stack) if one.uid != change_set.uid]
        wanted = Wanted(
            stack.name, token=token, disable_rollback=off, except_on_create=except_on_create,
            deployment=change_set.deployment, change_set=arn_of(stack, change_set),
        )  # fmt: skip
        if stack.status == REVIEW:
            stack = replace(
                stack, status=str(Phase.CREATE), goal=change_set.goal, disable_rollback=off, token=token,
                on_failure=change_set.on_failure or "ROLLBACK", description=blueprint.template.description,
                change_set=wanted.change_set, except_on_create=except_on_create, deployment=change_set.deployment,
            )  # fmt: skip
            await self.stacks.begin(stack, USER)
        else:
            await self.stacks.go_on(stack, goal, blueprint, wanted)
        done = replace(change_set, execution="EXECUTE_COMPLETE")
        await self.records.put_change_set(stack, done)
        await self.records.drop_change_sets(stack, others)


def arn_of(stack: Stack, change_set: ChangeSet) -> str:
    """A change set's id."""
    return f"arn:aws:cloudformation:{stack.region}:{stack.account}:changeSet/{change_set.name}/{change_set.uid}"
