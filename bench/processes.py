"""The processes that a measurement starts: the relay, plain runtimes behind it, moto. Ended on every path."""

import asyncio
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.client import Answer, BenchError, Endpoint
from bench.functions import HANDLER
from lambent.runtimes import clients, interpreters
from lambent.settings import cache_dir


def end(process: "subprocess.Popen[bytes]", patience: float = 5.0) -> None:
    """SIGTERM, then SIGKILL after `patience` seconds."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def cpu_seconds(pid: int) -> float:
    """What all threads of a process have had of the processors (proc_pid_schedstat(5) in nanoseconds)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


@contextmanager
def relay() -> Iterator[tuple[Endpoint, int]]:
    """The bare relay in a process of its own, as Lambent is; with its process id."""
    process = subprocess.Popen([sys.executable, "-m", "bench.relay"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.strip().isdigit():
            raise BenchError("the relay did not start")
        yield Endpoint("127.0.0.1", int(line)), process.pid
    finally:
        end(process)


@contextmanager
def task_root(source: str) -> Iterator[Path]:
    """A folder with one function."""
    with tempfile.TemporaryDirectory(prefix="lambent-bench-") as folder:
        Path(folder, "function.py").write_text(source)
        yield Path(folder)


@functools.cache
def client() -> Path:
    """The folder with AWS's runtime client for this interpreter, as Lambent has it, installed if it is not there yet.
    Raises BenchError."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = interpreters.find()
    if version not in found:
        raise BenchError(f"Lambent does not find this CPython {version}, which the reference runs on")
    try:
        return clients.install(found[version], cache_dir(os.environ))
    except clients.ClientError as error:
        raise BenchError(str(error)) from error


def start_runtime(api: Endpoint, root: Path) -> "subprocess.Popen[bytes]":
    """`python -m awslambdaric` as a plain process that asks `api` for work."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_LAMBDA_RUNTIME_API": f"{api.host}:{api.port}",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_LOG_STREAM_NAME": "plain",
        "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": str(root),
        "PYTHONPATH": str(client()),
    }
    command = [sys.executable, "-m", "awslambdaric", HANDLER]
    return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def answered(process: "subprocess.Popen[bytes]", answer: Awaitable[Answer]) -> Answer:
    """The answer of a runtime that may have ended instead. Raises BenchError then."""
    asked = asyncio.ensure_future(answer)
    while not (await asyncio.wait([asked], timeout=1.0))[0]:
        if process.poll() is not None:
            asked.cancel()
            raise BenchError(f"the plain runtime ended by itself, with status {process.returncode}")
    return asked.result()


@contextmanager
def runtimes(api: Endpoint, source: str, count: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """`count` plain runtimes of one function."""
    with ExitStack() as stack:
        root = stack.enter_context(task_root(source))
        started = []
        for _ in range(count):
            process = start_runtime(api, root)
            stack.callback(end, process)
            started.append(process)
        yield started
