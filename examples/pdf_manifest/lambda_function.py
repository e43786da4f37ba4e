"""Write a manifest of every PDF under a prefix: a line per file, with a link that opens without credentials.

The event names what to list and, if it likes, how long the links live:

    {"bucket": "reports", "prefix": "2026/04/", "expires_in": 900}

The manifest (JSON Lines: key, url, size) goes to `manifests/<request id>.jsonl` in the same bucket. The
answer is `{"count": …, "manifest_key": …, "manifest_url": …}`. A retry of a request writes the same manifest.

One thread lists ahead while the handler signs and writes; between them are at most two pages, so memory does
not grow with the bucket. The thread has ended when the handler returns: Lambda freezes what is left running.
"""

import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any, Protocol

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

NAMESPACE = "PdfManifest"
DEFAULT_EXPIRY = 900
MAX_EXPIRY = 604_800
"""Seconds; SigV4 signs no link for longer than a week."""
MAX_PREFIX = 1024
"""Bytes; the longest key of S3."""
PAGES_AHEAD = 2
"""Pages (up to 1,000 keys each) between listing and writing. Not below 2: see `Listing.close`."""
FIELDS = ("bucket", "prefix", "expires_in")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

# Made once per environment. The links are signed with SigV4, which every region and every other S3 takes.
S3 = boto3.client(
    "s3",
    config=Config(
        signature_version="s3v4",
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "max_attempts": 4},
    ),
)
MULTIPART = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)


class Context(Protocol):
    """What is used of Lambda's context object."""

    aws_request_id: str
    function_name: str


class BadRequest(ValueError):
    """An event that asks for something impossible; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Job:
    """What an event asks for. `expires_in` in seconds."""

    bucket: str
    prefix: str
    expires_in: int

    @classmethod
    def of(cls, event: Any) -> "Job":
        """Raises BadRequest."""
        if not isinstance(event, dict):
            raise BadRequest(f"the event must be an object with {', '.join(FIELDS)}; it is {_kind(event)}")
        if unknown := sorted(set(event) - set(FIELDS)):
            raise BadRequest(f"unknown: {', '.join(map(str, unknown))}; an event has {', '.join(FIELDS)}")
        return cls(_bucket(event.get("bucket")), _prefix(event.get("prefix")), _expiry(event.get("expires_in")))


def _kind(value: object) -> str:
    return "missing" if value is None else f"{type(value).__name__} {str(value)[:80]!r}"


def _bucket(value: object) -> str:
    if not isinstance(value, str) or not BUCKET_NAME.fullmatch(value):
        raise BadRequest(f"bucket must be the name of a bucket (3 to 63 of a-z, 0-9, . and -); it is {_kind(value)}")
    return value


def _prefix(value: object) -> str:
    if not isinstance(value, str) or not 0 <= _utf8_length(value) <= MAX_PREFIX:
        raise BadRequest(
            f'prefix must be text of at most {MAX_PREFIX} bytes ("" lists the bucket); it is {_kind(value)}'
        )
    return value


def _utf8_length(text: str) -> int:
    """-1 for text that can't be written as UTF-8: JSON may hold half of a surrogate pair."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return -1


def _expiry(value: object) -> int:
    """The event's, else the environment's, else 900."""
    name = "expires_in"
    if value is None:
        name, text = "URL_EXPIRY_SECONDS", os.environ.get("URL_EXPIRY_SECONDS", str(DEFAULT_EXPIRY))
        value = int(text) if text.isascii() and text.isdigit() else text
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_EXPIRY:
        raise BadRequest(f"{name} must be a whole number of seconds from 1 to {MAX_EXPIRY}; it is {_kind(value)}")
    return value


@dataclass(frozen=True, slots=True)
class Pdf:
    """One file found. `size` in bytes."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class End:
    """The listing is over; `error` is why it ended early."""

    error: BaseException | None


class Listing:
    """The PDFs under a prefix, listed by a thread while they are iterated. Use it in a `with`."""

    def __init__(self, pages: Iterable[dict[str, Any]]) -> None:
        self._pages = pages
        self._queue: Queue[list[Pdf] | End] = Queue(PAGES_AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listing")

    def __enter__(self) -> "Listing":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Pdf]:
        """Raises whatever the listing raised."""
        while not isinstance(page := self._queue.get(), End):
            yield from page
        if page.error is not None:
            raise page.error

    def close(self) -> None:
        """Stop and join the thread.

        It may be waiting for room. Emptying the queue lets it go on; then it sees that it is to stop, after
        at most one page and the end marker more, for which there is room.
        """
        self._stopped.set()
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._thread.join()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._list()
        except BaseException as raised:
            error = raised
        finally:
            self._queue.put(End(error))

    def _list(self) -> None:
        for page in self._pages:
            if self._stopped.is_set():
                return
            if found := pdfs(page):
                self._queue.put(found)


def pdfs(page: dict[str, Any]) -> list[Pdf]:
    """The PDFs on one page of ListObjectsV2."""
    contents = page.get("Contents", ())
    return [Pdf(entry["Key"], entry["Size"]) for entry in contents if entry["Key"].lower().endswith(".pdf")]


def log(level: str, message: str, **fields: object) -> None:
    """One JSON line on standard output."""
    print(json.dumps({"level": level, "message": message, **fields}), flush=True)


def embedded_metric(function_name: str, count: int, now: float) -> dict[str, object]:
    """PdfCount as a CloudWatch embedded metric block; `now` in seconds since 1970."""
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [["FunctionName"]],
        "Metrics": [{"Name": "PdfCount", "Unit": "Count"}],
    }
    return {
        "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [definition]},
        "FunctionName": function_name,
        "PdfCount": count,
    }


def link(job: Job, key: str) -> str:
    """A link to GET one object with; made here, without asking S3."""
    parameters = {"Bucket": job.bucket, "Key": key}
    url: str = S3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=job.expires_in)
    return url


def write_manifest(job: Job, path: Path) -> int:
    """List, sign and write; the number of PDFs."""
    count = 0
    pages = S3.get_paginator("list_objects_v2").paginate(Bucket=job.bucket, Prefix=job.prefix)
    with path.open("w", encoding="utf-8") as manifest, Listing(pages) as listing:
        for pdf in listing:
            line = {"key": pdf.key, "url": link(job, pdf.key), "size": pdf.size}
            manifest.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was made: how many lines, where, and the link to it."""

    count: int
    manifest_key: str
    manifest_url: str


def run(job: Job, request_id: str) -> Manifest:
    """The job; leaves nothing behind in the temporary folder, however it ends."""
    path = Path(tempfile.gettempdir(), f"{request_id}.jsonl")
    manifest_key = f"manifests/{request_id}.jsonl"
    try:
        count = write_manifest(job, path)
        extra = {"ContentType": "application/x-ndjson"}
        S3.upload_file(str(path), job.bucket, manifest_key, ExtraArgs=extra, Config=MULTIPART)
    finally:
        path.unlink(missing_ok=True)
    return Manifest(count, manifest_key, link(job, manifest_key))


def handler(event: Any, context: Context) -> dict[str, object]:
    """Lambda's entry point. Raises BadRequest, or what S3 answered."""
    about: dict[str, object] = {"request_id": context.aws_request_id}
    started = time.monotonic()
    try:
        job = Job.of(event)
        about |= {"bucket": job.bucket, "prefix": job.prefix}
        log("INFO", "listing", **about, expires_in=job.expires_in)
        manifest = run(job, context.aws_request_id)
    except Exception as error:
        log("ERROR", "failed", **about, error_type=type(error).__name__, error=str(error))
        raise
    about |= {"count": manifest.count, "manifest_key": manifest.manifest_key}
    log("INFO", "manifest written", **about, elapsed_ms=round((time.monotonic() - started) * 1000))
    print(
        json.dumps({**embedded_metric(context.function_name, manifest.count, time.time()), **about}),
        flush=True,
    )
    return asdict(manifest)
