"""Torture without a server: what is tried, what counts as a difference, and which pitfall it is."""

import ast
from typing import Any

import pytest

from lambent.pitfalls import pages
from lambent.pitfalls.torture import aging, batches, effects, judging, schedules, shown
from lambent.pitfalls.torture.effects import State
from lambent.pitfalls.torture.judging import Broken, Run
from lambent.pitfalls.torture.schedules import Attempt, Schedule

EVENT = {"id": "o-1"}
SQS = {"eventSource": "aws:sqs", "body": '{"id": 1}'}
BATCH = {"Records": [{"messageId": "m-1", **SQS}, {"messageId": "m-2", **SQS}]}


def call(name: str, step: int = 0, error: str = "", **params: Any) -> dict[str, Any]:
    service, _, operation = name.partition(":")
    reads = operation.startswith(("Get", "Query"))
    said = {"service": service, "operation": operation, "params": params, "reads": reads}
    return {**said, "step": step, "error": error, "done": True}


def state(*sent: dict[str, Any], items: Any = ()) -> State:
    return effects.state({"orders": items}, {}, sent)


SEND = call("sqs:SendMessage", QueueUrl="q", MessageBody='{"id": 1, "at": 5}')
PUT = call("dynamodb:PutItem", TableName="orders")


def judged(kind: str, left: State, *runs: Run, guarded: bool = False, step: int | None = None) -> Broken | None:
    attempts = (Attempt(BATCH), Attempt(BATCH))
    schedule = Schedule(kind, ("ASY001",), attempts, step)
    return judging.judge(schedule, runs or (Run(None, ""),), state(SEND), left, effects.Noise(), guarded)


def test_the_same_item_put_twice_is_no_difference_and_a_message_sent_twice_is() -> None:
    item = {"id": {"S": "1"}}
    assert effects.differences(state(PUT, items=[item]), state(PUT, PUT, items=[item]), effects.Noise()) == []
    (found,) = effects.differences(state(SEND), state(SEND, SEND), effects.Noise())
    assert found.place == "sqs:SendMessage" and found.doubled


def test_what_differs_between_clean_runs_is_noise_also_inside_of_json() -> None:
    later = call("sqs:SendMessage", QueueUrl="q", MessageBody='{"id": 1, "at": 9}')
    noise = effects.noise(state(SEND), state(later))
    assert noise.paths == {("sqs:SendMessage", "MessageBody.at")}
    assert effects.differences(state(SEND), state(later), noise) == []
    assert effects.differences(state(SEND), state(later, later), noise)
    other = call("sqs:SendMessage", QueueUrl="q", MessageBody='{"id": 2, "at": 5}')
    assert effects.differences(state(SEND), state(other), noise)


def test_an_item_with_a_random_key_counts_by_how_many_there_are() -> None:
    one, two = [{"id": {"S": "a"}}], [{"id": {"S": "b"}}]
    noise = effects.noise(state(items=one), state(items=two))
    assert effects.differences(state(items=one), state(items=two), noise) == []
    (found,) = effects.differences(state(items=one), state(items=[*one, *two]), noise)
    assert found.place == "table orders" and found.doubled


def test_a_token_makes_a_repetition_none() -> None:
    said = call("sqs:SendMessage", QueueUrl="q.fifo", MessageDeduplicationId="m-1")
    assert effects.differences(state(said), state(said, said), effects.Noise()) == []


@pytest.mark.parametrize(
    "which", [{"error": "ThrottlingException"}, {"done": False}, {"reads": True}, {"service": "logs"}]
)
def test_what_was_not_done_or_only_asked_is_no_effect(which: dict[str, Any]) -> None:
    assert not effects.sends({**SEND, **which})


def test_a_seed_chooses_the_same_trials_again() -> None:
    calls = [call("sqs:SendMessage", step) for step in range(30)]
    some = [[one.name for one in schedules.plan(EVENT, calls, 20, seed)] for seed in (1, 1, 2)]
    assert some[0] == some[1] != some[2] and len(some[0]) == 20
    assert len({one.name for one in schedules.plan(EVENT, calls, 10_000, 0)}) == len(
        schedules.plan(EVENT, calls, 10_000, 0)
    )


def test_what_only_reads_is_not_cut_after() -> None:
    names = {one.kind for one in schedules.plan(EVENT, [call("dynamodb:GetItem")], 100, 0) if one.step == 0}
    assert names == {"together", "throttled", "refused"}


def test_batches_are_cut_turned_and_spoilt() -> None:
    planned = {one.kind: one for one in schedules.plan(BATCH, [], 100, 0)}
    first = planned["part-before"].attempts[0].event
    assert [one["messageId"] for one in first["Records"]] == ["m-1"]
    spoilt = planned["bad-record"].attempts[0].event["Records"]
    assert [one["messageId"][-4:] for one in spoilt] == ["m-1", "bad0", "m-2"]
    assert not {"part-before", "bad-record"} & {one.kind for one in schedules.plan(EVENT, [], 100, 0)}


@pytest.mark.parametrize("event", [None, [], "text", 5, {"Records": None}, {"Records": [1, 2]}, {"Records": "x"}])
def test_any_event_can_be_tried(event: Any) -> None:
    assert schedules.plan(event, [], 100, 0)


@pytest.mark.parametrize(
    ("kind", "guarded", "code"),
    [
        ("duplicate", False, "ASY001"),
        ("concurrent", False, "ASY002"),
        ("concurrent", True, "ASY001"),
        ("duplicate-elsewhere", True, "EXE002"),
        ("crash-after", True, "ASY008"),
        ("crash-after", False, "ASY001"),
    ],
)
def test_a_trial_shows_another_pitfall_where_there_is_a_guard(kind: str, guarded: bool, code: str) -> None:
    found = judged(kind, state(SEND, SEND), guarded=guarded)
    assert found is not None and found.code == code and not found.remains
    assert judged(kind, state(SEND)) is None


def test_an_update_that_adds_is_named_as_such() -> None:
    run = Run(None, "", (call("dynamodb:UpdateItem", UpdateExpression="ADD hits :one"),))
    found = judged("duplicate", state(SEND, items=[{"hits": {"N": "2"}}]), run)
    assert found is not None and found.code == "ASY009" and found.calls == (("dynamodb", "UpdateItem"),)


def test_between_an_effect_and_its_mark_there_is_always_a_moment() -> None:
    first = call("dynamodb:PutItem", ConditionExpression="attribute_not_exists(id)")
    found = judged("crash-after", state(SEND, SEND), Run(None, "x", (first, SEND)), Run(None, ""), guarded=True)
    assert found is not None and found.remains
    late = judged("crash-after", state(SEND, SEND), Run(None, "x", (SEND, first)), Run(None, ""), guarded=True)
    assert late is not None and not late.remains


def test_an_event_that_never_works_again_is_told() -> None:
    found = judged("crash-after", state(SEND), Run(None, "Locked: x"), step=0)
    assert found is not None and found.code == "ASY008" and "Locked" in found.message


def refused(answer: Any, error: str = "", hit: str = "AccessDenied") -> Broken | None:
    schedule = Schedule("refused", ("OBS008",), (Attempt(EVENT),), 0, must="told")
    run = Run(answer, error, (call("sqs:SendMessage", 0, hit),))
    return judging.judge(schedule, [run], state(SEND), state(), effects.Noise())


@pytest.mark.parametrize("answer", [None, {"statusCode": 200}, "ok"])
def test_who_says_that_all_is_well_has_done_all(answer: Any) -> None:
    found = refused(answer)
    assert found is not None and found.code == "OBS008"


@pytest.mark.parametrize("answer", [{"statusCode": 502}, {"batchItemFailures": [{"itemIdentifier": "1"}]}])
def test_who_tells_of_a_failure_hides_none(answer: Any) -> None:
    assert refused(answer) is None and refused(None, "Error: x") is None and refused(None, hit="") is None


def bad(answer: Any, error: str = "", left: State | None = None) -> str | None:
    schedule = next(one for one in schedules.plan(BATCH, [], 100, 0) if one.kind == "bad-record")
    found = judging.judge(schedule, [Run(answer, error)], state(SEND), left or state(SEND), effects.Noise())
    return found.code if found else None


def failures(*ids: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}


def test_one_bad_record_and_what_is_reported_of_it() -> None:
    mine = "00000000-0000-4000-8000-00000000bad0"
    assert bad(failures(mine)) is None
    assert bad(None, "ValueError: x") == "ESM002"
    assert bad(failures("m-1")) == "ESM007"
    assert bad(None) == "OBS008"
    assert bad(failures(mine), left=state()) == "ESM002"


def test_a_warm_environment_does_what_new_ones_do() -> None:
    schedule = Schedule("warm", ("EXE001",), (Attempt(EVENT),) * 2, must="as-fresh")

    def warm(*answers: Any) -> Broken | None:
        runs, fresh = [Run(one, "") for one in answers], [Run({"n": 1}, "")] * 2
        return judging.judge_warm(schedule, (runs, state()), (fresh, state()), effects.Noise())

    assert warm({"n": 1}, {"n": 1}) is None
    found = warm({"n": 1}, {"n": 2})
    assert found is not None and found.code == "EXE001" and "invocation 2" in found.message


def test_every_code_is_the_catalogues_and_says_what_to_do() -> None:
    for code in sorted(schedules.codes() | judging.codes()):
        assert pages.entries()[code]["torture"], f"the catalogue does not say that {code} shows under torture"
        assert shown.mend(code), code


@pytest.mark.parametrize(("code", "said"), [("EXE013", "half done"), ("ASY008", "only after the work")])
def test_what_a_trial_shows_is_named_by_that_side_of_a_pitfall(code: str, said: str) -> None:
    assert said in shown.title(code)


def test_what_broke_is_written_as_a_test_that_can_be_read() -> None:
    found = judged("duplicate", state(SEND, SEND))
    assert found is not None
    event = {"text": 'it\'s "quoted" \\ and \n more'}
    source = shown.pytest_file("my-function", event, [found], 7)
    tree = ast.parse(source)
    assert "duplicate" in source and any(isinstance(one, ast.FunctionDef) for one in tree.body)


KINESIS = {"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": "49", "data": "e30="}}
ROW = {"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": "7", "NewImage": {"id": {"S": "a"}}}}


def batch(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(listed)}


@pytest.mark.parametrize(("record", "name"), [(KINESIS, "50"), (ROW, "8")])
def test_a_stream_s_bad_record_is_the_last_and_named_by_its_sequence_number(record: Any, name: str) -> None:
    made = batches.spoilt(batch(record, record))
    assert made is not None and made.stream and made.reported == {name} == {made.bad}
    assert batches.identifier(made.event["Records"][-1]) == name and len(made.event["Records"]) == 3
    assert made.event["Records"][:2] == [record, record] and made.event["Records"][2] != record


def test_behind_a_bad_record_of_a_fifo_queue_all_of_its_group_fail() -> None:
    arn = "arn:aws:sqs:us-east-1:000000000000:q.fifo"
    listed = [
        {**SQS, "messageId": str(number), "eventSourceARN": arn, "attributes": {"MessageGroupId": group}}
        for number, group in enumerate("aabab")
    ]
    made = batches.spoilt(batch(*listed))
    assert made is not None and made.ordered and made.reported == {made.bad, "3"}


@pytest.mark.parametrize(
    "record", [1, {}, {"eventSource": "aws:kinesis"}, {**ROW, "dynamodb": 5}, {**KINESIS, "kinesis": {}}]
)
def test_what_no_bad_record_is_known_of(record: Any) -> None:
    assert batches.spoilt(batch(record, record)) is None


def spoilt_run(made: Any, answer: Any, error: str = "") -> str | None:
    code = "ESM005" if made.stream else "ESM002"
    schedule = Schedule("bad-record", (code,), (Attempt(made.event),), must="others", spoilt=made)
    found = judging.judge(schedule, [Run(answer, error)], state(), state(), effects.Noise())
    return None if found is None else found.code


def test_what_becomes_of_a_bad_record_of_a_stream_and_of_a_fifo_queue() -> None:
    def told(*names: str) -> dict[str, Any]:
        return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}

    stream = batches.spoilt(batch(KINESIS, KINESIS))
    arn = {"eventSourceARN": "q.fifo"}
    fifo = batches.spoilt(batch({**SQS, "messageId": "1", **arn}, {**SQS, "messageId": "2", **arn}))
    assert stream is not None and fifo is not None
    assert spoilt_run(stream, told("50")) is None and spoilt_run(fifo, told(fifo.bad, "2")) is None
    assert [spoilt_run(stream, told("49")), spoilt_run(stream, None), spoilt_run(stream, None, "ValueError")] == [
        "ESM007", "OBS008", "ESM005",
    ]  # fmt: skip
    assert [spoilt_run(fifo, told(fifo.bad)), spoilt_run(fifo, told("1"))] == ["ESM008", "ESM007"]


def test_an_event_that_waited_is_older_in_what_aws_wrote_and_nowhere_else() -> None:
    link = "https://b.s3.amazonaws.com/k?X-Amz-Date=20260102T030405Z&X-Amz-Expires=900"
    event = {
        "time": "2026-01-02T06:00:00Z", "eventTime": "2026-01-02T06:00:00.500Z", "SentTimestamp": "1767333600000",
        "approximateArrivalTimestamp": 1767333600.5, "day": "2026-01-02T06:00:00Z",
        "body": f'{{"link": "{link}"}}', "text": "{no json", "timeEpoch": True,
    }  # fmt: skip
    assert aging.has_links(event) and not aging.has_links(EVENT)
    assert aging.aged(event, 21_600) == {
        "time": "2026-01-02T00:00:00Z", "eventTime": "2026-01-02T00:00:00.500Z", "SentTimestamp": "1767312000000",
        "approximateArrivalTimestamp": 1767312000.5, "day": "2026-01-02T06:00:00Z",
        "body": f'{{"link": "{link.replace("20260102T030405Z", "20260101T210405Z")}"}}', "text": "{no json",
        "timeEpoch": True,
    }  # fmt: skip
    names = {one.name for one in schedules.plan(event, [], 100, 0)}
    assert "late" in names and "late" not in {one.name for one in schedules.plan(EVENT, [], 100, 0)}


@pytest.mark.parametrize(("answer", "error", "code"), [(None, "", "ASY004"), (None, "TooOld: x", None)])
def test_what_comes_late_is_done_or_refused_loudly(answer: Any, error: str, code: str | None) -> None:
    schedule = Schedule("late", ("ASY004",), (Attempt(EVENT),), must="all", settle=False)
    found = judging.judge(schedule, [Run(answer, error)], state(SEND), state(), effects.Noise())
    assert (None if found is None else found.code) == code


def test_after_midnight_nothing_may_be_there_twice_and_what_has_a_date_may_have_another() -> None:
    schedule = Schedule("next-day", ("ASY007",), (Attempt(EVENT, at=-1.0), Attempt(EVENT, at=1.0)), must="no-more")
    runs = [Run(None, ""), Run(None, "")]
    today, tomorrow = [{"day": {"S": "1"}}], [{"day": {"S": "2"}}]
    assert judging.judge(schedule, runs, state(items=today), state(items=tomorrow), effects.Noise()) is None
    found = judging.judge(schedule, runs, state(items=today), state(items=today + tomorrow), effects.Noise())
    assert found is not None and found.code == "ASY007"


def test_a_secret_that_an_environment_keeps_for_a_day() -> None:
    schedule = Schedule("day-later", ("EXE001",), (), must="as-fresh")
    asked, quiet = Run(1, "", (call("secretsmanager:GetSecretValue"),)), Run(1, "")
    kept = judging.judge_warm(schedule, ([asked, quiet], state()), ([asked, asked], state()), effects.Noise())
    assert kept is not None and kept.code == "SEC004"
    assert judging.judge_warm(schedule, ([asked, asked], state()), ([asked, asked], state()), effects.Noise()) is None


def test_only_the_first_and_the_last_change_leave_something_in_tmp() -> None:
    calls = [call("sqs:SendMessage", step) for step in range(5)]
    planned = schedules.plan(EVENT, calls, 1_000, 0)
    assert [one.name for one in planned if one.kind == "tmp-left"] == ["tmp-left:0", "tmp-left:4"]
