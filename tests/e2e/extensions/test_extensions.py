"""Extensions in real environments: how they live, and what becomes of an environment when they do not."""

import re
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Deploy, Server, package
from tests.e2e.extensions.runtime_kit import (
    BOOTSTRAP,
    HANDLER,
    PYTHON_EXTENSION,
    SHELL_EXTENSION,
    custom,
    invoke,
    layer,
    log,
    logged,
)
from tests.e2e.test_leaks import descendants, more, name_of, steady

Begin = Callable[..., Server]
WAIT = {"Delay": 0.05, "MaxAttempts": 2000}
Extended = Callable[..., str]

STOPPABLE = """
import signal
def stop(number, frame):
    print("SIGTERM", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
"""
INTERNAL = """
import threading, urllib.error, urllib.request
API = "http://" + host + "/2020-01-01/extension/"
def ask(method, path, data=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    with urllib.request.urlopen(urllib.request.Request(API + path, data, headers, method=method)) as answer:
        return answer.headers, json.loads(answer.read())
def refused(events):
    try:
        ask("POST", "register", json.dumps({"events": events}).encode(), Lambda_Extension_Name="inside")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["errorType"]
headers, about = ask("POST", "register", b'{"events": ["INVOKE"]}', Lambda_Extension_Name="inside")
def follow():
    while True:
        _, event = ask("GET", "event/next", Lambda_Extension_Identifier=headers["Lambda-Extension-Identifier"])
        print("[inside]", event["eventType"], flush=True)
first = refused(["SHUTDOWN"])
threading.Thread(target=follow, daemon=True).start()
def answer(request_id, event):
    post(PATH + request_id + "/response", json.dumps([first, refused(["INVOKE"])]))
serve(answer)
"""


@pytest.fixture
def extended(server: Server, deploy: Deploy, request: pytest.FixtureRequest) -> Iterator[Extended]:
    """Deploys a function with extensions by file name."""

    def run(extensions: dict[str, str], code: str = HANDLER, mode: int = 0o755, **options: Any) -> str:
        name = re.sub(r"\W", "-", request.node.name)[:50]
        return deploy(code, Layers=[layer(server, name, extensions, mode)], **options)

    yield run


def deploy(server: Server, name: str, code: str, **options: Any) -> str:
    """Create a function on a server of a test's own."""
    client = server.client("lambda")
    settings = {"Runtime": RUNTIME, "Handler": "app.handler", "Role": ROLE, "Timeout": TIMEOUT, **options}
    client.create_function(FunctionName=name, Code={"ZipFile": package({"app.py": code})}, **settings)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAIT)
    return name


def left(pids: Iterable[int], seconds: float = 3.0) -> list[int]:
    """Which of the processes are still there when the system has had time to collect them."""
    deadline = time.monotonic() + seconds
    while (found := [pid for pid in pids if name_of(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def recycle(server: Server) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/_lambent/recycle", method="POST")).close()


def python(rest: str) -> str:
    return PYTHON_EXTENSION + rest + "\n"


BOTH = 'main(["INVOKE", "SHUTDOWN"])'
STAYING = """signal.signal(signal.SIGTERM, signal.SIG_IGN)
main(["INVOKE", "SHUTDOWN"], on_shutdown=lambda event: time.sleep(600))"""


def test_external_extensions_follow_every_invocation_and_the_end(server: Server, extended: Extended) -> None:
    name = extended({"first.py": python(BOTH), "shell.sh": SHELL_EXTENSION})
    assert invoke(server, name)[1] is None
    logged(server, name, "REPORT RequestId")
    assert invoke(server, name)[0]["count"] == 2
    recycle(server)
    text = logged(server, name, "[shell] shutdown")
    told = '{"accountId": "000000000000", "functionName": "%s", "functionVersion": "$LATEST", "handler": "app.handler"}'
    assert f"[first.py] registered {told % name}" in text
    assert "EXTENSION\tName: first.py\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n" in text
    assert text.count("[first.py] invoked") == text.count("[shell] invoked") == 2
    assert text.index("REPORT") > text.index("[shell] invoked")
    assert "[first.py] shutdown spindown" in text


def test_the_caller_does_not_wait_for_extensions_but_the_report_does(server: Server, extended: Extended) -> None:
    name = extended({"slow.py": python('main(["INVOKE"], on_invoke=lambda event: time.sleep(1))')})
    invoke(server, name)
    logged(server, name, "REPORT")
    started = time.monotonic()
    assert invoke(server, name)[1] is None
    assert time.monotonic() - started < 0.9
    text = logged(server, name, "Duration: 1")
    assert all(float(found) >= 1000 for found in re.findall(r"REPORT.*?\tDuration: ([\d.]+) ms", text))


def test_an_invocation_counts_until_its_extensions_are_done(server: Server, extended: Extended) -> None:
    name = extended({"slow.py": python('main(["INVOKE"], on_invoke=lambda event: time.sleep(1))')})
    client = server.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    assert invoke(server, name)[1] is None
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName=name)
    logged(server, name, "REPORT")
    assert invoke(server, name)[0]["count"] == 2


def test_a_late_extension_runs_into_the_timeout_of_the_invocation(server: Server, extended: Extended) -> None:
    extension = 'main(["INVOKE", "SHUTDOWN"], on_invoke=lambda event: time.sleep(event.get("x", 1.3)))'
    name = extended({"late.py": python(extension)}, Timeout=1)
    payload, error = invoke(server, name)
    assert (payload["count"], error) == (1, None)
    text = logged(server, name, "shutdown timeout")
    assert "Task timed out after 1.00 seconds" in text
    assert re.search(r"REPORT.*Duration: 1000\.00 ms.*Status: timeout", text)


FAILURES = [
    ("import sys; sys.exit(1)", "Extension.Crash", "exit status 1", "Started\tEvents: []"),
    ("os.kill(os.getpid(), 9)", "Extension.Crash", "signal: killed", "Started\tEvents: []"),
    (
        'headers, _ = ask("POST", "register", {"events": ["INVOKE"]}, **{"Lambda-Extension-Name": NAME})\n'
        'ask("POST", "init/error", {}, **{"Lambda-Extension-Function-Error-Type": "Mine.NoKey",'
        ' "Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]})',
        "Extension.InitError",
        "exit code 0",
        "InitError\tEvents: [INVOKE]\tError Type: Mine.NoKey",
    ),
]


@pytest.mark.parametrize(("body", "error_type", "reason", "state"), FAILURES, ids=["exit", "signal", "init-error"])
def test_an_extension_that_fails_in_init_fails_the_invocation(
    server: Server, extended: Extended, body: str, error_type: str, reason: str, state: str
) -> None:
    name = extended({"bad.py": python(body)})
    payload, error = invoke(server, name)
    assert error == "Unhandled"
    assert payload["errorType"] == error_type
    assert re.fullmatch(rf"RequestId: [0-9a-f-]{{36}} Error: {reason}", payload["errorMessage"])
    text = logged(server, name, "REPORT RequestId")
    for phase in ("init", "invoke"):
        assert re.search(rf"INIT_REPORT .*Phase: {phase}\tStatus: error\tError Type: {error_type}", text)
    assert f"EXTENSION\tName: bad.py\tState: {state}\n" in text
    assert re.search(rf"\tStatus: error\tError Type: {error_type}\n", text)
    assert all(0 <= float(ms) < 30_000 for ms in re.findall(r"Duration: (-?[\d.]+) ms", text))


def test_a_file_that_can_not_be_executed_is_a_launch_error(server: Server, extended: Extended) -> None:
    name = extended({"plain.txt": "words"}, mode=0o644)
    payload, _ = invoke(server, name)
    assert payload["errorType"] == "Extension.LaunchError"
    assert payload["errorMessage"].endswith("Error: fork/exec /opt/extensions/plain.txt: permission denied")
    logged(server, name, "EXTENSION\tName: plain.txt\tState: LaunchError\tEvents: []\tError Type: PermissionDenied")


def test_an_extension_without_its_interpreter_is_a_launch_error(server: Server, extended: Extended) -> None:
    payload, _ = invoke(server, extended({"lost": "#!/no/such/interpreter\n"}))
    assert payload["errorType"] == "Extension.LaunchError"
    assert payload["errorMessage"].endswith("Error: fork/exec /opt/extensions/lost: no such file or directory")


def test_an_extension_that_ends_in_an_invocation_resets_the_environment(server: Server, extended: Extended) -> None:
    extension = """
def fail(event):
    if os.path.exists("/tmp/again"):
        return
    open("/tmp/again", "w").close()
    sys.exit(7)
main(["INVOKE"], on_invoke=fail)"""
    name = extended({"one.py": python(extension), "other.py": python('main(["SHUTDOWN"])')})
    payload, error = invoke(server, name, {"sleep": 3})
    assert error == "Unhandled"
    assert payload["errorType"] == "Extension.Crash"
    assert payload["errorMessage"].endswith("Error: exit status 7")
    text = logged(server, name, "[other.py] shutdown failure")
    assert re.search(r"Error: exit status 7\nExtension.Crash\n", text)
    time.sleep(2.1)  # the Shutdown phase takes two seconds at most; before its end the next one starts cold
    assert invoke(server, name)[0]["count"] == 1
    assert log(server, name).count("INIT_START") == 1  # the environment, with its /tmp, is the same


def test_an_internal_extension_follows_invocations_and_gives_the_runtime_time_to_stop(
    server: Server,
) -> None:
    name = custom(server, "internal", BOOTSTRAP + STOPPABLE + INTERNAL)
    payload, error = invoke(server, name)
    assert error is None
    assert payload == [[403, "Extension.InvalidEventType"], [403, "Extension.RegistrationClosed"]]
    recycle(server)
    text = logged(server, name, "SIGTERM", 5.0)
    assert "EXTENSION\tName: inside\tState: Ready\tEvents: [INVOKE]\n" in text
    assert "[inside] INVOKE" in text


def test_without_extensions_there_is_no_sigterm(server: Server) -> None:
    answer = "serve(lambda request_id, event: post(PATH + request_id + '/response', '1'))"
    name = custom(server, "no-sigterm", BOOTSTRAP + STOPPABLE + answer)
    assert invoke(server, name) == (1, None)
    recycle(server)
    assert "SIGTERM" not in log(server, name)


def test_new_code_and_a_stopping_server_shut_environments_down(own_server: Begin) -> None:
    server = own_server()
    arn = layer(server, "watching", {"watch.py": python(BOTH)})
    name = deploy(server, "f", HANDLER, Layers=[arn])
    client = server.client("lambda")
    for number in range(2):
        client.update_function_code(FunctionName=name, ZipFile=package({"app.py": f"{HANDLER}#{number}"}))
        client.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 99}
        )
        invoke(server, name)
        logged(server, name, "REPORT")
    logged(server, name, "shutdown spindown")
    below = descendants(server.process.pid)
    assert server.stop() == 0
    assert not left(below)
    again = own_server(data_dir=server.data_dir)
    assert log(again, name).count("shutdown spindown") == 2


def test_extensions_that_never_come_or_never_go_harm_nobody_else(server: Server, extended: Extended) -> None:
    """One never registers: 10 s of Init, then the function's timeout. Two ignore their end: killed after 2 s."""
    good = extended({"good.py": python(BOTH)}, FunctionName="good-one")
    assert invoke(server, good)[1] is None
    recycle(server)
    before = steady(server)
    never = extended(
        {"never.py": python("signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)")},
        Timeout=1,
        FunctionName="never-registers",
    )
    staying = python(STAYING)
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ndef handler(event, context):\n    return 1\n"
    stays = extended({"stays.py": staying}, code=deaf, FunctionName="never-leaves")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(invoke, server, never)
        for _ in range(5):
            assert invoke(server, good)[1] is None
            assert invoke(server, stays) == (1, None)
        server.client("lambda").delete_function(FunctionName=stays)
        payload, error = waiting.result()
    assert error == "Unhandled"
    assert payload["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert re.search(r"INIT_REPORT Init Duration: 10\d{3}\.\d\d ms\tPhase: init\tStatus: timeout", log(server, never))
    server.client("lambda").delete_function(FunctionName=never)
    recycle(server)
    assert not more(server, before, 25.0)


def test_an_extension_gets_the_variables_that_aws_gives_it(server: Server, extended: Extended) -> None:
    extension = 'say("variables", " ".join(sorted(os.environ)), os.getcwd(), os.environ.get("MINE"))\n' + BOTH
    name = extended({"env.py": python(extension)}, Environment={"Variables": {"MINE": "yes"}})
    invoke(server, name)
    line = re.search(r"\[env.py\] variables (.*) / yes\n", logged(server, name, "variables"))
    assert line is not None
    names = line[1].split()
    assert {"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_ACCESS_KEY_ID", "AWS_REGION", "PATH"} <= set(
        names
    )
    assert not {"_HANDLER", "LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME"} & set(names)


def test_at_level_process_extensions_live_alike(own_server: Begin) -> None:
    server = own_server("--isolation", "process")
    arn = layer(server, "both", {"first.py": python(BOTH), "stays.py": python(STAYING)})
    code = "import os\ndef handler(event, context):\n    return os._exit(3) if event else 1"
    deploy(server, "f", code, Layers=[arn])
    assert invoke(server, "f") == (1, None)
    assert invoke(server, "f", {"exit": True})[1] == "Unhandled"
    logged(server, "f", "[first.py] shutdown failure")
    below = descendants(server.process.pid)
    server.client("lambda").delete_function(FunctionName="f")
    assert server.stop() == 0
    assert not left(below)


def test_a_layer_of_many_extensions_is_refused_as_aws_refuses_it(server: Server, extended: Extended) -> None:
    payload, _ = invoke(server, extended({f"e{number:02}.py": python(BOTH) for number in range(11)}))
    assert payload["errorType"] == "Extension.LaunchError"
