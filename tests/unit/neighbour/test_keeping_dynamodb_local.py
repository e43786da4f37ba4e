"""DynamoDB Local is found, kept and asked; a stand-in for Java serves in its place."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import pytest

from lambent.model.scope import Caller, Scope
from lambent.neighbour import dynamodb_local
from lambent.neighbour.dynamodb_local import JAR, Found, Missing, answered, asked, find
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.process import MotoProcess, State
from lambent.wire.http import Request, Response
from tests.unit.waiting import until

CALLER = Caller(Scope("111111111111", "eu-west-1"), "id")
OURS = "arn:aws:dynamodb:eu-west-1:111111111111:table/t/stream/1"
THEIRS = "arn:aws:dynamodb:ddblocal:000000000000:table/t/stream/1"

ECHO = """#!{python}
import http.server, json, os, sys
given = dict(zip(sys.argv[1:], sys.argv[2:]))
print("Initializing DynamoDB Local with the following configuration:", flush=True)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        sent = self.rfile.read(int(self.headers["content-length"])).decode()[::-1]
        said = {{"pid": os.getpid(), "sent": sent, "who": self.headers["authorization"], "StreamArn": "{arn}",
                "awsRegion": "ddblocal", "given": given}}
        body = json.dumps(said, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("x-amz-crc32", "1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

http.server.HTTPServer(("", int(given["-port"])), Handler).serve_forever()
"""


def java(folder: Path, program: str = ECHO) -> Path:
    place = folder / "bin" / "java"
    place.parent.mkdir()
    place.write_text(program.format(python=sys.executable, arn=THEIRS))
    place.chmod(0o755)
    return place


def jar(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / JAR).touch()
    return folder / JAR


def test_it_is_found_by_name_in_a_folder_and_in_a_package(tmp_path: Path) -> None:
    program = java(tmp_path)
    environ = {"PATH": str(program.parent)}
    named = jar(tmp_path / "named")
    assert find(named, tmp_path, {"JAVA_HOME": str(tmp_path)}) == Found(program, named)
    assert find(named.parent, tmp_path, environ).jar == named
    with pytest.raises(Missing, match=r"no package in .*node_modules ships DynamoDBLocal\.jar: name it"):
        find(None, tmp_path, environ)
    shipped = jar(tmp_path / "node_modules" / "@some" / "package")
    assert find(None, tmp_path, environ).jar == shipped


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="needs a Java runtime"):
        find(jar(tmp_path / "named"), tmp_path, {"PATH": str(tmp_path)})
    with pytest.raises(Missing, match=r"nowhere is no DynamoDBLocal\.jar"):
        find(tmp_path / "nowhere", tmp_path, {"PATH": str(java(tmp_path).parent)})


def test_names_are_put_right_both_ways() -> None:
    said = asked(Request("POST", "/", headers={"authorization": "theirs"}, body=OURS.encode()), CALLER)
    assert said.body == THEIRS.encode()
    assert "Credential=111111111111/20260101/eu-west-1/dynamodb/" in said.headers["authorization"]
    body = f'{{"StreamArn":"{THEIRS}","awsRegion":"ddblocal"}}'.encode()
    told = answered(Response(200, [("x-amz-crc32", "1"), ("a", "b")], body), CALLER)
    assert told.body == f'{{"StreamArn":"{OURS}","awsRegion":"eu-west-1"}}'.encode()
    assert told.headers == [("a", "b")], "the checksum is of other bytes"
    plain = Response(200, [("x-amz-crc32", "1")], b"{}")
    assert answered(plain, CALLER) is plain


def with_local(
    folder: Path, program: str, body: Callable[[Neighbour, MotoProcess], Awaitable[None]], back_off: float = 30.0
) -> None:
    async def run() -> None:
        (folder / "data").mkdir()
        local = dynamodb_local.keep(Found(java(folder, program), jar(folder / "named")), folder / "data", (back_off,))
        neighbour = Neighbour(local=local)
        local.start()
        try:
            await body(neighbour, local)
        finally:
            await neighbour.close()
        assert local.pid is None

    asyncio.run(run())


async def ask(neighbour: Neighbour, service: str = "dynamodb") -> dict[str, object]:
    answer = await neighbour.forward(Request("POST", "/", body=OURS.encode()), CALLER, service)
    assert isinstance(answer.body, bytes)
    said: dict[str, object] = orjson.loads(answer.body)
    return said


def test_it_answers_apart_from_every_network_and_is_started_again(tmp_path: Path) -> None:
    async def body(neighbour: Neighbour, local: MotoProcess) -> None:
        said = await ask(neighbour)
        assert (said["sent"], said["StreamArn"], said["awsRegion"]) == (THEIRS[::-1], OURS, "eu-west-1")
        given = said["given"]
        assert isinstance(given, dict)
        assert (given["-dbPath"], given["-cors"]) == (str(tmp_path / "data" / "tables"), "https://nobody.invalid")
        here = os.readlink("/proc/self/ns/net")
        assert os.readlink(f"/proc/{said['pid']}/ns/net") != here
        assert neighbour.status()["dynamodb_local"] == "ready"
        pid = said["pid"]
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: local.starts > 1)
        assert (await ask(neighbour, "dynamodbstreams"))["pid"] != pid

    with_local(tmp_path, ECHO, body, back_off=0.0)


def test_why_it_does_not_start_is_told(tmp_path: Path) -> None:
    async def body(neighbour: Neighbour, local: MotoProcess) -> None:
        with pytest.raises(Exception, match="class file version 61"):
            await ask(neighbour)
        assert local.state is State.DEAD

    with_local(tmp_path, "#!/bin/sh\necho has been compiled by class file version 61 >&2\nexit 1\n", body)
