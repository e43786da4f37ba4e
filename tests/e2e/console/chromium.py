"""A tab of headless Chromium that is driven over its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""

import base64
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.e2e.doors.browser import CHROMIUM

SECONDS = 30.0


class Tab:
    """One tab. `errors` are what scripts and the content security policy complained of,
    `requested` what was asked for."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.errors: list[str] = []
        self.requested: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """What a command answers; what happens on the way is noted."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv(SECONDS))
            if said.get("id") == self._number:
                assert "error" not in said, said
                return dict(said["result"])
            self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        about = said.get("params", {})
        if said.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(about["exceptionDetails"]))
        elif said.get("method") == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.errors.append(about["entry"]["text"])
        elif said.get("method") == "Network.requestWillBeSent":
            self.requested.append(about["request"]["url"])

    def open(self, url: str) -> None:
        """Go there."""
        self.ask("Page.navigate", url=url)
        self.until("document.readyState == 'complete'")

    def run(self, script: str) -> Any:
        """What an expression in JavaScript comes to, promises awaited."""
        said = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait until an expression is true."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = self.run(script)
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{script}: {self.run('document.body.innerText')[-2000:]}")

    def look(self, dark: bool = False, width: int = 1280, height: int = 800) -> None:
        """How the page is looked at."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=scheme)
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def picture(self, path: Path) -> None:
        """A PNG of the whole page."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]))


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """A tab of a browser of its own, whose profile lies in `folder`."""
    assert CHROMIUM is not None, "apt-get install chromium"
    command = [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"),
        *("--disable-background-networking", "--remote-debugging-port=0", f"--user-data-dir={folder / 'profile'}"),
        "about:blank",
    ]  # pages of ours alone
    log = folder / "chromium.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "HOME": str(folder)})
        try:
            with connect(_first_page(log), max_size=1 << 26) as socket:
                yield Tab(socket)
        finally:
            process.kill()
            process.wait()


def _first_page(log: Path) -> str:
    """Where the only tab is spoken to."""
    import urllib.request

    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = re.search(r"DevTools listening on ws://(\S+?)/", log.read_text("utf-8", "replace"))
        if found:
            with urllib.request.urlopen(f"http://{found[1]}/json") as answer:
                pages = [one for one in json.load(answer) if one["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8", "replace")[-2000:])
