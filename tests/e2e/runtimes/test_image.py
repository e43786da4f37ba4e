"""Functions from container images that the tests make of this machine's own bash."""

import asyncio
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lambent.model.function import FunctionVersion, Image
from lambent.model.scope import Scope
from lambent.runtimes.place import InvalidEntrypoint
from tests.e2e.runtimes.machine import Running, machine
from tests.unit.store.image_kit import Layout, config_of, layer_of

SCRIPT = """
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
  ({ echo x > /new; } 2>/dev/null) && root=written || root=readonly
  ({ echo x > /tmp/new; } 2>/dev/null) && tmp=written || tmp=readonly
  list=$(echo /*)
  body="{\\"arguments\\":\\"$*\\",\\"cwd\\":\\"$PWD\\",\\"a\\":\\"$A\\",\\"b\\":\\"$B\\",\\"path\\":\\"$PATH\\","
  body="$body\\"root\\":\\"$root\\",\\"tmp\\":\\"$tmp\\",\\"list\\":\\"$list\\",\\"uid\\":\\"$UID\\","
  body="$body\\"handler\\":\\"${_HANDLER-none}\\",\\"event\\":$event}"
  exec 3<>/dev/tcp/$api
  printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\n' "$id" >&3
  printf 'Content-Length: %s\\r\\n\\r\\n%s' ${#body} "$body" >&3
  IFS= read -r line <&3
done
"""


@cache
def bash() -> dict[str, bytes]:
    """bash and what it is linked to, by the names at which the loader looks for them."""
    program = Path(shutil.which("bash") or "")
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    files = {str(Path(name)): Path(name).read_bytes() for name in re.findall(r"(/\S+) \(0x", said)}
    return {f"{name.lstrip('/')}*": data for name, data in files.items()} | {"usr/bin/bash*": program.read_bytes()}


def an_image(folder: Path, **said: Any) -> tuple[str, str]:
    """The URI and digest of an image with bash and the script; `/run-link` leads to bash by an absolute link."""
    system = layer_of({**bash(), "run-link": "->/usr/bin/bash", "work/": "", "gone": "1"})
    own = layer_of({"script*": SCRIPT, ".wh.gone": "", "other/": "", "text*": "x", "lost*": "#!/none\n"})
    settings = {
        "Entrypoint": ["/run-link", "/script"],
        "Cmd": ["one"],
        "WorkingDir": "/work",
        "Env": ["A=image", "B=image"],
    }
    one = Layout(config_of(_architecture(), **(settings | said)), system, own)
    return f"oci:{one.write(folder / 'layout')}", one.digest


def _architecture() -> str:
    import platform

    return {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


def function(uri: str, digest: str, **image: Any) -> FunctionVersion:
    return FunctionVersion(
        Scope(), "f", "$LATEST", "", "", "", "r", digest[:8],
        environment={"B": "function"}, image=Image(uri, digest, **image),
    )  # fmt: skip


def test_an_image_is_the_whole_file_system(tmp_path: Path) -> None:
    async def main() -> None:
        async with machine(tmp_path) as one:
            uri, digest = an_image(tmp_path)
            assert await one.store.images.resolve(uri) == digest
            async with one.running(function(uri, digest)) as running:
                seen = await running.answer({"n": 1})
                assert seen["event"] == {"n": 1}
                assert (seen["arguments"], seen["cwd"]) == ("one", "/work")
                assert (seen["a"], seen["b"], seen["handler"]) == ("image", "function", "none")
                assert (seen["root"], seen["tmp"]) == ("readonly", "written")
                names = {name.lstrip("/") for name in seen["list"].split()}
                assert {"script", "work", "other", "tmp", "proc", "dev"} <= names
                assert not {"gone", "root", "home", "var", "sbin", "boot"} & names
                assert running.launched.folders.code == one.store.images._folder / digest / "root"
                assert not (running.launched.folders.code / "tmp/new").exists()

    asyncio.run(main())


def test_image_config_says_something_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with machine(tmp_path) as one:
            uri, digest = an_image(tmp_path)
            said = function(
                uri, digest, entry_point=("bash", "/script", "x"), command=("y",), working_directory="/other"
            )
            async with one.running(said) as running:
                seen = await running.answer()
                assert (seen["arguments"], seen["cwd"]) == ("x y", "/other")
            async with one.running(function(uri, digest, command=("two", "three"))) as running:
                assert (await running.answer())["arguments"] == "two three"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("image", "kind", "text"),
    [
        ({"entry_point": ("/none",)}, "Runtime.InvalidEntrypoint", "fork/exec /none: no such file or directory"),
        ({"entry_point": ("none",)}, "Runtime.InvalidEntrypoint", 'exec: "none": executable file not found in $PATH'),
        ({"entry_point": ("/work",)}, "Runtime.InvalidEntrypoint", "fork/exec /work: permission denied"),
        ({"entry_point": ("/text",)}, "Runtime.InvalidEntrypoint", "fork/exec /text: exec format error"),
        ({"entry_point": ("/lost",)}, "Runtime.InvalidEntrypoint", "fork/exec /lost: no such file or directory"),
        ({"working_directory": "/nowhere"}, "Runtime.InvalidWorkingDir", "chdir /nowhere: no such file or directory"),
    ],
)
def test_what_can_not_be_started(tmp_path: Path, image: dict[str, Any], kind: str, text: str) -> None:
    async def main() -> None:
        async with machine(tmp_path) as one:
            uri, digest = an_image(tmp_path)
            with pytest.raises(InvalidEntrypoint) as failed:
                async with one.running(function(uri, digest, **image)):
                    pass
            assert (failed.value.error_type, str(failed.value)) == (kind, text)

    asyncio.run(main())


def test_an_image_with_neither_entry_point_nor_command(tmp_path: Path) -> None:
    async def main() -> None:
        async with machine(tmp_path) as one:
            uri, digest = an_image(tmp_path, Entrypoint=None, Cmd=None)
            with pytest.raises(InvalidEntrypoint, match="Couldn't find valid bootstrap"):
                async with one.running(function(uri, digest)):
                    pass

    asyncio.run(main())


def test_the_second_start_unpacks_nothing(tmp_path: Path) -> None:
    async def use(running: Running) -> None:
        await running.answer()

    async def main() -> None:
        async with machine(tmp_path) as one:
            uri, digest = an_image(tmp_path)
            async with one.running(function(uri, digest)) as running:
                await use(running)
            shutil.rmtree(tmp_path / "layout")
            async with one.running(function(uri, digest)) as running:
                await use(running)

    asyncio.run(main())
    assert json.loads((next((tmp_path / "data/images").iterdir()) / "image.json").read_text())["command"] == ["one"]
