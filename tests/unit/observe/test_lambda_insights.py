"""The lines of Lambda Insights, and what is read for them."""

import os

import orjson

from lambent.environments.performance import Performance
from lambent.model.invocation import Invocation
from lambent.model.scope import Scope
from lambent.observe import emf
from lambent.observe.report import Report
from lambent.sandbox.usage import Usage, look
from tests.unit.dispatch.queue_kit import function

NOW = 1_775_000_000.5
INVOCATION = Invocation("request", b"{}", "arn:f", "Root=1-5faae118-123456789012345678901234;Sampled=1")


def figures(**more: object) -> Report:
    return Report("request", 12.4, 128, 41, **more)  # type: ignore[arg-type]


def told(*looked: Usage, report: Report | None = None) -> list[str]:
    lines: list[str] = []
    answers = iter(looked)
    one = Performance(function("f"), lambda: next(answers), lambda _, text: lines.append(text), lambda: NOW)
    one.begin()
    one.tell(INVOCATION, report or figures())
    return lines


def test_a_line_says_what_an_invocation_used() -> None:
    (text,) = told(Usage(30, 10, 100, 50, 512, 500, 9, 2), Usage(70, 20, 350, 60, 512, 412, 11, 3))
    said = orjson.loads(text)
    used = {"cpu_user_time": 40, "cpu_system_time": 10, "cpu_total_time": 50, "rx_bytes": 250, "tx_bytes": 10}
    used |= {"total_network": 260, "tmp_used": 100, "tmp_free": 412, "tmp_max": 512, "fd_use": 11, "threads_max": 3}
    used |= {"total_memory": 128, "used_memory_max": 41, "memory_utilization": 32}
    assert said.items() >= used.items()
    about = {"event_type": "performance", "request_id": "request", "duration": 12, "billed_duration": 13}
    about |= {"billed_mb_ms": 13 * 128, "cold_start": False, "trace_id": "1-5faae118-123456789012345678901234"}
    assert said.items() >= about.items() and "init_duration" not in said


def test_its_metrics_are_those_of_aws() -> None:
    nothing = Usage(0, 0, 0, 0, 0, 0, 0, 0)
    (text,) = told(nothing, nothing, report=figures(init_ms=130.2, status="timeout"))
    said = orjson.loads(text)
    assert (said["cold_start"], said["init_duration"], said["timeout"]) == (True, 130, True)
    samples = emf.samples(Scope("1" * 12, "eu-west-1"), text, int(NOW * 1000))
    names = {one.stream.metric.name for one in samples}
    assert names >= {"init_duration", "cpu_total_time", "memory_utilization", "rx_bytes", "tx_bytes", "tmp_used"}
    assert {one.stream.metric.namespace for one in samples} == {"LambdaInsights"}
    dimensions = {tuple(name for name, _ in one.stream.metric.dimensions) for one in samples}
    assert dimensions == {("function_name",), ("function_name", "version")}


def test_the_counters_of_a_process_are_read_and_one_that_is_gone_is_nothing(tmp_path: object) -> None:
    folder = os.open(str(tmp_path), os.O_RDONLY)
    sum(range(3_000_000))
    found = look(os.getpid(), folder, networked=True)
    os.close(folder)
    assert found.user_ms > 0 and found.tmp_bytes >= found.tmp_free > 0 and found.received >= 0
    assert look(2**22 + 1, -1, networked=True) == Usage(0, 0, 0, 0, 0, 0, 0, 0)
