"""Pitfalls that are seen to happen: in logs as the server writes them, in calls as its page tells them."""

from collections.abc import Iterable
from typing import Any

import pytest

from lambent.observe import platform, report
from lambent.observe.report import Report
from lambent.pitfalls import pages
from lambent.pitfalls.watching import shown, watching
from lambent.pitfalls.watching.seen import Seen
from lambent.pitfalls.watching.sight import Sight

ARN = "arn:aws:lambda:us-east-1:000000000000:function:work"
ABOUT = {"FunctionName": "work", "FunctionArn": ARN, "Role": "arn:aws:iam::000000000000:role/r", "Timeout": 10}


class Log:
    """A log group, written as the server writes it."""

    def __init__(self, json: bool = False) -> None:
        self.events: list[dict[str, Any]] = []
        self._json = json

    def line(self, message: str, stream: str = "s") -> None:
        self.events.append({"logStreamName": stream, "timestamp": len(self.events), "message": message})

    def run(self, id_: str, *lines: str, stream: str = "s", **figures: Any) -> None:
        told: dict[str, Any] = {"duration_ms": 10.0, "memory_mb": 128, "max_memory_mb": 60} | figures
        said = Report(request_id=id_, **told)
        start, end = platform.Start(id_, "$LATEST"), platform.Reported(said)
        self.line(platform.json_line(0, start) if self._json else report.start(id_, "$LATEST"), stream)
        for line in lines:
            self.line(line, stream)
        if not self._json:
            self.line(report.end(id_), stream)
        self.line(platform.json_line(0, end) if self._json else report.report(said), stream)

    def seen(self, **about: Any) -> Seen:
        made = Seen("work", ABOUT | about)
        made.feed(self.events)
        return made


def codes(seen: Seen, known: Iterable[dict[str, str]] = ()) -> list[str]:
    return sorted(one.code for one in watching.look(seen, known))


def only(seen: Seen, known: Iterable[dict[str, str]] = ()) -> Sight:
    (found,) = watching.look(seen, known)
    return found


def call(operation: str, trace: str = "1-a", environment: str = "E", **more: Any) -> dict[str, Any]:
    service, _, name = operation.partition(":")
    said = {"params": {}, "digest": "d", "error": "", "reads": False, "at": 0.0} | more
    return {"environment": environment, "trace": trace, "service": service, "operation": name, **said}


@pytest.mark.parametrize("json", [False, True])
def test_a_quiet_function_shows_nothing(json: bool) -> None:
    log = Log(json)
    for number in range(40):
        log.run(f"r{number}", "fine", init_ms=80.0 if number == 0 else None)
    seen = log.seen()
    assert len(seen.runs) == 40 and codes(seen) == []


@pytest.mark.parametrize("json", [False, True])
def test_a_timeout_with_the_line_where_its_code_stood(json: bool) -> None:
    log = Log(json)
    log.run("r1", 'Traceback:\n  File "/var/task/shop/pay.py", line 12, in pay', duration_ms=10_000.0, status="timeout")
    found = only(log.seen())
    assert (found.code, found.evidence, found.place) == ("EXE013", ("r1",), ("shop/pay.py", 12))


@pytest.mark.parametrize(
    ("code", "figures"),
    [
        ("LIM005", {"duration_ms": 8_500.0}),
        ("LIM011", {"max_memory_mb": 120}),
        ("EXE012", {"max_memory_mb": 128, "status": "error", "error_type": "Runtime.OutOfMemory"}),
        ("EXE006", {"init_ms": 6_000.0}),
    ],
)
def test_what_a_report_says(code: str, figures: dict[str, Any]) -> None:
    log = Log()
    log.run("r1", **figures)
    assert codes(log.seen()) == [code]


def test_init_that_was_cut_is_an_error() -> None:
    log = Log()
    log.line(report.init_report(10_000.0, "init", "timeout"))
    assert only(log.seen()).level == "error"


def test_memory_that_goes_on_growing_in_one_environment() -> None:
    log, flat = Log(), Log()
    for number in range(30):
        log.run(f"r{number}", max_memory_mb=40 + number, memory_mb=256)
        flat.run(f"r{number}", max_memory_mb=min(40 + 4 * number, 80), memory_mb=256)
    assert codes(log.seen()) == ["EXE001"] and codes(flat.seen()) == []


def test_many_cold_starts_and_what_they_cost() -> None:
    log = Log()
    for number in range(12):
        log.run(f"r{number}", stream=f"s{number}", init_ms=900.0, duration_ms=100.0)
    assert codes(log.seen()) == ["CST009", "EXE016"]


def test_memory_that_is_hardly_used() -> None:
    log = Log()
    for number in range(12):
        log.run(f"r{number}", memory_mb=3008)
    assert codes(log.seen()) == ["CST004"]


@pytest.mark.parametrize(
    "line", ["connecting with correct-horse", "key AKIAABCDEFGHIJKLMNOP", "-----BEGIN RSA PRIVATE KEY"]
)
def test_a_secret_that_is_printed(line: str) -> None:
    log = Log()
    log.run("r1", line)
    variables = {"DB_PASSWORD": "correct-horse", "TABLE": "connecting"}
    found = only(log.seen(Environment={"Variables": variables}))
    assert found.code == "SEC005" and "correct-horse" not in found.message


def test_a_log_that_costs_more_than_its_function() -> None:
    log = Log()
    for number in range(12):
        log.run(f"r{number}", "x" * 20_000)
    assert codes(log.seen()) == ["CST005"]


def test_lines_between_invocations_are_work_left_behind() -> None:
    log = Log()
    log.run("r1")
    log.line("still here\n")
    log.run("r2")
    found = only(log.seen())
    assert (found.code, found.evidence) == ("EXE011", ("r1",))


def test_lines_of_a_start_over_are_not() -> None:
    log = Log()
    log.run("r1", status="error", error_type="Runtime.ExitError")
    log.line("importing\n")
    log.line(report.init_report(1.0, "invoke", "error", "Runtime.ImportError"))
    log.run("r2")
    assert codes(log.seen()) == []


def test_an_event_that_was_tried_again() -> None:
    log = Log()
    log.run("r1")
    log.run("r1", stream="t")
    assert (only(log.seen()).code, only(log.seen()).evidence) == ("ASY001", ("r1",))


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("EXE009", "RuntimeError: Event loop is closed"),
        ("EXE004", "OSError: [Errno 28] No space left on device"),
        ("PKG001", "ImportError: /var/task/x.so: invalid ELF header"),
        ("EXE018", "OSError: [Errno 30] Read-only file system: '/var/task/x'"),
        ("CON008", "FATAL: sorry, too many clients already"),
    ],
)
def test_words_of_an_error_name_the_pitfall(code: str, line: str) -> None:
    log = Log()
    log.run("r1", line)
    assert codes(log.seen()) == [code]


def test_a_queue_that_shows_messages_too_soon_and_its_dead_letters() -> None:
    log = Log()
    log.run("r1", duration_ms=6_000.0)
    seen = log.seen()
    dead = {"ApproximateNumberOfMessages": "3"}
    seen.queues = [{"QueueArn": "arn:aws:sqs:us-east-1:0:jobs", "VisibilityTimeout": "5", "Dead": dead}]
    assert codes(seen) == ["ESM001", "OBS007"]


def test_throttles_by_a_reservation_of_nothing_and_by_neighbours() -> None:
    pool, none = Log().seen(), Log().seen(Reserved=0)
    pool.throttles = none.throttles = 7
    assert (codes(pool), codes(none)) == (["CON002"], ["CON003"])


def test_a_secret_that_is_read_in_each_invocation() -> None:
    seen = Log().seen()
    seen.add_calls(call("secretsmanager:GetSecretValue", f"1-{n}", reads=True) for n in range(3))
    assert codes(seen) == ["SEC003"]
    other = Log().seen()
    other.add_calls(call("secretsmanager:GetSecretValue", f"1-{n}", f"E{n}", reads=True) for n in range(3))
    assert codes(other) == []


def test_many_calls_of_one_kind_in_an_invocation() -> None:
    seen = Log().seen()
    seen.add_calls(call("s3:GetObject", digest=str(n), reads=True) for n in range(60))
    assert codes(seen) == ["CST006"]


def test_one_event_that_changed_the_same_twice() -> None:
    seen = Log().seen()
    seen.add_calls([call("sqs:SendMessage"), call("sqs:SendMessage", environment="F")])
    assert codes(seen) == ["ASY002"]
    within = Log().seen()
    within.add_calls([call("sqs:SendMessage"), call("sqs:SendMessage")])
    assert codes(within) == []


def test_a_denied_and_a_throttled_call() -> None:
    seen = Log().seen()
    seen.add_calls([call("s3:PutObject", error="AccessDenied"), call("dynamodb:GetItem", error="ThrottlingException")])
    assert codes(seen) == ["CON011", "IAM001"]
    again = Log().seen()
    again.add_calls([call("dynamodb:GetItem", error="ThrottlingException"), call("dynamodb:GetItem")])
    assert codes(again) == []


def test_a_function_that_sends_to_the_queue_that_drives_it() -> None:
    seen = Log().seen()
    seen.queues = [{"QueueArn": "arn:aws:sqs:us-east-1:0:jobs"}]
    seen.add_calls([call("sqs:SendMessage", params={"queueUrl": "http://127.0.0.1:4566/0/jobs"})])
    assert codes(seen) == ["ARC001"]


def test_what_the_server_found_of_the_function_and_of_its_role() -> None:
    known = [
        {"code": "recursive-loop", "resource": f"{ARN}:live", "message": "it calls itself"},
        {"code": "denied/s3:PutObject", "resource": ABOUT["Role"], "message": "denied"},
        {"code": "recursive-loop", "resource": f"{ARN}-other", "message": "another's"},
        {"code": "host-program", "resource": ARN, "message": "no pitfall"},
    ]
    assert codes(Log().seen(), known) == ["ARC001", "IAM001"]


def test_a_sight_is_new_once_and_keeps_its_latest_figures() -> None:
    ledger = watching.Ledger()
    first, later = Sight("EXE013", "1 of 2"), Sight("EXE013", "9 of 9")
    assert ledger.fresh("work", [first]) == [first] and ledger.fresh("work", [later]) == []
    assert list(ledger.said.values()) == [later]


def test_every_code_is_the_catalogues_and_says_what_to_do() -> None:
    for code in watching.codes():
        assert pages.entries()[code]["watch"], f"the catalogue does not say that {code} can be seen"
        assert shown.mend(code), code


def test_a_page_holds_what_a_function_printed_as_text_alone() -> None:
    made = shown.page([("work", Sight("EXE013", "<script>alert(1)</script>", ("<b>",)))], [])
    assert "<script>alert" not in made and "&lt;script&gt;" in made


@pytest.mark.parametrize(
    "line", ['{"time":1,"type":"platform.report"}', '{"time": {', "REPORT RequestId: ", "START RequestId: "]
)
def test_lines_that_only_look_like_the_platforms_own(line: str) -> None:
    log = Log()
    log.line(line)
    assert codes(log.seen()) == []


def calls_of(*connections: int, **more: Any) -> Seen:
    seen = Seen("work", ABOUT)
    seen.add_calls(
        [call("s3:GetObject", f"1-{number}", connection=one) | more for number, one in enumerate(connections)]
    )
    return seen


def test_a_connection_of_its_own_for_each_invocation() -> None:
    found = only(calls_of(1, 2, 3, 4))
    assert (found.code, found.figures) == ("EXE008", (("connections", 4), ("invocations", 4)))
    for kept in ((1, 2, 3), (1, 2, 3, 3), (0, 0, 0, 0)):
        assert codes(calls_of(*kept)) == []


def at_rest(log: Log, looks: Iterable[dict[str, Any]], every: int = 3) -> Seen:
    """Looks at the environment of `log`, each after so many further invocations."""
    seen = Seen("work", ABOUT)
    for number, one in enumerate(looks, 1):
        while len([event for event in log.events if "REPORT" in event["message"]]) < number * every:
            log.run(f"r{len(log.events)}")
        seen.feed(log.events[sum(len(run.lines) for run in seen.runs) + 3 * len(seen.runs) :])
        seen.add_rest({"stream": "s", "tmp_bytes": 0, "files": [], "threads": None, "descriptors": None} | one)
    return seen


def file(name: str, written: float, read: float | None = None) -> dict[str, Any]:
    return {"name": f"/tmp/{name}", "size": 1 << 20, "written": written, "read": written if read is None else read}


def runs_far_apart(*ids: str) -> Log:
    log = Log()
    for number, id_ in enumerate(ids):
        log.run(id_)
        for event in log.events[-3:]:
            event["timestamp"] = 1_000 * (number + 1)
    return log


def test_files_that_invocations_leave_in_tmp_and_when_it_is_full() -> None:
    log = runs_far_apart("a", "b", "c")
    found = only(at_rest(log, [{"files": [file(str(at), at) for at in (1_000, 2_000, 3_000)]}]))
    assert (found.code, found.evidence) == ("EXE004", ("a", "b", "c")) and "full in 509 more" in found.message
    assert codes(at_rest(log, [{"files": [file("1", 1_000), file("2", 1_000), file("3", 3_000)]}])) == []


def test_a_file_of_an_earlier_invocation_that_is_read_and_a_name_that_is_used_again() -> None:
    log = runs_far_apart("a", "b", "c")
    found = only(at_rest(log, [{"files": [file("x", 1_000, 3_000)]}]))
    assert (found.code, found.evidence) == ("EXE003", ("a", "c"))
    assert codes(at_rest(log, [{"files": [file("x", 1_000)]}])) == []
    again = at_rest(log, [{"files": [file("x", at)]} for at in (1_000, 2_000, 3_000)], every=1)
    assert codes(again) == ["EXE003"]


@pytest.mark.parametrize(("what", "code"), [("threads", "EXE011"), ("descriptors", "EXE008")])
def test_what_grows_from_look_to_look(what: str, code: str) -> None:
    assert codes(at_rest(Log(), [{what: number} for number in (1, 2, 3, 4)])) == [code]
    assert codes(at_rest(Log(), [{what: number} for number in (1, 2, 2, 3)])) == []
    assert codes(at_rest(Log(), [{what: number} for number in (1, 2, 3)])) == []


def test_the_neighbour_that_used_up_the_pool_is_named() -> None:
    seen = Seen("work", ABOUT, throttles=3, neighbour=("importer", 900))
    found = only(seen)
    assert found.code == "CON002" and "most of it by importer (900 at once)" in found.message


def test_what_is_near_the_size_that_may_be() -> None:
    told = [{"code": code, "resource": ARN, "message": "5.5 MB"} for code in ("large-answer", "large-event")]
    assert codes(Seen("work", ABOUT), told) == ["LIM001", "LIM002"]


def test_a_module_variable_that_grows_is_named() -> None:
    seen = Seen("f")
    for number in range(6):
        full = ', "app.FULL": 2' if number == 2 else ""
        message = f'LAMBENT_HEAP {{"app.CACHE": {number + 1}{full}}}'
        seen.feed([{"logStreamName": "s", "timestamp": number, "message": message}])
    seen.feed([{"logStreamName": "s", "timestamp": 9, "message": "LAMBENT_HEAP nonsense"}])
    (told,) = [one for one in watching.look(seen) if one.code == "EXE001"]
    assert told.subject == "app.CACHE" and "app.CACHE grew from 1 to 6 entries" in told.message


def test_the_run_of_a_moment_is_found_among_many_in_no_time() -> None:
    seen = Seen("f")
    for number in range(5_000):
        begun, line = number * 10, {"logStreamName": f"s{number % 2}"}
        seen.feed([{**line, "timestamp": begun, "message": f"START RequestId: r{number} Version: 1\n"}])
        seen.feed([{**line, "timestamp": begun + 5, "message": f"REPORT RequestId: r{number}\tDuration: 5 ms\n"}])
    assert [getattr(seen.run_at("s0", at), "request_id", None) for at in (40_000.0, 40_006.0, 40_008.0, 40_020.0)] == [
        "r4000", "r4000", None, "r4002",
    ]  # fmt: skip
    assert seen.run_at("s1", 39_999.0) is None and seen.run_at("other", 40_000.0) is None
