"""What is sent to keep the server busy: each is refused, and who else asks meanwhile is answered."""

import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Server

SCOPE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
SECONDS = 3.0
"""That anybody else waits at most: the machine may be busy with other tests."""
MB = 1 << 20


def ask(server: Server, service: str, path: str, body: bytes, method: str = "POST", **headers: str) -> int:
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=120)
    said = {"Authorization": SCOPE.format(service), **{name.replace("_", "-"): one for name, one in headers.items()}}
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request(method, path, body, said)
    try:
        return connection.getresponse().status
    except (ConnectionError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def form(service: str, body: bytes) -> Callable[[Server], int]:
    return lambda server: ask(server, service, "/", body, Content_Type="application/x-www-form-urlencoded")


def document(service: str, target: str, body: bytes) -> Callable[[Server], int]:
    kind = "application/x-amz-json-1.0"
    return lambda server: ask(server, service, "/", body, Content_Type=kind, X_Amz_Target=target)


def template(text: str) -> Callable[[Server], int]:
    from urllib.parse import urlencode

    fields = {"Action": "ValidateTemplate", "Version": "2010-05-15", "TemplateBody": text}
    return form("cloudformation", urlencode(fields).encode())


def raw(data: bytes) -> Callable[[Server], int]:
    def send(server: Server) -> int:
        host, _, port = server.endpoint.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), 60) as sock, contextlib.suppress(OSError):
            sock.sendall(data)
            sock.settimeout(5)
            while sock.recv(1 << 16):
                pass
        return 0

    return send


BOMBS: dict[str, Callable[[Server], int]] = {
    "a form of a million fields": form("sns", b"a.member.1=b&" * 1_000_000),
    "a form of 60 MB": form("iam", b"a=" + b"%41" * (20 * MB)),
    "a form of 15 MB, for a service that takes 1 MB": form("sts", b"Action=AssumeRole&Policy=" + b"%7B" * (5 * MB)),
    "a form of as many fields as fit": form(
        "ec2", b"Action=DescribeInstances&Version=2016-11-15" + b"".join(b"&I.%d=i" % n for n in range(70_000))
    ),
    "a definition of an API with 60,000 resources": lambda server: ask(
        server, "apigateway", "/restapis?mode=import",
        json.dumps({"openapi": "3.0.1", "info": {"title": "a", "version": "1"},
                    "paths": {f"/{n}" + "/a" * 30: {} for n in range(2_000)}}).encode(),
        Content_Type="application/json",
    ),
    "a document of 60 MB": document("sqs", "AmazonSQS.SendMessage", b'{"a":[' + b"[]," * (20 * MB) + b"[]]}"),
    "a document that is deep": document("kinesis", "Kinesis_20131202.PutRecord", b"[" * MB),
    "a list of keys without end": lambda server: ask(
        server, "s3", "/bucket?delete", b"<Delete>" + b"<Object><Key>k</Key></Object>" * 700_000 + b"</Delete>"
    ),
    "entities of entities, in UTF-16": lambda server: ask(
        server,
        "s3",
        "/bucket?tagging",
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "' + "ha" * 5_000 + '">'
         '<!ENTITY b "' + "&a;" * 5_000 + '">]><Tagging>&b;</Tagging>').encode("utf-16"),
        "PUT",
    ),
    "a form of a million parts": lambda server: ask(
        server, "s3", "/bucket", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1_000_000,
        Content_Type="multipart/form-data; boundary=x",
    ),
    "a template of 50 KB that is deep": template("[" * 50_000),
    "a template whose pattern goes back and forth": template(
        json.dumps({"Parameters": {"P": {"Type": "String", "Default": "a" * 4_000, "AllowedPattern": "((a+)b?)*(?=c)"}},
                    "Resources": {"A": {"Type": "AWS::SQS::Queue"}}})
    ),
    "a million headers": raw(b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 1_000_000),
    "pings of HTTP/2": raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4" + bytes(5)
                           + (b"\0\0\10\6" + bytes(13)) * 500_000),
    "headers of HTTP/2 without end": raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4" + bytes(5)
                                         + b"\0\0\1\1\0\0\0\0\1\x82" + b"\0\0\5\x09\0\0\0\0\1\x40\1a\1b" * 500_000),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_keeps_nobody_else_waiting(server: Server, name: str) -> None:
    with contextlib.suppress(Exception):
        server.client("s3").create_bucket(Bucket="bucket")
    waits: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            began = time.monotonic()
            urllib.request.urlopen(f"{server.endpoint}/_lambent/health", timeout=60).read()
            waits.append(time.monotonic() - began)
            time.sleep(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        status = BOMBS[name](server)
        time.sleep(0.1)
    finally:
        over.set()
        watching.join()
    assert status in (0, 200, 400, 403, 404, 405, 413, 414, 429, 431, 501, 503), status
    assert max(waits) < SECONDS, (name, status, max(waits))
