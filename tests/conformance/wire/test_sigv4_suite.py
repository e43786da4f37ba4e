"""AWS's SigV4 test suite: every request, with the Authorization that AWS says it must have, is verified."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore_sdist import unit_tests_of_botocore

from lambent.wire import sigv4
from lambent.wire.http import Request

SUITE = unit_tests_of_botocore() / "auth" / "aws4_testsuite"
CASES = {file.stem: file for file in sorted(SUITE.rglob("*.req"))}
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


@pytest.mark.parametrize("name", CASES)
def test_the_suites_signature_is_right(name: str) -> None:
    verified = sigv4.verify(signed(CASES[name]), lambda _: SECRET, NOW)
    assert isinstance(verified, sigv4.Verified)


@pytest.mark.parametrize("name", CASES)
def test_another_secret_is_refused(name: str) -> None:
    refused = sigv4.verify(signed(CASES[name]), lambda _: "another", NOW)
    assert isinstance(refused, sigv4.Refused)
    assert refused.reason is sigv4.Reason.MISMATCH


def signed(file: Path) -> Request:
    """The case's request as a listener would hand it on, signed as the suite says."""
    head, _, body = text(file).partition("\n\n")
    first, *lines = head.split("\n")
    method, _, target = first.rpartition(" ")[0].partition(" ")
    path, _, query = target.partition("?")
    headers = headers_of(lines)
    for line in text(file.with_suffix(".creq")).split("\n"):
        if line.startswith("x-amz-security-token:"):
            headers.setdefault("x-amz-security-token", line.partition(":")[2])
    headers["authorization"] = text(file.with_suffix(".authz")).strip()
    return Request(method, path, query, headers, body.encode())


def headers_of(lines: list[str]) -> dict[str, str]:
    """Merged as the gateway's listener merges them; a folded line goes on with the header before it."""
    headers: dict[str, str] = {}
    name = ""
    for line in filter(None, lines):
        if line[0] in " \t":
            headers[name] += " " + line.strip()
            continue
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def text(file: Path) -> str:
    return file.read_text("utf-8").replace("\r\n", "\n")
