"""What can go wrong with a sandbox.

SandboxError
  StepFailed        a step of a plan, here or inside: `step` is the name of its file or of the server's own step
    StartFailed     ... of the plan that starts a process: the sandbox is there still
  ZygoteFailed      an interpreter could not be made ready
    SnapshotFailed  the function's own initialisation failed
    SnapshotUnfit   it holds something that can't be forked into environments
  SandboxGone       the sandbox has ended
  LevelUnavailable  the asked level is not possible on this machine
"""

import errno as errors
import os

_NAMESPACES_HINT = (
    "this machine does not let an ordinary user make namespaces (check the sysctls kernel.unprivileged_userns_clone, "
    "kernel.apparmor_restrict_unprivileged_userns and user.max_user_namespaces, and seccomp profiles of containers)"
)
_HINTS = {
    ("user_namespace", errors.EPERM): _NAMESPACES_HINT,
    ("user_namespace", errors.EACCES): _NAMESPACES_HINT,
    ("user_namespace", errors.ENOSPC): "user.max_user_namespaces is reached",
    ("host_view", errors.EPERM): _NAMESPACES_HINT,
    ("host_view", errors.EACCES): _NAMESPACES_HINT,
    ("host_view", errors.ENOSYS): "namespaces need Linux 5.12 or newer",
    ("host_view", errors.ENOENT): "a folder to be bound does not exist",
    ("base_proc", errors.EPERM): "parts of /proc are covered, as in most containers: run as root or at level process",
    ("proc", errors.EPERM): "parts of /proc are covered, as in most containers: run as root or at level process",
    ("bind_sources", errors.ENOENT): "the folder to be bound does not exist",
    ("bind_sources", errors.EACCES): "the folder to be bound can't be reached by the server's user",
    ("root", errors.ENODEV): "container images need the kernel's overlay file system",
    ("root", errors.EPERM): "this kernel does not let an ordinary user mount overlay file systems (Linux 5.11 does)",
    ("binds", errors.ENOENT): "only places of the base root can be bound: /var/task, /opt, /tmp, and any below /mnt",
    ("listen", errors.EADDRINUSE): "a port was asked for twice",
    ("namespaces", errors.ENOSPC): "a limit of user.max_*_namespaces is reached",
    ("fork", errors.EAGAIN): "the user's process limit is reached (ulimit -u, or a pids control group)",
    ("directory", errors.EACCES): "the working directory can't be entered by the sandbox's user",
    ("descriptors", errors.EBADF): "a descriptor number inside is not below the sandbox's limit",
    ("control_group", errors.ENOSPC): "no more control groups can be made here",
    ("network", errors.EPERM): "it takes the right to administrate the host's network (CAP_NET_ADMIN)",
    ("network", errors.EPROTONOSUPPORT): "the kernel has no nf_tables",
    ("network", errors.EOPNOTSUPP): "the kernel lacks veth interfaces or a part of nf_tables (nat, reject, fib)",
    ("network", errors.ENOENT): "the kernel lacks a part of nf_tables (nat, reject, fib)",
    ("network", errors.EROFS): "/proc/sys is read-only, as in most containers: set net.ipv4.ip_forward=1 outside",
    ("network", errors.EACCES): "/proc/sys is read-only, as in most containers: set net.ipv4.ip_forward=1 outside",
    ("tun", errors.ENOENT): "this machine has no tap devices",
    ("tun", errors.EACCES): "this user may not make tap devices",
    ("tun", errors.EPERM): "this container may not make tap devices",
    ("preload", errors.EAGAIN): "a module that starts threads when it is imported can't be preloaded",
}


class SandboxError(Exception):
    """Root of this room's errors."""


class StepFailed(SandboxError):
    """A step failed: `operation` (system call) on `path` with `errno` (0 if it was none)."""

    def __init__(self, step: str, operation: str, path: str, errno: int, text: str = "") -> None:
        self.step = step
        self.operation = operation
        self.path = path
        self.errno = errno
        self.hint = _HINTS.get((step, errno), "")
        name = errors.errorcode.get(errno, "")
        reason = text or (os.strerror(errno) if errno else "")
        about = f" of {path!r}" if path else ""
        because = f": {reason}" if reason else ""
        parts = [f"sandbox step {step}: {operation}{about}{because}{f' ({name})' if name else ''}", self.hint]
        super().__init__("; ".join(part for part in parts if part))

    @property
    def of_killed(self) -> bool:
        """Whether what failed is that another process of the sandbox was gone."""
        return self.errno in (errors.ESRCH, errors.EPIPE, errors.ECONNRESET)

    @classmethod
    def of(cls, message: dict[str, str | int]) -> "StepFailed":
        """From the message of a process inside."""
        return cls(**message)  # type: ignore[arg-type]  # the keys are those of inside/plan.py

    @classmethod
    def by(cls, step: str, failed: OSError) -> "StepFailed":
        """From a call of the server's own that failed."""
        return cls(step, step, str(failed.filename or ""), failed.errno or 0, failed.strerror or str(failed))


class StartFailed(StepFailed):
    """A process could not be started. The sandbox is there still."""


class ZygoteFailed(SandboxError):
    """An interpreter could not be made ready to fork."""


class ZygoteKilled(ZygoteFailed):
    """It ended before it was ready, without a word."""


class SnapshotFailed(ZygoteFailed):
    """The initialisation ended with an error: `kind` and `payload` are the entry's own words."""

    def __init__(self, kind: str, payload: str) -> None:
        super().__init__(f"the initialisation failed: {kind}")
        self.kind = kind
        self.payload = payload


class SnapshotUnfit(ZygoteFailed):
    """What was initialised can't be forked; the text says why."""


class SandboxGone(SandboxError):
    """The sandbox has ended; `step` of its last failure is in the text if there was one."""


class LevelUnavailable(SandboxError):
    """The asked level of isolation is not possible on this machine."""
