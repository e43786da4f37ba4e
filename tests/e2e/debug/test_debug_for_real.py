"""`lambent invoke --debug PORT` against a real server, with a debugger that speaks to the port as editors do."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Deploy, Server, package
from tests.e2e.debug.dap import Dap
from tests.e2e.test_leaks import cgroups, descendants, name_of

CODE = """import os
def handler(event, context):
    number = event["number"]
    return {"doubled": number * 2, "left": context.get_remaining_time_in_millis(), "names": sorted(os.environ)}
"""
STOP = 4
SCRIPT = """export const handler = async (event) => {
  let number = event.number
  const doubled = () => number * 2
  return {doubled: doubled(), options: process.env.NODE_OPTIONS ?? null}
}
"""
SCRIPT_STOP = 3
"""The same in JavaScript, counted from 0."""
BROKEN = "raise RuntimeError('at import')\n"
"""The line of the breakpoint."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


class Command:
    """A running `lambent invoke --debug`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.remarks: list[str] = []

    def waiting(self) -> None:
        """Until it says that a debugger may connect."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.remarks.append(line)
            if line.startswith("waiting for a debugger on 127.0.0.1:"):
                return
        raise AssertionError("".join(self.remarks))

    def result(self) -> str:
        """What it prints on its way to a good end."""
        printed, said = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, said
        return printed


@contextmanager
def invoking(server: Server, name: str, port: int, *more: str) -> Iterator[Command]:
    words = ["--endpoint", server.endpoint, "invoke", name, "--debug", str(port), *more]
    process = subprocess.Popen(
        [sys.executable, "-m", "lambent.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "x"},
    )
    watchdog = threading.Timer(90, process.kill)
    watchdog.start()
    try:
        yield Command(process)
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def create(server: Server) -> str:
    """A function on a server of the test's own."""
    client = server.client("lambda")
    code = {"ZipFile": package({"app.py": CODE})}
    client.create_function(
        FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code, Timeout=TIMEOUT
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    return "f"


def is_free(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def until_free(port: int) -> None:
    deadline = time.monotonic() + 10
    while not is_free(port):
        assert time.monotonic() < deadline, f"port {port} was not given back"
        time.sleep(0.05)


def test_a_breakpoint_in_python_is_hit_and_the_timeout_waits(server: Server, deploy: Deploy, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(CODE)
    name, port = deploy(CODE, Timeout=1), free_port()
    with invoking(server, name, port, "--payload", '{"number": 21}') as command:
        command.waiting()
        debugger = Dap(port)
        debugger.attach({str(tmp_path / "app.py"): [STOP]}, {str(tmp_path): "/var/task"})
        thread, frame = debugger.stopped()
        assert (frame["line"], frame["source"]["path"]) == (STOP, str(tmp_path / "app.py"))
        assert debugger.ask("evaluate", expression="number", frameId=frame["id"], context="watch")["result"] == "21"
        debugger.ask("evaluate", expression="number = 4", frameId=frame["id"], context="repl")
        time.sleep(1.5)  # longer than the function's timeout
        debugger.send("continue", threadId=thread)
        answer = json.loads(command.result())
        debugger.close()
    assert answer["doubled"] == 8
    assert answer["left"] > 3_600_000
    assert not {one for one in answer["names"] if "DEBUG" in one or "PYDEVD" in one}
    until_free(port)
    assert is_free(port)


def test_a_breakpoint_is_hit_at_level_process(own_server: Callable[..., Server]) -> None:
    server = own_server("--isolation", "process")
    name, port = create(server), free_port()
    before = environments(server)
    with invoking(server, name, port, "--payload", '{"number": 3}') as command:
        command.waiting()
        debugger = Dap(port)
        unpacked = next((server.data_dir / "blobs").rglob("app.py"))
        debugger.attach({str(unpacked): [STOP]}, {})
        thread, _ = debugger.stopped()
        debugger.send("continue", threadId=thread)
        assert json.loads(command.result())["doubled"] == 6
        debugger.close()
    until_free(port)
    until(lambda: environments(server) == before)
    assert not [pid for pid in descendants(server.process.pid) if b"debugpy" in command_line(pid)]


def test_a_breakpoint_in_node_is_hit(server: Server, deploy: Deploy) -> None:
    name, port = deploy("", files={"index.mjs": SCRIPT}, Runtime="nodejs22.x", Handler="index.handler"), free_port()
    with invoking(server, name, port, "--payload", '{"number": 21}') as command:
        command.waiting()
        assert asyncio.run(inspect(port, SCRIPT_STOP)) == 21
        assert json.loads(command.result()) == {"doubled": 10, "options": None}
    until_free(port)


async def inspect(port: int, line: int) -> object:
    """As Chrome does it: a stop before anything runs, one at the line (from 0), where a variable is read and set."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as session:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as listed:
            url = (await listed.json())[0]["webSocketDebuggerUrl"]
        assert url.startswith(f"ws://127.0.0.1:{port}/")
        async with session.ws_connect(url) as socket:
            inspector = Inspector(socket)
            for method in ("Runtime.enable", "Debugger.enable"):
                await inspector.ask(method)
            place = {"urlRegex": "/var/task/index.mjs$", "lineNumber": line}
            await inspector.ask("Debugger.setBreakpointByUrl", **place)
            await inspector.ask("Runtime.runIfWaitingForDebugger")
            await inspector.event("Debugger.paused")
            await inspector.ask("Debugger.resume")
            frame = (await inspector.event("Debugger.paused"))["callFrames"][0]
            assert frame["location"]["lineNumber"] == line
            look = {"callFrameId": frame["callFrameId"]}
            found = await inspector.ask("Debugger.evaluateOnCallFrame", expression="number", **look)
            await inspector.ask("Debugger.evaluateOnCallFrame", expression="number = 5", **look)
            await inspector.ask("Debugger.resume")
            return found["result"]["value"]


class Inspector:
    """A client of the inspector: https://chromedevtools.github.io/devtools-protocol/"""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._events: list[dict[str, Any]] = []

    async def ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while (said := await self._socket.receive_json()).get("id") != self._number:
            self._events.append(said)
        return said["result"]

    async def event(self, name: str) -> Any:
        while True:
            said = self._events.pop(0) if self._events else await self._socket.receive_json()
            if said.get("method") == name:
                return said["params"]


def test_ctrl_c_ends_the_environment_and_the_port_is_free(server: Server, deploy: Deploy) -> None:
    name, port = deploy(CODE), free_port()
    before = environments(server)
    with invoking(server, name, port) as command:
        command.waiting()
        assert not is_free(port)
        command.process.send_signal(signal.SIGINT)
        assert command.process.wait(20) == 130
    until_free(port)
    until(lambda: environments(server) == before)


def test_ctrl_c_at_a_breakpoint_ends_the_environment(server: Server, deploy: Deploy) -> None:
    name, port = deploy(CODE), free_port()
    before = environments(server)
    with invoking(server, name, port, "--payload", '{"number": 21}') as command:
        command.waiting()
        debugger = Dap(port)
        debugger.attach({"/var/task/app.py": [STOP]}, {})
        debugger.stopped()
        assert len(environments(server)) == len(before) + 1
        command.process.send_signal(signal.SIGINT)
        assert command.process.wait(20) == 130
        debugger.close()
    until_free(port)
    until(lambda: environments(server) == before)


def test_a_server_that_stops_ends_the_session(own_server: Callable[..., Server]) -> None:
    server = own_server()
    name, port = create(server), free_port()
    with invoking(server, name, port) as command:
        command.waiting()
        below = descendants(server.process.pid)
        assert server.stop() == 0, "".join(server.output)
        _, said = command.process.communicate(timeout=20)
    assert command.process.returncode == 1
    assert said.startswith("error: ") and said.count("\n") == 1, said
    assert is_free(port)
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
    assert not cgroups(server.data_dir)


def test_an_import_error_under_a_debugger_is_answered(server: Server, deploy: Deploy) -> None:
    """The second attempt, inside the invocation, waits for nobody."""
    name, port = deploy(BROKEN), free_port()
    with invoking(server, name, port, "--json") as command:
        command.waiting()
        debugger = Dap(port)
        with contextlib.suppress(AssertionError, ConnectionError):
            debugger.attach({}, {})
        printed, _ = command.process.communicate(timeout=60)
        debugger.close()
    assert command.process.returncode == 3
    assert json.loads(printed)["payload"]["errorType"] == "RuntimeError"


def test_what_can_not_be_debugged_is_said_in_one_line(server: Server, deploy: Deploy) -> None:
    name = deploy(CODE)
    own = deploy(CODE, Runtime="provided.al2023")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused(server, name, port) == f"port {port} on 127.0.0.1 is in use: choose another with --debug"
    assert "Function not found" in refused(server, "nobody", port)
    assert "no debugger for runtime provided.al2023" in refused(server, own, port)
    assert is_free(port)


def refused(server: Server, name: str, port: int) -> str:
    """The one line of a command that fails at once."""
    with invoking(server, name, port) as command:
        printed, said = command.process.communicate(timeout=60)
    assert (command.process.returncode, printed, said.count("\n")) == (1, "", 1), said
    return said.strip().removeprefix("error: ")


def environments(server: Server) -> list[str]:
    """The keepers of environments; the zygotes' spare ones have another name."""
    return sorted(str(pid) for pid in descendants(server.process.pid) if name_of(pid) == "lambent-keeper")


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
