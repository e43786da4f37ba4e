"""The command line in front, a real botocore between, a small endpoint that answers as Lambda and Logs do."""

import base64
import functools
import hashlib
import json
import os
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest
from botocore.loaders import JSONFileLoader
from typer.testing import CliRunner

from lambent.cli.main import app

HEALTH = {"version": "0.1.0", "isolation": {"level": "namespace"}, "runtime_map": {"python3.14": "3.13"}}
BASE = "/2015-03-31/functions"


@dataclass
class Fake:
    """What the endpoint holds, what it was asked, and what it answers to Invoke and FilterLogEvents."""

    endpoint: str = ""
    functions: dict = field(default_factory=dict)
    code: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)
    response: bytes = b'{"ok": true}'
    response_headers: dict = field(default_factory=dict)
    events: list = field(default_factory=list)
    query_rows: list = field(default_factory=list)
    log_groups: set = field(default_factory=set)
    health: object = field(default_factory=lambda: dict(HEALTH))
    invocations: list = field(default_factory=list)
    findings: list = field(default_factory=list)
    mappings: list = field(default_factory=list)
    feeding: dict = field(default_factory=dict)
    live: list = field(default_factory=list)
    watcher: int | None = None
    debug: list = field(default_factory=list)
    debugged: tuple = ()
    clock: dict = field(default_factory=dict)
    moved: list = field(default_factory=list)
    neighbour: dict = field(default_factory=lambda: {"state": "ready", "held": ["s3"], "lost": {}})

    def names(self):
        return [name for name, _ in self.calls]

    def call(self, name):
        return next(body for called, body in self.calls if called == name)

    def answer(self, method, path, headers, body):  # noqa: PLR0911
        """-> status, headers, body"""
        target = headers.get("X-Amz-Target", "")
        if path == "/_lambent/health":
            return 200, {}, json.dumps(self.health).encode()
        if path == "/_lambent/findings":
            return 200, {}, json.dumps({"findings": self.findings, "dropped": 0}).encode()
        if path == "/_lambent/mappings":
            return 200, {}, json.dumps({"mappings": self.mappings}).encode()
        if path == "/_lambent/clock":
            if not self.clock:
                return 404, {}, _json(message="no such page")
            if method == "POST":
                if self.clock["kind"] != "manual":
                    return 409, {}, _json(message="this clock moves by itself")
                self.moved.append(json.loads(body))
            return 200, {}, json.dumps(self.clock).encode()
        if path == "/_lambent/neighbour":
            return 200, {}, json.dumps(self._neighbour(body)).encode()
        if path == "/_lambent/live":
            if method == "POST":
                return 200, {}, _json(watcher=self.watcher)
            self.live.append((method, headers.get("X-Lambent-Token"), json.loads(body)))
            return 204, {}, b""
        if path == "/_lambent/debug":
            self.debug.append((headers.get("X-Lambent-Token"), json.loads(body)))
            return self.debugged
        if target:
            service = self._sqs if target.startswith("AmazonSQS.") else self._logs
            return service(target.partition(".")[2], json.loads(body))
        return self._lambda(method, unquote(path), headers, body)

    def _sqs(self, _operation, asked):
        if "QueueName" in asked:
            return 200, {}, _json(QueueUrl=f"{self.endpoint}/000000000000/{asked['QueueName']}")
        return 200, {}, _json(Attributes=self.feeding[asked["QueueUrl"].rpartition("/")[2]])

    def _neighbour(self, body):
        if not body:
            return self.neighbour
        assert json.loads(body) == {"acknowledge": True}
        forgotten, self.neighbour["lost"] = sorted(self.neighbour["lost"]), {}
        return {"acknowledged": forgotten}

    def _logs(self, operation, asked):
        self.calls.append((operation, asked))
        if operation == "StartQuery":
            return 200, {}, _json(queryId="q")
        if operation == "GetQueryResults":
            figures = {"recordsMatched": len(self.query_rows), "recordsScanned": 9}
            return 200, {}, _json(status="Complete", results=self.query_rows, statistics=figures)
        group = asked["logGroupName"]
        if group not in self.log_groups:
            return (
                400,
                {},
                _json(__type="ResourceNotFoundException", message="The specified log group does not exist."),
            )
        return (
            200,
            {},
            _json(events=[event for event in self.events if event["timestamp"] >= asked["startTime"]]),
        )

    def _lambda(self, method, path, headers, body):
        if path.endswith("/invocations"):
            return self._invoke(path, headers, body)
        asked = json.loads(body) if body else {}
        if "/event-source-mappings" in path:
            arns = [f"arn:aws:sqs:us-east-1:000000000000:{name}" for name in self.feeding]
            return (
                200,
                {},
                _json(EventSourceMappings=[{"EventSourceArn": arn, "UUID": f"u{at}"} for at, arn in enumerate(arns)]),
            )
        if method == "POST" and path == BASE:
            return self._create(asked)
        if method == "GET" and path.rstrip("/") == BASE:
            self.calls.append(("ListFunctions", {}))
            return 200, {}, _json(Functions=list(self.functions.values()))
        name, _, what = path.removeprefix(BASE + "/").partition("/")
        name = re.sub(r"^arn:.*:function:", "", name)
        if name not in self.functions:
            return _missing(name)
        about = self.functions[name]
        operation = {
            ("GET", "configuration"): "GetFunctionConfiguration",
            ("GET", ""): "GetFunction",
            ("PUT", "code"): "UpdateFunctionCode",
            ("PUT", "configuration"): "UpdateFunctionConfiguration",
            ("DELETE", ""): "DeleteFunction",
        }[(method, what)]
        self.calls.append((operation, asked))
        if operation == "GetFunction":
            return 200, {}, _json(Configuration=about, Code={})
        if operation == "DeleteFunction":
            del self.functions[name]
            return 204, {}, b""
        if operation == "UpdateFunctionCode":
            self._take(about, asked["ZipFile"])
        about.update(asked if operation == "UpdateFunctionConfiguration" else {})
        return 200, {}, json.dumps(about).encode()

    def _create(self, asked):
        self.calls.append(("CreateFunction", asked))
        name = asked["FunctionName"]
        about = {"MemorySize": 128, "Timeout": 3, "EphemeralStorage": {"Size": 512}, **asked}
        del about["Code"]
        about |= {
            "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "LastModified": "2026-08-24T10:15:02.000+0000",
        }
        self._take(about, asked["Code"]["ZipFile"])
        self.functions[name] = about
        return 201, {}, json.dumps(about).encode()

    def _take(self, about, encoded):
        content = base64.b64decode(encoded)
        self.code[about["FunctionName"]] = content
        about["CodeSha256"] = base64.b64encode(hashlib.sha256(content).digest()).decode()
        about["CodeSize"] = len(content)

    def _invoke(self, path, headers, body):
        name = path.removeprefix(BASE + "/").partition("/")[0]
        if name not in self.functions:
            return _missing(name)
        self.invocations.append((dict(headers), body))
        if headers.get("X-Amz-Invocation-Type") == "Event":
            return 202, {}, b""
        return 200, {"X-Amz-Executed-Version": "$LATEST", **self.response_headers}, self.response


def _json(**members):
    return json.dumps(members).encode()


def _missing(name):
    message = f"Function not found: arn:aws:lambda:us-east-1:000000000000:function:{name}"
    headers = {"x-amzn-ErrorType": "ResourceNotFoundException"}
    return 404, headers, _json(Type="User", Message=message)


@contextmanager
def serve():
    """A Fake that listens on a free port, as long as the context lasts."""
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = fake.answer(self.command, urlsplit(self.path).path, self.headers, body)
            self.send_response(status)
            length = {} if status == 204 else {"Content-Length": str(len(content))}
            for key, value in {
                "x-amzn-RequestId": "req-1",
                "Connection": "close",
                **length,
                **headers,
            }.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _any

        def log_message(self, *_args):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session", autouse=True)
def models_read_once():
    """Each command has a session of its own, which would parse botocore's models again."""
    with pytest.MonkeyPatch.context() as patch:
        read = functools.cache(JSONFileLoader()._load_file)
        patch.setattr(JSONFileLoader, "_load_file", staticmethod(read))
        yield


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith(("AWS_", "LAMBENT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def fake():
    with serve() as fake:
        yield fake


@pytest.fixture
def cli(fake):
    """Run `lambent ARGS` against the fake; anything that is not a clean exit fails the test."""
    runner = CliRunner(env={"AWS_ENDPOINT_URL": fake.endpoint, "TERM": "dumb"})

    def run(*args, code=0, **options):
        result = runner.invoke(app, [str(arg) for arg in args], **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, (result.stdout, result.stderr)
        return result

    return run


@pytest.fixture
def make(tmp_path):
    """Write a folder: `make({"app.py": "…"})` -> its path."""

    def write(files, name="hello"):
        for path, text in files.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
            file.chmod(0o644)
        return tmp_path / name

    return write
