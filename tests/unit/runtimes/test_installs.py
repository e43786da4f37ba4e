"""Installations that a stopping server gives up."""

import subprocess
import sys
import threading
import time

import pytest

from lambent.runtimes import installs
from lambent.runtimes.installs import ClientError


def test_a_stop_ends_an_installation_under_way_and_none_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "_stopped", threading.Event())
    raised: list[Exception] = []

    def install() -> None:
        try:
            installs.run([sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '60'])"])
        except ClientError as given_up:
            raised.append(given_up)

    thread = threading.Thread(target=install)
    thread.start()
    deadline = time.monotonic() + 10
    while not installs._running:
        assert time.monotonic() < deadline
    (process,) = installs._running
    installs.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(raised) == 1
    assert process.poll() is not None
    with pytest.raises(ClientError, match="the server ends"):
        installs.run([sys.executable, "-c", "pass"])


def test_what_a_client_says_and_how_it_ends_comes_back() -> None:
    done = installs.run([sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"])
    assert isinstance(done, subprocess.CompletedProcess)
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")
