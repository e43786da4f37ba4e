"""`lambent` without the seconds that its imports take: one process has them, and servers and commands are its forks.

What they do is the same from `lambent.cli.entry` on. They are children of the tests' process, as what is executed would
be: between the template and a fork there is a process that ends at once, and whose child the tests' process takes
over (PR_SET_CHILD_SUBREAPER, prctl(2)). Linux only. `python -m tests.e2e.template DESCRIPTOR` is the template.
"""

import atexit
import ctypes
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

PR_SET_CHILD_SUBREAPER = 36
MESSAGE = 1 << 18
"""Bytes that arguments and variables may have."""
ADOPTED = b"adopted"
"""What the template says when the process between has ended."""
LOADED = (
    "boto3.session", "lambent.cli.entry", "lambent.cli.main", "lambent.server.reset", "lambent.server.run",
    "pydantic.fields", "pydantic.type_adapter", "pydantic.types", "rich.console", "uvloop",
)  # fmt: skip
"""What the template imports; what a command needs beside it, it imports itself."""
MODELS = ("apigateway", "apigatewayv2", "cloudformation", "kinesis", "lambda", "logs", "s3", "sns", "sqs")
"""The services whose models it has read."""


class Forked:
    """A fork; like subprocess.Popen as far as tests use that."""

    def __init__(self, pid: int, stdout: IO[str] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._waiting = threading.Lock()

    def poll(self) -> int | None:
        """The exit status if it has ended, negative for a signal."""
        with self._waiting:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, seconds: float | None = None) -> int:
        """Its exit status. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            ended = os.pidfd_open(self.pid)
            select.select([ended], [], [], seconds)
            os.close(ended)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", seconds or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)


class Template:
    """The process that is forked; begun with the first fork."""

    def __init__(self) -> None:
        self._begun: socket.socket | None = None
        self._one = threading.Lock()

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Forked:
        """`lambent` with these arguments and nothing but these variables; `stdout` has what it says, errors as well."""
        said, theirs = os.pipe()
        with open(os.devnull) as nothing, open(theirs, "w") as output:
            pid = self._fork(arguments, environment, os.getcwd(), (nothing, output, output))
        return Forked(pid, open(said))  # who stops it closes this

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        given: str = "",
        seconds: float = 60,
        cwd: Path | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """`lambent` to its end; `given` is its input. Raises subprocess.TimeoutExpired, and it is killed then."""
        with ExitStack() as stack:
            streams = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3)]
            streams[0].write(given)
            streams[0].seek(0)
            pid = self._fork(arguments, os.environ if environment is None else environment, cwd or Path.cwd(), streams)
            forked = Forked(pid, None)
            try:
                status = forked.wait(seconds)
            finally:
                forked.kill()
                forked.wait()
            said = [os.pread(one.fileno(), os.fstat(one.fileno()).st_size, 0).decode() for one in streams[1:]]
        return subprocess.CompletedProcess(["lambent", *arguments], status, *said)

    def _fork(
        self, arguments: Sequence[str], environment: Mapping[str, str], cwd: Path | str, streams: Sequence[IO[str]]
    ) -> int:
        """The process's id; `streams` are its standard input, output and errors."""
        order = json.dumps([list(arguments), dict(environment), str(cwd)])
        with self._one:
            line = self._begin()
            _take_over(True)
            try:
                socket.send_fds(line, [order.encode()], [stream.fileno() for stream in streams])
                pid = int(line.recv(MESSAGE))
                assert line.recv(MESSAGE) == ADOPTED
            finally:
                _take_over(False)
        return pid

    def _begin(self) -> socket.socket:
        if self._begun is None:
            self._begun, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-m", "tests.e2e.template", str(theirs.fileno())]
            root, fds = Path(__file__).parents[2], (theirs.fileno(),)
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, pass_fds=fds, cwd=root)
            theirs.close()
            atexit.register(_end, self._begun, process)
        return self._begun


def _end(line: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    line.close()
    process.wait()


def _take_over(yes: bool) -> None:
    """Whether orphans below this process become its children."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def _load() -> None:
    for name in LOADED:
        __import__(name)
    from lambent.runtimes import interpreters
    from lambent.wire import locate, service

    interpreters.find()
    locate.by_signing_name()
    for name in MODELS:
        service.load(name)
    assert len(os.listdir("/proc/self/task")) == 1, "a fork has one thread"
    gc.freeze()


def _serve(line: socket.socket) -> bool:
    """Fork for each order; True in a fork, whose arguments, variables and streams are its own by then."""
    while True:
        order, fds, _, _ = socket.recv_fds(line, MESSAGE, 3)
        if not order:
            return False
        if (between := os.fork()) == 0:
            if pid := os.fork():
                line.send(str(pid).encode())
                os._exit(0)
            _become(order, fds)
            return True
        os.waitpid(between, 0)
        line.send(ADOPTED)
        for fd in fds:
            os.close(fd)


def _become(order: bytes, streams: list[int]) -> None:
    arguments, environment, folder = json.loads(order)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments


def main() -> None:
    """The template, and in its forks `lambent`."""
    with socket.socket(fileno=int(sys.argv[1])) as line:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and the template with them
        _load()
        if not _serve(line):
            return
    from lambent.cli import entry

    entry.main()


if __name__ == "__main__":
    main()
