"""The PDF manifest function: what it writes, what it says, and how it ends when something fails."""

import json
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

EVENT = {"bucket": "reports", "prefix": "2026/04/"}
Page = dict[str, Any]


def page(start: int, count: int = 1000, suffix: str = ".pdf") -> Page:
    return {"Contents": [{"Key": f"2026/04/{n:07}{suffix}", "Size": n} for n in range(start, start + count)]}


def listing_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "listing"]


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    assert listing_threads() == []


def log_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_manifest_and_answer(function: ModuleType, fake_s3: Any, context: Any) -> None:
    s3 = fake_s3([page(0, 2), {}, page(2, 1, ".PDF"), page(3, 5, ".txt")])
    answer = function.handler(EVENT, context)
    key = f"manifests/{context.aws_request_id}.jsonl"
    assert answer == {
        "count": 3,
        "manifest_key": key,
        "manifest_url": f"https://reports.example/get_object/{key}?900",
    }
    body, extra = s3.uploaded[key]
    lines = [json.loads(line) for line in body.splitlines()]
    assert lines[2] == {
        "key": "2026/04/0000002.PDF",
        "url": "https://reports.example/get_object/2026/04/0000002.PDF?900",
        "size": 2,
    }
    assert extra == {"ContentType": "application/x-ndjson"}


def test_nothing_found_is_an_empty_manifest(function: ModuleType, fake_s3: Any, context: Any) -> None:
    s3 = fake_s3([{"KeyCount": 0}])
    assert function.handler(EVENT, context)["count"] == 0
    assert [body for body, _ in s3.uploaded.values()] == [b""]


def test_logs_and_metric(function: ModuleType, fake_s3: Any, context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    fake_s3([page(0, 7)])
    before = int(time.time() * 1000)
    function.handler(EVENT, context)
    begin, end, metric = log_lines(capsys.readouterr().out)
    for line in (begin, end, metric):
        assert line["request_id"] == context.aws_request_id
        assert (line["bucket"], line["prefix"]) == ("reports", "2026/04/")
    assert (end["level"], end["count"]) == ("INFO", 7)
    assert metric["PdfCount"] == 7
    block = metric["_aws"]
    assert set(block) == {"Timestamp", "CloudWatchMetrics"}
    assert before <= block["Timestamp"] <= int(time.time() * 1000)
    (directive,) = block["CloudWatchMetrics"]
    assert directive["Namespace"] == "PdfManifest"
    assert directive["Metrics"] == [{"Name": "PdfCount", "Unit": "Count"}]
    for dimensions in directive["Dimensions"]:
        assert all(isinstance(metric[name], str) for name in dimensions)


def test_failing_listing_ends_the_job(
    function: ModuleType, fake_s3: Any, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def pages() -> Iterator[Page]:
        yield page(0)
        raise PermissionError("AccessDenied")

    s3 = fake_s3(pages())
    started = time.monotonic()
    with pytest.raises(PermissionError, match="AccessDenied"):
        function.handler(EVENT, context)
    assert time.monotonic() - started < 1.0
    assert s3.uploaded == {}
    last = log_lines(capsys.readouterr().out)[-1]
    assert (last["level"], last["error_type"], last["error"]) == ("ERROR", "PermissionError", "AccessDenied")
    assert last["request_id"] == context.aws_request_id


def test_failing_writer_frees_a_listing_that_waits_for_room(function: ModuleType, fake_s3: Any, context: Any) -> None:
    def pages() -> Iterator[Page]:
        while True:
            yield page(0, 1)

    full = threading.Event()

    def fail() -> None:
        (thread,) = listing_threads()
        while thread.is_alive() and not full.wait(0.001):
            if queues[0].qsize() == function.PAGES_AHEAD:
                full.set()
        raise OSError(28, "No space left on device")

    queues: list[Any] = []
    listing_init = function.Listing.__init__

    def init(self: Any, given: Any) -> None:
        listing_init(self, given)
        queues.append(self._queue)

    s3 = fake_s3(pages())
    s3.on_link = fail
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(function.Listing, "__init__", init)
        with pytest.raises(OSError, match="No space left"):
            function.handler(EVENT, context)
    assert full.is_set()


def test_failing_upload_leaves_nothing(function: ModuleType, fake_s3: Any, context: Any) -> None:
    def fail() -> None:
        raise ConnectionError("reset")

    s3 = fake_s3([page(0, 3)])
    s3.on_upload = fail
    with pytest.raises(ConnectionError, match="reset"):
        function.handler(EVENT, context)


def test_listing_is_never_far_ahead(function: ModuleType, fake_s3: Any, context: Any) -> None:
    listed = written = furthest = 0

    def pages() -> Iterator[Page]:
        nonlocal listed
        for number in range(50):
            listed += 1
            yield page(number * 10, 10)

    def count() -> None:
        nonlocal written, furthest
        written += 1
        furthest = max(furthest, listed - written // 10)

    s3 = fake_s3(pages())
    s3.on_link = count
    function.handler(EVENT, context)
    # Being written, in the queue, in the lister's hands.
    assert furthest <= 1 + function.PAGES_AHEAD + 1


def test_memory_does_not_grow_with_the_bucket(function: ModuleType, fake_s3: Callable[..., Any], context: Any) -> None:
    def peak(keys: int) -> int:
        fake_s3(page(start) for start in range(0, keys, 1000)).keep = False
        tracemalloc.start()
        try:
            assert function.handler(EVENT, context)["count"] == keys
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1000)
    small, large = peak(5_000), peak(40_000)
    assert large < 4 << 20
    assert large < small * 1.5 + (256 << 10)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (None, "the event must be an object"),
        ([], "the event must be an object .* it is list"),
        ({}, "bucket must be the name of a bucket .* it is missing"),
        ({"bucket": "Reports", "prefix": ""}, "bucket must be .* it is str 'Reports'"),
        ({"bucket": "reports/2026", "prefix": ""}, "bucket must be"),
        ({"bucket": "reports"}, "prefix must be .* it is missing"),
        ({"bucket": "reports", "prefix": 7}, "prefix must be .* it is int '7'"),
        ({"bucket": "reports", "prefix": "é" * 513}, "prefix must be text of at most 1024 bytes"),
        ({"bucket": "reports", "prefix": "\ud800"}, "prefix must be"),
        ({**EVENT, "expires_in": 0}, "expires_in must be a whole number of seconds from 1 to 604800"),
        ({**EVENT, "expires_in": 604_801}, "expires_in must be"),
        ({**EVENT, "expires_in": True}, "expires_in must be .* it is bool"),
        ({**EVENT, "expires_in": "900"}, "expires_in must be .* it is str"),
        ({**EVENT, "prefixx": ""}, "unknown: prefixx; an event has bucket, prefix, expires_in"),
    ],
)
def test_bad_events_are_refused(function: ModuleType, fake_s3: Any, context: Any, event: object, says: str) -> None:
    fake_s3([])
    with pytest.raises(function.BadRequest, match=says):
        function.handler(event, context)


def test_expiry_from_event_then_environment(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URL_EXPIRY_SECONDS", "60")
    assert function.Job.of(EVENT).expires_in == 60
    assert function.Job.of({**EVENT, "expires_in": 5}).expires_in == 5
    monkeypatch.setenv("URL_EXPIRY_SECONDS", "soon")
    with pytest.raises(function.BadRequest, match=r"URL_EXPIRY_SECONDS must be .* it is str 'soon'"):
        function.Job.of(EVENT)


def test_with_a_real_client_over_several_pages(
    function: ModuleType, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        monkeypatch.setattr(function, "S3", s3)
        s3.create_bucket(Bucket="reports")
        keys = [f"2026/04/{n} é.pdf" for n in range(1003)]
        bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for key in (*keys, "2026/04/notes.txt", "2026/05/may.pdf"):
            bucket.put_object("reports", key, b"%PDF-1.4")
        answer = function.handler(EVENT, context)
        stored = s3.get_object(Bucket="reports", Key=answer["manifest_key"])
        lines = [json.loads(line) for line in stored["Body"].read().splitlines()]
    assert stored["ContentType"] == "application/x-ndjson"
    assert answer["count"] == 1003
    assert {line["key"]: line["size"] for line in lines} == dict.fromkeys(keys, 8)
