"""What a trial does to the calls of its functions, and that nothing gets out of it."""

import json
from typing import Any

import pytest

from lambent.gateway.torture import TorturePage, Trials
from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request

TRIAL, SOURCE, ROOT = "999999999999", "000000000000", "1-00000001-000000000000000000000001"
HELD = Held("secret", TRIAL, f"arn:aws:iam::{TRIAL}:role/r", "work")
HEADERS = {"x-lambent-token": "t"}
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Harmed(list[tuple[str, str, str]]):
    def __call__(self, *what: str) -> None:
        self.append(what)  # type: ignore[arg-type]


class Around:
    """What environments find."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def begin(self, account: str, whole_cpu: bool) -> None:
        self.said.append(account if whole_cpu else (account, "by memory"))

    def end(self, account: str) -> None:
        self.said.append(account)

    def fill(self, account: str, full: bool) -> bool:
        self.said.append(full)
        return True

    def turn(self, account: str, ahead: float | None) -> bool:
        self.said.append(ahead)
        return ahead != 5.0


def trials(*faults: dict[str, Any]) -> tuple[Trials, Harmed]:
    harmed = Harmed()
    see = lambda service, operation, params: {"service": service.name, "operation": operation}  # noqa: E731
    made = Trials(harmed, see, Around())
    made.begin(TRIAL, SOURCE, {"photos": "trial-photos"})
    return made, harmed


async def page(made: Trials, method: str, said: Any, headers: dict[str, str] = HEADERS) -> tuple[int, Any]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    response = await TorturePage("t", made)(Request(method, "/_lambent/torture", "", headers, body))
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)


async def tapped(made: Trials, *faults: dict[str, Any]) -> None:
    status, _ = await page(made, "POST", {"account": TRIAL, "taps": {ROOT: list(faults)}})
    assert status == 200


def caller(account: str = TRIAL, held: Held | None = HELD, root: str = ROOT) -> Caller:
    return Caller(Scope(account, "us-east-1"), "id", trace_id=f"Root={root};Parent=1;Sampled=0", held=held)


async def ask(made: Trials, who: Caller, service: str = "sqs", params: Any = None, id_: str = "a") -> str:
    """One call, begun and ended; answers the code of its error."""
    request = Request("POST", "/", "", {"amz-sdk-invocation-id": id_})
    spoken = wire_service.load(service)
    try:
        await made.before(request, who, spoken, "SendMessage", params)
    except Fault as fault:
        await made.after(request, who, spoken, fault)
        return fault.code
    try:
        await made.after(request, who, spoken, None)
    except Fault as fault:
        return fault.code
    return ""


@pytest.mark.parametrize(
    ("do", "when", "code", "again"),
    [
        ("throttle", "before", "ThrottlingException", ""),
        ("refuse", "before", "AccessDeniedException", "AccessDeniedException"),
        ("lose", "after", "InternalFailure", ""),
    ],
)
async def test_a_call_fails_as_it_is_told_to(do: str, when: str, code: str, again: str) -> None:
    made, _ = trials()
    await tapped(made, {"at": 1, "when": when, "do": do})
    assert await ask(made, caller(), id_="first") == ""
    assert [await ask(made, caller(), id_="second") for _ in range(2)] == [code, again]
    _, said = await page(made, "POST", {"account": TRIAL, "collect": [ROOT]})
    calls = said["calls"][ROOT]
    assert [one["step"] for one in calls] == [0, 1, 1], "what an SDK tries again is the same call"
    assert all(one["done"] for one in calls) and calls[1]["error"] == ("" if do == "lose" else code)


@pytest.mark.parametrize("what", ["crash", "timeout"])
async def test_an_environment_is_harmed_by_its_trace(what: str) -> None:
    made, harmed = trials()
    await tapped(made, {"at": 0, "when": "after", "do": what})
    assert await ask(made, caller()) == "InternalFailure"
    assert harmed == [(TRIAL, ROOT, what)]


async def test_a_trial_has_its_own_buckets_and_does_not_reach_others() -> None:
    made, _ = trials()
    await tapped(made)
    params = {"Bucket": "photos", "CopySource": "photos/a.jpg"}
    assert await ask(made, caller(), "s3", params) == ""
    assert params == {"Bucket": "trial-photos", "CopySource": "trial-photos/a.jpg"}
    assert await ask(made, caller(), "s3", {"Bucket": "elsewhere"}) == "NoSuchBucket"
    assert await ask(made, caller(), params={"QueueUrl": f"http://h/{SOURCE}/jobs"}) == "AccessDeniedException"
    for part in (f"{SOURCE}:function:f", f"us-east-1:{SOURCE}:function:f:live"):
        assert await ask(made, caller(), params={"FunctionName": part}) == "AccessDeniedException"
    nested = {"Entries": [{"Arn": f"arn:aws:sns:us-east-1:{SOURCE}:news"}]}
    assert await ask(made, caller(), params=nested) == "AccessDeniedException"
    assert await ask(made, caller(), params={"MessageBody": f"about {SOURCE}"}) == ""


async def test_what_runs_on_when_its_invocation_is_over_is_refused() -> None:
    made, _ = trials()
    assert await ask(made, caller(root="1-of-another")) == "AccessDeniedException"


@pytest.mark.parametrize("who", [caller(SOURCE), caller(TRIAL, None), caller(SOURCE, None)])
async def test_nobody_else_notices_a_trial(who: Caller) -> None:
    made, _ = trials()
    await tapped(made, {"at": 0, "when": "before", "do": "refuse"})
    assert await ask(made, who) == ""
    assert await ask(made, who, "s3", {"Bucket": "anything"}) == ""


async def test_two_invocations_meet_before_a_call() -> None:
    import asyncio

    made, _ = trials()
    other = "1-00000002-000000000000000000000002"
    meet = {"at": 0, "when": "before", "do": "meet"}
    taps = {ROOT: [{**meet, "with": other}], other: [{**meet, "with": ROOT}]}
    await page(made, "POST", {"account": TRIAL, "taps": taps})
    first = asyncio.ensure_future(ask(made, caller()))
    await asyncio.sleep(0)
    assert not first.done()
    assert await ask(made, caller(root=other)) == "" and await first == ""


async def test_the_page_is_for_who_has_the_token() -> None:
    made, _ = trials()
    status, _ = await page(made, "PUT", {"account": TRIAL, "source": SOURCE, "buckets": {}}, {})
    assert status == 403


@pytest.mark.parametrize(
    "said",
    [
        b"{",
        b"[]",
        b"5",
        {"account": "x"},
        {"account": 5},
        {"account": TRIAL, "taps": {ROOT: [{"do": "burn", "at": 0}]}},
        {"account": TRIAL, "taps": {ROOT: [{"do": "crash"}]}},
        {"account": TRIAL, "taps": []},
    ],
)
async def test_bad_requests_are_refused(said: Any) -> None:
    made, _ = trials()
    status, _ = await page(made, "POST", said)
    assert status == 400


async def test_a_trial_is_of_another_account_and_ends() -> None:
    made, _ = trials()
    assert (await page(made, "PUT", {"account": SOURCE, "source": SOURCE, "buckets": {}}))[0] == 400
    assert (await page(made, "DELETE", {"account": TRIAL}))[0] == 200
    assert (await page(made, "POST", {"account": TRIAL}))[0] == 404
    assert made.going == {}


async def test_what_environments_find_is_told_until_the_trial_is_over() -> None:
    made, _ = trials()
    assert await page(made, "POST", {"account": TRIAL, "full": True, "ahead": -60}) == (200, {"calls": {}, "set": True})
    assert await page(made, "POST", {"account": TRIAL, "ahead": 5}) == (200, {"calls": {}, "set": False})
    assert (await page(made, "POST", {"account": TRIAL, "ahead": 1e12}))[0] == 400
    assert (await page(made, "POST", {"account": TRIAL, "ahead": "x"}))[0] == 400
    await page(made, "DELETE", {"account": TRIAL})
    around: Any = made.around
    assert around.said == [TRIAL, True, -60.0, 5.0, TRIAL]


@pytest.mark.anyio
async def test_what_runs_again_has_the_id_that_was_said() -> None:
    made, _ = trials()
    one = "0f0e0d0c-0000-4000-8000-0123456789ab"
    said = {"account": TRIAL, "taps": {ROOT: []}, "request_id": one}
    assert (await page(made, "POST", said))[0] == 200
    assert made.again(f"Root={ROOT};Parent=1;Sampled=0") == one
    assert made.again("Root=1-0-0;Parent=1") == "" == made.again("nonsense")
    assert (await page(made, "POST", {**said, "request_id": "../x"}))[0] == 400
    await tapped(made)
    assert made.again(f"Root={ROOT}") == ""
