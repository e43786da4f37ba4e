"""Traces of real functions: Powertools' tracer and the X-Ray SDK, unmodified, in an environment that finds a daemon."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import aws_lambda_powertools
import aws_xray_sdk
import boto3
import typing_extensions
import wrapt

from tests.e2e.conftest import Deploy, Server

TRACED = """
import boto3
from aws_lambda_powertools import Tracer
from aws_xray_sdk.core.sampling.connector import ServiceConnector

tracer = Tracer(service="orders")
sqs = boto3.client("sqs")

@tracer.capture_method
def work(event):
    tracer.put_annotation("order", event["order"])
    if event.get("queue"):
        sqs.send_message(QueueUrl=event["queue"], MessageBody="{}")
    if event.get("fails"):
        raise ValueError("no such order")
    return event["order"]

@tracer.capture_lambda_handler
def handler(event, context):
    if "Records" in event:
        return None
    if "rules" in event:
        connector = ServiceConnector()  # asks the daemon's TCP port, unsigned
        rules = connector.fetch_sampling_rules()
        return [rule.name for rule in rules], sorted(connector.fetch_sampling_target(rules)[0])
    return work(event)
"""


def _modules() -> dict[str, bytes]:
    """What a project would have in its package."""
    found: dict[str, bytes] = {}
    for module in (aws_lambda_powertools, aws_xray_sdk, wrapt):
        folder = Path(module.__file__ or "").parent
        for path in folder.rglob("*"):
            if path.suffix in (".py", ".so", ".json") and "__pycache__" not in path.parts:
                found[str(path.relative_to(folder.parent))] = path.read_bytes()
    return found | {"typing_extensions.py": Path(typing_extensions.__file__).read_bytes()}


def _traced(xray: Any, trace_id: str, count: int) -> list[dict[str, Any]]:
    """The segments of a trace, once there are so many."""
    for _ in range(100):
        traces = xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
        segments = [json.loads(one["Document"]) for trace in traces for one in trace["Segments"]]
        if len(segments) >= count:
            return segments
        time.sleep(0.1)
    raise AssertionError(segments)


def _named(segments: list[dict[str, Any]], origin: str) -> dict[str, Any]:
    return next(one for one in segments if one.get("origin") == origin)


def _root(answer: dict[str, Any]) -> str:
    header = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    assert ";Sampled=1" in header
    return str(header.removeprefix("Root=").partition(";")[0])


def test_a_traced_function_shows_its_parts_what_it_calls_and_what_that_leads_to(server: Server, deploy: Deploy) -> None:
    functions, xray, sqs = server.client("lambda"), server.client("xray"), server.client("sqs")
    queue = sqs.create_queue(QueueName="traced-orders", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    name = deploy(TRACED, files=_modules(), TracingConfig={"Mode": "Active"})
    source = functions.create_event_source_mapping(
        FunctionName=name, EventSourceArn="arn:aws:sqs:us-east-1:000000000000:traced-orders"
    )
    answer = functions.invoke(FunctionName=name, Payload=json.dumps({"order": "o-42", "queue": queue}))
    assert json.load(answer["Payload"]) == "o-42"
    asked = functions.invoke(FunctionName=name, Payload=b'{"rules": true}')
    assert json.load(asked["Payload"]) == [["Default"], ["Default"]]
    segments = _traced(xray, _root(answer), 3)
    service, function = _named(segments, "AWS::Lambda"), _named(segments, "AWS::Lambda::Function")
    assert function["parent_id"] == service["id"]
    assert [one["name"] for one in function["subsegments"]] == ["Initialization", "Invocation", "Overhead"]
    [handler] = function["subsegments"][1]["subsegments"]
    assert (handler["name"], handler["annotations"]["Service"]) == ("## handler", "orders")
    assert handler["subsegments"][0]["annotations"] == {"order": "o-42"}
    assert _named(segments, "AWS::SQS::Queue")["inferred"]
    found = _summaries(xray, f'service("{name}") AND annotation[order] = "o-42"')
    assert [one["Id"] for one in found] == [_root(answer)]
    command = [sys.executable, "-m", "lambent.cli.main", "--endpoint", server.endpoint, "trace", _root(answer)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "## handler" in shown and "Initialization" in shown, shown
    linked = _linked(xray, name, _root(answer))
    assert linked["trace_id"] != _root(answer)
    functions.delete_event_source_mapping(UUID=source["UUID"])


def _summaries(xray: Any, expression: str) -> list[dict[str, Any]]:
    now = time.time()
    found = xray.get_trace_summaries(StartTime=now - 300, EndTime=now + 60, FilterExpression=expression)
    return list(found["TraceSummaries"])


def _linked(xray: Any, name: str, root: str) -> dict[str, Any]:
    """The segment that the message's trace begins with."""
    for _ in range(100):
        for one in _summaries(xray, f'service(id(name: "{name}", type: "AWS::Lambda"))'):
            for segment in _traced(xray, one["Id"], 1):
                if any(link["trace_id"] == root for link in segment.get("links", ())):
                    return segment
        time.sleep(0.1)
    raise AssertionError("no trace is linked to the message's")


def test_segments_and_spans_that_are_sent_are_kept_for_their_account_alone(server: Server) -> None:
    xray = server.client("xray")
    now = time.time()
    root = f"1-{int(now):08x}-{'a' * 24}"
    good = {"id": "a" * 16, "trace_id": root, "name": "shop", "start_time": now, "end_time": now + 1}
    told = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(good), "{"])["UnprocessedTraceSegments"]
    assert [one["ErrorCode"] for one in told] == ["ParseError"]
    [trace] = xray.batch_get_traces(TraceIds=[root])["Traces"]
    assert json.loads(trace["Segments"][0]["Document"]) == good
    other = boto3.client(
        "xray",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="111111111111",
        aws_secret_access_key="x",
    )
    assert other.batch_get_traces(TraceIds=[root])["Traces"] == []
    span = {
        "traceId": root.replace("-", "")[1:],
        "spanId": "c" * 16,
        "parentSpanId": "a" * 16,
        "name": "pay",
        "kind": 1,
    }
    times = {"startTimeUnixNano": str(int(now * 1e9)), "endTimeUnixNano": str(int(now * 1e9) + 1000)}
    spans = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span | times]}]}]}).encode()
    request = urllib.request.Request(f"{server.endpoint}/v1/traces", spans, {"Content-Type": "application/json"})
    assert urllib.request.urlopen(request, timeout=30).status == 200
    [whole] = _traced(xray, root, 1)
    assert whole["subsegments"][0]["name"] == "pay"
