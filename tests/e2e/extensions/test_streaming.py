"""InvokeWithResponseStream with a real custom runtime and boto3."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Deploy, Server
from tests.e2e.extensions.runtime_kit import BOOTSTRAP, custom, invoke, logged

RUNTIME = """
class Failure(Exception):
    pass

def parts(event):
    for number in range(event["parts"]):
        yield (str(number) * event.get("size", 1)).encode()
        time.sleep(60 if number == event.get("last") else event.get("pause", 0))

def handle(request_id, event):
    how = event["how"]
    if how == "stream":
        print("status", chunked(request_id, parts(event)), flush=True)
    elif how == "trailers":
        body = base64.b64encode(b'{"errorType": "Mine", "errorMessage": "half way"}').decode()
        chunked(request_id, parts(event), [
            ("Lambda-Runtime-Function-Error-Type", "Mine"), ("Lambda-Runtime-Function-Error-Body", body)])
    elif how == "buffered":
        post(PATH + request_id + "/response", b"whole")
    elif how == "error":
        post(PATH + request_id + "/error", b'{"errorType": "E", "errorMessage": "no"}')
    elif how == "exit":
        def ends():
            yield b"begun"
            time.sleep(0.1)
            sys.exit(1)
        chunked(request_id, ends())
    elif how == "mode":
        connection = http.client.HTTPConnection(host)
        connection.request("POST", PATH + request_id + "/response", b"x",
                           {"Lambda-Runtime-Function-Response-Mode": "sideways"})
        answer = connection.getresponse()
        post(PATH + request_id + "/response", str(answer.status).encode() + answer.read())

serve(handle)
"""


@pytest.fixture(scope="module")
def streamer(server: Server) -> Iterator[str]:
    """The function's name."""
    name = custom(server, "streamer", BOOTSTRAP + RUNTIME)
    yield name
    server.client("lambda").delete_function(FunctionName=name)


def streamed(server: Server, name: str, **event: Any) -> tuple[list[bytes], dict[str, Any], list[float]]:
    """The chunks, the completion, and when each came, in seconds."""
    started = time.monotonic()
    client = server.client("lambda")
    answer = client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    chunks, times, completion = [], [], None
    for one in answer["EventStream"]:
        times.append(time.monotonic() - started)
        assert completion is None
        if "PayloadChunk" in one:
            chunks.append(one["PayloadChunk"]["Payload"])
        else:
            completion = one["InvokeComplete"]
    assert completion is not None
    return chunks, completion, times


def resident(server: Server) -> int:
    """The server's memory in kB (proc_pid_status(5))."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_chunks_come_as_they_are_written(server: Server, streamer: str) -> None:
    chunks, completion, times = streamed(server, streamer, how="stream", parts=4, pause=0.2)
    assert chunks == [b"0", b"1", b"2", b"3"]
    assert times[0] < times[-1] - 0.5
    assert "ErrorCode" not in completion
    tail = base64.b64decode(completion["LogResult"]).decode()
    assert "START RequestId" in tail
    assert "REPORT RequestId" in tail


def test_a_large_response_is_more_than_a_buffered_one_may_be(server: Server, streamer: str) -> None:
    chunks, completion, _ = streamed(server, streamer, how="stream", parts=9, size=1 << 20)
    assert b"".join(chunks) == b"".join(str(number).encode() * (1 << 20) for number in range(9))
    assert "ErrorCode" not in completion


def test_errors_after_the_first_chunk_come_at_the_end(server: Server, streamer: str) -> None:
    chunks, completion, _ = streamed(server, streamer, how="trailers", parts=2)
    assert b"".join(chunks) == b"01"
    assert completion["ErrorCode"] == "Unhandled"
    assert json.loads(completion["ErrorDetails"]) == {"errorType": "Mine", "errorMessage": "half way"}


def test_a_runtime_that_answers_at_once_makes_one_chunk(server: Server, streamer: str) -> None:
    assert streamed(server, streamer, how="buffered")[0] == [b"whole"]
    chunks, completion, _ = streamed(server, streamer, how="error")
    assert chunks == []
    assert json.loads(completion["ErrorDetails"]) == {"errorType": "E", "errorMessage": "no"}


def test_python_functions_answer_at_once(server: Server, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return event")
    assert streamed(server, name, a=1)[0] == [b'{"a": 1}']


def test_a_timeout_ends_the_stream(server: Server) -> None:
    name = custom(server, "impatient", BOOTSTRAP + RUNTIME, Timeout=2)
    chunks, completion, times = streamed(server, name, how="stream", parts=9, last=2)
    server.client("lambda").delete_function(FunctionName=name)
    assert b"".join(chunks) == b"012"
    assert completion["ErrorCode"] == "Unhandled"
    assert json.loads(completion["ErrorDetails"])["errorType"] == "Sandbox.Timedout"
    assert times[-1] - times[0] < 4


def test_a_runtime_that_breaks_off_ends_the_stream(server: Server, streamer: str) -> None:
    chunks, completion, _ = streamed(server, streamer, how="exit")
    assert chunks == [b"begun"]
    assert json.loads(completion["ErrorDetails"])["errorType"] == "Runtime.TruncatedResponse"
    assert streamed(server, streamer, how="buffered")[0] == [b"whole"]


def test_a_caller_who_leaves_does_not_stop_the_function(server: Server, streamer: str) -> None:
    client = server.client("lambda")
    event = json.dumps({"how": "stream", "parts": 40, "size": 1 << 16, "pause": 0.01})
    answer = client.invoke_with_response_stream(FunctionName=streamer, Payload=event)
    next(iter(answer["EventStream"]))
    answer["EventStream"].close()
    logged(server, streamer, "status 202")


def test_a_reader_who_is_slow_makes_the_runtime_wait(server: Server, streamer: str) -> None:
    client = server.client("lambda")
    event = json.dumps({"how": "stream", "parts": 40, "size": 1 << 20})
    answer = client.invoke_with_response_stream(FunctionName=streamer, Payload=event)
    reader = iter(answer["EventStream"])
    before = resident(server)
    got = len(next(reader)["PayloadChunk"]["Payload"])
    time.sleep(0.3)
    memory = resident(server)
    got += sum(len(one["PayloadChunk"]["Payload"]) for one in reader if "PayloadChunk" in one)
    assert got == 70 << 20
    assert memory < before + 8_000  # the response is 70 MB


def test_invoke_gathers_a_streamed_response(server: Server, streamer: str) -> None:
    answer = server.client("lambda").invoke(FunctionName=streamer, Payload=json.dumps({"how": "stream", "parts": 3}))
    assert answer["Payload"].read() == b"012"
    payload, error = invoke(server, streamer, {"how": "trailers", "parts": 3})
    assert (payload["errorType"], error) == ("Mine", "Unhandled")


def test_a_dry_run_and_an_unknown_mode(server: Server, streamer: str) -> None:
    client = server.client("lambda")
    answer = client.invoke_with_response_stream(FunctionName=streamer, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert streamed(server, streamer, how="mode")[0][0].startswith(b"400")
