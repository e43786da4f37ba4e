"""What stands behind the environments is killed: no invocation fails for that, the next one waits for a new one."""

import base64
import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, Server, package, start
from tests.e2e.user import as_user

FEW = 2
EVERY = 1.5
"""Seconds between two kills: a zygote takes about half a second to stand ready, more when all are busy."""

CODE = """
import time
def handler(event, context):
    print("BEGUN")
    time.sleep(event.get("seconds", 0))
    return event
"""


@pytest.fixture(scope="module", params=["root", "user"])
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one function, of root or of an ordinary user."""
    if request.param == "root" and os.getuid() != 0:
        pytest.skip("needs root")
    if request.param == "root":
        data, how = tmp_path_factory.mktemp("killed") / "data", {}
    else:
        home = request.getfixturevalue("user_home")
        data, how = home / "data-killed", as_user(home)
    server = start(data, "--isolation", "namespace", **how)
    client = server.client("lambda")
    code = {"ZipFile": package({"app.py": CODE})}
    client.create_function(FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code, Timeout=30)
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1, "MaxAttempts": 900})
    yield server
    assert server.stop() == 0, "".join(server.output)
    shutil.rmtree(data)


def processes() -> dict[int, tuple[str, int]]:
    """Name and parent of every process."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
            except OSError:
                continue
            found[int(folder.name)] = (name, int(rest.split()[1]))
    return found


def behind(server: Server, what: str) -> int:
    """The process id of the guard, the zygote, the keeper that was forked ahead, or an environment's keeper."""
    names = {
        "guard": "lambent-guard",
        "zygote": "lambent-zygote",
        "ahead": "lambent-zygote",
        "keeper": "lambent-keeper",
    }
    above = {"guard": server.process.pid}
    seen = processes()
    for step in ("guard", "zygote", "ahead" if what == "ahead" else "keeper"):
        parent = above[step]
        # moto's sandbox has a guard and a zygote, too, which are older.
        pid = max((pid for pid, found in seen.items() if found == (names[step], parent)), default=0)
        if step == what:
            return pid
        above["zygote" if step == "guard" else "ahead"] = above["keeper"] = pid
    raise AssertionError(what)


def kill(server: Server, what: str) -> None:
    deadline = time.monotonic() + 5
    while not (pid := behind(server, what)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if not pid:  # which kill(2) takes for everybody here
        raise ProcessLookupError
    os.kill(pid, signal.SIGKILL)


def recycle(server: Server) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/_lambent/recycle", method="POST"), timeout=10)


def invoke(server: Server, event: dict[str, Any]) -> Any:
    answer = server.client("lambda").invoke(FunctionName="f", Payload=json.dumps(event), LogType="Tail")
    said = json.loads(answer["Payload"].read())
    if "FunctionError" not in answer:
        return said
    return answer["FunctionError"], said, base64.b64decode(answer["LogResult"]).decode()


def had_begun(failed: list[Any]) -> None:
    """Only what a killed environment had begun to run has failed, and as on AWS: the runtime has read it. From there to
    the handler's first line it is a moment, which few kills hit."""
    for kind, error, _ in failed:
        assert kind == "Unhandled"
        assert "Runtime exited" in str(error)
    assert sum("BEGUN" not in log for _, _, log in failed) <= FEW, failed


@pytest.mark.parametrize("what", ["zygote", "guard", "ahead"])
def test_what_is_killed_at_rest_fails_nobody(crowded: Server, what: str) -> None:
    for seconds in (0.0, 0.3):  # at once; and when it has been noticed
        assert invoke(crowded, {"n": 1}) == {"n": 1}
        time.sleep(0.1)  # the environment is frozen, the next keeper is there
        kill(crowded, what)
        if what == "ahead":
            recycle(crowded)
        time.sleep(seconds)
        assert invoke(crowded, {"n": 2}) == {"n": 2}


@pytest.mark.parametrize("what", ["zygote", "guard", "ahead", "keeper"])
def test_what_is_killed_under_load_fails_nobody_who_had_not_begun(crowded: Server, what: str) -> None:
    """What runs in an environment that is killed has ended as on AWS, with a function's error; a 500 is raised."""
    stop = threading.Event()

    def killing() -> None:
        while not stop.wait(EVERY):
            with contextlib.suppress(ProcessLookupError):
                kill(crowded, what)

    killer = threading.Thread(target=killing)
    killer.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            said = list(pool.map(lambda n: invoke(crowded, {"n": n, "seconds": 0.05}), range(240)))
    except ClientError as error:
        pytest.fail(f"{error}\n{''.join(crowded.output)}")
    finally:
        stop.set()
        killer.join()
    failed = [one for one in said if isinstance(one, tuple)]
    had_begun(failed)
    assert len(failed) < len(said) // 2
    assert invoke(crowded, {"n": 0}) == {"n": 0}


@pytest.mark.parametrize("what", ["zygote", "guard", "keeper"])
@pytest.mark.parametrize("state", ["cold", "frozen"])
def test_what_is_killed_at_any_moment_fails_nobody_who_had_not_begun(crowded: Server, what: str, state: str) -> None:
    """A kill ever later after the request: from before it arrives until the handler has long answered."""
    failed, steps = [], 12
    for step in range(steps):
        while isinstance(said := invoke(crowded, {"n": 0}), tuple):  # begun, just before the last kill has reached it
            failed.append(said)
        assert said == {"n": 0}
        if state == "cold":
            recycle(crowded)
        else:
            time.sleep(0.03)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            killing = pool.submit(kill_in, crowded, what, step / steps * (0.3 if state == "cold" else 0.02))
            said = invoke(crowded, {"n": step})
            killing.result()
        if isinstance(said, tuple):
            failed.append(said)
        else:
            assert said == {"n": step}
    had_begun(failed)


def kill_in(server: Server, what: str, seconds: float) -> None:
    if pid := behind(server, what):
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    elif what == "keeper":
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            kill(server, what)
