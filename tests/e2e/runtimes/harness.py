"""Runs AWS's runtime client, unmodified, behind a RuntimeApi, without a sandbox."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.model.credentials import Credentials
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.runtime_api.server import RuntimeApi, RuntimeInvocation
from lambent.runtimes import clients, interpreters, python
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.place import Around, Folders
from lambent.sandbox.spec import Level
from lambent.settings import cache_dir

FORKER = Path(__file__).parent / "forker.py"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
CACHE = cache_dir(os.environ)
"""That of the user's servers: runtimes and clients are fetched once."""


KEYS = Credentials("ASIAEXAMPLE", "secret", "token")


@dataclass
class Recorder:
    """Keeps what the runtime says, in order."""

    said: asyncio.Queue[tuple[Any, ...]] = field(default_factory=asyncio.Queue)

    def on_next(self) -> None:
        self.said.put_nowait(("next",))

    def on_response(self, request_id: str, body: bytes, headers: dict[str, str]) -> None:
        self.said.put_nowait(("response", request_id, body, headers))

    def on_error(self, request_id: str, error_type: str, body: bytes) -> None:
        self.said.put_nowait(("error", request_id, error_type, body))

    def on_init_error(self, error_type: str, body: bytes) -> None:
        self.said.put_nowait(("init_error", error_type, body))

    def trace_id(self) -> str | None:
        return None

    async def hear(self, kind: str) -> tuple[Any, ...]:
        """The next thing said, which must be of `kind`."""
        said = await asyncio.wait_for(self.said.get(), 20)
        assert said[0] == kind, said
        return said


@dataclass
class Runtime:
    """A running runtime process and its API."""

    api: RuntimeApi
    heard: Recorder
    process: asyncio.subprocess.Process
    telemetry: int

    async def invoke(self, event: Any, request_id: str = "r-1", **more: Any) -> tuple[Any, ...]:
        """Wait until the runtime asks, invoke, and return what it says."""
        await self.heard.hear("next")
        self.api.deliver(invocation(json.dumps(event).encode(), request_id, **more))
        return await asyncio.wait_for(self.heard.said.get(), 20)

    async def exit_code(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 20)

    async def stdout(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.read(), 20)).decode()

    def framed(self) -> bytes:
        return os.read(self.telemetry, 1 << 20)


def invocation(payload: bytes, request_id: str = "r-1", **more: Any) -> RuntimeInvocation:
    return RuntimeInvocation(request_id, payload, 4_102_444_800_000, ARN, "Root=1-0;Sampled=0", **more)


def newest() -> Interpreter:
    """The interpreter most tests run on: the newest that the client has been seen to work with."""
    found = interpreters.find()
    return found[list(found)[-1]]


def function(interpreter: Interpreter, **more: Any) -> FunctionVersion:
    values = {"handler": "app.handler", "runtime": f"python{interpreter.version}", **more}
    return FunctionVersion(Scope(), "f", "$LATEST", code="0", role="role", revision_id="1", **values)


@contextlib.asynccontextmanager
async def started(
    task: Path, interpreter: Interpreter | None = None, api: int = 0, **more: Any
) -> AsyncIterator[Runtime]:
    """The runtime for the code in `task`, forked from a zygote, at level process. With `api`, the port of a Runtime API
    of the test's own, its standard error is in `stdout` too."""
    interpreter = interpreter or newest()
    client = clients.install(interpreter, CACHE)
    zygote = python.zygote_spec(interpreter, client, Level.PROCESS)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    heard = Recorder()
    runtime_api = RuntimeApi(listener, heard)
    read, write = os.pipe()
    around = Around(f"127.0.0.1:{api or listener.getsockname()[1]}", "stream", KEYS, "http://127.0.0.1:1")
    environment = python.environment(function(interpreter, **more), around)
    environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(write)
    spec = python.process_spec(environment, Folders(task, task_root=str(task)), {})
    told = {
        "paths": zygote.paths,
        "preload": zygote.preload,
        "environment": spec.environment,
        "entry": spec.entry,
        "cwd": spec.cwd,
    }
    process = await asyncio.create_subprocess_exec(
        *(str(interpreter.path), "-I", "-S", str(FORKER), json.dumps(told)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT if api else None,
        pass_fds=(write,),
        env={},
        start_new_session=True,
    )
    os.close(write)
    try:
        yield Runtime(runtime_api, heard, process, read)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        await process.wait()
        runtime_api.close()
        os.close(read)
        await asyncio.sleep(0)
