"""`lambent invoke --debug PORT` against a real server, with a debugger that speaks to the port as editors do."""

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

from tests.e2e.conftest import Deploy, Server
from tests.e2e.debug.dap import Dap
from tests.e2e.test_leaks import descendants, name_of

CODE = """import os
def handler(event, context):
    number = event["number"]
    return {"doubled": number * 2, "left": context.get_remaining_time_in_millis(), "names": sorted(os.environ)}
"""
STOP = 4
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
        debugger.ask("continue", threadId=thread)
        answer = json.loads(command.result())
        debugger.close()
    assert answer["doubled"] == 8
    assert answer["left"] > 3_600_000
    assert not {one for one in answer["names"] if "DEBUG" in one or "PYDEVD" in one}
    until_free(port)
    assert is_free(port)


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


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
