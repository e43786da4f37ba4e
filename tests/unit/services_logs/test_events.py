from pathlib import Path
from typing import Any

from tests.unit.services_logs.wired import HERE, NOW, Wired, with_logs

GROUP = "/aws/lambda/f"
AT = {"logGroupName": GROUP, "logStreamName": "s"}
HOUR = 3_600_000
DAY = 24 * HOUR


def said(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


async def prepare(logs: Wired) -> None:
    await logs.call("CreateLogGroup", logGroupName=GROUP)
    await logs.call("CreateLogStream", **AT)


def batch(*events: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"timestamp": NOW + time, "message": message} for time, message in events]


def test_what_is_put_is_got_in_order_of_time(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await prepare(logs)
        await logs.call("PutLogEvents", **AT, logEvents=batch((0, "b"), (1, "c")))
        await logs.call("PutLogEvents", **AT, logEvents=batch((-1, "ä\n")))
        answer = await logs.call("GetLogEvents", **AT)
        assert said(answer) == ["ä\n", "b", "c"]
        assert answer["events"][0] == {"timestamp": NOW - 1, "message": "ä\n", "ingestionTime": NOW}
        again = await logs.call("GetLogEvents", **AT, nextToken=answer["nextForwardToken"])
        assert (again["events"], again["nextForwardToken"]) == ([], answer["nextForwardToken"])
        bad = await logs.refused("GetLogEvents", **AT, nextToken="x")
        assert bad == ("InvalidParameterException", "The specified nextToken is invalid.")

    with_logs(tmp_path, body)


def test_the_end_is_outside_for_get_and_inside_for_filter(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await prepare(logs)
        await logs.call("PutLogEvents", **AT, logEvents=batch((0, "a"), (1, "b"), (2, "c")))
        assert said(await logs.call("GetLogEvents", **AT, startTime=NOW, endTime=NOW + 1)) == ["a"]
        found = await logs.call("FilterLogEvents", logGroupName=GROUP, startTime=NOW, endTime=NOW + 1)
        assert said(found) == ["a", "b"]

    with_logs(tmp_path, body)


def test_filtering_by_pattern_and_stream(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        for name, message in (("x1", "ERROR one"), ("x2", "fine"), ("y1", "ERROR two")):
            logs.store.append(logs.store.stream(HERE, GROUP, name), NOW, message)
        everything = await logs.call("FilterLogEvents", logGroupName=GROUP, filterPattern="ERROR")
        assert said(everything) == ["ERROR one", "ERROR two"]
        assert everything["searchedLogStreams"] == []
        event = everything["events"][0]
        assert (event["logStreamName"], len(event["eventId"])) == ("x1", 56)
        few = await logs.call("FilterLogEvents", logGroupName=GROUP, logStreamNamePrefix="x")
        assert said(few) == ["ERROR one", "fine"]
        one = await logs.call("FilterLogEvents", logGroupName=GROUP, logStreamNames=["y1"])
        assert said(one) == ["ERROR two"]
        missing = await logs.refused("FilterLogEvents", logGroupName=GROUP, logStreamNames=["y1", "z"])
        assert missing[0] == "ResourceNotFoundException"

    with_logs(tmp_path, body)


def test_events_out_of_range_are_named_and_left_out(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await prepare(logs)
        answer = await logs.call(
            "PutLogEvents", **AT, logEvents=batch((-15 * DAY, "old"), (0, "now"), (3 * HOUR, "ahead"))
        )
        assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 2, "tooOldLogEventEndIndex": 1}
        assert said(await logs.call("GetLogEvents", **AT)) == ["now"]
        await logs.call("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=1)
        answer = await logs.call("PutLogEvents", **AT, logEvents=batch((-2 * DAY, "expired")))
        assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}

    with_logs(tmp_path, body)


def test_batches_that_aws_refuses(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await prepare(logs)
        for events, text in (
            (batch((1, "a"), (0, "b")), "chronological order"),
            (batch((-2 * DAY, "a"), (0, "b")), "24 hours"),
            (batch((0, "x" * 600_000), (0, "x" * 600_000)), "Upload too large: 1200052 bytes"),
        ):
            code, message = await logs.refused("PutLogEvents", **AT, logEvents=events)
            assert code == "InvalidParameterException"
            assert text in message
        assert said(await logs.call("GetLogEvents", **AT)) == []

    with_logs(tmp_path, body)
