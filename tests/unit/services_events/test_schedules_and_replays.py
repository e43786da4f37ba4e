"""Rules by time, archives, replays, on a clock that is moved by hand and through kills."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lambent.model.scope import Scope
from tests.unit.services_events.events_kit import HERE, NOW, QUEUE, Events, with_events

ARN = "arn:aws:events:eu-west-1:111111111111:{}"
BUS = ARN.format("event-bus/default")
HOUR = 3_600.0


def test_a_rate_counts_from_when_the_rule_was_made(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        rule = await events.rule("tick", ScheduleExpression="rate(5 minutes)")
        await events.advance(299)
        assert events.sent() == []
        await events.advance(1)
        [event] = events.sent()
        event.pop("id")
        assert event == {
            "version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "account": "111111111111",
            "time": "2026-03-31T23:38:20Z", "region": "eu-west-1", "resources": [rule], "detail": {},
        }  # fmt: skip
        await events.advance(HOUR)
        assert len(events.sent()) == 12

    with_events(tmp_path, body)


def test_cron_is_in_utc_and_survives_a_kill_without_a_storm(tmp_path: Path) -> None:
    async def before(events: Events) -> None:
        await events.rule("nightly", ScheduleExpression="cron(0 3 * * ? *)")
        await events.rule("often", ScheduleExpression="rate(1 minute)")
        await events.advance(60)
        assert len(events.sent()) == 1

    async def after(events: Events) -> None:
        await events.advance(0)
        assert events.sent() == [], "what fell due meanwhile is not made up for"
        await events.did("DisableRule", Name="often")
        await events.advance(24 * HOUR)
        assert [one["time"][11:] for one in events.sent()] == ["03:00:00Z"]

    async def a_day_later(events: Events) -> None:
        await events.clock.advance(0)
        assert events.sent() == []

    with_events(tmp_path, before, after, a_day_later)


def test_a_rule_that_rests_changes_or_goes_fires_no_more(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        await events.rule("r", ScheduleExpression="rate(1 hour)")
        await events.did("DisableRule", Name="r")
        await events.advance(2.5 * HOUR)
        assert events.sent() == []
        await events.did("EnableRule", Name="r")
        await events.advance(HOUR)
        assert len(events.sent()) == 1, "the hour counts from then on"
        await events.did("PutRule", Name="r", ScheduleExpression="rate(1 day)")
        await events.advance(23 * HOUR)
        assert events.sent() == []
        await events.did("PutRule", Name="r", ScheduleExpression="rate(1 day)", Description="the same")
        await events.advance(HOUR)
        assert len(events.sent()) == 1, "a new description does not begin to count anew"
        await events.did("PutRule", Name="r", EventPattern='{"a":[1]}')
        await events.advance(48 * HOUR)
        assert events.sent() == []
        await events.did("PutRule", Name="r", ScheduleExpression="rate(1 hour)")
        await events.did("RemoveTargets", Rule="r", Ids=["0"])
        await events.did("DeleteRule", Name="r")
        await events.advance(48 * HOUR)
        assert events.sent() == []

    with_events(tmp_path, body)


def test_thousands_of_rules_due_at_once_fire_once_each(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        for number in range(300):
            await events.rule(f"r{number}", ScheduleExpression="cron(0 * * * ? *)")
        await events.advance(HOUR)
        assert len({one["resources"][0] for one in events.sent()}) == 300

    with_events(tmp_path, body)


def between(start: float, end: float) -> dict[str, datetime]:
    return {"EventStartTime": datetime.fromtimestamp(start, UTC), "EventEndTime": datetime.fromtimestamp(end, UTC)}


def test_what_an_archive_keeps_is_replayed_in_order(tmp_path: Path) -> None:
    async def before(events: Events) -> None:
        pattern = '{"detail":{"keep":[true]}}'
        made = await events.did("CreateArchive", ArchiveName="a", EventSourceArn=BUS, EventPattern=pattern)
        assert (made["ArchiveArn"], made["State"]) == (ARN.format("archive/a"), "ENABLED")
        for number in (3, 1, 2):
            await events.put({"keep": True, "n": number}, Time=NOW + number)
        [own] = (await events.did("ListRules"))["Rules"]
        assert (own["Name"], own["ManagedBy"]) == ("Events-Archive-a", "prod.vhs.events.aws.internal")
        assert json.loads(own["EventPattern"]) == {"detail": {"keep": [True]}, "replay-name": [{"exists": False}]}
        assert (await events.did("DescribeRule", Name=own["Name"]))["Arn"] == ARN.format("rule/Events-Archive-a")
        [target] = (await events.did("ListTargetsByRule", Rule=own["Name"]))["Targets"]
        assert target["Arn"] == "arn:aws:events:eu-west-1:::"
        assert (await events.refused("PutRule", Name=own["Name"], EventPattern=pattern))[0] == "ManagedRuleException"
        await events.put({"keep": False})
        await events.put({"keep": True, "n": 9}, Time=NOW + 999)

    async def after(events: Events) -> None:
        said = await events.did("DescribeArchive", ArchiveName="a")
        assert (said["EventCount"], said["SizeBytes"] > 400, said["RetentionDays"]) == (4, True, 0)
        wanted = await events.rule("wanted", EventPattern='{"source":["s"],"replay-name":[{"exists":true}]}')
        await events.rule("other")
        replay = {
            "ReplayName": "again",
            "EventSourceArn": ARN.format("archive/a"),
            "Destination": {"Arn": BUS, "FilterArns": [wanted]},
            **between(NOW, NOW + 100),
        }
        started = await events.did("StartReplay", **replay)
        assert (started["State"], started["ReplayArn"]) == ("STARTING", ARN.format("replay/again"))
        await events.advance(0)
        sent = events.sent()
        assert [(one["detail"]["n"], one["replay-name"]) for one in sent] == [(n, "again") for n in (1, 2, 3)]
        said = await events.did("DescribeReplay", ReplayName="again")
        assert (said["State"], said["EventLastReplayedTime"].timestamp()) == ("COMPLETED", NOW + 3)
        assert (await events.did("DescribeArchive", ArchiveName="a"))["EventCount"] == 4, "replays are not archived"
        assert (await events.refused("StartReplay", **replay))[0] == "ResourceAlreadyExistsException"
        assert (await events.refused("CancelReplay", ReplayName="again"))[0] == "IllegalStatusException"
        [listed] = (await events.did("ListReplays", NamePrefix="a"))["Replays"]
        assert listed["State"] == "COMPLETED"
        await events.did("DeleteArchive", ArchiveName="a")
        assert (await events.refused("DescribeArchive", ArchiveName="a"))[1] == "Archive a does not exist."
        assert await events.archives.counts("any") == (0, 0)

    with_events(tmp_path, before, after)


def test_a_replay_goes_on_after_a_kill_where_it_was(tmp_path: Path) -> None:
    async def before(events: Events) -> None:
        await events.did("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
        for number in range(250):
            await events.put({"n": number}, Time=NOW + number)
        await events.rule()
        pages = 0

        async def killed(*_given: object) -> None:
            nonlocal pages
            pages += 1
            if pages == 2:
                raise BaseException("killed") from None

        events.env.replays._buses.replay = killed  # type: ignore[method-assign]
        given = {"EventSourceArn": ARN.format("archive/a"), "Destination": {"Arn": BUS}, **between(NOW, NOW + 500)}
        await events.did("StartReplay", ReplayName="r", **given)
        for _ in range(20):
            await events.registry._resources._database.run(lambda _c: None)

    async def after(events: Events) -> None:
        await events.advance(0)
        assert [one["detail"]["n"] for one in events.sent()] == list(range(100, 250))
        assert (await events.did("DescribeReplay", ReplayName="r"))["State"] == "COMPLETED"

    with_events(tmp_path, before, after)


def test_an_archive_keeps_events_for_its_days(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        await events.did("CreateArchive", ArchiveName="a", EventSourceArn=BUS, RetentionDays=2)
        await events.did("CreateArchive", ArchiveName="ever", EventSourceArn=BUS)
        await events.put(Time=0)
        await events.advance(47 * HOUR)
        await events.put()
        await events.advance(2 * HOUR)
        counts = {one["ArchiveName"]: one["EventCount"] for one in (await events.did("ListArchives"))["Archives"]}
        assert counts == {"a": 1, "ever": 2}
        await events.did("UpdateArchive", ArchiveName="a", RetentionDays=1, Description="d")
        assert (await events.did("DescribeArchive", ArchiveName="a"))["RetentionDays"] == 1

    with_events(tmp_path, body)


REPLAYS = [
    ({"Destination": {"Arn": QUEUE}}, "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN."),
    ({"Destination": {"Arn": ARN.format("event-bus/x")}}, "Event bus x does not exist."),
    ({"EventSourceArn": ARN.format("archive/x")},
     "Parameter EventSourceArn is not valid. Reason: Archive x does not exist."),
    ({"Destination": {"Arn": ARN.format("event-bus/b")}},
     "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."),
    (between(NOW, NOW), "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."),
]  # fmt: skip


@pytest.mark.parametrize(("given", "text"), REPLAYS)
def test_a_replay_that_is_refused(tmp_path: Path, given: dict[str, object], text: str) -> None:
    async def body(events: Events) -> None:
        await events.did("CreateEventBus", Name="b")
        await events.did("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
        good = {
            "ReplayName": "r",
            "EventSourceArn": ARN.format("archive/a"),
            "Destination": {"Arn": BUS},
            **between(0, 1),
        }
        assert (await events.refused("StartReplay", **{**good, **given}))[1] == text
        assert (await events.refused("DescribeReplay", ReplayName="r"))[1] == "Replay r does not exist."

    with_events(tmp_path, body)


def test_archives_are_of_buses_that_are_there(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        gone = ARN.format("event-bus/gone")
        assert (await events.refused("CreateArchive", ArchiveName="a", EventSourceArn=gone))[1] == (
            "Event bus gone does not exist."
        )
        bad = await events.refused("CreateArchive", ArchiveName="a", EventSourceArn=BUS, EventPattern="[]")
        assert bad[0] == "InvalidEventPatternException"
        await events.did("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
        again = await events.refused("CreateArchive", ArchiveName="a", EventSourceArn=BUS)
        assert again == ("ResourceAlreadyExistsException", "Archive a already exists.")
        await events.did("CreateArchive", Scope(HERE.account, "us-east-1"), ArchiveName="a",
                         EventSourceArn="arn:aws:events:us-east-1:111111111111:event-bus/default")  # fmt: skip
        two = await events.refused("ListArchives", NamePrefix="a", EventSourceArn=BUS)
        assert "At most one filter" in two[1]
        assert json.loads(json.dumps((await events.did("ListArchives", EventSourceArn=BUS))["Archives"], default=str))

    with_events(tmp_path, body)
