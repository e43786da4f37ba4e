"""Invocations with boto3: what comes back, and how things go wrong."""

import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import Deploy, Server, restarted

ECHO = "def handler(event, context):\n    return event\n"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def call(server: Server, name: str, payload: Any = None, **options: Any) -> tuple[dict[str, Any], Any]:
    body = options.pop("body", None)
    if body is None:
        body = json.dumps(payload).encode()
    answer = server.client("lambda").invoke(FunctionName=name, Payload=body, **options)
    raw = answer["Payload"].read()
    return answer, json.loads(raw) if raw else None


def tail_of(answer: dict[str, Any]) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def test_a_result_comes_back_with_version_and_request_id(server: Server, deploy: Deploy) -> None:
    answer, result = call(server, deploy(ECHO), {"a": [1, "ü"]})
    assert result == {"a": [1, "ü"]}
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert UUID.fullmatch(answer["ResponseMetadata"]["RequestId"])


def test_an_empty_payload_is_the_empty_event(server: Server, deploy: Deploy) -> None:
    answer = server.client("lambda").invoke(FunctionName=deploy(ECHO))
    assert json.loads(answer["Payload"].read()) == {}


def test_the_context_object_is_awss(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "def handler(event, c):\n"
        "    return dict(id=c.aws_request_id, name=c.function_name, version=c.function_version,\n"
        "        arn=c.invoked_function_arn, memory=c.memory_limit_in_mb, group=c.log_group_name,\n"
        "        stream=c.log_stream_name, left=c.get_remaining_time_in_millis(),\n"
        "        custom=c.client_context and c.client_context.custom)\n",
        MemorySize=256,
        Timeout=7,
    )
    context = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    answer, seen = call(server, name, {}, ClientContext=context)
    assert seen["id"] == answer["ResponseMetadata"]["RequestId"]
    assert (seen["name"], seen["version"], seen["memory"]) == (name, "$LATEST", "256")
    assert seen["arn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert seen["group"] == f"/aws/lambda/{name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", seen["stream"])
    assert 0 < seen["left"] <= 7000
    assert seen["custom"] == {"k": "v"}


def test_the_log_tail_has_the_lines_of_a_cold_and_a_warm_start(server: Server, deploy: Deploy) -> None:
    name = deploy("print('importing')\ndef handler(event, context):\n    print('running')\n", MemorySize=128)
    cold, _ = call(server, name, {}, LogType="Tail")
    warm, _ = call(server, name, {}, LogType="Tail")
    request_id = cold["ResponseMetadata"]["RequestId"]
    lines = tail_of(cold).splitlines()
    assert f"START RequestId: {request_id} Version: $LATEST" in lines
    assert f"END RequestId: {request_id}" in lines
    assert "running" in lines
    report = re.compile(
        r"REPORT RequestId: \S+\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: (\d+) MB\t(Init Duration: \d+\.\d\d ms\t)?"
    )
    first, second = (report.search(tail_of(answer)) for answer in (cold, warm))
    assert first is not None and second is not None
    assert first[2] is not None
    assert second[2] is None
    assert 5 <= int(second[1]) <= 128
    assert "running" in tail_of(warm)
    assert "importing" not in tail_of(warm)


def test_the_log_tail_is_at_most_4_kb(server: Server, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    for n in range(500):\n        print('line', n, 'x' * 40)\n")
    answer, _ = call(server, name, {}, LogType="Tail")
    assert len(base64.b64decode(answer["LogResult"])) <= 4096
    assert "line 499" in tail_of(answer)
    assert "REPORT" in tail_of(answer)


def test_a_warm_environment_keeps_its_globals_and_tmp(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "import os\ncount = 0\n"
        "def handler(event, context):\n"
        "    global count\n    count += 1\n"
        "    open('/tmp/marks', 'a').write('x')\n"
        "    return [count, os.path.getsize('/tmp/marks')]\n"
    )
    assert [call(server, name, {})[1] for _ in range(3)] == [[1, 1], [2, 2], [3, 3]]


def test_an_exception_is_unhandled_with_type_and_trace(server: Server, deploy: Deploy) -> None:
    name = deploy("class Sorry(Exception):\n    pass\ndef handler(event, context):\n    raise Sorry('no')\n")
    answer, error = call(server, name, {})
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["ExecutedVersion"] == "$LATEST"
    assert error["errorType"] == "Sorry"
    assert error["errorMessage"] == "no"
    assert error["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert error["stackTrace"] == ["  File \"/var/task/app.py\", line 4, in handler\n    raise Sorry('no')\n"]


@pytest.mark.parametrize(
    ("code", "handler", "kind"),
    [
        ("import does_not_exist\n", "app.handler", "Runtime.ImportModuleError"),
        ("def handler(:\n", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("x = 1\n", "app.handler", "Runtime.HandlerNotFound"),
        (ECHO, "missing.handler", "Runtime.ImportModuleError"),
        (ECHO, "nodot", "Runtime.MalformedHandlerName"),
        ("raise ValueError('at import')\n", "app.handler", "ValueError"),
    ],
)
def test_an_init_error_reaches_the_caller(server: Server, deploy: Deploy, code: str, handler: str, kind: str) -> None:
    answer, error = call(server, deploy(code, Handler=handler), {})
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == kind
    assert error["requestId"] == ""


def test_what_json_can_not_hold_is_a_marshal_error(server: Server, deploy: Deploy) -> None:
    answer, error = call(server, deploy("def handler(event, context):\n    return {1, 2}\n"), {})
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Runtime.MarshalError"


def test_a_timeout_kills_and_says_so(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "import time\ndef handler(event, context):\n    time.sleep(event.get('sleep', 0))\n    return 'ok'\n", Timeout=2
    )
    assert call(server, name, {})[1] == "ok"
    begin = time.monotonic()
    answer, error = call(server, name, {"sleep": 30}, LogType="Tail")
    assert 1.9 < time.monotonic() - begin < 4.0
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 2.00 seconds",
    }
    assert "Status: timeout" in tail_of(answer)
    assert restarted(lambda: call(server, name, {})[1], lambda said: "Sandbox.Timedout" in str(said)) == "ok"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
        ("ctypes.string_at(0)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_an_exit_is_worded_as_on_aws(server: Server, deploy: Deploy, statement: str, reason: str) -> None:
    name = deploy(f"import ctypes, os, sys\ndef handler(event, context):\n    {statement}\n", Timeout=10)
    answer, error = call(server, name, {})
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert error == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {reason}"}


def test_tmp_outlives_a_crash_of_the_runtime(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "import os\ndef handler(event, context):\n"
        "    if event.get('crash'):\n        open('/tmp/left', 'w').write('x')\n        os._exit(1)\n"
        "    return os.path.exists('/tmp/left')\n",
        Timeout=10,
    )
    call(server, name, {"crash": True})
    assert call(server, name, {})[1] is True


def test_an_init_over_ten_seconds_runs_again_under_the_timeout(server: Server, deploy: Deploy) -> None:
    name = deploy("import time\ntime.sleep(11)\ndef handler(event, context):\n    return 1\n", Timeout=2)
    begin = time.monotonic()
    answer, error = call(server, name, {})
    assert 11.0 < time.monotonic() - begin < 16.0
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout"


def test_two_at_once_get_two_environments(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "import time\ndef handler(event, context):\n    time.sleep(0.5)\n    return context.log_stream_name\n",
        Timeout=10,
    )
    with ThreadPoolExecutor(4) as pool:
        streams = list(pool.map(lambda _: call(server, name, {})[1], range(4)))
    assert len(set(streams)) == 4


def test_nothing_runs_between_invocations(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "import threading, time\nticks = []\n"
        "def tick():\n    while True:\n        ticks.append(time.time())\n        time.sleep(0.01)\n"
        "threading.Thread(target=tick, daemon=True).start()\n"
        "def handler(event, context):\n"
        "    time.sleep(0.2)\n    gaps = [b - a for a, b in zip(ticks, ticks[1:])]\n"
        "    return [max(gaps), len(ticks)]\n",
        MemorySize=1769,
    )
    call(server, name, {})
    time.sleep(1.5)
    longest, count = call(server, name, {})[1]
    assert longest > 1.2
    assert count < 60


def test_one_after_the_other_share_one_environment(server: Server, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return context.log_stream_name\n")
    client = server.client("lambda")
    streams = {client.invoke(FunctionName=name)["Payload"].read() for _ in range(200)}
    assert len(streams) == 1


def test_changed_code_drains_the_old_environments(server: Server, deploy: Deploy) -> None:
    from tests.e2e.conftest import package

    client = server.client("lambda")
    name = deploy("def handler(event, context):\n    return 1\n")
    assert call(server, name, {})[1] == 1
    client.update_function_code(FunctionName=name, ZipFile=package({"app.py": "def handler(e, c):\n    return 2\n"}))
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
    assert call(server, name, {})[1] == 2
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"XY": "z"}})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
    assert call(server, name, {})[1] == 2


def test_dry_run_runs_nothing(server: Server, deploy: Deploy) -> None:
    name = deploy("raise SystemExit\n")
    answer = server.client("lambda").invoke(FunctionName=name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert "ExecutedVersion" not in answer


def test_an_event_runs_in_the_background(server: Server, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    print('saw', event['n'])\n")
    answer = server.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 7}')
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    logs = server.client("logs")
    for _ in range(1000):
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            events = []
        if any("saw 7" in event["message"] for event in events):
            return
        time.sleep(0.05)
    raise AssertionError("the event's log line did not appear")


def test_a_request_is_limited_to_the_byte(server: Server, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return len(event)\n", MemorySize=512, Timeout=30)
    limit = 6 * 1024 * 1024
    assert call(server, name, body=b'"' + b"x" * (limit - 2) + b'"')[1] == limit - 2
    with pytest.raises(ClientError) as refused:
        call(server, name, body=b'"' + b"x" * (limit - 1) + b'"')
    assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_a_response_is_limited_to_the_byte(server: Server, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return 'x' * event\n", MemorySize=512, Timeout=30)
    limit = 6 * 1024 * 1024 + 100
    assert len(call(server, name, limit - 2)[1]) == limit - 2
    answer, error = call(server, name, limit - 1)
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert error["errorMessage"] == f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."


@pytest.mark.parametrize("body", [b"{", b"nope", b"\x99", b'{"a" 1}'])
def test_a_payload_that_is_not_json_is_refused(server: Server, deploy: Deploy, body: bytes) -> None:
    with pytest.raises(ClientError) as refused:
        call(server, deploy(ECHO), body=body)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"
    assert refused.value.response["Error"]["Message"].startswith(
        "Could not parse request body into json: Could not parse payload into json: "
    )


def test_a_missing_function_is_named_with_latest(server: Server) -> None:
    client = server.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as missing:
        client.invoke(FunctionName="nobody")
    arn = "arn:aws:lambda:us-east-1:000000000000:function:nobody:$LATEST"
    assert missing.value.response["Error"]["Message"] == f"Function not found: {arn}"
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize("form", ["{name}", "{account}:function:{name}", "{arn}", "{arn}:$LATEST", "function:{name}"])
def test_a_function_is_found_in_every_form_of_its_name(server: Server, deploy: Deploy, form: str) -> None:
    name = deploy("def handler(event, context):\n    return context.invoked_function_arn\n")
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    _, seen = call(server, form.format(name=name, account="000000000000", arn=arn), {})
    assert seen == (arn + ":$LATEST" if form.endswith("$LATEST") else arn)


def test_the_function_reaches_the_gateway(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "import boto3\ndef handler(event, context):\n"
        "    s3 = boto3.client('s3')\n"
        "    s3.create_bucket(Bucket='from-inside')\n"
        "    s3.put_object(Bucket='from-inside', Key='a b/ü.txt', Body=b'hello')\n"
        "    return s3.get_object(Bucket='from-inside', Key='a b/ü.txt')['Body'].read().decode()\n",
        Timeout=30,
        MemorySize=512,
    )
    assert call(server, name, {})[1] == "hello"


def test_nothing_of_the_host_leaks_into_the_environment(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
        Environment={"Variables": {"MINE": "1"}},
    )
    _, seen = call(server, name, {})
    assert seen["MINE"] == "1"
    assert seen["TZ"] == ":UTC"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert "HOME" not in seen and "VIRTUAL_ENV" not in seen and "PYTEST_CURRENT_TEST" not in seen


def test_memory_over_the_limit_is_killed_as_on_aws(server: Server, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    x = bytearray(event['mb'] << 20)\n    return len(x)\n", Timeout=20)
    answer, error = call(server, name, {"mb": 300})
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert call(server, name, {"mb": 10})[1] == 10 << 20


def test_garbage_of_a_function_is_collected(server: Server, deploy: Deploy) -> None:
    name = deploy(
        "import gc, weakref\n"
        "class Node: pass\n"
        "def handler(event, context):\n"
        "    seen = []\n"
        "    for _ in range(5000):\n"
        "        node = Node()\n"
        "        node.itself = node\n"
        "        seen.append(weakref.ref(node))\n"
        "    del node\n"
        "    return [gc.isenabled(), any(ref() is None for ref in seen)]\n"
    )
    assert call(server, name)[1] == [True, True]
