"""What a runtime is to those who launch environments: values, and the one protocol that every runtime fulfils."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lambent.model.credentials import Credentials
from lambent.model.function import FunctionVersion
from lambent.sandbox.spec import ProcessSpec, ZygoteSpec

TASK_ROOT = "/var/task"
OPT = "/opt"
TELEMETRY_FD = 3
"""The descriptor of the framed log, for runtime clients that write one."""


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds one environment. `runtime_api` is host:port."""

    runtime_api: str
    log_stream: str
    credentials: Credentials
    endpoint_url: str
    initialization_type: str = "on-demand"


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
