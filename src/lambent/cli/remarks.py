"""What will not work as meant, seen in a package before it runs: said, not refused, because AWS takes it, too.

ELF's machines and the place of that number: elf(5), e_machine. The names of extension modules: PEP 3149.
"""

import platform
import re
from collections.abc import Iterator

from lambent.cli.package import Package

ELF_MACHINES = {62: "x86_64", 183: "aarch64"}
ELSEWHERE = (".pyd", ".dll", ".dylib")
"""What ends so is for Windows or macOS."""


def remarks(code: Package, runtime: str, machine: str = "") -> list[str]:
    """A line for each thing; `machine` is what it shall run on, by default this one."""
    found = [*_closed(code), *_built(code, runtime, machine or platform.machine())]
    return [*found, *_bootstrap(code)] if runtime.startswith("provided") else found


def _closed(code: Package) -> Iterator[str]:
    """Lambda's user isn't the files' owner, nor in their group."""
    closed = sorted(name for name, mode in code.modes.items() if not mode & 0o004)
    if closed:
        yield f"unreadable for Lambda's user (chmod a+r): {_some(closed)}"


def _bootstrap(code: Package) -> Iterator[str]:
    if "bootstrap" not in code.modes:
        yield f"there is no file bootstrap in {code.source}: a layer must bring it"
        return
    if not code.modes["bootstrap"] & 0o001:
        yield "bootstrap is not executable: chmod +x bootstrap, and deploy again"
    first = code.read("bootstrap").partition(b"\n")[0]
    if first.startswith(b"#!") and first.endswith(b"\r"):
        yield "bootstrap has Windows line ends, which no interpreter is found by: sed -i 's/\\r$//' bootstrap"


def _built(code: Package, runtime: str, machine: str) -> Iterator[str]:
    """Native modules for another system, machine or Python."""
    strange = sorted(name for name in code.modes if name.endswith(ELSEWHERE))
    if strange:
        yield f"built for another system than Linux: {_some(strange)}: {_install(runtime, machine)}"
    native = sorted(name for name in code.modes if re.search(r"\.so(\.|$)", name))
    foreign = {name: built for name in native if (built := _machine(code, name)) and built != machine}
    if foreign:
        built = next(iter(foreign.values()))
        yield f"built for {built}, this machine is {machine}: {_some(list(foreign))}: {_install(runtime, machine)}"
    minor = runtime.removeprefix("python3.")
    tags = {name: tag[1] for name in native if (tag := re.search(r"\.cpython-3(\d+)-", name))}
    others = [name for name, tag in tags.items() if minor.isdigit() and tag != minor]
    if others and not any(tag == minor for tag in tags.values()):
        yield f"built for Python 3.{tags[others[0]]}, not for {runtime}: {_some(others)}: {_install(runtime, machine)}"


def _machine(code: Package, name: str) -> str:
    """What an ELF file is for; empty where it is none, or none that is known."""
    head = code.read(name)[:20]
    return ELF_MACHINES.get(int.from_bytes(head[18:20], "little"), "") if head.startswith(b"\x7fELF") else ""


def _install(runtime: str, machine: str) -> str:
    version = runtime.removeprefix("python") if runtime.startswith("python") else "3.13"
    return f"pip install --only-binary=:all: --platform manylinux2014_{machine} --python-version {version} -t DIR …"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"
