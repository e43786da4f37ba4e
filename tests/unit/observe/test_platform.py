"""AWS's own examples, member by member and in AWS's order."""

import json

import pytest

from lambent.observe import levels, platform
from lambent.observe.platform import Event, Origin, Span
from lambent.observe.report import Report, Tracing

ID = "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa"
TRACE = Tracing("Root=1-62e900b2-710d76f009d6e7785905449a;Parent=0efbd19962d95b05;Sampled=1")
STREAM = "2024/05/20/[$LATEST]22be53a8cfde4e68b844f8ec293b2543"
ORIGIN = Origin("f", "$LATEST", "nodejs:18.v28", "arn", STREAM, 256 << 20)
TRACING = (
    '"tracing":{"spanId":"0efbd19962d95b05","type":"X-Amzn-Trace-Id",'
    '"value":"Root=1-62e900b2-710d76f009d6e7785905449a;Parent=0efbd19962d95b05;Sampled=1"}'
)
MADE_OF = (
    '"runtimeVersion":"nodejs:18.v28","runtimeVersionArn":"arn","functionName":"f","functionVersion":"$LATEST",'
    f'"instanceId":"{STREAM}","instanceMaxMemory":268435456'
)
DONE = platform.RuntimeDone(
    ID, "success", 11.1853, 40, spans=(Span("responseLatency", 1_716_222_585_008, 2.215),)
)  # fmt: skip
FAILED = Report(ID, 5.0, 128, 40, status="error", error_type="Runtime.ExitError")

RECORDS: list[tuple[Event, str, str]] = [
    (
        platform.InitStart(ORIGIN, "on-demand", "init"),
        "platform.initStart",
        f'{{"initializationType":"on-demand","phase":"init",{MADE_OF}}}',
    ),
    (
        platform.InitRuntimeDone("on-demand", "init", "success"),
        "platform.initRuntimeDone",
        '{"initializationType":"on-demand","phase":"init","status":"success"}',
    ),
    (
        platform.InitRuntimeDone("on-demand", "init", "error", "Runtime.ImportModuleError"),
        "platform.initRuntimeDone",
        '{"initializationType":"on-demand","phase":"init","status":"error","errorType":"Runtime.ImportModuleError"}',
    ),
    (
        platform.InitReport("on-demand", "init", "success", 173.7781),
        "platform.initReport",
        '{"initializationType":"on-demand","phase":"init","status":"success","metrics":{"durationMs":173.778}}',
    ),
    (platform.RestoreStart(ORIGIN), "platform.restoreStart", f"{{{MADE_OF}}}"),
    (platform.RestoreRuntimeDone("success"), "platform.restoreRuntimeDone", '{"status":"success"}'),
    (
        platform.RestoreReport("success", 15.19),
        "platform.restoreReport",
        '{"status":"success","metrics":{"durationMs":15.19}}',
    ),
    (
        platform.Start(ID, "$LATEST", TRACE),
        "platform.start",
        f'{{"requestId":"{ID}","version":"$LATEST",{TRACING}}}',
    ),
    (
        DONE,
        "platform.runtimeDone",
        f'{{"requestId":"{ID}","status":"success","spans":[{{"name":"responseLatency",'
        '"start":"2024-05-20T16:29:45.008Z","durationMs":2.215}],"metrics":{"durationMs":11.185,"producedBytes":40}}',
    ),
    (
        platform.Reported(Report(ID, 1233.96, 256, 123, init_ms=463.512)),
        "platform.report",
        f'{{"requestId":"{ID}","metrics":{{"durationMs":1233.96,"billedDurationMs":1698,"memorySizeMB":256,'
        '"maxMemoryUsedMB":123,"initDurationMs":463.512},"status":"success"}',
    ),
    (
        platform.Reported(FAILED),
        "platform.report",
        f'{{"requestId":"{ID}","metrics":{{"durationMs":5.0,"billedDurationMs":5,"memorySizeMB":128,'
        '"maxMemoryUsedMB":40},"status":"error","errorType":"Runtime.ExitError"}',
    ),
    (
        platform.Reported(Report(ID, 1.0, 128, 40, tracing=TRACE)),
        "platform.report",
        f'{{"requestId":"{ID}","metrics":{{"durationMs":1.0,"billedDurationMs":1,"memorySizeMB":128,'
        f'"maxMemoryUsedMB":40}},{TRACING},"status":"success"}}',
    ),
    (
        platform.Extension("my-extension", "Ready", ("INVOKE", "SHUTDOWN")),
        "platform.extension",
        '{"name":"my-extension","state":"Ready","events":["INVOKE","SHUTDOWN"]}',
    ),
    (
        platform.Subscription("my-extension", ("platform", "function")),
        "platform.telemetrySubscription",
        '{"name":"my-extension","state":"Subscribed","types":["platform","function"]}',
    ),
    (
        platform.Subscription("Foo.bar", ("function", "platform"), logs=True),
        "platform.logsSubscription",
        '{"name":"Foo.bar","state":"Subscribed","types":["function","platform"]}',
    ),
    (
        platform.LogsDropped(123, 12345, "because"),
        "platform.logsDropped",
        '{"droppedBytes":12345,"droppedRecords":123,"reason":"because"}',
    ),
    (platform.End(ID), "platform.end", f'{{"requestId":"{ID}"}}'),
    (platform.Fault("RequestId: x Error: y\n"), "platform.fault", '"RequestId: x Error: y"'),
]


@pytest.mark.parametrize(("event", "kind", "record"), RECORDS, ids=lambda one: one if isinstance(one, str) else "")
def test_the_record_of_each_event(event: Event, kind: str, record: str) -> None:
    line = platform.json_line(1_716_222_585_022, event)
    assert line == f'{{"time":"2024-05-20T16:29:45.022Z","type":"{kind}","record":{record}}}'


TEXTS: list[tuple[Event, str | None]] = [
    (platform.InitStart(ORIGIN, "on-demand", "init"), "INIT_START Runtime Version: nodejs:18.v28\tRuntime "),
    (platform.InitStart(Origin("f", "1", "", "", "s", 1), "on-demand", "init"), None),
    (platform.InitStart(ORIGIN, "on-demand", "invoke"), None),
    (platform.InitRuntimeDone("on-demand", "init", "timeout"), None),
    (platform.InitReport("on-demand", "init", "success", 1.0), None),
    (platform.InitReport("provisioned-concurrency", "init", "success", 1.0), "INIT_REPORT Init Duration: 1.00 ms"),
    (platform.InitReport("on-demand", "init", "timeout", 10_000.0), "INIT_REPORT Init Duration: 10000.00 ms\tPhase: "),
    (platform.RestoreStart(ORIGIN), "RESTORE_START Runtime Version: "),
    (platform.RestoreRuntimeDone("success"), None),
    (platform.RestoreReport("success", 204.27), "RESTORE_REPORT Restore Duration: 204.27 ms\n"),
    (platform.Start(ID, "3"), f"START RequestId: {ID} Version: 3\n"),
    (DONE, None),
    (platform.End(ID), f"END RequestId: {ID}\n"),
    (platform.Reported(FAILED), "REPORT RequestId: "),
    (platform.Extension("x", "Ready", ()), "EXTENSION\tName: x\tState: Ready\tEvents: []\n"),
    (platform.Subscription("x", ("platform",)), "TELEMETRY\tName: x\t"),
    (platform.Subscription("x", ("platform",), logs=True), "LOGS\tName: x\t"),
    (platform.LogsDropped(1, 2, "r"), "LOGS_DROPPED Records: 1\tBytes: 2\tReason: r\n"),
    (platform.Fault("said\n"), "said\n"),
]


@pytest.mark.parametrize(("event", "begins"), TEXTS, ids=lambda one: one or "none" if isinstance(one, str) else "")
def test_the_text_line_of_each_event(event: Event, begins: str | None) -> None:
    text = event.text()
    if begins is None:
        assert text is None
    else:
        assert text is not None
        assert text.startswith(begins)
        assert text.endswith("\n")


SEVERITIES: list[tuple[Event, str]] = [
    (platform.InitStart(ORIGIN, "on-demand", "init"), "INFO"),
    (platform.InitStart(Origin("f", "1", "", "", "s", 1), "on-demand", "init"), "DEBUG"),
    (platform.InitRuntimeDone("on-demand", "init", "success"), "DEBUG"),
    (platform.InitRuntimeDone("on-demand", "init", "error"), "WARN"),
    (platform.InitReport("on-demand", "init", "success", 1.0), "DEBUG"),
    (platform.InitReport("provisioned-concurrency", "init", "success", 1.0), "INFO"),
    (platform.InitReport("on-demand", "init", "timeout", 1.0), "WARN"),
    (platform.RestoreStart(ORIGIN), "INFO"),
    (platform.RestoreRuntimeDone("success"), "DEBUG"),
    (platform.RestoreRuntimeDone("error"), "WARN"),
    (platform.RestoreReport("success", 1.0), "INFO"),
    (platform.RestoreReport("timeout", 1.0), "WARN"),
    (platform.Start(ID, "1"), "INFO"),
    (DONE, "DEBUG"),
    (platform.RuntimeDone(ID, "timeout", 1.0, 0), "WARN"),
    (platform.Reported(Report(ID, 1.0, 1, 1)), "INFO"),
    (platform.Reported(FAILED), "WARN"),
    (platform.Extension("x", "Ready", ()), "INFO"),
    (platform.Extension("x", "LaunchError", (), "PermissionDenied"), "WARN"),
    (platform.Subscription("x", ()), "INFO"),
    (platform.LogsDropped(1, 1, "r"), "WARN"),
    (platform.End(ID), ""),
    (platform.Fault("x"), ""),
]


@pytest.mark.parametrize(("event", "severity"), SEVERITIES)
def test_the_level_of_each_event_is_aws_s(event: Event, severity: str) -> None:
    assert event.severity == severity


def test_restored_figures_are_in_the_metrics() -> None:
    record = platform.Reported(Report(ID, 1.0, 1, 1, restore_ms=500.7951, billed_restore_ms=100)).record()
    assert isinstance(record, dict)
    metrics = json.loads(json.dumps(record["metrics"]))
    assert metrics["restoreDurationMs"] == 500.795
    assert metrics["billedRestoreDurationMs"] == 100
    assert metrics["billedDurationMs"] == 101


@pytest.mark.parametrize(("level", "kept"), [("DEBUG", "DEBUG INFO WARN"), ("INFO", "INFO WARN"), ("WARN", "WARN")])
def test_a_system_log_level_keeps_its_own_and_what_is_worse(level: str, kept: str) -> None:
    assert [one for one in levels.SYSTEM if levels.keeps_system(level, one)] == kept.split()
