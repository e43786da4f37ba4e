"""A control plane over SQLite in a process of its own, which can be killed at any moment and opened again."""

import asyncio
import multiprocessing
import os
import signal
import uuid
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.functions import settling
from lambent.services.lambda_.operations import OPERATIONS
from lambent.store.open import open_store
from lambent.wire.fault import Fault
from tests.unit.services_lambda.plane import Plane

Call = tuple[str, str, dict[str, Any]]
"""An operation, the account that asks, the params."""
Outcome = tuple[str, Any]
"""`ok` and the answer, or `refused` and the error's code."""

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.stateful.worker"])


def serve(folder: Path, pipe: Connection) -> None:
    """The process: opens the folder, then does what it is sent until it is killed."""
    with asyncio.Runner() as runner:
        store = runner.run(open_store(folder))
        plane = Plane(store)
        plane.env = replace(plane.env, new_id=lambda: str(uuid.uuid4()))
        settling.resume(plane.env)
        pipe.send("ready")
        while True:
            calls: list[Call] | None = pipe.recv()
            if calls is None:
                runner.run(plane.settle())
                pipe.send(None)
            else:
                pipe.send(runner.run(_at_once(plane, calls)))


async def _at_once(plane: Plane, calls: list[Call]) -> list[Outcome]:
    return list(await asyncio.gather(*(_one(plane, call) for call in calls)))


async def _one(plane: Plane, call: Call) -> Outcome:
    operation, account, params = call
    caller = Caller(Scope(account, "us-east-1"), "request")
    try:
        return "ok", await OPERATIONS[operation](plane.env, caller, params)
    except Fault as fault:
        return "refused", fault.code


class Worker:
    """That process, seen from the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=serve, args=(self._folder, theirs), daemon=True)
        self._process.start()
        theirs.close()
        assert self._said() == "ready"

    def _said(self) -> Any:
        assert self._pipe.poll(30), "the control plane does not answer"
        return self._pipe.recv()

    def do(self, *calls: Call) -> list[Outcome]:
        """Make calls, all at once."""
        self._pipe.send(list(calls))
        found: list[Outcome] = self._said()
        return found

    def settle(self) -> None:
        """Let everything that is under way end."""
        self._pipe.send(None)
        self._said()

    def begin(self, call: Call) -> None:
        """Make a call whose answer nobody waits for."""
        self._pipe.send([call])

    def kill(self) -> None:
        """kill -9, and open the folder again."""
        self.end()
        self._start()

    def end(self) -> None:
        """kill -9."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        self._process.close()
        self._pipe.close()
