import json

import pytest

from lambent.observe import platform, report
from lambent.observe.report import Report

ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"


def test_a_warm_report_line() -> None:
    line = report.report(Report(ID, 2.9, 128, 36))
    assert line == (
        f"REPORT RequestId: {ID}\tDuration: 2.90 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\t\n"
    )


def test_a_cold_report_line_bills_the_init_phase() -> None:
    line = report.report(Report(ID, 1233.96, 256, 123, init_ms=463.512))
    assert "\tBilled Duration: 1698 ms\t" in line
    assert line.endswith("\tMax Memory Used: 123 MB\tInit Duration: 463.51 ms\t\n")


def test_before_august_2025_init_was_not_billed() -> None:
    assert Report(ID, 3.01, 128, 36, init_ms=110.10, init_billed=False).billed_ms == 4


@pytest.mark.parametrize(
    ("duration", "init", "billed"),
    [
        (3000.0, None, 3000),
        (0.0, None, 1),
        (1.001, None, 2),
        (1.0, None, 1),
        (0.1 + 0.2, 0.7, 1),
        (900_000, 479.6, 900_480),
    ],
)
def test_billed_duration_is_rounded_up_to_whole_milliseconds(duration: float, init: float | None, billed: int) -> None:
    assert Report(ID, duration, 128, 36, init_ms=init).billed_ms == billed


def test_a_timeout_report_line() -> None:
    line = report.report(Report(ID, 3000, 1024, 64, status="timeout"))
    assert line.endswith("\tMax Memory Used: 64 MB\tStatus: timeout\n")


def test_an_error_report_line() -> None:
    line = report.report(Report(ID, 5, 128, 128, status="error", error_type="Runtime.ExitError"))
    assert line.endswith("\tStatus: error\tError Type: Runtime.ExitError\n")


def test_the_other_lines() -> None:
    arn = "arn:aws:lambda:us-east-1::runtime:0f12"
    assert report.init_start("python:3.12.v47", arn) == (
        f"INIT_START Runtime Version: python:3.12.v47\tRuntime Version ARN: {arn}\n"
    )
    assert report.start(ID, "$LATEST") == f"START RequestId: {ID} Version: $LATEST\n"
    assert report.end(ID) == f"END RequestId: {ID}\n"
    assert report.init_report(10_009.13, "init", "timeout") == (
        "INIT_REPORT Init Duration: 10009.13 ms\tPhase: init\tStatus: timeout\n"
    )
    assert report.init_report(154.03, "invoke", "error", "Runtime.ExitError") == (
        "INIT_REPORT Init Duration: 154.03 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError\n"
    )
    assert report.timed_out(1_591_714_946_150, ID, 3) == (
        f"2020-06-09T15:02:26.150Z {ID} Task timed out after 3.00 seconds\n\n"
    )
    assert report.failed(ID, "Runtime exited with error: exit status 1") == (
        f"RequestId: {ID} Error: Runtime exited with error: exit status 1\n"
    )


def test_stream_names() -> None:
    assert report.stream_name(1_591_714_946_150, "$LATEST", "0" * 32) == f"2020/06/09/[$LATEST]{'0' * 32}"


def test_megabytes_round_up() -> None:
    assert [report.megabytes(size) for size in (0, 1, 1 << 20, (1 << 20) + 1)] == [1, 1, 1, 2]


def test_json_events() -> None:
    text = platform.report(1_718_645_035_826, "INFO", Report("r", 18.593, 2048, 246))
    assert text == (
        '{"time":"2024-06-17T17:23:55.826Z","type":"platform.report","record":{"requestId":"r","metrics":'
        '{"durationMs":18.593,"billedDurationMs":19,"memorySizeMB":2048,"maxMemoryUsedMB":246},"status":"success"}}'
    )
    assert platform.start(1_718_645_035_902, "INFO", "r", "$LATEST") == (
        '{"time":"2024-06-17T17:23:55.902Z","type":"platform.start","record":{"requestId":"r","version":"$LATEST"}}'
    )
    cold = json.loads(platform.report(0, "INFO", Report("r", 1, 1, 1, init_ms=463.5124, status="timeout")) or "")
    assert cold["record"]["metrics"]["initDurationMs"] == 463.512
    assert cold["record"]["status"] == "timeout"


def test_the_system_log_level_keeps_events_out() -> None:
    well, ill = Report("r", 1, 1, 1), Report("r", 1, 1, 1, status="error", error_type="Runtime.ExitError")
    assert platform.report(0, "WARN", well) is None
    assert platform.report(0, "WARN", ill) is not None
    assert platform.start(0, "WARN", "r", "1") is None
    assert _init_start("WARN") is None
    assert _init_start("INFO") is not None
    assert platform.runtime_done(0, "INFO", "r", duration_ms=1.0, produced_bytes=2) is None
    done = platform.runtime_done(0, "INFO", "r", duration_ms=1.0, produced_bytes=2, status="timeout")
    assert done is not None
    assert platform.init_runtime_done(0, "DEBUG", "init", "success") is not None
    timeout = json.loads(platform.init_report(0, "INFO", 10_000.487, phase="init", status="timeout") or "")
    assert timeout["record"]["status"] == "timeout"
    assert platform.init_report(0, "INFO", 5.0, phase="init", status="success") is None


def _init_start(level: str) -> str | None:
    return platform.init_start(
        0, level, runtime_version="python:3.12.v1", runtime_version_arn="arn", function="f", version="1"
    )
