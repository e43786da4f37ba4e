"""How functions of the OS-only runtimes are started: their own executable `bootstrap`, from the package or a layer.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-provided.html. The variables are those recorded from AWS. The
programs and libraries of this machine stand for Amazon Linux: `LD_LIBRARY_PATH` and `PATH` are AWS's, what they
lead to is the host's.
"""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lambent.model.function import FunctionVersion
from lambent.runtimes import variables
from lambent.runtimes.interpreters import elf_for_this_machine
from lambent.runtimes.place import OPT, TASK_ROOT, Around, Folders, InvalidEntrypoint
from lambent.runtimes.programs import hidden
from lambent.runtimes.shell import bash_as_sh
from lambent.sandbox.spec import Level, ProcessSpec, Programs, ZygoteSpec

BOOTSTRAP = "bootstrap"
_SEEN = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/nix/store/")
"""Folders of this machine that sandboxes see."""
HEAD_BYTES = 256
"""How much of a file the kernel reads to tell what it is (execve(2))."""


def bare_zygote(level: Level, files: tuple[tuple[str, str], ...] = (), programs: Programs = ()) -> ZygoteSpec:
    """The zygote of runtimes that are no Python: this server's interpreter with nothing imported."""
    binds = bash_as_sh() if level is Level.NAMESPACE else ()
    interpreter = Path(getattr(sys, "_base_executable", sys.executable))
    return ZygoteSpec(interpreter=interpreter, binds=binds, files=files, programs=programs)


@dataclass(frozen=True, slots=True)
class ProvidedPlace:
    """provided.al2 or provided.al2023. Amazon Linux 2's variables lack what is not there (recorded)."""

    identifier: str
    zygote: ZygoteSpec
    forked: bool = False

    @property
    def version(self) -> str:
        """AWS says "provided:al2023.v12"; there are no versions here."""
        return f"{self.identifier.replace('.', ':')}.v1"

    def environment(self, function: FunctionVersion, around: Around) -> dict[str, str]:
        """Without AWS_EXECUTION_ENV, PWD and SHLVL, as recorded."""
        settable = variables.settable(around)
        if self.identifier == "provided.al2":
            settable["PATH"] = "/usr/local/bin:/usr/bin/:/bin:/opt/bin"
            settable["LD_LIBRARY_PATH"] = variables.SEARCHED
        return {**settable, **function.environment, **variables.fixed(function, around)}

    def process(self, environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
        """The bootstrap, without a framed log: AWS offers none to custom runtimes."""
        return ProcessSpec(
            environment=variables.as_seen(environment, folders),
            argv=(find_bootstrap(folders, self.zygote.programs),),
            cwd=folders.task_root,
            fds={number: fd for number, fd in fds.items() if number in (1, 2)},
        )


def find_bootstrap(folders: Folders, programs: Programs = ()) -> str:
    """Where the sandbox finds the bootstrap. Raises InvalidEntrypoint with AWS's text when it can't be started.

    The package comes before the layers; `programs` are those of the host that are found. A text names AWS's paths,
    wherever the files are here.
    """
    candidates = [(folders.code, TASK_ROOT, folders.task_root)]
    if folders.opt is not None:
        candidates.append((folders.opt, OPT, folders.opt_root))
    for folder, aws, here in candidates:
        file = folders.find(f"{aws}/{BOOTSTRAP}")
        if file is None and (folder / BOOTSTRAP).is_symlink():
            return f"{here}/{BOOTSTRAP}"  # it leads to something that is not the function's: the attempt tells
        if file is not None and file.is_file():
            reason = why_not(file, lambda interpreter: _is_there(interpreter, folders, programs))
            if reason:
                raise InvalidEntrypoint(f"fork/exec {aws}/{BOOTSTRAP}: {reason}")
            return f"{here}/{BOOTSTRAP}"
    raise InvalidEntrypoint(f"Couldn't find valid bootstrap(s): [{TASK_ROOT}/{BOOTSTRAP} {OPT}/{BOOTSTRAP}]")


def why_not(file: Path, is_there: Callable[[str], bool]) -> str:
    """Why the kernel would not execute `file`, in the words of AWS's platform (a Go program); "" if it would.

    `is_there` tells of a script's interpreter, by its path inside.
    """
    if file.is_dir() or not file.stat().st_mode & 0o111:
        return "permission denied"
    with file.open("rb") as program:
        head = program.read(HEAD_BYTES)
    if head[:2] == b"#!":
        word = re.split(rb"[ \t]", head[2:].split(b"\n")[0].strip(b" \t"))[0]
        return "" if word and is_there(os.fsdecode(word)) else "no such file or directory"
    return "" if elf_for_this_machine(head) else "exec format error"


def _is_there(interpreter: str, folders: Folders, programs: Programs) -> bool:
    """Whether a script's interpreter is in the sandbox: the package's, the layers', or one of this machine."""
    own = folders.find(interpreter)
    if own is not None:
        return own.exists()
    seen = folders.task_root != TASK_ROOT or interpreter.startswith(_SEEN)
    return seen and Path(interpreter).exists() and not hidden(programs, interpreter)
