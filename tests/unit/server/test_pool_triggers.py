"""Functions as triggers of user pools: five seconds, three times, and only where they let Cognito in."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from lambent.clock import ManualClock
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.invocation import Outcome, Throttled
from lambent.server.hatch import Hatch
from lambent.server.pool_triggers import LATE, PoolTriggers
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

POOL = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_a1"
ASKED = {"function": "arn:f", "pool": POOL, "trigger": "PreSignUp", "event": {"e": 1}, "trace": "Root=1"}
Run = Callable[[Door, Call], Awaitable[Outcome]]


def ask(run: Run, clock: ManualClock | None = None, found: list[Finding] | None = None, **more: Any) -> dict[str, Any]:
    async def asked() -> Response:
        clock_ = clock or ManualClock(0.0)
        triggers = PoolTriggers(run, lambda: "id", (found if found is not None else []).append, clock_)
        hatch = Hatch(Path("/nowhere"))
        hatch.triggers = triggers.answer
        request = Request("POST", "/_lambent/triggers", "", {}, orjson.dumps({**ASKED, **more}))
        work = asyncio.ensure_future(hatch.answer(request))
        for _ in range(4):
            await clock_.advance(5.0)
        return await work

    answer = asyncio.run(asked())
    assert isinstance(answer.body, bytes)
    return {"status": answer.status, **(orjson.loads(answer.body) if answer.body else {})}


def test_the_pool_is_the_source_of_the_call() -> None:
    async def run(door: Door, call: Call) -> Outcome:
        assert door == Door("cognito-idp.amazonaws.com", POOL, "111111111111", "eu-west-1")
        assert call == Call("arn:f", b'{"e":1}', "id", "Root=1")
        return Outcome(b"{}")

    assert ask(run) == {"status": 200, "payload": "{}"}


def test_one_that_does_not_answer_is_called_three_times() -> None:
    calls: list[Call] = []

    async def run(_door: Door, call: Call) -> Outcome:
        calls.append(call)
        await asyncio.sleep(3600)
        raise AssertionError

    assert ask(run) == {"status": 200, "error": LATE} and len(calls) == 3


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(b'{"errorMessage": "no", "errorType": "E"}', "Unhandled"), {"failed": "no"}),
        (Outcome(b"\xff", "Unhandled"), {"failed": "\ufffd"}),
        (NotPermitted("x"), {"error": "AccessDeniedException"}),
        (Fault("ResourceNotFoundException", "x"), {"error": "ResourceNotFoundException"}),
        (Throttled("x"), {"error": "TooManyRequestsException"}),
    ],
)
def test_what_goes_wrong_is_told(outcome: Any, said: dict[str, str]) -> None:
    async def run(_door: Door, _call: Call) -> Outcome:
        if isinstance(outcome, Outcome):
            return outcome
        raise outcome

    assert ask(run) == {"status": 200, **said}


def test_a_message_is_a_finding() -> None:
    async def run(_door: Door, _call: Call) -> Outcome:
        return Outcome(b'{"response": {"emailSubject": "hi", "emailMessage": "code {####}", "smsMessage": null}}')

    found: list[Finding] = []
    ask(run, found=found, trigger="CustomMessage")
    [one] = found
    assert (one.code, one.resource) == ("message-not-sent", POOL)
    assert one.message.endswith("emailSubject: hi; emailMessage: code {####}")


@pytest.mark.parametrize("more", [{"pool": "arn:aws:lambda:eu-west-1:111111111111:function:f"}, {"pool": 1}])
def test_only_pools_ask(more: dict[str, Any]) -> None:
    async def run(_door: Door, _call: Call) -> Outcome:
        raise AssertionError

    assert ask(run, **more)["status"] == 400
