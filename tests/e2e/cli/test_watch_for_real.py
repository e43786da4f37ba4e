"""`lambent deploy --watch` against a real server: a saved file is in the next invocation."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Server

SAVES = 7
SECONDS = 0.5
"""Generous for a busy machine; `make bench` measures."""


def code(number: int) -> str:
    return f"VALUE = {number}\ndef handler(event, context):\n    return VALUE\n"


def ask(client: Any, name: str) -> Any:
    return json.loads(client.invoke(FunctionName=name)["Payload"].read())


def until(client: Any, name: str, value: int) -> float:
    """Seconds until an invocation answers `value`."""
    started = time.monotonic()
    while ask(client, name) != value:
        assert time.monotonic() - started < 20, f"{value} never came"
    return time.monotonic() - started


def test_a_saved_file_is_in_the_next_invocation(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "app.py").write_text(code(0))
    client = server.client("lambda")
    command = [
        sys.executable,
        "-m",
        "lambent.cli.main",
        "--endpoint",
        server.endpoint,
        "deploy",
        str(folder),
        "--watch",
    ]
    env = {**os.environ, "AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "x"}
    watching = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env)
    try:
        assert watching.stderr is not None
        for line in watching.stderr:
            if "Ctrl-C ends it" in line:
                break
        assert ask(client, "watched") == 0
        deployed = client.get_function_configuration(FunctionName="watched")["CodeSha256"]
        taken = []
        for number in range(1, SAVES + 1):
            (folder / "app.py").write_text(code(number))
            taken.append(until(client, "watched", number))
        print(f"a saved file was in an invocation after {statistics.median(taken) * 1000:.0f} ms (median of {SAVES})")
        assert statistics.median(taken) < SECONDS, taken
        assert client.get_function_configuration(FunctionName="watched")["CodeSha256"] == deployed
        second = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert (second.returncode, f"is watched by process {watching.pid}: end that" in second.stderr) == (1, True)
        assert ask(client, "watched") == SAVES
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(20) == 0
        assert client.get_function_configuration(FunctionName="watched")["CodeSha256"] != deployed
        assert ask(client, "watched") == SAVES
    finally:
        watching.kill()
        watching.wait()
        watching.stderr.close()
        client.delete_function(FunctionName="watched")
