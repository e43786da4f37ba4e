"""What a request wants of a stack, read into a goal: template, transforms, parameters, capabilities."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lambent.deploy import errors, transforms
from lambent.deploy.blueprint import Blueprint, draw, examine, pseudo, read_template
from lambent.deploy.capabilities import require
from lambent.deploy.changes import changes
from lambent.deploy.dynamic import parameter
from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.making import attributes_of, replaces
from lambent.deploy.phases import GONE
from lambent.deploy.running import Noting, Ports, names_of
from lambent.deploy.sources import Source, template_text
from lambent.deploy.stack import Goal, Stack
from lambent.deploy.template import conditions, parameters
from lambent.deploy.template.template import Template, parse
from lambent.deploy.template.validation import check_values
from lambent.model.acting import Acting
from lambent.model.scope import Scope

UNRECOGNIZED = "Template format error: Unrecognized resource types: [{}]"
MACRO = "AWS::CloudFormation::Macro"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says of a stack. A parameter that is None keeps its former value; `tags`, `notifications` and
    `rollback` None are those that it has. `during` is the stack policy that counts for the update alone. `by` is who
    asks, None for the account itself. `deployment` is the DeploymentConfig as it was given, `change_set` the id of the
    change set that is executed."""

    name: str
    source: Source = field(default_factory=Source)
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    capabilities: tuple[str, ...] = ()
    notifications: tuple[str, ...] | None = None
    role: str = ""
    token: str = ""
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    protected: bool = False
    minutes: int = 0
    policy: str = ""
    during: str = ""
    parent: str = ""
    root: str = ""
    rollback: Mapping[str, Any] | None = None
    by: Acting | None = None
    except_on_create: bool = False
    deployment: Mapping[str, Any] = field(default_factory=dict)
    change_set: str = ""


class Goals:
    """Reads what is wanted, and compares it with what is there."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.records = ports.records

    async def prepare(
        self, stack: Stack, wanted: Wanted, former: Goal | None, macros_need: bool
    ) -> tuple[Goal, Blueprint]:
        """Read what is wanted: the template as who asks, all else as who makes the stack. Raises DeployError."""
        text = await template_text(self.ports.asks(wanted.by or stack.by), stack.scope, wanted.source, former)
        document = await asyncio.to_thread(read_template, text)  # a megabyte of YAML takes seconds
        own = transforms.parameters_of(document)
        parameters.declared(own)
        names = transforms.used(document)
        if not names:
            examine(parse(document))
        elif macros_need and "CAPABILITY_AUTO_EXPAND" not in wanted.capabilities:
            raise errors.CapabilityMissing("Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
        texts = parameters.given(own, wanted.parameters, former.parameters if former else None)
        fetched = await self._from_ssm(stack, own, texts)
        processed = await self._process(stack, document, names, own, texts, fetched)
        goal = _goal(text, processed, texts, fetched, wanted, former)
        return goal, self._checked(stack, goal, wanted)

    def _checked(self, stack: Stack, goal: Goal, wanted: Wanted) -> Blueprint:
        template = parse(read_template(goal.processed or goal.template))
        if goal.processed:
            examine(template)
        unknown = self.ports.unrecognized(one.type for one in template.resources.values())
        if unknown:
            raise TemplateInvalid(UNRECOGNIZED.format(", ".join(unknown)))
        blueprint = self.draw(replace(stack, goal=goal.document()), goal)
        conditions.check_rules(blueprint.template, blueprint.context)
        check_values(blueprint.template, blueprint.wanted, blueprint.context, attributes_of)
        require(template, wanted.capabilities)
        return blueprint

    async def _from_ssm(self, stack: Stack, template: Template, texts: Mapping[str, str]) -> dict[str, str]:
        ask, found, missing = self.ports.asks(stack.by), {}, []
        for name, of in parameters.from_ssm(template, texts).items():
            try:
                found[name] = await parameter(ask, stack.scope, of)
            except TemplateInvalid:
                missing.append(of)
        if missing:
            raise TemplateInvalid(
                f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account."
            )
        return found

    async def _process(
        self,
        stack: Stack,
        document: Mapping[str, Any],
        names: list[str],
        template: Template,
        texts: Mapping[str, str],
        fetched: Mapping[str, str],
    ) -> str:
        if not names:
            return ""
        ask = self.ports.asks(stack.by)
        work = transforms.Work(
            ask,
            lambda scope, url: template_text(ask, scope, Source(url=url), None),
            stack.scope,
            pseudo(stack.scope, stack.name, stack.arn, []),
            transforms.values_for(template, texts, fetched),
            self.macros(stack.scope),
            self.ports.new_id,
        )
        try:
            return json.dumps(await transforms.transform(document, work))
        except TemplateInvalid as error:
            raise TransformFailed(str(error)) from error

    def macros(self, scope: Scope) -> dict[str, str]:
        """Name -> function of the account's macros."""
        return {
            str(one.properties.get("Name")): str(one.properties.get("FunctionName"))
            for stack in self.records.stacks(scope)
            if stack.status != GONE
            for one in self.records.resources(stack).values()
            if one.type == MACRO and one.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        }

    def draw(self, stack: Stack, goal: Goal) -> Blueprint:
        """The blueprint of a goal for a stack. Raises TemplateInvalid."""
        exports = Noting({name: value for name, (value, _) in self.records.exports(stack.scope).items()})
        return draw(goal, names_of(stack), exports)

    def differs(self, stack: Stack, goal: Goal, blueprint: Blueprint) -> bool:
        """Whether there is anything to do."""
        if stack.status in ("CREATE_FAILED", "UPDATE_FAILED"):
            return True
        if goal.tags != stack.target.tags or goal.notifications != stack.target.notifications:
            return True
        made = self.records.resources(stack)
        if changes(made, blueprint, replaces):
            return True
        try:
            return blueprint.outputs(made) != stack.outputs
        except TemplateInvalid:
            return True


class TransformFailed(TemplateInvalid):
    """A macro failed: a change set says so, a request is refused."""


def _goal(
    text: str,
    processed: str,
    texts: dict[str, str],
    fetched: dict[str, str],
    wanted: Wanted,
    former: Goal | None,
) -> Goal:
    tags = wanted.tags if wanted.tags is not None else former.tags if former else {}
    notified = wanted.notifications
    if notified is None:
        notified = tuple(former.notifications) if former else ()
    role = wanted.role or (former.role if former else "")
    rollback = wanted.rollback if wanted.rollback is not None else former.rollback if former else {}
    return Goal(
        text, processed, texts, fetched, dict(tags), list(wanted.capabilities), list(notified), role, dict(rollback)
    )
