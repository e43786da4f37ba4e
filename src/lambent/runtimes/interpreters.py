"""Every CPython of this host, found without starting it where its path tells what it is.

Looked for in PATH, in pyenv's and uv's folders and in /usr/bin. Scripts (pyenv's shims) are no
interpreters, a virtual environment stands for the interpreter it was made from, builds that AWS's client
has no wheels for (free-threaded, debug, another machine) are left out. Of one minor version the newest
patch wins.
"""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lambent.runtimes import table

OLDEST = (3, 8)
MACHINES = {62: "x86_64", 183: "aarch64"}
"""ELF's e_machine (elf(5)) of the architectures that Lambda has."""

_EXECUTABLE = re.compile(r"python(3(\.\d+)?)?")
_PYENV = re.compile(r"\d+\.\d+\.\d+")
_UV = re.compile(r"cpython-(\d+\.\d+\.\d+)-.*")
_ASK = (
    "import json,platform,sys;"
    "print(json.dumps([platform.python_implementation(),list(sys.version_info[:4]),"
    "getattr(sys,'abiflags',''),sys.base_prefix]))"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython: `version` "3.12", `full_version` "3.12.1"; `stdlib` is the folder of its standard
    library."""

    version: str
    full_version: str
    path: Path
    prefix: Path
    stdlib: Path


class InterpreterMissing(Exception):
    """No interpreter for the runtime on this host."""

    def __init__(self, runtime: str, wanted: str, found: Iterable[str]) -> None:
        self.runtime = runtime
        self.found = tuple(found)
        there = ", ".join(self.found) or "none"
        super().__init__(
            f"runtime {runtime!r} needs CPython {wanted}, which was not found on this machine "
            f"(found: {there}); install it (pyenv, uv and PATH are searched) "
            f"or map the runtime to another version in the settings"
        )


def pick(runtime: str, interpreters: Mapping[str, Interpreter], mapping: Mapping[str, str]) -> Interpreter:
    """The interpreter that functions of `runtime` ("python3.12") run on.

    `mapping` is the explicit setting runtime -> version; the caller reports its use. Raises
    RuntimeUnsupported (see `table`) or InterpreterMissing.
    """
    wanted = mapping.get(runtime) or table.lookup(runtime).python
    assert wanted is not None
    if wanted not in interpreters:
        raise InterpreterMissing(runtime, wanted, interpreters)
    return interpreters[wanted]


def find(environ: Mapping[str, str] | None = None, system: Path = Path("/usr/bin")) -> dict[str, Interpreter]:
    """The host's interpreters by version ("3.12"), oldest first. `environ` is this process's by default."""
    best: dict[str, Interpreter] = {}
    seen: set[Path] = set()
    for candidate in _candidates(os.environ if environ is None else environ, system):
        binary = _binary(candidate)
        if binary is None or binary in seen:
            continue
        seen.add(binary)
        interpreter = _known(binary) or _asked(binary)
        if interpreter is not None and _newer(interpreter, best.get(interpreter.version)):
            best[interpreter.version] = interpreter
    return dict(sorted(best.items(), key=lambda item: _numbers(item[0])))


def _candidates(environ: Mapping[str, str], system: Path) -> Iterator[Path]:
    """Everything that may be an interpreter, in the order of preference between equal versions."""
    home = Path(environ["HOME"]) if "HOME" in environ else None
    pyenv = environ.get("PYENV_ROOT") or (home / ".pyenv" if home else None)
    uv = environ.get("UV_PYTHON_INSTALL_DIR") or (home / ".local/share/uv/python" if home else None)
    folders = [Path(part) for part in environ.get("PATH", "").split(os.pathsep) if part]
    folders += _installed(Path(pyenv) / "versions") if pyenv else []
    folders += _installed(Path(uv)) if uv else []
    for folder in [*folders, system]:
        yield from sorted((path for path in _listed(folder) if _EXECUTABLE.fullmatch(path.name)), reverse=True)


def _installed(versions: Path) -> list[Path]:
    return [version / "bin" for version in sorted(_listed(versions))]


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _binary(candidate: Path) -> Path | None:
    """The executable behind links and virtual environments, or None if it is none for this machine."""
    try:
        path = candidate.resolve(strict=True)
        config = path.parent.parent / "pyvenv.cfg"
        if config.exists() and (home := _home_of_venv(config)) is not None:
            path = (home / path.name).resolve(strict=True)
        with path.open("rb") as file:
            head = file.read(20)
    except (OSError, RuntimeError):
        return None
    return path if os.access(path, os.X_OK) and _for_this_machine(head) else None


def _home_of_venv(config: Path) -> Path | None:
    """`home` in a virtual environment's pyvenv.cfg: the folder of the interpreter it was made from."""
    for line in config.read_text(errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            return Path(value.strip())
    return None


def _for_this_machine(head: bytes) -> bool:
    """A script is not; an ELF file is if it is of this machine; other formats (macOS) are asked."""
    if head[:2] == b"#!" or not head:
        return False
    return head[:4] != b"\x7fELF" or elf_for_this_machine(head)


def elf_for_this_machine(head: bytes) -> bool:
    """Whether a file that begins with `head` (20 bytes at least) is a program of this machine (elf(5))."""
    return head[:4] == b"\x7fELF" and MACHINES.get(int.from_bytes(head[18:20], "little")) == platform.machine()


def _known(binary: Path) -> Interpreter | None:
    """What pyenv's and uv's folder names tell. The standard library must be there."""
    prefix = binary.parent.parent
    uv = _UV.fullmatch(prefix.name)
    if uv is not None:
        full = uv[1]
    elif prefix.parent.name == "versions" and _PYENV.fullmatch(prefix.name):
        full = prefix.name
    else:
        return None
    return _interpreter(full, binary, prefix)


@lru_cache(maxsize=64)
def _asked(binary: Path) -> Interpreter | None:
    """What the interpreter says of itself, isolated from site and environment. Once per process."""
    try:
        done = subprocess.run(
            [binary, "-I", "-S", "-c", _ASK],
            capture_output=True,
            timeout=10,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        implementation, version, flags, prefix = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if implementation != "CPython" or flags or version[3] != "final":
        return None
    return _interpreter(".".join(map(str, version[:3])), binary, Path(prefix))


def _interpreter(full: str, binary: Path, prefix: Path) -> Interpreter | None:
    version = full.rpartition(".")[0]
    stdlib = next((prefix / lib / f"python{version}" for lib in ("lib", "lib64") if _has(prefix, lib, version)), None)
    if stdlib is None or _numbers(version) < OLDEST:
        return None
    return Interpreter(version, full, binary, prefix, stdlib)


def _has(prefix: Path, lib: str, version: str) -> bool:
    return (prefix / lib / f"python{version}" / "os.py").exists()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _newer(candidate: Interpreter, known: Interpreter | None) -> bool:
    return known is None or _numbers(candidate.full_version) > _numbers(known.full_version)
