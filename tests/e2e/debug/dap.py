"""A small debugger: speaks the Debug Adapter Protocol over a socket.

https://microsoft.github.io/debug-adapter-protocol/specification
"""

import json
import socket
from typing import Any, BinaryIO

SECONDS = 60


class Dap:
    """One client. Requests are answered in order; events that come meanwhile are kept."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._file: BinaryIO = self._sock.makefile("rb")
        self._number = 0
        self._kept: list[dict[str, Any]] = []

    def close(self) -> None:
        self._file.close()
        self._sock.close()

    def send(self, command: str, **arguments: Any) -> int:
        """Ask, without waiting for the answer."""
        self._number += 1
        body = json.dumps({"seq": self._number, "type": "request", "command": command, "arguments": arguments}).encode()
        self._sock.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self._number

    def ask(self, command: str, **arguments: Any) -> Any:
        """Ask, and what is answered."""
        number = self.send(command, **arguments)
        return self.answer(number)

    def answer(self, number: int) -> Any:
        said = self._wait(lambda one: one["type"] == "response" and one["request_seq"] == number)
        assert said["success"], said
        return said.get("body", {})

    def event(self, name: str) -> Any:
        """The next event of that name."""
        return self._wait(lambda one: one["type"] == "event" and one["event"] == name).get("body", {})

    def _wait(self, fits: Any) -> dict[str, Any]:
        for one in self._kept:
            if fits(one):
                self._kept.remove(one)
                return one
        while True:
            one = self._read()
            if fits(one):
                return one
            self._kept.append(one)

    def _read(self) -> dict[str, Any]:
        length = 0
        while (line := self._file.readline().strip()) or not length:
            assert line, "the other side has closed"
            length = int(line.rpartition(b":")[2])
        said: dict[str, Any] = json.loads(self._file.read(length))
        return said

    def attach(self, breakpoints: dict[str, list[int]], mapping: dict[str, str]) -> None:
        """As an editor does it: breakpoints by file of this machine, folders of this machine to those inside."""
        self.ask("initialize", adapterID="test", pathFormat="path", linesStartAt1=True)
        mappings = [{"localRoot": here, "remoteRoot": there} for here, there in mapping.items()]
        attaching = self.send("attach", justMyCode=True, pathMappings=mappings)
        self.event("initialized")
        for path, lines in breakpoints.items():
            self.ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": line} for line in lines])
        # Answered when the debuggee runs on, which may be its end.
        self.send("configurationDone")
        self.answer(attaching)

    def stopped(self) -> tuple[int, dict[str, Any]]:
        """Wait for a stop: the thread, and its topmost frame."""
        thread = self.event("stopped")["threadId"]
        frames = self.ask("stackTrace", threadId=thread, startFrame=0, levels=1)["stackFrames"]
        return thread, frames[0]
