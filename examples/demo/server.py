"""Lambent as a process of its own, in a temporary data folder, for as long as a `with` lasts."""

import os
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from examples.demo.errors import DemoError, check
from examples.demo.processes import alive, below

START_SECONDS = 120.0
"""A busy machine takes its time; who waits for a server that has ended is told at once."""
STOP_SECONDS = 10.0
URL = re.compile(rb"http://[^\s/]+:\d+")


class Server:
    """`lambent up` on a free port; `url` is its endpoint.

    Raises DemoError if it does not start, or if anything is left of it when the `with` is left.
    """

    def __init__(self, *options: str) -> None:
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="lambent-demo-"))
        self.data_dir = self._folder / "data"
        self.url = ""

    def __enter__(self) -> "Server":
        lambent = Path(sys.executable).with_name("lambent")
        command = [str(lambent), "up", "--port", "0", "--data-dir", str(self.data_dir), *self._options]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=self._folder)
        try:
            assert self.process.stdout is not None
            self.url = self._ready(self.process.stdout)
        except BaseException:
            self._stop()
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status, left = self._stop()
        said = self._tail()
        self._remove()
        if error is None:
            check(status == 0, f"Lambent did not end by itself (status {status}). {said}")
            check(not left, f"{len(left)} processes of Lambent are still there: {sorted(left)}")
            check(not self._mounts(), f"mounts of Lambent are still there: {self._mounts()}")
            check(not self._folder.exists(), f"{self._folder} is still there")

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _ready(self, output: IO[bytes]) -> str:
        """The URL on the ready line. Raises DemoError."""
        os.set_blocking(output.fileno(), False)
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            deadline = time.monotonic() + START_SECONDS
            while (left := deadline - time.monotonic()) > 0:
                selector.select(left)
                part = output.read()
                said += part or b""
                if b"\n" in said and (url := URL.search(said)):
                    return url[0].decode()
                if part == b"":
                    break
        raise DemoError(f"Lambent did not start: {said.decode(errors='replace').strip()} {self._tail()}")

    def _stop(self) -> tuple[int, set[tuple[int, str]]]:
        """End the server; its exit status, and its processes that outlive it."""
        family = below(self.pid)
        self.process.terminate()
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        deadline = time.monotonic() + 1.0
        while (left := alive(family)) and time.monotonic() < deadline:
            time.sleep(0.02)
        return status, left

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return " | ".join(lines[-5:])

    def _remove(self) -> None:
        # Below a mount that was left behind are somebody else's files.
        if not self._mounts():
            shutil.rmtree(self._folder, ignore_errors=True)

    def _mounts(self) -> list[str]:
        """What is mounted in the folder, as proc_pid_mounts(5) tells."""
        try:
            mounts = Path("/proc/self/mounts").read_text().splitlines()
        except FileNotFoundError:
            return []
        folder = str(self._folder)
        return [point for point in (line.split()[1] for line in mounts) if point.startswith(folder)]
