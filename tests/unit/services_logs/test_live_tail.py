"""Live Tail: sessions on a clock of the test's."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lambent.model.scope import Caller
from lambent.observe.live_tail import AT_ONCE, BUFFERED, UPDATE_EVENTS
from lambent.services.logs.start_live_tail import start_live_tail
from lambent.wire.fault import Fault
from tests.unit.services_logs.wired import HERE, NOW, Wired, with_logs

ARN = f"arn:aws:logs:{HERE.region}:{HERE.account}:log-group:"
Event = dict[str, dict[str, Any]]


async def _session(logs: Wired, *groups: str, **more: Any) -> AsyncIterator[Event]:
    asked = {"logGroupIdentifiers": [f"{ARN}{group}" for group in groups], **more}
    said = await start_live_tail(logs.env, Caller(HERE, "request"), asked)
    events: AsyncIterator[Event] = said["responseStream"]
    return events


async def _begun(logs: Wired, *groups: str, **more: Any) -> AsyncIterator[Event]:
    session = await _session(logs, *groups, **more)
    assert "sessionStart" in await anext(session)
    return session


async def _groups(logs: Wired, *names: str) -> None:
    for name in names:
        await logs.call("CreateLogGroup", logGroupName=name)
        for stream in ("one", "two"):
            await logs.call("CreateLogStream", logGroupName=name, logStreamName=stream)


async def _put(logs: Wired, group: str, stream: str, *messages: str) -> None:
    events = [{"timestamp": NOW + place, "message": message} for place, message in enumerate(messages)]
    await logs.call("PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=events)


async def _messages(session: AsyncIterator[Event]) -> list[str]:
    update = (await anext(session))["sessionUpdate"]
    return [one["message"] for one in update["sessionResults"]]


def test_a_session_shows_each_second_what_came(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _groups(logs, "a", "b")
        session = await _session(logs, "a", logEventFilterPattern="ERROR")
        start = (await anext(session))["sessionStart"]
        assert start["logGroupIdentifiers"] == [f"{ARN}a"] and start["requestId"] == "request"
        await _put(logs, "a", "one", "ERROR 1", "fine")
        await _put(logs, "b", "one", "ERROR of another group")
        (found,) = (await anext(session))["sessionUpdate"]["sessionResults"]
        said = {"logGroupIdentifier": f"{ARN}a", "logStreamName": "one", "message": "ERROR 1"}
        assert found == said | {"timestamp": NOW, "ingestionTime": NOW}
        nothing = (await anext(session))["sessionUpdate"]
        assert nothing == {"sessionMetadata": {"sampled": False}, "sessionResults": []}

    with_logs(tmp_path, body)


def test_streams_are_chosen_by_name_or_by_beginning(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _groups(logs, "a")
        named = await _begun(logs, "a", logStreamNames=["two"])
        begun = await _begun(logs, "a", logStreamNamePrefixes=["o", "x"])
        await _put(logs, "a", "one", "1")
        await _put(logs, "a", "two", "2")
        assert (await _messages(named), await _messages(begun)) == (["2"], ["1"])

    with_logs(tmp_path, body)


def test_what_is_more_than_an_update_holds_is_sampled(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _groups(logs, "a")
        session = await _begun(logs, "a")
        await _put(logs, "a", "one", *(f"{number:05d}" for number in range(3 * UPDATE_EVENTS)))
        update = (await anext(session))["sessionUpdate"]
        shown = [one["message"] for one in update["sessionResults"]]
        assert (update["sessionMetadata"], len(shown)) == ({"sampled": True}, UPDATE_EVENTS)
        assert shown == sorted(set(shown)) and shown != [f"{number:05d}" for number in range(UPDATE_EVENTS)]

    with_logs(tmp_path, body)


def test_a_client_that_reads_slowly_finds_the_latest_seconds(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _groups(logs, "a")
        session = await _begun(logs, "a")
        for second in range(BUFFERED + 5):
            await _put(logs, "a", "one", str(second))
            logs.passed += 1
        found = [await _messages(session) for _ in range(BUFFERED + 1)]
        assert found == [[str(second)] for second in range(5, BUFFERED + 5)] + [[]]

    with_logs(tmp_path, body)


def test_a_session_ends_after_three_hours_and_its_place_is_free(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await _groups(logs, "a")
        sessions = [await _begun(logs, "a") for _ in range(AT_ONCE)]
        with pytest.raises(Fault) as refused:
            await _session(logs, "a")
        assert refused.value.code == "LimitExceededException"
        logs.now += 3 * 3_600_000
        with pytest.raises(Fault) as over:
            await anext(sessions[0])
        assert over.value.code == "SessionTimeoutException"
        await _begun(logs, "a")

    with_logs(tmp_path, body)


@pytest.mark.parametrize(
    ("groups", "more", "code"),
    [
        (["a:*"], {}, "InvalidParameterException"),
        (["none"], {}, "ResourceNotFoundException"),
        (["a", "b"], {"logStreamNames": ["one"]}, "InvalidParameterException"),
        (["a"], {"logStreamNames": ["one"], "logStreamNamePrefixes": ["o"]}, "InvalidParameterException"),
        (["a"], {"logEventFilterPattern": "{ broken"}, "InvalidParameterException"),
        (["a"], {"logGroupIdentifiers": ["a"]}, "InvalidParameterException"),
    ],
)
def test_what_can_not_be_tailed_is_refused(tmp_path: Path, groups: list[str], more: dict[str, Any], code: str) -> None:
    async def body(logs: Wired) -> None:
        await _groups(logs, "a", "b")
        with pytest.raises(Fault) as refused:
            await _session(logs, *groups, **more)
        assert refused.value.code == code

    with_logs(tmp_path, body)
