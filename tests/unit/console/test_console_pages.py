"""What the pages show of what a server says."""

import io
import re
from pathlib import Path
from typing import Any

import pytest

from lambent.console.app import PAGES
from lambent.console.site import HERE
from tests.unit.console.fake import ARN, FUNCTION, NOW, Browser, Refused, measured, package, site, usual

EVIL = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"


def shown(path: str, **answers: Any) -> str:
    """A page of a server that answers so besides the usual."""
    said = Browser(site(usual() | {key.replace("__", "."): value for key, value in answers.items()})).get(path)
    assert said.status_code == 200, said.text
    return str(said.text)


def test_the_overview_of_an_empty_server_says_what_to_do_next() -> None:
    empty = {"AccountUsage": {"FunctionCount": 0}, "AccountLimit": {}}
    text = shown("/", lambda__get_account_settings=empty)
    assert "lambent deploy DIR" in text
    assert "create-event-source-mapping" in text and "create-queue" in text


def test_the_overview_adds_up_the_last_hour() -> None:
    def said(MetricDataQueries: list[Any], **_: Any) -> dict[str, Any]:
        values = {"invocations": [2.0, 3.0], "duration": [7.4, 90.0]}
        return {
            "MetricDataResults": [{"Id": one["Id"], "Values": values.get(one["Id"], [])} for one in MetricDataQueries]
        }

    text = shown("/", cloudwatch__get_metric_data=said)
    assert "<b>5</b> invocations" in text and "<b>7 ms</b>" in text


def test_mappings_and_findings_are_those_of_the_account() -> None:
    mappings = [
        {
            "UUID": str(number),
            "State": "Enabled",
            "FunctionArn": arn,
            "EventSourceArn": f"arn:aws:sqs:us-east-1:1:q{number}",
        }
        for number, arn in enumerate((ARN, ARN.replace("0" * 12, "1" * 12), f"{ARN}-2", f"{ARN}:live"))
    ]
    findings = [{"code": f"c{n}", "resource": arn, "message": "m", "hint": ""} for n, arn in enumerate((ARN, "x:y"))]
    findings.append({"code": "other", "resource": ARN.replace("0" * 12, "1" * 12), "message": "m", "hint": ""})
    more = {"mappings": {"mappings": mappings}, "findings": {"findings": findings}}
    text = shown("/", **more)
    assert [f">q{number}<" in text for number in range(4)] == [True, False, True, True]
    assert "c0" in text and "c1" in text and "other" not in text
    assert [f">q{number}<" in shown("/functions/hello", **more) for number in range(4)] == [True, False, False, True]


def test_a_function_without_anything_says_what_to_do_next() -> None:
    text = shown("/functions/hello")
    assert "Nothing drives it yet" in text and "No environment" in text and "nothing measured yet" in text


def test_the_environments_of_a_function_are_drawn() -> None:
    phases = [[NOW - 5, "init"], [NOW - 4, "busy"], [NOW - 3, "frozen"]]
    one = {"stream": "2026/[1]abcdefgh", "version": "1", "initialization": "on-demand", "phases": phases}
    old = one | {"phases": [[NOW - 5_000, "init"], [NOW - 4_000, "ended"]]}
    text = shown("/functions/hello", environments={"now": NOW, "environments": [old, one]})
    assert text.count("2026/[1]abcdefgh") == 1
    assert "frozen for 3.000 s" in text and 'class="p-init"' in text


def test_findings_of_a_role_are_not_shown_to_its_other_functions() -> None:
    found = [
        {
            "code": f"denied/{name}",
            "resource": FUNCTION["Role"],
            "hint": "",
            "message": f":assumed-role/r/{name} is not",
        }
        for name in ("hello", "other")
    ]
    text = shown("/functions/hello/rights", findings={"findings": found})
    assert "denied/hello" in text and "denied/other" not in text
    assert "s3:GetObject on x" in text


def test_values_of_variables_are_told_to_who_asks() -> None:
    browser = Browser(site(usual()))
    text = browser.get("/functions/hello/configuration").text
    assert "API_KEY" in text and "s3cr3t" not in text
    assert "s3cr3t" in browser.post("/functions/hello/variables", show="1").text
    assert "s3cr3t" not in browser.post("/functions/hello/variables", show="0").text


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("/functions/hello/tail?mark=x", {"logs": True}),
        ("/functions/hello/configuration", {"lambda.get_function_configuration": FUNCTION | {"Description": EVIL}}),
        ("/findings", {"findings": {"findings": [{"code": EVIL, "resource": EVIL, "message": EVIL, "hint": EVIL}]}}),
        ("/queues/q", {"sqs.get_queue_attributes": {"Attributes": {"Policy": EVIL}}}),
        ("/buckets/b", {"s3.list_objects_v2": {"Contents": [{"Key": EVIL, "Size": 1, "LastModified": "x"}]}}),
        ("/buckets/b/object?key=x", {"s3.get_object": {"Body": io.BytesIO(EVIL.encode()), "ContentLength": 9}}),
        ("/stacks", {"cloudformation.describe_stacks": {"Stacks": [
            {"StackName": EVIL, "StackStatus": EVIL, "CreationTime": "x", "Description": EVIL}]}}),
    ],
)  # fmt: skip
def test_what_is_shown_is_escaped(path: str, answers: dict[str, Any]) -> None:
    made = site(usual() | {"sqs.get_queue_url": {"QueueUrl": "http://x/q"}} | answers)
    if "logs" in answers:
        made = site(usual())
        made.api._clients["logs", 60] = Logs([{"eventId": "1", "timestamp": 5, "message": EVIL}])
    said = Browser(made).get(path)
    assert said.status_code == 200
    assert "<script>alert" not in said.text and "<img" not in said.text and "</textarea><script" not in said.text
    assert "&lt;script&gt;alert" in said.text


class Logs:
    """A client of CloudWatch Logs with these events."""

    class exceptions:
        ResourceNotFoundException = Refused

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events

    def get_paginator(self, _operation: str) -> "Logs":
        return self

    def paginate(self, **_params: Any) -> list[Any]:
        return [{"events": list(self.events)}]


def test_a_live_log_shows_each_line_once() -> None:
    made = site(usual())
    logs = Logs([{"eventId": "1", "timestamp": 5, "message": "first"}])
    made.api._clients["logs", 60] = logs
    browser, mark = Browser(made), made.tails.begin("/aws/lambda/hello", 0)
    first = browser.get(f"/functions/hello/tail?mark={mark}").text
    logs.events += [{"eventId": "2", "timestamp": 4, "message": "late"}]
    second = browser.get(f"/functions/hello/tail?mark={mark}").text
    assert ("first" in first, "first" in second, "late" in second) == (True, False, True)
    assert f"mark={mark}" in second


def test_an_invocation_shows_what_the_function_answered() -> None:
    said = {
        "StatusCode": 200,
        "FunctionError": "Unhandled",
        "ExecutedVersion": "3",
        "LogResult": "PGI+bGluZTwvYj4=",
        "Payload": io.BytesIO(f'{{"a": "{EVIL}"}}'.encode()),
        "ResponseMetadata": {"RequestId": "r-1"},
    }
    browser = Browser(site(usual() | {"lambda.invoke": said}))
    text = browser.post("/functions/hello/invoke", payload='{"x": 1}', kind="RequestResponse", qualifier="live").text
    assert "Unhandled" in text and "version 3" in text and "r-1" in text and "&lt;b&gt;line&lt;/b&gt;" in text
    assert "<script>" not in text
    [asked] = [params for _, operation, params in browser.calls if operation == "invoke"]
    assert asked == {
        **{"FunctionName": "hello", "InvocationType": "RequestResponse", "LogType": "Tail", "Qualifier": "live"},
        "Payload": b'{"x": 1}',
    }


def test_events_are_saved_in_a_folder_and_read_from_it(tmp_path: Path) -> None:
    (tmp_path / "shared.json").write_text('{"shared": true}')
    (tmp_path.parent / "outside.json").write_text('{"outside": true}')
    browser = Browser(site(usual(), tmp_path))
    assert browser.post("/functions/hello/events", payload='{"a": 1}', **{"as": "mine"}).status_code == 200
    assert (tmp_path / "hello" / "mine.json").read_text() == '{"a": 1}'
    for bad in ("../x", "a/b", "", "a" * 65, "x.json"):
        assert browser.post("/functions/hello/events", payload="{}", **{"as": bad}).status_code == 400
    page = browser.get("/functions/hello/test").text
    assert "saved:hello/mine" in page and "saved:shared" in page and "sample:sqs" in page
    ask = "/functions/hello/event?event="
    assert "shared" in browser.get(f"{ask}saved:shared").text
    assert "outside" not in browser.get(f"{ask}saved:../outside").text
    assert "aws:sqs" in browser.get(f"{ask}sample:sqs").text


def test_a_fault_of_aws_is_one_line_with_its_status() -> None:
    missing = {"lambda.get_function_configuration": Refused("ResourceNotFoundException")}
    browser = Browser(site(usual() | missing))
    whole = browser.get("/functions/nope")
    part = browser.get("/functions/nope/part", headers={"HX-Request": "true"})
    assert whole.status_code == 404 and "ResourceNotFoundException: &lt;i&gt;no&lt;/i&gt;" in whole.text
    assert "<nav" in whole.text and part.status_code == 200


def test_the_clock_is_moved_when_it_stands_still() -> None:
    moved = {"kind": "manual", "time": "2026-11-30T11:00:00.000Z", "running": 2}
    browser = Browser(site(usual() | {"clock": moved}))
    assert "+ 6h" in browser.get("/clock").text
    assert "2 events are still being worked on" in browser.post("/clock", by="1h").text
    assert "--clock manual" in shown("/clock")


def test_a_look_into_a_queue_takes_nothing_and_says_what_it_counts() -> None:
    policy = '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:0:dead", "maxReceiveCount": 3}'
    made = site(
        usual()
        | {
            "sqs.get_queue_url": {"QueueUrl": "http://x/0/jobs"},
            "sqs.get_queue_attributes": {"Attributes": {"RedrivePolicy": policy}},
            "sqs.receive_message": {"Messages": [{"MessageId": "m", "Body": "b", "Attributes": {}}]},
        }
    )
    browser = Browser(made)
    assert "maxReceiveCount" in browser.get("/queues/jobs").text
    assert browser.get("/queues/jobs/peek").status_code in (404, 405)
    assert "<pre" in browser.post("/queues/jobs/peek").text
    [asked] = [params for _, operation, params in browser.calls if operation == "receive_message"]
    assert asked["VisibilityTimeout"] == 0


def test_traces_without_any_say_what_to_do() -> None:
    assert "Mode=Active" in shown("/traces")
    assert "Mode=Active" in shown("/traces", xray__get_trace_summaries=Refused("NotImplemented", 501))
    assert "Nothing is known" in shown("/traces/1-2-3")


def test_a_query_of_logs_shows_its_rows() -> None:
    rows = [[{"field": "n", "value": EVIL}, {"field": "@ptr", "value": "p"}]]
    said = {"status": "Complete", "results": rows, "statistics": {"recordsMatched": 1.0, "recordsScanned": 2.0}}
    answers = {"logs.start_query": {"queryId": "q"}, "logs.get_query_results": said}
    text = Browser(site(usual() | answers)).post("/logs/query", group="g", query="fields n", back="1h").text
    assert "1 of 2 events matched" in text and "<script>" not in text and "@ptr" not in text


def test_every_page_is_shown_of_a_server_with_one_function() -> None:
    answers = usual() | {
        "sqs.get_queue_url": {"QueueUrl": "http://x/0/jobs"},
        "kinesis.describe_stream_summary": {
            "StreamDescriptionSummary": {
                **{"StreamName": "s", "StreamStatus": "ACTIVE", "OpenShardCount": 1, "RetentionPeriodHours": 24}
            }
        },
        "kinesis.get_shard_iterator": {"ShardIterator": "i"},
        "kinesis.get_records": {"Records": []},
        "lambda.get_function": {"Configuration": FUNCTION, "Code": {"Location": "https://elsewhere/x"}},
        "cloudformation.describe_stacks": {"Stacks": [{"StackName": "s", "StackStatus": "X", "CreationTime": "x"}]},
        "s3.get_object": {"Body": io.BytesIO(package(app_py="x")), "ContentLength": 9},
        "cloudwatch.get_dashboard": {"DashboardBody": "{}"},
        "cloudwatch.get_metric_data": measured,
    }
    browser = Browser(site(answers))
    for method, path, _page in PAGES:
        if method == "GET" and not path.endswith("/tail"):
            assert browser.get(path.format(name="hello", id="1")).status_code == 200, path


@pytest.mark.parametrize("template", sorted((HERE / "templates").glob("*.html")), ids=lambda path: path.name)
def test_what_scrolls_sideways_is_reached_by_the_keyboard_and_has_a_name(template: Path) -> None:
    for tag in re.findall(r"<div class=\"wide\"[^>]*>", template.read_text()):
        assert 'tabindex="0"' in tag and 'role="group"' in tag and re.search(r'aria-label="\w', tag), tag


MANY = [f"one-{number:03}" for number in range(300)]


@pytest.mark.parametrize(
    ("path", "most", "answers"),
    [
        ("/sources", 50, {"sqs__list_queues": {"QueueUrls": [f"http://h/{one}" for one in MANY]}}),
        (
            "/sources",
            50,
            {
                "kinesis__list_streams": {
                    "StreamSummaries": [{"StreamName": one, "StreamStatus": "ACTIVE"} for one in MANY]
                }
            },
        ),
        ("/sources", 50, {"s3__list_buckets": {"Buckets": [{"Name": one, "CreationDate": NOW} for one in MANY]}}),
        (
            "/stacks",
            100,
            {
                "cloudformation__describe_stacks": {
                    "Stacks": [{"StackName": one, "StackStatus": "S", "CreationTime": NOW} for one in MANY]
                }
            },
        ),
        (
            "/dashboards",
            100,
            {"cloudwatch__list_dashboards": {"DashboardEntries": [{"DashboardName": one} for one in MANY]}},
        ),
        ("/logs", 200, {"logs__describe_log_groups": {"logGroups": [{"logGroupName": one} for one in MANY]}}),
    ],
)
def test_a_list_that_is_cut_says_so(path: str, most: int, answers: dict[str, Any]) -> None:
    text = shown(path, **answers)
    assert MANY[most - 1] in text and MANY[most] not in text and f"The first {most}" in text
    few = {key: {name: those[:most] for name, those in said.items()} for key, said in answers.items()}
    assert "The first" not in shown(path, **few)
