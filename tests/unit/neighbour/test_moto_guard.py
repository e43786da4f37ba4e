"""What moto's process refuses to do for whoever asks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambent.neighbour import unix
from lambent.neighbour.guard import CHANGING, LOOKING, NAMING, STARTING, _Guard

RULES = _Guard("/own", "/at/the/hatch", ["", "/code"]).rules()


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        *((event, ("x", ["x"])) for event in STARTING),
        *((event, ("example.com", 80)) for event in NAMING),
        *((event, ("/data/x", -1)) for event in CHANGING),
        *((event, ("/data",)) for event in LOOKING),
        ("open", ("/data/token", "r", 0)),
        ("open", (b"/data/token", None, os.O_RDONLY)),
        ("open", ("/code/x.py", "w", 0)),
        ("open", ("/code/x.py", "r+", 0)),
        ("open", ("/code/x.py", None, os.O_WRONLY)),
        ("open", ("/own/../data/token", "r", 0)),
        ("open", ("/ownership", "r", 0)),
        ("open", ("/at/the", None, os.O_RDONLY)),
        ("open", ("/at/the/hatch", None, os.O_PATH)),
        ("os.rename", ("/own/a", "/code/b", -1, -1)),
        ("os.rename", ("/code/a", "/own/b", -1, -1)),
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("socket.connect", (None, ("::1", 80, 0, 0))),
        ("socket.connect", (None, "/run/docker.sock")),
        ("socket.connect", (None, "/proc/self/fd/7/docker.sock")),
        ("socket.connect", (None, b"\0abstract")),
        ("socket.sendto", (None, ("169.254.169.254", 53))),
        ("socket.sendmsg", (None, ("169.254.169.254", 53))),
        ("pickle.find_class", ("os", "system")),
        ("ctypes.dlopen", ("libc.so.6",)),
    ],
)
def test_it_is_refused(event: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(PermissionError, match="Lambent does not let moto"):
        RULES[event](arguments)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("/code/moto/x.json", "r", 0)),
        ("open", ("/usr/share/zoneinfo/UTC", "rb", 0)),
        ("open", ("/at/the", None, os.O_PATH | os.O_DIRECTORY)),
        ("open", ("/own/large", "w+b", 0)),
        ("open", ("/own/large", None, os.O_RDWR | os.O_CREAT)),
        ("open", (7, "w", 0)),
        ("os.remove", ("/own/large", -1)),
        ("os.rename", ("/own/a", "/own/b", -1, -1)),
        ("os.listdir", ("/code/moto",)),
        ("socket.connect", (None, unix.address(12, "hatch"))),
        ("socket.sendmsg", (None, None)),
    ],
)
def test_it_is_let_through(event: str, arguments: tuple[object, ...]) -> None:
    RULES[event](arguments)


TRIES = """
import os, sys
from pathlib import Path
from lambent.neighbour import guard
own, secret = sys.argv[1:]
guard.install(own, os.path.join(own, "hatch"))
Path(own, "x").write_text("x")
import socket, subprocess, urllib.request
from lambent.neighbour import unix
with unix.listen(Path(own, "hatch"), 0o600):
    unix.connect(Path(own, "hatch"), 1).close()
for attempt in (
    lambda: subprocess.getoutput("id"),
    lambda: os.system("id"),
    lambda: urllib.request.urlopen("http://127.0.0.1:1/"),
    lambda: urllib.request.urlopen(f"file://{secret}"),
    lambda: open(secret),
    lambda: Path(secret).unlink(),
):
    try:
        attempt()
    except OSError as failed:
        assert "Lambent does not let moto" in str(failed), failed
    else:
        sys.exit("done")
"""


def test_it_holds_in_a_process(tmp_path: Path) -> None:
    own, secret = tmp_path / "own", tmp_path / "secret"
    own.mkdir()
    secret.write_text("secret")
    tried = subprocess.run([sys.executable, "-c", TRIES, own, secret], capture_output=True, text=True, check=False)
    assert (tried.returncode, tried.stderr) == (0, "")
