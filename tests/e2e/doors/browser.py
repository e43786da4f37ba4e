"""Headless Chromium: opens a page of ours, whose script tells what it found out."""

import http.server
import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
needed = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true", reason="it needs Chromium: apt-get install chromium"
)
SECONDS = 60
PAGE = """<!doctype html><title>t</title><script type="module">
const tell = (said) => fetch("/told", {method: "POST", body: JSON.stringify(said)});
try { tell(await (async () => { SCRIPT })()); } catch (error) { tell({error: String(error)}); }
</script>"""


def run(script: str, folder: Path) -> Any:
    """What the body of an async function in JavaScript returns, in a page of `http://localhost:PORT`, a foreign origin
    to everything of Lambent's. `folder` takes the browser's profile."""
    with _page(script) as (url, told):
        assert CHROMIUM is not None, "apt-get install chromium"
        command = [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"),
            *("--disable-background-networking", f"--user-data-dir={folder / 'profile'}", url),
        ]  # a page of ours alone; nothing of the web is asked for
        log = (folder / "chromium.log").open("wb")
        process = subprocess.Popen([*command], stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)})
        try:
            said = told.get(timeout=SECONDS)
        except Empty:
            raise AssertionError((folder / "chromium.log").read_text("utf-8", "replace")[-2000:]) from None
        finally:
            process.kill()
            process.wait()
            log.close()
    return said


@contextmanager
def _page(script: str) -> Any:
    told: Queue[Any] = Queue()

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(PAGE.replace("SCRIPT", script).encode() if self.path == "/" else b"")

        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/", told
    finally:
        server.shutdown()
        server.server_close()
