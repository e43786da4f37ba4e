"""The memory of the server of buckets stays flat, whatever goes through it."""

import hashlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.s3.test_s3_killed import Platform

MEGABYTE = 1 << 20
SIZE, MOST = 300, 100
"""Megabytes that go through it, and that it may take more for them than for a few bytes."""


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    found = Platform(tmp_path)
    yield found
    found.kill()


def _chunks() -> Iterator[bytes]:
    for number in range(SIZE):
        yield number.to_bytes(4) * (MEGABYTE // 4)


def _coded() -> Iterator[bytes]:
    for chunk in _chunks():
        yield b"%x\r\n%b\r\n" % (len(chunk), chunk)
    yield b"0\r\n\r\n"


def _put(platform: Platform, s3: Any, key: str, body: Iterator[bytes], headers: dict[str, str]) -> None:
    link = s3.generate_presigned_url("put_object", Params={"Bucket": "large", "Key": key})
    asked = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=120)
    asked.request("PUT", link.partition(f":{platform.port}")[2], body, headers)
    assert asked.getresponse().status == 200
    asked.close()


def _sum_of(body: Any) -> str:
    found = hashlib.sha256()
    for chunk in iter(lambda: body.read(MEGABYTE), b""):
        found.update(chunk)
    return found.hexdigest()


def test_large_bodies_do_not_lie_in_memory(platform: Platform) -> None:
    s3 = platform.client()
    s3.create_bucket(Bucket="large")
    s3.put_object(Bucket="large", Key="small", Body=b"1")
    before = platform.peak_megabytes()
    _put(platform, s3, "plain", _chunks(), {"Content-Length": str(SIZE * MEGABYTE)})
    length = {"x-amz-decoded-content-length": str(SIZE * MEGABYTE), "Content-Encoding": "aws-chunked"}
    _put(platform, s3, "coded", _coded(), {**length, "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
    s3.copy_object(Bucket="large", Key="copy", CopySource="large/coded")
    whole = hashlib.sha256()
    for chunk in _chunks():
        whole.update(chunk)
    for key in ("plain", "copy"):
        assert _sum_of(s3.get_object(Bucket="large", Key=key)["Body"]) == whole.hexdigest()
    assert platform.peak_megabytes() - before < MOST
