"""Layers at /opt, seen from inside."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from lambent.sandbox.spec import Level
from tests.e2e.runtimes.machine import machine

PYTHON = f"python3.{sys.version_info.minor}"
LEVELS = pytest.mark.parametrize("level", [Level.NAMESPACE, Level.PROCESS])

LOOK = """
import os, subprocess, sys
import both, own, plain, site_only

def handler(event, context):
    opt = os.environ.get("OPT", "/opt")
    seen = {name: sys.modules[name].WHERE for name in ("both", "own", "plain", "site_only")}
    seen["path"] = [part for part in sys.path if part.startswith(("/opt", "/var/task", "/var/runtime"))]
    seen["bin"] = subprocess.run(["tool"], capture_output=True, text=True).stdout
    try:
        open("/opt/python/new", "w")
    except OSError as error:
        seen["errno"] = error.errno
    return seen
"""
SITE = f"python/lib/{PYTHON}/site-packages"
FIRST = {
    "python/plain.py": "WHERE = 'first'",
    "python/own.py": "WHERE = 'first'",
    "python/both.py": "WHERE = 'python'",
    f"{SITE}/both.py": "WHERE = 'site-packages'",
    f"{SITE}/site_only.py": "WHERE = 'first'",
    "bin/tool*": "#!/bin/sh\necho first\n",
}
SECOND = {"python/plain.py": "WHERE = 'second'", "bin/tool*": "#!/bin/sh\necho second\n"}
CODE = {"app.py": LOOK, "own.py": "WHERE = 'package'"}


@LEVELS
def test_layers_are_on_the_paths_of_python(tmp_path: Path, level: Level) -> None:
    async def main() -> None:
        async with machine(tmp_path, level) as one:
            function = await one.function(PYTHON, CODE, FIRST, SECOND)
            async with one.running(function) as running:
                seen = await running.answer()
                # The package before the layers, site-packages before python, later layers before earlier ones.
                assert {name: seen[name] for name in ("own", "both", "plain", "site_only")} == {
                    "own": "package", "both": "site-packages", "plain": "second", "site_only": "first",
                }  # fmt: skip
                assert seen["bin"] == "second\n"
                if level is Level.NAMESPACE:
                    assert seen["path"] == ["/var/task", f"/opt/{SITE}", "/opt/python", "/var/runtime"]
                    assert seen["errno"] == 30
                opt = running.launched.folders.opt
                assert opt is not None
                assert (opt / "bin/tool").read_text() == SECOND["bin/tool*"]

    asyncio.run(main())


WRAPPER = """#!/bin/sh
export WRAPPED="by $0"
exec "$@"
"""


@LEVELS
def test_a_wrapper_of_a_layer_starts_the_runtime(tmp_path: Path, level: Level) -> None:
    code = {"app.py": "import os\ndef handler(e, c): return os.environ['WRAPPED']"}

    async def main() -> None:
        async with machine(tmp_path, level) as one:
            wrapper = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}
            function = await one.function(PYTHON, code, {"wrapper*": WRAPPER}, environment=wrapper)
            async with one.running(function) as running:
                answer = await running.answer()
                assert answer == f"by {running.launched.folders.opt_root}/wrapper"

    asyncio.run(main())


BOOTSTRAP = """#!/bin/sh
set -u
api=${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API#*:}
while true; do
  exec 3<>/dev/tcp/$api
  printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3
  while IFS= read -r line <&3; do
    line=${line%$'\\r'}
    [ -z "$line" ] && break
    case "${line,,}" in
      content-length:*) length=${line#*: };;
      lambda-runtime-aws-request-id:*) id=${line#*: };;
    esac
  done
  IFS= read -r -N "$length" event <&3
  body="{\\"event\\":$event,\\"cwd\\":\\"$PWD\\",\\"self\\":\\"$0\\"}"
  exec 3<>/dev/tcp/$api
  printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\n' "$id" >&3
  printf 'Content-Length: %s\\r\\n\\r\\n%s' ${#body} "$body" >&3
  IFS= read -r line <&3
done
"""


@LEVELS
@pytest.mark.parametrize("runtime", ["provided.al2", "provided.al2023"])
def test_a_bootstrap_of_a_layer(tmp_path: Path, level: Level, runtime: str) -> None:
    async def main() -> None:
        async with machine(tmp_path, level) as one:
            # In a namespace /bin/sh is bash, as on AWS, whatever it is on this machine.
            text = BOOTSTRAP if level is Level.NAMESPACE else BOOTSTRAP.replace("/bin/sh", "/bin/bash")
            function = await one.function(runtime, {"data": "1"}, {"bootstrap*": text})
            async with one.running(function) as running:
                folders = running.launched.folders
                seen = {"cwd": folders.task_root, "self": f"{folders.opt_root}/bootstrap"}
                assert await running.answer({"a": 1}) == {"event": {"a": 1}, **seen}
                assert await running.answer([]) == {"event": [], **seen}

    asyncio.run(main())


def test_a_large_set_of_layers_is_not_copied(tmp_path: Path) -> None:
    """200 MB in 5 layers; a cold start must not touch a byte of them."""

    async def main() -> None:
        async with machine(tmp_path) as one:
            blocks = [{f"data{number}": os.urandom(4).hex() * (5 << 20)} for number in range(5)]
            function = await one.function(PYTHON, {"app.py": "def handler(e, c): return 1"}, *blocks)
            plain = await one.function(PYTHON, {"app.py": "def handler(e, c): return 1"})
            took: dict[str, list[float]] = {"with": [], "without": []}
            for _ in range(5):
                for name, which in (("with", function), ("without", plain)):
                    started = time.monotonic()
                    async with one.running(which) as running:
                        assert await running.answer() == 1
                        took[name].append(time.monotonic() - started)
            merged = tmp_path / "data/layers"
            (folder,) = merged.iterdir()
            assert sum(path.stat().st_size for path in folder.iterdir()) == 200 << 20
            assert all(path.stat().st_nlink == 2 for path in folder.iterdir())
            # Seen here: 0.1 ms. The bound leaves room for a loaded machine, not for a copy of 200 MB.
            assert min(took["with"]) - min(took["without"]) < 0.02

    asyncio.run(main())
