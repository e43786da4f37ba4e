import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.observe.flood import Allowance
from lambent.observe.journal import Journal
from lambent.observe.report import Report

FUNCTION = FunctionVersion(
    Scope("000000000000", "us-east-1"), "f", "$LATEST", "python3.12", "h", "code", "role", "revision"
)
JSON = replace(FUNCTION, log_format="JSON", system_log_level="DEBUG", application_log_level="INFO")
UNIQUE = "0" * 32
ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"
ARN = "arn:aws:lambda:us-east-1::runtime:0"


class Kept:
    """What one journal wrote, and to whom."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.lines: list[str] = []
        self.findings: list[Finding] = []
        self.heard: list[tuple[str, Any]] = []

    def open(self, function: FunctionVersion, name: str) -> Callable[[int, str], None]:
        self.opened.append(name)
        return lambda epoch_ms, message: self.lines.append(message)

    def listen(self, epoch_ms: int, kind: str, record: Any) -> None:
        self.heard.append((kind, record))

    def kinds(self) -> list[str]:
        return [json.loads(line)["type"] for line in self.lines]


def journalled(function: FunctionVersion, body: Callable[[Journal, Kept], None], **more: Any) -> Kept:
    kept = Kept()

    async def run() -> None:
        journal = Journal(function, UNIQUE, lambda: 100.0, kept.open, notify=kept.findings.append, **more)
        try:
            body(journal, kept)
        finally:
            journal.close()

    asyncio.run(run())
    return kept


def life(journal: Journal, kept: Kept) -> None:
    """A cold start with an extension, and one invocation."""
    journal.init_start("python:3.12.v1", ARN)
    os.write(journal.pipes.writers[1], b"loading\n")
    journal.subscribed("ext", ["platform"])
    journal.extension("ext", "Ready", ["INVOKE"])
    journal.init_runtime_done("init")
    journal.init_report(0.1, "init")
    journal.start(ID)
    os.write(journal.pipes.writers[1], b"working\n")
    journal.runtime_done(ID, 5.0, 2)
    os.write(journal.extension_writers[2], b"extension says\n")
    journal.end(Report(ID, 6.0, 128, 40, init_ms=100.0))


def test_a_life_in_text() -> None:
    assert journalled(FUNCTION, life).lines == [
        f"INIT_START Runtime Version: python:3.12.v1\tRuntime Version ARN: {ARN}\n",
        "TELEMETRY\tName: ext\tState: Subscribed\tTypes: [Platform]\n",
        "EXTENSION\tName: ext\tState: Ready\tEvents: [INVOKE]\n",
        "loading\n",
        f"START RequestId: {ID} Version: $LATEST\n",
        "working\n",
        "extension says\n",
        f"END RequestId: {ID}\n",
        f"REPORT RequestId: {ID}\tDuration: 6.00 ms\tBilled Duration: 106 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\tInit Duration: 100.00 ms\t\n",
    ]


def test_a_life_in_json_with_all_there_is() -> None:
    kept = journalled(JSON, life)
    kept.lines = [line for line in kept.lines if line.startswith("{")]
    assert kept.kinds() == [
        "platform.initStart",
        "platform.telemetrySubscription",
        "platform.extension",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        (
            "INFO",
            ["initStart", "telemetrySubscription", "extension", "start", "report"],
        ),
        ("WARN", []),
    ],
)
def test_the_system_log_level_decides(level: str, kinds: list[str]) -> None:
    kept = journalled(replace(JSON, system_log_level=level, application_log_level="FATAL"), life)
    kept.lines = [line for line in kept.lines if line.startswith("{")]
    assert kept.kinds() == [f"platform.{kind}" for kind in kinds]


def test_the_application_log_level_decides_about_the_functions_lines_only() -> None:
    kept = journalled(replace(JSON, system_log_level="WARN", application_log_level="WARN"), life)
    assert kept.lines == ["extension says\n"]


def test_one_stream_for_one_environment_and_a_shared_group_names_the_function() -> None:
    own = replace(FUNCTION, log_group="/aws/lambda/f")
    shared = replace(FUNCTION, log_group="everybody", version="7")
    assert journalled(own, life).opened == [f"1970/01/01/[$LATEST]{UNIQUE}"]
    assert journalled(shared, life).opened == [f"1970/01/01/f[7]{UNIQUE}"]


def test_an_end_that_nobody_announced_says_that_the_runtime_is_done() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        journal.start(ID)
        journal.end(Report(ID, 1.0, 128, 40, status="timeout"))

    kept = journalled(JSON, body)
    assert kept.kinds() == ["platform.start", "platform.runtimeDone", "platform.report"]
    assert [json.loads(line)["record"].get("status") for line in kept.lines] == [None, "timeout", "timeout"]


def test_a_fault_is_a_line_in_text_and_a_status_in_json() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        journal.start(ID)
        journal.timed_out(ID, 3.0)
        journal.failed(ID, "Runtime exited with error: exit status 1")

    assert journalled(FUNCTION, body).lines[1:] == [
        f"1970-01-01T00:01:40.000Z {ID} Task timed out after 3.00 seconds\n\n",
        f"RequestId: {ID} Error: Runtime exited with error: exit status 1\n",
    ]
    assert journalled(JSON, body).kinds() == ["platform.start"]


def test_a_listener_hears_everything_whatever_the_levels_are() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        journal.listen(kept.listen)
        life(journal, kept)

    quiet = replace(JSON, system_log_level="WARN", application_log_level="FATAL")
    heard = journalled(quiet, body).heard
    assert [kind for kind, _ in heard] == [
        "platform.initStart",
        "platform.telemetrySubscription",
        "platform.extension",
        "function",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "function",
        "platform.runtimeDone",
        "extension",
        "platform.end",
        "platform.report",
    ]
    assert heard[3] == ("function", "loading\n")


def test_who_comes_late_in_the_init_phase_can_have_what_was_before_and_later_not() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        journal.init_start("python:3.12.v1", ARN)
        assert [kind for _, kind, _ in journal.early()] == ["platform.initStart"]
        journal.start(ID)
        assert journal.early() == []
        journal.reopen()
        journal.init_start("python:3.12.v1", ARN, "invoke")
        assert [record["phase"] for _, _, record in journal.early()] == ["invoke"]  # type: ignore[index]

    journalled(FUNCTION, body)


def test_what_is_kept_of_an_init_phase_is_bounded() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        for number in range(50):
            journal._on_line("function", 0, str(number) + "x" * 100_000)
        early = journal.early()
        assert len(early) == 10
        assert str(early[-1][2]).startswith("49x")

    journalled(FUNCTION, body)


def test_restoring() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        journal.restore_start("python:3.12.v1", ARN)
        journal.restore_runtime_done()
        journal.restore_report(0.2)

    assert journalled(FUNCTION, body, initialization="snap-start").lines == [
        f"RESTORE_START Runtime Version: python:3.12.v1\tRuntime Version ARN: {ARN}\n",
        "RESTORE_REPORT Restore Duration: 200.00 ms\n",
    ]
    assert journalled(JSON, body).kinds() == [
        "platform.restoreStart",
        "platform.restoreRuntimeDone",
        "platform.restoreReport",
    ]


def test_what_was_dropped_is_in_the_log_in_its_place_and_a_finding() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        journal.pipes._allowance = Allowance(burst=10, rate=0)
        journal.start(ID)
        for line in (b"a long line\n", b"b\n", b"c\n"):
            os.write(journal.pipes.writers[1], line)
            journal.pipes.drain()
        journal.end(Report(ID, 1.0, 128, 40))

    kept = journalled(FUNCTION, body)
    assert kept.lines[1:3] == [
        "a long line\n",
        "LOGS_DROPPED Records: 2\tBytes: 4\tReason: Some logs were dropped because the downstream consumer is "
        "slower than the logs production rate\n",
    ]
    assert kept.lines[3].startswith("END ")
    assert [finding.code for finding in kept.findings] == ["logs-dropped"]
    assert kept.findings[0].resource == FUNCTION.arn
    assert json.loads(journalled(JSON, body).lines[2])["record"]["droppedRecords"] == 2


def test_the_tail_is_that_of_the_invocation() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        journal.init_start("python:3.12.v1", ARN)
        journal.start(ID)
        os.write(journal.extension_writers[1], b"from the extension\n")
        tail = "".join(journal.end(Report(ID, 1.0, 128, 40)))
        assert [line.split(" ")[0] for line in tail.splitlines()] == ["START", "from", "END", "REPORT"]

    journalled(FUNCTION, body)


def test_the_tail_of_an_invocation_that_waited_begins_with_what_init_wrote() -> None:
    def body(journal: Journal, kept: Kept) -> None:
        os.write(journal.pipes.writers[1], b"of another time\n")
        journal.forget()
        journal.init_start("python:3.12.v1", ARN)
        os.write(journal.pipes.writers[1], b"Loading\n")
        journal.flush()
        journal.subscribed("ext", ["platform"])
        journal.extension("ext", "Ready", ["INVOKE"])
        journal.init_report(0.1, "init", "error", "Runtime.ImportModuleError")
        journal.start(ID, after_init=True)
        tail = "".join(journal.end(Report(ID, 1.0, 128, 40)))
        words = ["Loading", "TELEMETRY", "EXTENSION", "INIT_REPORT", "START", "END", "REPORT"]
        assert [line.split()[0] for line in tail.splitlines()] == words
        assert kept.lines[1].startswith("INIT_START ")
        journal.start(ID)
        assert journal.end(Report(ID, 1.0, 128, 40))[0].startswith("START ")

    journalled(FUNCTION, body)


def test_no_descriptor_is_left() -> None:
    before = len(os.listdir("/proc/self/fd"))
    journalled(FUNCTION, life)
    assert len(os.listdir("/proc/self/fd")) == before
