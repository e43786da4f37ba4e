"""What a runtime is to those who launch environments: values, and the one protocol that every runtime fulfils."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lambent.model.credentials import Credentials
from lambent.model.function import FunctionVersion
from lambent.sandbox.spec import ProcessSpec, ZygoteSpec

TASK_ROOT = "/var/task"
OPT = "/opt"
LINKS = 40
"""As many as the kernel follows (path_resolution(7))."""
TELEMETRY_FD = 3
"""The descriptor of the framed log, for runtime clients that write one."""


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds one environment. `runtime_api` is host:port; `daemon` is that of X-Ray's daemon,
    "" for the same host and its ordinary port."""

    runtime_api: str
    log_stream: str
    credentials: Credentials
    endpoint_url: str
    initialization_type: str = "on-demand"
    metadata_token: str = ""
    """For the metadata endpoint, which is at the address of the Runtime API; without it there is none."""
    daemon: str = ""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a function's code and its layers are on this machine (`opt` is None without layers), and where the
    processes of its sandbox find them: at AWS's places, or at level PROCESS where they are. `mounts` are the folders of
    its file systems, by the path at which they are seen."""

    code: Path
    opt: Path | None = None
    task_root: str = TASK_ROOT
    opt_root: str = OPT
    mounts: Mapping[str, Path] = field(default_factory=dict)
    image: bool = False
    """`code` is the whole root of an image, and not what is seen at /var/task."""

    def find(self, path: str) -> Path | None:
        """Where an absolute path of the environment is on this machine, links followed as they lead inside; None when
        that is nothing of the function's own, or goes round in circles. What is not there is named all the same.

        Whoever looks at a package, a layer or an image from outside asks here: their links are strangers' texts.
        """
        at: list[str] = []
        waiting, links = list(reversed(path.split("/"))), LINKS
        while waiting:
            part = waiting.pop()
            if part in ("", ".", ".."):
                del at[len(at) - (part == "..") :]
                continue
            step = self._own([*at, part])
            if step is None or not step.is_symlink():
                at.append(part)
                continue
            target = os.readlink(step)  # noqa: PTH115 - Path.readlink would drop a trailing "."
            links -= 1
            if links < 0:
                return None
            at = [] if target.startswith("/") else at
            waiting.extend(reversed(target.split("/")))
        return self._own(at)

    def _own(self, parts: list[str]) -> Path | None:
        """Of a path without links."""
        if self.image:
            return self.code.joinpath(*parts)
        for root, folder in ((TASK_ROOT, self.code), (OPT, self.opt)):
            above = root.split("/")[1:]
            if folder is not None and parts[: len(above)] == above:
                return folder.joinpath(*parts[len(above) :])
        return None


class Place(Protocol):
    """How the functions of one runtime are run on this machine."""

    @property
    def version(self) -> str:
        """As INIT_START names it, such as "python:3.12.v7"; "" for an image, which has no runtime of AWS's."""

    @property
    def zygote(self) -> ZygoteSpec:
        """What forks their sandboxes, with all that they see besides the function's own."""

    @property
    def forked(self) -> bool:
        """Whether the runtime is a fork of the zygote and shares its memory."""

    def environment(self, function: FunctionVersion, around: Around) -> dict[str, str]:
        """The environment variables of `function`, as on AWS. The user's own replace AWS's where AWS lets them."""

    def process(self, environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
        """The runtime's process; `fds` are {1: stdout, 2: stderr, 3: framed log}. Raises InvalidEntrypoint."""


class InvalidEntrypoint(Exception):
    """There is nothing to start, or what there is can't be started; the text is AWS's."""

    def __init__(self, text: str, error_type: str = "Runtime.InvalidEntrypoint") -> None:
        super().__init__(text)
        self.error_type = error_type
