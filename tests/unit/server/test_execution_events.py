"""Executions that begin and end are told to the default bus."""

import asyncio
import json
from typing import Any

import pytest

from lambent.model.delivery import Delivery
from lambent.model.finding import Finding
from lambent.server.execution_events import ExecutionEvents
from lambent.wire.http import Request

ARN = "arn:aws:states:eu-west-1:111111111111:execution:m:n"


def told(said: Any, refused: str | None = None) -> tuple[int, list[Delivery], list[Finding]]:
    sent: list[Delivery] = []
    found: list[Finding] = []

    async def deliver(delivery: Delivery) -> str | None:
        sent.append(delivery)
        return refused

    page = ExecutionEvents(deliver, found.append)
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return asyncio.run(page.answer(Request("POST", "/", body=body))).status, sent, found


def test_the_bus_of_the_executions_account_hears_of_it() -> None:
    status, [sent], found = told({"execution": ARN, "detail": {"status": "FAILED"}})
    assert (status, found) == (200, [])
    assert (sent.scope.account, sent.scope.region, sent.source) == ("111111111111", "eu-west-1", "aws.states")
    assert sent.target == "arn:aws:events:eu-west-1:111111111111:event-bus/default"
    assert (sent.arn, sent.detail_type, sent.body) == (
        ARN, "Step Functions Execution Status Change", b'{"status":"FAILED"}',
    )  # fmt: skip


def test_what_did_not_come_there_is_reported() -> None:
    _, _, [finding] = told({"execution": ARN, "detail": {}}, "it is full")
    assert (finding.code, finding.resource) == ("execution-not-told", ARN)


@pytest.mark.parametrize("said", [b"{", {}, [], {"execution": "arn:aws:sqs:x", "detail": {}}, {"execution": ARN}])
def test_anything_else_is_refused(said: Any) -> None:
    status, sent, _ = told(said)
    assert (status, sent) == (400, [])
