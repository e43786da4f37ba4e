"""Nothing survives an environment, a server stop, or a `kill -9` followed by a start."""

import hashlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

Begin = Callable[..., Server]
ENVIRONMENTS = 300
CODE = """
import os, subprocess, time
def handler(event, context):
    if event.get("child"):
        subprocess.Popen(["/bin/sleep", "1000"])
    open("/tmp/x", "w").write("x" * 1000)
    time.sleep(event.get("sleep", 0))
    return context.log_stream_name
"""


@dataclass(frozen=True)
class Traces:
    """What a machine shows of sandboxes: names of processes (each zygote keeps one keeper ready), mounts, cgroups."""

    processes: tuple[str, ...]
    mounts: int
    cgroups: frozenset[str]


def descendants(root: int) -> frozenset[int]:
    """Every process below `root`."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {root}
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return frozenset(found - {root})


def cgroups(data_dir: Path) -> frozenset[str]:
    """Control groups of the server on `data_dir`, in every hierarchy."""
    owner = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    return frozenset(
        os.path.join(folder, name)
        for folder, names, _ in os.walk("/sys/fs/cgroup")
        for name in names
        if name.startswith(f"lambent-{owner}-")
    )


def traces(server: Server) -> Traces:
    mounts = len(Path("/proc/self/mounts").read_text().splitlines())
    names = sorted(filter(None, map(name_of, descendants(server.process.pid))))
    return Traces(tuple(names), mounts, cgroups(server.data_dir))


class Tree:
    """The processes below one, as they are now. A number may be another process's later: its start tells them apart."""

    def __init__(self, root: int) -> None:
        self._begun = {pid: begun(pid) for pid in descendants(root)}

    def told(self) -> list[str]:
        """What is alive, for who reads a failure."""
        return [what(pid) for pid in self.alive()]

    def alive(self) -> list[int]:
        return [pid for pid, ticks in self._begun.items() if ticks is not None and begun(pid) == ticks]


def what(pid: int) -> str:
    """A process in a line: its number, parent, state and command line; empty when it is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        return f"{pid} of {parent}, {state}: {words[:200]}"
    except OSError:
        return ""


def begun(pid: int) -> str | None:
    """When a process was started (starttime of proc_pid_stat(5)); None: gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def name_of(pid: int) -> str:
    """A process's name (proc_pid_comm(5)), empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def descriptors(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def create(server: Server, name: str) -> None:
    client = server.client("lambda")
    client.create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Handler="app.handler",
        Role=ROLE,
        Timeout=60,
        Code={"ZipFile": package({"app.py": CODE})},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})


def steady(server: Server, seconds: float = 1.0) -> Counter[str]:
    """Names of a server's processes, once they have been the same for so long.

    A zygote forks its next keeper, and that its first process, a moment after it was asked for one; they count.
    """
    since, now = time.monotonic(), traces(server).processes
    while time.monotonic() < since + seconds:
        time.sleep(0.05)
        former, now = now, traces(server).processes
        since = since if now == former else time.monotonic()
    return Counter(now)


def more(server: Server, before: Counter[str], seconds: float = 30.0) -> Counter[str]:
    """Names of processes that a server has beside those of before: nothing as soon as there are none, or after
    `seconds` those that are left."""
    deadline = time.monotonic() + seconds
    while (found := Counter(traces(server).processes) - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def settled(server: Server, before: Traces, seconds: float = 15.0) -> Traces:
    """The traces as soon as they are those of before, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while (now := traces(server)) != before and time.monotonic() < deadline:
        time.sleep(0.1)
    return now


def test_three_hundred_environments_leave_nothing(own_server: Begin) -> None:
    server = own_server()
    create(server, "many")
    client = server.client("lambda", max_pool_connections=ENVIRONMENTS)
    time.sleep(1.0)  # the neighbour's process is part of the picture before and after
    before, open_before = traces(server), descriptors(server)

    def invoke(number: int) -> str:
        event = {"sleep": 6.0, "child": number % 10 == 0}
        answer = client.invoke(FunctionName="many", Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return str(json.loads(answer["Payload"].read()))

    with ThreadPoolExecutor(ENVIRONMENTS) as pool:
        streams = set(pool.map(invoke, range(ENVIRONMENTS)))
    assert len(streams) > ENVIRONMENTS * 0.9
    during = traces(server)
    assert len(during.processes) >= len(before.processes) + len(streams)
    client.delete_function(FunctionName="many")
    client.close()
    assert settled(server, before) == before
    time.sleep(0.5)
    assert descriptors(server) <= open_before + 8


def test_kill_9_leaves_nothing_after_the_next_start(own_server: Begin) -> None:
    mounts = len(Path("/proc/self/mounts").read_text().splitlines())
    first = own_server()
    create(first, "f")
    for event in (b'{"child": true}', b"{}"):
        first.client("lambda").invoke(FunctionName="f", Payload=event)
    below = Tree(first.process.pid)
    assert below.alive()
    assert bool(cgroups(first.data_dir)) == first.keeps("cpu_share")
    first.stop(signal.SIGKILL)
    deadline = time.monotonic() + 20.0
    while below.alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not below.told(), "processes outlived the server"
    second = own_server(data_dir=first.data_dir)
    assert not cgroups(first.data_dir)
    assert second.stop() == 0
    assert len(Path("/proc/self/mounts").read_text().splitlines()) == mounts


def test_a_stop_leaves_nothing(own_server: Begin) -> None:
    server = own_server()
    create(server, "f")
    server.client("lambda").invoke(FunctionName="f", Payload=b'{"child": true}')
    below = Tree(server.process.pid)
    assert below.alive()
    assert server.stop(signal.SIGTERM, 5.0) == 0
    assert not below.alive()
    assert not cgroups(server.data_dir)
