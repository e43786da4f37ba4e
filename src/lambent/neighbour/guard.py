"""What moto's process never does, whoever asks: refused inside Python, by an audit hook (PEP 578).

It holds moto and its libraries back at every level of isolation: a link in a document that they would follow to a file
or an address, a program that they would start. It does not hold code that runs in the process; the sandbox does.
Events: https://docs.python.org/3/library/audit_events.html
"""

import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable
from typing import Any

READABLE = (
    *("/usr", "/lib", "/lib64", "/dev/null", "/dev/urandom", "/proc/self", "/proc/cpuinfo", "/proc/meminfo"),
    *("/etc/localtime", "/etc/mime.types", "/etc/os-release", "/etc/ssl", "/etc/timezone"),
)
"""Beside the code. What Python and its libraries look at by themselves."""
STARTING = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
)
NAMING = ("socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname", "socket.getnameinfo")
CHANGING = (
    *("os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"),
    *("os.truncate", "os.utime", "shutil.rmtree", "sqlite3.connect"),
)
LOOKING = ("glob.glob", "os.listdir", "os.scandir")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
Rule = Callable[[tuple[Any, ...]], None]


def install(own: str, gateway: str = "") -> None:
    """From now on, in this process: only below the folder `own` is anything written, and of sockets only the one at
    the path `gateway` is connected to."""
    guard = _Guard(own, gateway, [*sys.path, *sysconfig.get_paths().values()])
    rules = guard.rules()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        rule = rules.get(event)
        if rule is not None:
            rule(arguments)

    sys.addaudithook(hook)


class _Guard:
    """The rules. Each raises PermissionError, which libraries take for the system's."""

    def __init__(self, own: str, gateway: str, code: Iterable[str]) -> None:
        self._own = _below([own])
        self._readable = _below([own, *READABLE, *(path for path in code if path)])
        self._way, name = os.path.split(gateway)
        self._gateway = re.compile(rf"/proc/self/fd/\d+/{re.escape(name)}")
        """As `neighbour.unix` connects."""

    def rules(self) -> dict[str, Rule]:
        """By audit event."""
        return {
            "open": self._open,
            "socket.connect": self._connect,
            "socket.sendto": self._connect,
            "socket.sendmsg": self._send_message,
            "pickle.find_class": lambda said: _refuse("unpickle", said[:2]),
            "ctypes.dlopen": lambda said: _refuse("load the library", said[0]),
            **dict.fromkeys(STARTING, lambda said: _refuse("start a program", said[:1])),
            **dict.fromkeys(NAMING, lambda said: _refuse("reach", said[0])),
            **dict.fromkeys(CHANGING, self._change),
            **dict.fromkeys(LOOKING, self._look),
        }

    def _open(self, said: tuple[Any, ...]) -> None:
        path, mode, flags = said
        if isinstance(path, int) or (flags & os.O_PATH and os.fspath(path) == self._way):
            return
        writes = bool(flags & _WRITING) if mode is None else any(letter in mode for letter in "wax+")
        if not (self._own if writes else self._readable)(path):
            _refuse("write" if writes else "read", path)

    def _change(self, said: tuple[Any, ...]) -> None:
        for path in said[:2]:
            if isinstance(path, str | bytes | os.PathLike) and not self._own(path):
                _refuse("change", path)

    def _look(self, said: tuple[Any, ...]) -> None:
        if not isinstance(said[0], int) and not self._readable(said[0] or "."):
            _refuse("look into", said[0])

    def _connect(self, said: tuple[Any, ...]) -> None:
        if not isinstance(said[1], str) or not self._gateway.fullmatch(said[1]):
            _refuse("reach", said[1])

    def _send_message(self, said: tuple[Any, ...]) -> None:
        if said[1] is not None:
            _refuse("reach", said[1])


def _below(folders: Iterable[str]) -> Callable[[Any], bool]:
    """Whether a path is one of these folders or below it. Links are followed by nobody who could make one."""
    exact = {os.path.abspath(folder) for folder in folders}  # noqa: PTH100
    starts = tuple(f"{folder.rstrip('/')}/" for folder in exact)

    def check(path: Any) -> bool:
        found = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        return found in exact or found.startswith(starts)

    return check


def _refuse(what: str, whom: object) -> None:
    raise PermissionError(f"Lambent does not let moto {what} {whom}")
