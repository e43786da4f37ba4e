import pytest

from lambent.observe import report
from lambent.observe.report import Report, Tracing

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


TRACE = "Root=1-6a507b87-0cc4438344b48ef127ab1931;Parent=d0025b207c551fde;Sampled=1"


def test_an_active_trace_has_a_line_of_its_own_in_the_report() -> None:
    line = report.report(Report(ID, 3.1, 2048, 95, init_ms=542.01, tracing=Tracing.of(TRACE)))
    assert line == (
        f"REPORT RequestId: {ID}\tDuration: 3.10 ms\tBilled Duration: 546 ms\tMemory Size: 2048 MB\t"
        "Max Memory Used: 95 MB\tInit Duration: 542.01 ms\t\n"
        "XRAY TraceId: 1-6a507b87-0cc4438344b48ef127ab1931\tSegmentId: d0025b207c551fde\tSampled: true\t\n"
    )
    failed = Report(ID, 97.3, 1024, 43, status="error", error_type="Runtime.ImportModuleError", tracing=Tracing(TRACE))
    assert "\tStatus: error\tError Type: Runtime.ImportModuleError\nXRAY TraceId: 1-" in report.report(failed)


def test_what_is_not_sampled_is_not_traced() -> None:
    assert Tracing.of(TRACE.replace("Sampled=1", "Sampled=0")) is None
    assert Tracing.of("") is None


def test_a_restored_environment_bills_what_followed_the_loading() -> None:
    line = report.report(Report(ID, 306.34, 3009, 155, restore_ms=511.25, billed_restore_ms=303))
    assert "\tBilled Duration: 610 ms\t" in line
    assert line.endswith("\tMax Memory Used: 155 MB\tRestore Duration: 511.25 ms\tBilled Restore Duration: 303 ms\t\n")


def test_the_lines_of_restoring() -> None:
    arn = "arn:aws:lambda:us-east-1::runtime:0f12"
    assert report.restore_start("java:11.v21", arn) == (
        f"RESTORE_START Runtime Version: java:11.v21\tRuntime Version ARN: {arn}\n"
    )
    assert report.restore_report(511.25) == "RESTORE_REPORT Restore Duration: 511.25 ms\n"
    assert report.restore_report(1236.04, "error", "Runtime.ExitError") == (
        "RESTORE_REPORT Restore Duration: 1236.04 ms\tStatus: error\tError Type: Runtime.ExitError\n"
    )


def test_the_lines_of_extensions() -> None:
    assert report.extension("AppConfigAgent", "Ready", ("INVOKE", "SHUTDOWN")) == (
        "EXTENSION\tName: AppConfigAgent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n"
    )
    assert report.extension("x", "LaunchError", (), "PermissionDenied") == (
        "EXTENSION\tName: x\tState: LaunchError\tEvents: []\tError Type: PermissionDenied\n"
    )
    assert report.subscription("TELEMETRY", "datadog-agent", "Subscribed", ("platform", "function")) == (
        "TELEMETRY\tName: datadog-agent\tState: Subscribed\tTypes: [Platform, Function]\n"
    )


def test_a_shared_log_group_has_the_functions_name_in_the_stream() -> None:
    assert report.stream_name(0, "7", "0" * 32, "tenner") == f"1970/01/01/tenner[7]{'0' * 32}"
