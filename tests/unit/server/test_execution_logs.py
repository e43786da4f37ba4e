"""Lines of executions' logs come into the log groups of their machines."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.observe.logread import Span
from lambent.observe.logstore import LogStore
from lambent.server.execution_logs import ExecutionLogs
from lambent.wire.http import Request

ARN = "arn:aws:states:eu-west-1:111111111111:{}"
SCOPE = Scope("111111111111", "eu-west-1")
AT = 1_787_541_942_883


def line(**more: Any) -> dict[str, Any]:
    said = {"execution": ARN.format("execution:m:n"), "account": "111111111111", "region": "eu-west-1", "group": "g"}
    return {**said, "at": AT, "message": "{}", **more}


def told(folder: Path, said: Any) -> tuple[int, list[tuple[str, int, str]], list[Finding]]:
    """Status, the lines that are there (stream, moment, message), and what was found."""
    found: list[Finding] = []

    async def run() -> tuple[int, list[tuple[str, int, str]]]:
        logs = await LogStore.open(folder, lambda: AT / 1000)
        await logs.create_group(SCOPE, "g")
        page = ExecutionLogs(logs, found.append)
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        status = (await page.answer(Request("POST", "/", body=body))).status
        lines = [
            (one.name, event.timestamp, event.message)
            for one in await logs.streams(SCOPE, "g")
            for event in (await logs.get_events(SCOPE, "g", one.name, Span())).events
        ]
        await logs.close()
        return status, lines

    return *asyncio.run(run()), found


def test_a_machine_has_a_stream_an_hour(tmp_path: Path) -> None:
    express = ARN.format("express:m:n:6f0ad")
    status, lines, found = told(tmp_path, {"lines": [line(), line(execution=express, at=AT + 3_600_000)]})
    assert (status, found) == (200, [])
    assert lines == [
        ("states/m/2026-08-24-03/00000000", AT, "{}"),
        ("states/m/2026-08-24-04/00000000", AT + 3_600_000, "{}"),
    ]


def test_a_group_that_is_not_there_is_found(tmp_path: Path) -> None:
    status, lines, [finding] = told(tmp_path, {"lines": [line(group="other")]})
    assert (status, lines) == (200, [])
    assert (finding.code, finding.resource) == ("executions-not-logged", ARN.format("stateMachine:m"))


@pytest.mark.parametrize(
    "said",
    [b"{", [], {}, {"lines": 3}, {"lines": [line(account="222222222222")]}, {"lines": [line(execution="m")]},
     {"lines": [line(at="x")]}, {"lines": [line(at=1e300)]}, {"lines": [line(group="../g\n")]}],
)  # fmt: skip
def test_anything_else_is_refused(tmp_path: Path, said: Any) -> None:
    status, lines, _ = told(tmp_path, said)
    assert (status, lines) == (400, [])
