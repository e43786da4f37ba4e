"""Whose lines are kept, in each mode, with an IAM that is a table."""

import asyncio
from dataclasses import dataclass, field

import pytest

from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.permissions.log_rights import Append, LogRights
from tests.unit.permissions.test_gate import ACCOUNT, ROLE, World

GROUP = "/aws/lambda/f"
STREAMS = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
OF_GROUP = {"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": f"arn:aws:logs:*:{ACCOUNT}:*"}
"""As the console writes it."""


@dataclass
class Lines:
    """What one environment writes, and what of it is kept."""

    world: World
    groups: set[str] = field(default_factory=set)
    kept: list[str] = field(default_factory=list)

    def open(self, waiting: int = 10) -> Append:
        rights = LogRights()
        rights.bind(self.world.gate, lambda _scope, name: name in self.groups, self.world.tasks.append)
        function = FunctionVersion(Scope(ACCOUNT), "f", "1", "python3.12", "h.h", "0", ROLE, "1", log_group=GROUP)
        return rights.held(function, lambda _at, text: self.kept.append(text), waiting)

    def settle(self) -> None:
        async def run() -> None:
            while self.world.tasks:
                await self.world.tasks.pop(0)

        asyncio.run(run())


def test_lines_are_kept_in_order_with_the_rights() -> None:
    lines = Lines(World(STREAMS, OF_GROUP, mode="enforce"))
    write = lines.open()
    write(1, "a")
    write(2, "b")
    assert lines.kept == []
    lines.settle()
    write(3, "c")
    assert lines.kept == ["a", "b", "c"]
    assert lines.world.findings == {}


def test_without_them_they_are_lost_and_a_finding_says_so() -> None:
    lines = Lines(World(mode="enforce"), {GROUP})
    write = lines.open()
    write(1, "a")
    lines.settle()
    write(2, "b")
    assert (lines.kept, lines.world.tasks) == ([], [])
    assert [code for code, _ in lines.world.findings] == ["logs-lost"]
    lines.world.statements = [STREAMS]
    lines.world.gate.done("iam", "PutRolePolicy")
    write(3, "c")
    lines.settle()
    assert lines.kept == ["c"]


@pytest.mark.parametrize(("groups", "kept"), [({GROUP}, ["a"]), (set(), [])])
def test_a_group_that_is_there_needs_not_be_made(groups: set[str], kept: list[str]) -> None:
    lines = Lines(World(STREAMS, mode="enforce"), groups)
    write = lines.open()
    write(1, "a")
    lines.settle()
    assert lines.kept == kept
    lines.groups.add(GROUP)
    write(2, "b")
    lines.settle()
    assert lines.kept[-1] == "b"


def test_a_role_that_is_gone_has_no_rights() -> None:
    lines = Lines(World(STREAMS, mode="enforce", gone=True), {GROUP})
    lines.open()(1, "a")
    lines.settle()
    assert lines.kept == []


def test_a_flood_waits_up_to_a_bound() -> None:
    lines = Lines(World(STREAMS, mode="enforce"), {GROUP})
    write = lines.open(waiting=3)
    for number in range(5):
        write(number, str(number))
    lines.settle()
    assert lines.kept == ["2", "3", "4"]


@pytest.mark.parametrize("mode", ["report", "off"])
def test_else_all_are_kept(mode: str) -> None:
    lines = Lines(World(mode=mode))
    lines.open()(1, "a")
    assert lines.kept == ["a"]
