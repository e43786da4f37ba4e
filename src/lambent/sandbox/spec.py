"""What is asked of a sandbox: values only."""

import enum
from dataclasses import dataclass, field
from pathlib import Path

NAT, NONE = "nat", "none"
"""What of the network a sandbox reaches, beside its own loopback."""


class Level(enum.Enum):
    """How strongly an environment is confined on this machine."""

    NAMESPACE = "namespace"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Bind:
    """A folder or file of the host, seen at `inside`, read-only unless `writable`.

    `inside` is a place that the zygote's base has, or one below /mnt, which is then made. Written to is the host's own:
    its ownership and its room are the host's. Only a sandbox's own binds can be writable.
    """

    source: Path
    inside: str
    writable: bool = False


Programs = tuple[tuple[str, tuple[str, ...]], ...]
"""Folders inside, and the names of what of the host is found in each; a name may end with "*"."""


@dataclass(frozen=True, slots=True)
class SnapshotSpec:
    """What a zygote runs before its first fork: a function's own initialisation, confined (see inside/snapshot.py).

    `entry` is "module:function", called with the checkpoint; `environment` its whole environment as pairs; `listen`
    are ports on its own loopback. Sizes are bytes. `name` tells snapshots apart that are otherwise alike.
    """

    name: str
    entry: str
    environment: tuple[tuple[str, str], ...] = ()
    listen: tuple[int, ...] = ()
    tmp_bytes: int = 512 << 20
    memory_bytes: int = 128 << 20
    processes: int = 1024
    network: str = NAT
    account: str = ""


@dataclass(frozen=True, slots=True)
class ZygoteSpec:
    """An interpreter that stands ready to fork.

    `paths` go to the front of sys.path; `preload` are imported before the first fork, in order, and one that
    can't be imported is skipped and reported; `binds` are in every sandbox of this zygote (the interpreter's own
    prefix and the host's shared libraries are added by the sandbox itself), and so are `files`, texts by place (one
    that begins with "#!" can be executed), those in the host's folders only in the place of one that is there.
    `programs` hides all else that is in those folders. With a `snapshot`, at level NAMESPACE
    alone, `paths` are those inside, and sandboxes have no binds of their own.
    """

    interpreter: Path
    paths: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    binds: tuple[Bind, ...] = ()
    snapshot: SnapshotSpec | None = None
    files: tuple[tuple[str, str], ...] = ()
    programs: Programs = ()


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """One sandbox. Sizes are bytes; `cpus` is a share of one CPU (0.0724 = 7.24 %)."""

    id: str
    zygote: ZygoteSpec
    binds: tuple[Bind, ...] = ()
    tmp_bytes: int = 512 << 20
    memory_bytes: int = 128 << 20
    cpus: float = 1.0
    descriptors: int = 1024
    processes: int = 1024
    listen: tuple[int, ...] = ()
    """Ports on the sandbox's own loopback; the listening sockets are handed to the creator."""
    datagrams: tuple[int, ...] = ()
    """The same, for datagrams (UDP)."""
    throttled: bool = True
    """Whether the CPU limit holds from the first process on; if not, from `Sandbox.throttle` on."""
    root: Path | None = None
    """The unpacked root file system of a container image, seen read-only in place of the host's system folders; the
    sandbox's own /dev, /etc/hosts, /etc/resolv.conf, /proc, /tmp and the binds lie over it (a bind's place need not
    exist in it). The zygote's binds are not in it, so its processes are started by `argv`. Level NAMESPACE only."""
    network: str = NAT
    """NAT: out to the internet where the host allows it (`probe.Abilities.outbound_problem`); NONE: loopback alone."""
    account: str = ""
    """Whose it is: names lead to the platform itself for their own account's (`names.Leads`)."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process to start in a sandbox.

    Either `entry` ("module:function", called without arguments in a fork of the zygote) or `argv` (executed).
    `environment` is the whole environment: nothing of the host's is added. `fds` maps a descriptor number
    inside to one of the caller's, which stays the caller's to close.
    """

    environment: dict[str, str]
    entry: str = ""
    argv: tuple[str, ...] = ()
    cwd: str = "/"
    fds: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a process ended: `code` (exit) or `signal` (killed by), and whether memory ran out."""

    code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
