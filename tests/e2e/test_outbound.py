"""A function asks the internet something: a server on a host of its own, in a small internet made of namespaces."""

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SOURCE = """
import urllib.request
def handler(event, context):
    with urllib.request.urlopen("http://example.test/", timeout=5) as answer:
        return answer.read().decode()
"""


def test_a_function_asks_the_internet() -> None:
    if os.getuid() != 0:
        if os.environ.get("CI"):
            pytest.fail("needs root")
        pytest.skip("needs root")
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [sys.executable, __file__, place], capture_output=True, text=True, timeout=100, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr


def _main(place: Path) -> None:
    sys.path[:0] = [str(HERE.parent / "sandbox"), str(HERE)]
    from conftest import start  # type: ignore[attr-defined]
    from world import HOST, World

    world = World(place)
    server = start(place / "data", "--network", "nat")
    client = server.client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        entry = zipfile.ZipInfo("app.py")
        entry.external_attr = 0o644 << 16
        package.writestr(entry, SOURCE)
    client.create_function(
        FunctionName="f",
        Runtime=f"python3.{sys.version_info.minor}",
        Role="arn:aws:iam::000000000000:role/test",
        Handler="app.handler",
        Timeout=20,
        Code={"ZipFile": code.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05})
    for how in (signal.SIGKILL, signal.SIGTERM):
        answer = server.client("lambda").invoke(FunctionName="f")["Payload"].read()
        assert answer == f'"you are {HOST}"'.encode(), answer
        assert len(world.left()) == 3, world.left()
        server.stop(how)
        deadline = time.monotonic() + 10
        while world.left() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert world.left() == [], (how, world.left())
        if how == signal.SIGKILL:
            server = start(place / "data", "--network", "nat")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
