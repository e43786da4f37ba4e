"""A real server in a process of its own, and real clients."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import boto3
import pytest
from botocore.config import Config

from tests.e2e import user
from tests.e2e.template import Forked, Template

T = TypeVar("T")
READY_SECONDS = 60
ROLE = "arn:aws:iam::000000000000:role/test"
TIMEOUT = 30
"""Seconds for functions of which no test asks how long they may run: AWS's three are little on a busy machine."""
RUNTIME = f"python3.{sys.version_info.minor}"
TEMPLATE = Template()


@dataclass
class Server:
    """A running `lambent up`."""

    process: "subprocess.Popen[str] | Forked"
    endpoint: str
    data_dir: Path
    output: list[str] = field(default_factory=list)

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client for this server; keywords are botocore Config options."""
        defaults: dict[str, Any] = {"retries": {"max_attempts": 0}, "read_timeout": 120}
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(**(defaults | config)),
        )

    def page(self, name: str) -> Any:
        """What one of Lambent's own pages says."""
        with urllib.request.urlopen(f"{self.endpoint}/_lambent/{name}", timeout=10) as answer:
            return json.load(answer)

    def keeps(self, promise: str) -> bool:
        """Whether this machine keeps a promise; where it does not, it says why and what to do."""
        said = self.page("health")["isolation"]["promises"][promise]
        assert said["kept"] or (said["how"] and said["remedy"])
        return bool(said["kept"])

    def stop(self, how: int = signal.SIGTERM, seconds: float = 10.0) -> int:
        """Signal the server and wait for its end."""
        self.process.send_signal(how)
        status = self.process.wait(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


def start(data_dir: Path, *arguments: str, env: dict[str, str] | None = None, prefix: tuple[str, ...] = ()) -> Server:
    """Start a server on a free port and wait for its ready line. `prefix` stands for the interpreter; without one the
    server is a fork of the template."""
    words = ["up", "--port", "0", "--data-dir", str(data_dir), *arguments]
    # Few tests need the internet; the others leave the host's network alone.
    # Nor do they ask what a function is like before it is ready.
    own = {"LAMBENT_STATE_DELAY": "0"}
    usual = {"LAMBENT_NETWORK": "none", "LAMBENT_IMAGE_FOLDERS": tempfile.gettempdir(), **own}
    environment = {**own, **(env or os.environ)} if prefix else {**usual, **os.environ, **(env or {})}
    if prefix or sys.platform != "linux":
        command = [*(prefix or (sys.executable,)), "-m", "lambent.cli.main", *words]
        out = subprocess.PIPE
        return _ready(
            subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, text=True, env=environment), data_dir
        )
    return _ready(TEMPLATE.start(words, environment), data_dir)


def _ready(process: "subprocess.Popen[str] | Forked", data_dir: Path) -> Server:
    """The server, when it has said that it is one."""
    assert process.stdout is not None
    lines: list[str] = []
    watchdog = threading.Timer(READY_SECONDS, process.kill)
    watchdog.start()
    for line in process.stdout:
        lines.append(line)
        found = re.search(r"ready at (http://\S+)", line)
        if found:
            watchdog.cancel()
            server = Server(process, found[1], data_dir, lines)
            threading.Thread(target=_collect, args=(process.stdout, lines), daemon=True).start()
            return server
    watchdog.cancel()
    process.wait()
    raise AssertionError(f"the server did not start: {''.join(lines)}")


def _collect(stdout: IO[str], lines: list[str]) -> None:
    try:
        lines.extend(stdout)
    except ValueError:
        return  # closed by stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that don't stop it."""
    running = start(tmp_path_factory.mktemp("data"))
    yield running
    assert running.stop() == 0, "".join(running.output)


@pytest.fixture(scope="session")
def user_home() -> Iterator[Path]:
    """The home of an ordinary user, for all tests that need one; pytest's own folders are private."""
    home = Path("/tmp") / f"lambent-user-{os.getpid()}"
    user.furnish(home)
    yield home
    shutil.rmtree(home)


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system of the size that is the parameter, as mount(8) has it."""
    if os.getuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers of a test's own; what still runs at its end is killed."""
    started: list[Server] = []

    def begin(*arguments: str, data_dir: Path | None = None, env: dict[str, str] | None = None) -> Server:
        started.append(start(data_dir or tmp_path / "data", *arguments, env=env))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)
        elif one.process.stdout is not None:
            one.process.stdout.close()


def package(files: Mapping[str, str | bytes]) -> bytes:
    """A deployment package of files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o644 << 16
            archive.writestr(info, text)
    return buffer.getvalue()


def restarted(ask: Callable[[], T], is_late: Callable[[T], bool]) -> T:
    """What `ask` answers once the runtime's new start fits into the function's time-out.

    After a time-out the runtime starts again inside the next invocation, and how long that takes is the machine's.
    """
    for _ in range(10):
        if not is_late(said := ask()):
            return said
    raise AssertionError("no start was in time")


Deploy = Callable[..., str]


@pytest.fixture
def deploy(server: Server, request: pytest.FixtureRequest) -> Iterator[Deploy]:
    """Deploys `code` as app.py with handler app.handler, waits, answers the function's name; deletes it afterwards."""
    client = server.client("lambda")
    names: list[str] = []

    def run(code: str, **options: Any) -> str:
        base = re.sub(r"[^A-Za-z0-9_]", "-", request.node.name)[:50]
        name = options.pop("FunctionName", f"{base}-{len(names)}")
        files = {"app.py": code, **options.pop("files", {})}
        settings = {"Runtime": RUNTIME, "Handler": "app.handler", "Role": ROLE, "Timeout": TIMEOUT, **options}
        client.create_function(FunctionName=name, Code={"ZipFile": package(files)}, **settings)
        names.append(name)
        client.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000}
        )
        return name

    yield run
    for name in names:
        try:
            client.delete_function(FunctionName=name)
        except client.exceptions.ResourceNotFoundException:
            continue
