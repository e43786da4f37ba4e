"""In whose name a stack is made, changed, brought back and deleted."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from lambent.deploy.ports import Refused
from lambent.deploy.stack import Stack
from lambent.model.acting import Acting
from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.services.cloudformation.env import CloudFormationEnv
from lambent.services.cloudformation.operations import OPERATIONS
from lambent.wire.fault import Fault
from tests.unit.deploy.test_engine_of_stacks import SCOPE, House, Killed, Services, queue

ANN, BOB = (f"arn:aws:iam::{SCOPE.account}:user/{name}" for name in ("ann", "bob"))
ROLE = f"arn:aws:iam::{SCOPE.account}:role/service"


def by(user: str) -> Caller:
    return Caller(SCOPE, "id", "AKIA1", held=Held("secret", SCOPE.account, user=user))


def template(**resources: Any) -> str:
    return json.dumps({"Resources": resources})


class Office:
    """CloudFormation's operations on a house."""

    def __init__(self, house: House | None = None) -> None:
        self.house = house or House()
        self.env = CloudFormationEnv(self.house.stacks, self.house.change_sets, self.house.signals)

    async def ask(self, operation: str, user: str, **params: Any) -> Stack:
        """An operation on the stack "s"; the stack when nothing is under way any more."""
        self.house.acted.clear()
        await OPERATIONS[operation](self.env, by(user), {"StackName": "s", **params})
        found = self.house.records.stacks(SCOPE)[0]
        return await self.house.stacks.wait(found)

    @property
    def who(self) -> set[str]:
        """Whose rights were used since the last operation began."""
        return {one.held.user or one.held.role for one in self.house.acted if one.held is not None}


def test_each_operation_is_carried_out_in_the_name_of_who_asks() -> None:
    async def story() -> None:
        office = Office()
        stack = await office.ask("CreateStack", ANN, TemplateBody=template(A=queue("a")))
        assert office.who == {ANN} and stack.status == "CREATE_COMPLETE"
        await office.ask("UpdateStack", BOB, TemplateBody=template(A=queue("a", DelaySeconds=1)))
        assert office.who == {BOB}
        changed = template(A=queue("a", DelaySeconds=2))
        await office.ask("CreateChangeSet", ANN, ChangeSetName="c", TemplateBody=changed)
        assert office.who == {ANN}
        stack = await office.ask("ExecuteChangeSet", BOB, ChangeSetName="c")
        assert office.who == {BOB} and stack.actor == {}, "it is kept as long as something is under way"
        office.house.services.template = changed.encode()
        await office.ask("ValidateTemplate", ANN, TemplateURL="https://s3.amazonaws.com/b/k")
        assert office.who == {ANN}
        await office.ask("DeleteStack", ANN)
        assert office.who == {ANN}

    asyncio.run(story())


def test_a_role_stays_with_its_stack_whoever_changes_it() -> None:
    async def story() -> None:
        office = Office()
        await office.ask("CreateStack", ANN, TemplateBody=template(A=queue("a")), RoleARN=ROLE)
        assert office.who == {ANN, ROLE}, "the template is read as who asks"
        assert {one.held.session for one in office.house.acted if one.held and one.held.role} == {"AWSCloudFormation"}
        await office.ask("UpdateStack", BOB, TemplateBody=template(A=queue("a", DelaySeconds=1)))
        assert office.who == {BOB, ROLE}
        await office.ask("DeleteStack", BOB)
        assert office.who == {ROLE}

    asyncio.run(story())


def test_a_role_that_cannot_be_assumed_is_refused() -> None:
    async def story() -> None:
        office = Office()

        async def no(role: str, scope: Scope, source: str) -> str:
            return "no"

        object.__setattr__(office.house.stacks.ports, "unassumable", no)
        with pytest.raises(Fault, match=f"Role {ROLE} is invalid or cannot be assumed"):
            await office.ask("CreateStack", ANN, TemplateBody=template(A=queue("a")), RoleARN=ROLE)
        assert office.house.records.stacks(SCOPE) == []

    asyncio.run(story())


def test_what_fails_is_brought_back_in_the_same_name_and_a_nested_stack_is_made_in_it() -> None:
    async def story() -> None:
        office = Office()
        office.house.services.template = template(B=queue("b")).encode()
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://s3.amazonaws.com/b/k"}}
        wrong = {**queue("a"), "DependsOn": "N"}
        office.house.services.queues["a"] = {}
        await office.ask("CreateStack", ANN, TemplateBody=template(N=nested, A=wrong))
        outer, inner = sorted(office.house.records.stacks(SCOPE), key=lambda one: one.name != "s")
        assert (outer.status, inner.status) == ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")
        assert office.who == {ANN}

    asyncio.run(story())


def test_who_may_not_make_stacks_makes_no_stack_in_a_stack() -> None:
    async def story() -> None:
        office = Office()
        asked: list[tuple[str, str]] = []

        async def permit(acting: Acting, _scope: Scope, operation: str, _params: Mapping[str, Any]) -> None:
            asked.append((acting.held.role if acting.held else "", operation))
            raise Refused("cloudformation", "AccessDenied", "User: x is not authorized", 403)

        object.__setattr__(office.house.stacks.ports, "permit", permit)
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://s3.amazonaws.com/b/k"}}
        stack = await office.ask("CreateStack", ANN, TemplateBody=template(N=nested), RoleARN=ROLE)
        assert stack.status == "ROLLBACK_COMPLETE" and asked == [(ROLE, "CreateStack")]
        assert [one.name for one in office.house.records.stacks(SCOPE)] == ["s"]

    asyncio.run(story())


def test_the_next_server_goes_on_in_the_same_name() -> None:
    async def story() -> None:
        house = House()
        dead = House(house.resources)
        dead.services.queues = house.services.queues

        async def dying(*said: Any) -> dict[str, Any]:
            await Services.__call__(house.services, *said)
            raise Killed

        object.__setattr__(dead.stacks.ports, "asks", lambda _acting: dying)
        params = {"StackName": "s", "TemplateBody": template(A=queue("a"), B=queue("b", "A"))}
        await OPERATIONS["CreateStack"](Office(dead).env, by(ANN), params)
        await asyncio.wait(dead.tasks)
        for task in dead.tasks:
            task.cancelled() or task.exception()
        (kept,) = house.records.stacks(SCOPE)
        assert "secret" not in json.dumps(kept.document())
        house.stacks.resume()
        stack = await house.stacks.wait(kept)
        assert stack.status == "CREATE_COMPLETE" and stack.actor == {}
        assert {one.held.user for one in house.acted if one.held is not None} == {ANN}

    asyncio.run(story())


def test_a_stack_of_an_older_version_is_the_accounts_own() -> None:
    stack = Stack("u", "s", SCOPE.account, SCOPE.region, "CREATE_IN_PROGRESS", 0.0, {})
    assert stack.by == Acting("cloudformation.amazonaws.com", SCOPE.account)
    assert replace(stack, actor=stack.by.document()).by == stack.by
