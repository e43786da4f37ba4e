"""Which processes a process has below it, as /proc tells. Elsewhere than on Linux: none are seen."""

from pathlib import Path

Started = tuple[int, str]
"""Process id and start time: together they name one process for as long as the machine is up."""


def below(pid: int) -> set[Started]:
    """The living descendants of a process."""
    parents = {process: parent for process, parent in map(_status, _pids()) if process is not None}
    found: set[Started] = set()
    wanted = {pid}
    while wanted:
        children = {process for process, parent in parents.items() if parent in wanted and process not in found}
        found |= children
        wanted = {process[0] for process in children}
    return found


def alive(processes: set[Started]) -> set[Started]:
    """Those that still run."""
    return {process for process in processes if _status(process[0])[0] == process}


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _status(pid: int) -> tuple[Started | None, int]:
    """The process and its parent's id; None for one that is gone or has ended (a zombie)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None, 0
    # proc_pid_stat(5): after the name in parentheses come state, ppid, …; starttime is field 22.
    fields = text.rpartition(")")[2].split()
    return (None, 0) if fields[0] in {"Z", "X"} else ((pid, fields[19]), int(fields[1]))
