"""What the tests of extensions and streaming deploy: extensions as layers, and a custom runtime in one script."""

import io
import json
import time
import zipfile
from typing import Any

from tests.e2e.conftest import ROLE, TIMEOUT, Server

PYTHON_EXTENSION = """#!/usr/bin/env python3
import json, os, signal, sys, time, urllib.request

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2020-01-01/extension/"
NAME = os.path.basename(sys.argv[0])


def ask(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return dict(answer.headers), json.loads(answer.read() or b"null")


def say(*words):
    print("[" + NAME + "]", *words, flush=True)


def main(events, on_invoke=lambda event: None, on_shutdown=lambda event: None):
    headers, about = ask("POST", "register", {"events": events}, **{
        "Lambda-Extension-Name": NAME, "Lambda-Extension-Accept-Feature": "accountId"})
    identifier = headers["Lambda-Extension-Identifier"]
    say("registered", json.dumps(about, sort_keys=True))
    while True:
        headers, event = ask("GET", "event/next", **{"Lambda-Extension-Identifier": identifier})
        if event["eventType"] == "SHUTDOWN":
            say("shutdown", event["shutdownReason"])
            on_shutdown(event)
            return
        on_invoke(event)
        say("invoked", event["requestId"])

"""
"""An extension in Python: what is appended to it calls `main`."""

SHELL_EXTENSION = """#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"; host="${api%:*}"; port="${api#*:}"
ask() {  # method path header body; the answer's headers and body are in $reply
  exec 3<>"/dev/tcp/$host/$port"
  head='%s /2020-01-01/extension/%s HTTP/1.1\\r\\nHost: x\\r\\n%s\\r\\nConnection: close\\r\\n'
  printf "$head"'Content-Length: %d\\r\\n\\r\\n%s' \\
    "$1" "$2" "$3" "${#4}" "$4" >&3
  reply="$(tr -d '\\r' <&3)"
  exec 3<&-
}
ask POST register "Lambda-Extension-Name: shell.sh" '{"events":["INVOKE","SHUTDOWN"]}'
id="$(printf '%s' "$reply" | sed -n 's/^Lambda-Extension-Identifier: //p')"
while true; do
  ask GET event/next "Lambda-Extension-Identifier: $id" ""
  case "$reply" in
    *SHUTDOWN*) echo "[shell] shutdown"; exit 0 ;;
    *INVOKE*) echo "[shell] invoked" ;;
    *) echo "[shell] odd: $reply"; exit 3 ;;
  esac
done
"""

HANDLER = """
import os, time
def handler(event, context):
    print("handler runs")
    time.sleep(event.get("sleep", 0))
    if event.get("exit") is not None:
        os._exit(event["exit"])
    open("/tmp/kept", "a").write("x")
    return {"count": os.path.getsize("/tmp/kept"), "pid": os.getpid()}
"""

BOOTSTRAP = """#!/usr/bin/env python3
import base64, http.client, json, os, sys, time
host = os.environ["AWS_LAMBDA_RUNTIME_API"]
PATH = "/2018-06-01/runtime/invocation/"


def chunked(request_id, parts, trailers=()):
    connection = http.client.HTTPConnection(host)
    connection.putrequest("POST", PATH + request_id + "/response")
    connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Content-Type", "application/octet-stream")
    if trailers:
        connection.putheader("Trailer", ", ".join(name for name, _ in trailers))
    connection.endheaders()
    for part in parts:
        connection.send(b"%x\\r\\n%s\\r\\n" % (len(part), part))
    connection.send(b"0\\r\\n" + b"".join(b"%s: %s\\r\\n" % (n.encode(), v.encode()) for n, v in trailers) + b"\\r\\n")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def post(path, body):
    connection = http.client.HTTPConnection(host)
    connection.request("POST", path, body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def serve(handle):
    while True:
        connection = http.client.HTTPConnection(host)
        connection.request("GET", PATH + "next")
        answer = connection.getresponse()
        event = json.loads(answer.read())
        connection.close()
        handle(answer.headers["Lambda-Runtime-Aws-Request-Id"], event)

"""
"""A custom runtime in Python: what is appended to it calls `serve`."""


def executables(files: dict[str, str], mode: int = 0o755) -> bytes:
    """A zip of executable files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, text)
    return buffer.getvalue()


def layer(server: Server, name: str, extensions: dict[str, str], mode: int = 0o755) -> str:
    """Publish a layer with `extensions` in /opt/extensions; its version's ARN."""
    package = executables({f"extensions/{file}": text for file, text in extensions.items()}, mode)
    published = server.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": package})
    return str(published["LayerVersionArn"])


def invoke(server: Server, name: str, event: Any = None) -> tuple[Any, str | None]:
    """The payload and the function error."""
    answer = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}))
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def log(server: Server, name: str) -> str:
    """All that is in the function's log group, in the order of the streams."""
    client = server.client("logs")
    events = client.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return "".join(event["message"] + ("" if event["message"].endswith("\n") else "\n") for event in events)


def logged(server: Server, name: str, text: str, seconds: float = 60.0) -> str:
    """The log as soon as `text` is in it."""
    deadline = time.monotonic() + seconds
    while text not in (found := log(server, name)):
        assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{found}"
        time.sleep(0.05)
    return found


def custom(server: Server, name: str, bootstrap: str, **options: Any) -> str:
    """Create a function of a custom runtime and wait until it is active."""
    client = server.client("lambda")
    settings = {"Runtime": "provided.al2023", "Handler": "x", "Role": ROLE, "Timeout": TIMEOUT, **options}
    client.create_function(FunctionName=name, Code={"ZipFile": executables({"bootstrap": bootstrap})}, **settings)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    return name
