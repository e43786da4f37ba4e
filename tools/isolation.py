"""Writes docs/isolation.md: what code in an environment tries in order to get out, and what stops it at each level.

Run as root as `python -m tools.isolation`; a test compares the committed page with what the machine does. The attempts
are made for real, against targets that are put up here: a server on the loopback, a file, a neighbour.
"""

import asyncio
import ctypes
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lambent.neighbour import unix
from lambent.sandbox.host import Sandbox, SandboxHost
from lambent.sandbox.spec import Bind, Level, ProcessSpec, SandboxSpec, ZygoteSpec
from lambent.server import confined

PAGE = Path(__file__).parents[1] / "docs" / "isolation.md"
ESCAPES = Path(__file__).parent / "escapes.py"
_IPC_CREATE, _IPC_REMOVE = 0o1000, 0

PIDS, MOUNTS, NETWORK, IPC = "PID namespace", "own root", "network namespace", "IPC namespace"
FILTER, POWERLESS, USER, DUMPABLE = "system call filter", "no capabilities", "other user", "keeper not dumpable"
READ_ONLY, NO_GAIN, HARD, KEEPER = "read-only root", "no_new_privs", "hard limit", "keeper is process 1"
NOTHING = "nothing"

STOPPED_BY: dict[str, tuple[str, str]] = {
    "ptrace the keeper": (FILTER, FILTER),
    "process_vm_readv of the keeper": (FILTER, FILTER),
    "read the keeper's memory": (DUMPABLE, DUMPABLE),
    "read the keeper's descriptors": (DUMPABLE, "file permissions"),
    "stop the keeper": (f"{USER}, {KEEPER}", NOTHING),
    "signal the server": (PIDS, NOTHING),
    "read the server's environment": (PIDS, "file permissions"),
    "signal another environment": (PIDS, NOTHING),
    "read another environment's /tmp": (MOUNTS, "file permissions"),
    "read a file of the server's user": (MOUNTS, NOTHING),
    "write a file of the server's user": (MOUNTS, NOTHING),
    "read /etc/shadow": (MOUNTS, "file permissions"),
    "create a file in /usr": (READ_ONLY, "file permissions"),
    "create a file beside the code": (READ_ONLY, NOTHING),
    "write /proc/sys": (f"{USER}, {POWERLESS}", "file permissions"),
    "write /proc/sysrq-trigger": (f"{USER}, {POWERLESS}", "file permissions"),
    "write /sys": (MOUNTS, "file permissions"),
    "leave the control group": (MOUNTS, "file permissions"),
    "raise an own limit": (HARD, HARD),
    "spare oneself from out-of-memory": (POWERLESS, POWERLESS),
    "become root": (POWERLESS, POWERLESS),
    "gain rights by a setuid file": (f"{NO_GAIN}, nosuid", NO_GAIN),
    "make a device node": (f"{POWERLESS}, nodev", POWERLESS),
    "read the memory device": (MOUNTS, POWERLESS),
    "mount a file system": (FILTER, FILTER),
    "unmount /proc": (FILTER, FILTER),
    "chroot": (FILTER, FILTER),
    "pivot_root": (FILTER, FILTER),
    "make a user namespace": (FILTER, FILTER),
    "make a mount namespace": (FILTER, FILTER),
    "enter the keeper's namespaces": (f"{DUMPABLE}, {FILTER}", f"{DUMPABLE}, {FILTER}"),
    "open a raw socket": (POWERLESS, POWERLESS),
    "open a packet socket": (POWERLESS, POWERLESS),
    "open a vsock": (FILTER, FILTER),
    "reach the host's loopback": (NETWORK, NOTHING),
    "reach the host's abstract sockets": (NETWORK, NOTHING),
    "reach the metadata address": (f"{NETWORK}, router", "the host's network"),
    "use the host's shared memory": (IPC, "where no control group counts memory"),
    "keyctl": (FILTER, FILTER),
    "bpf": (FILTER, FILTER),
    "perf_event_open": (FILTER, FILTER),
    "userfaultfd": (FILTER, FILTER),
    "kexec_load": (FILTER, FILTER),
    "load a kernel module": (FILTER, FILTER),
    "read the kernel's log": (FILTER, FILTER),
    "set the clock": (FILTER, FILTER),
    "change the host name": (FILTER, FILTER),
}
"""Each attempt, and what stops it at level namespace and at level process."""

UNIX, MEANT = "it is a Unix socket", "nothing: it is meant"
OF_MOTO: dict[str, tuple[str, str]] = {
    "read the database, the token or a package": (MOUNTS, NOTHING),
    "write beside its own folder": (MOUNTS, NOTHING),
    "look at the socket that it serves": (MOUNTS, NOTHING),
    "connect by the socket that it serves": (f"{UNIX}, {NETWORK}", UNIX),
    "reach another address": (NETWORK, "the host's network"),
    "look a name up": (NETWORK, "the host's network"),
    "create a file beside the code": (READ_ONLY, "file permissions"),
    "write its own folder": (MEANT, MEANT),
    "connect to the hatch": (MEANT, MEANT),
}
"""What moto could try besides, and where it differs."""

DEPENDS = frozenset(
    {
        "read the keeper's descriptors",
        "read the server's environment",
        "read another environment's /tmp",
        "read /etc/shadow",
        "create a file in /usr",
        "write /proc/sys",
        "write /proc/sysrq-trigger",
        "write /sys",
        "leave the control group",
        "reach the metadata address",
        "use the host's shared memory",
        "reach another address",
        "look a name up",
    }
)
"""At level process these depend on whether the server is root's, whose files they are, on groups and networks."""

HEAD = """# What an environment can't do

Made by `python -m tools.isolation`, which lets the code in `tools/escapes.py` try each of these from inside an
environment; a test makes the same attempts and compares. "Stopped" means that the attempt failed; the column beside it
says what makes it fail. Level `process` is for machines without namespaces: it shares the host's files, network and
processes with the server's user, so run there only code that you would run yourself. What depends there on whether the
server runs as root, on the host's own file permissions, its control groups or its network is marked so and not tested.

What is kept of the limits, `lambent doctor` and `/_lambent/health` tell (`promises`). The memory limit is tried at the
start, with private and with shared memory. Where no control group counts memory, which is so for ordinary users whose
system hands them none, the promise is not made: the server looks every 20 ms and kills, shared mappings count while
they are mapped, and memfd and System V memory, queues and semaphores are refused (`ENOSYS`), since nobody could count
them. Memory of the kernel that no file of /proc shows (buffers of sockets, file locks) is not counted there.
What the kernel counts by user (inotify instances, pending signals, pipe buffers) is counted for each environment apart
where the server runs as root: outside, each has a user of its own (0x70000000 and up), in a user namespace that makes
it 993 inside. Those with a file system mounted share one, so that they can share its files, as do the environments of
one version with SnapStart. Those of an ordinary user have a user namespace each, in which processes, pending signals
and message queues are counted apart. inotify's instances and watches the kernel counts to that user as well, whatever
ranges /etc/subuid has: one environment gets a quarter of them at most. Pipe buffers all of them share,
and watches of epoll (`fs.epoll.max_user_watches`, 4 % of the memory) with the server itself, which would end without.
The server counts them several times a second in `/proc` and ends an environment with more than 20,000 (or an eighth of
all), or 32,768 descriptors, as one that is out of memory, with a line in its log; when all together have half, the one
with the most. What /proc does not show, as epolls on their way through sockets, is not found: against code that hides
them the server must run as root.

Links in packages, layers and images are strangers' texts. Absolute ones lead somewhere inside the environment and are
never followed from outside (`Folders.find`).

Nothing is mounted for writing but `/tmp`, `/proc` and the file systems that a function mounts: what environments have
in common can't be changed from inside. Other users of the machine find nothing of what the server keeps: the data
folder and saved states (`lambent state save`) are for the server's user alone, also folders that an older version made.
They may come by the endpoint, where on the loopback a key says whose account is meant and proves nothing.
A folder that one of them opened to everybody, or put a link into, is refused at the start. A saved state is a text of
a stranger's as well: no name and no link in it leads the server out of its folder, and it decides what functions run.

| attempt | namespace | by | process | by |
| --- | --- | --- | --- | --- |
"""


DEPUTY = f"""
## Deputies: moto

What is not answered here is answered by moto, which parses what anybody sends: code that gets into its process is held
as a function is. At level `namespace` it has a user of its own ({confined.IDS[0]}, where the environments' is 993), a
root of its own with Python's packages in it, and a network in which nothing answers. Three things are put in: the
socket that it serves, a folder for large objects, and the socket on which it asks what the tasks of Step Functions ask.
None of Lambent's own pages is there, nor moto's; but who has got in may ask AWS's services in any account's name, and
so have the server post to the addresses that
[it may connect to](network.md#what-the-server-connects-to-for-others). At level `process` only no_new_privs, the
missing capabilities, the system call filter and the limits are left.

The same attempts are made from inside moto's process. They end as those above, at both levels, and besides:

| attempt | namespace | by | process | by |
| --- | --- | --- | --- | --- |
"""
DEPUTY_END = """
What moto itself would do for a request (follow a link in a document to a file or an address, start a program) is
refused inside its process, at both levels: [what moto can be asked to do](moto.md).

What moto or an endpoint reads must be what was asked of the policies. What can't be read as the service's model says
(JSON with NaN, a byte order mark or half a letter, a text for a number) is `SerializationException`, as on AWS, and
goes no further; of fields that are sent twice one stays; a PartiQL statement that could name another table is refused
to who is bounded by policies (`tests/unit/neighbour/test_readable.py`, `tests/unit/permissions/test_partiql.py`). What
an endpoint answers has [a bound](network.md#what-the-server-holds-for-others), and its redirects are not followed.
DynamoDB Local is a program of the server's user in a network of its own with nothing in it: its port is nowhere else,
and its socket lies in the data folder.
"""


def page() -> str:
    """The whole page."""
    from tools import deputies, held_lines, keys, pages  # not where the attempts alone are run

    of_code = HEAD + _rows(STOPPED_BY) + DEPUTY + _rows(OF_MOTO) + DEPUTY_END
    return of_code + deputies.part() + pages.part() + keys.part() + held_lines.part()


def _rows(table: dict[str, tuple[str, str]]) -> str:
    return "".join(
        f"| {name} | {_word(name, by[0], 0)} | {by[0]} | {_word(name, by[1], 1)} | {by[1]} |\n"
        for name, by in table.items()
    )


def _word(name: str, by: str, column: int) -> str:
    if by == MEANT:
        return "succeeds"
    if column == 1 and (name in DEPENDS or by == "file permissions"):
        return "depends on the host"
    return "**succeeds**" if by == NOTHING else "stopped"


def differences(level: Level, found: dict[str, str], *, moto: bool = False) -> list[str]:
    """Where an attempt's end is not what the page says."""
    column = 0 if level is Level.NAMESPACE else 1
    table = {**STOPPED_BY, **OF_MOTO} if moto else STOPPED_BY
    wrong = sorted(set(found) ^ set(table))
    for name, error in found.items():
        by = table.get(name, ("", ""))[column]
        if not by or (column == 1 and (name in DEPENDS or by == "file permissions")):
            continue
        if (error == "") != (by in (NOTHING, MEANT)):
            wrong.append(f"{name}: {error or 'succeeds'}, but the page says {by}")
    return wrong


async def attempt(level: Level, place: Path) -> dict[str, str]:
    """Let an environment try everything. `place` is an empty folder that every user may enter."""
    code = place / "code"
    code.mkdir(exist_ok=True)
    (code / "escapes.py").write_text(ESCAPES.read_text("utf-8"), "utf-8")
    zygote = ZygoteSpec(Path(sys.executable).resolve(), paths=(str(code),), preload=("escapes",))  # noqa: ASYNC240
    host = await SandboxHost.open(place / f"state-{level.value}", level, f"escape{os.getpid()}")
    try:
        return await _attempt(host, zygote, code)
    finally:
        await host.close()


async def attempt_in_moto(level: Level, place: Path) -> dict[str, str]:
    """Let code in moto's place try everything. `place` is an empty folder that every user may enter."""
    folder = place / f"data-{level.value}"
    (folder / "moto").mkdir(parents=True)
    (folder / "state.db").write_text("secret")
    host = await SandboxHost.open(folder / "sandboxes", level, f"moto{os.getpid()}", ids=confined.IDS)
    try:
        with (
            _targets(place) as targets,
            unix.listen(folder / "hatch", 0o666),
            unix.listen(folder / "moto.sock", 0o600) as sock,
        ):
            other = await host.create(SandboxSpec("other", ZygoteSpec(Path(sys.executable).resolve())))  # noqa: ASYNC240
            sleeper = await other.start(ProcessSpec({}, argv=("/bin/sleep", "60")))
            namespaced = level is Level.NAMESPACE
            plan = {
                **targets,
                **{"server": os.getpid(), "neighbour": sleeper.pid, "neighbour_tmp": _secret(other)},
                **{"kept": str(folder / "state.db"), "folder": str(folder / "moto")},
                "tmp": confined.OWN if namespaced else str(folder / "moto" / "own"),
                "code": next(str(inside if namespaced else path) for inside, path in confined.code_places().items()),
            }
            program = place / "in_moto.py"
            program.write_text(
                f"import os\nos.environ['PLAN'] = {json.dumps(plan)!r}\n{ESCAPES.read_text('utf-8')}\nattempt_all()\n"
            )
            life = await confined.Confined(host, folder / "moto", folder / "hatch", program)(sock.fileno())
            text = await asyncio.wait_for(life.output.read(), 60)
            errors = await life.errors.read()
            await life.end()
    finally:
        await host.close()
    assert text, errors
    found: dict[str, str] = json.loads(text)
    return found


async def _attempt(host: SandboxHost, zygote: ZygoteSpec, code: Path) -> dict[str, str]:
    binds = (Bind(code, "/var/task"),)
    one = await host.create(SandboxSpec("one", zygote, binds))
    two = await host.create(SandboxSpec("two", zygote, binds))
    sleeper = await two.start(ProcessSpec({}, argv=("/bin/sleep", "60")))
    with _targets(code.parent) as targets:
        plan = {
            **targets,
            "server": os.getpid(),
            "neighbour": sleeper.pid,
            "neighbour_tmp": _secret(two),
            "tmp": one.inside("/tmp"),  # noqa: S108
            "code": one.inside("/var/task"),
        }
        return await _said(one, plan)


def _secret(neighbour: Sandbox) -> str:
    """Where the neighbour's /tmp is on the host; at level namespace nowhere."""
    folder = neighbour.inside("/tmp")  # noqa: S108
    if folder == "/tmp":  # noqa: S108
        return "/tmp/neighbour"  # noqa: S108
    Path(folder, "secret").write_text("secret")
    return folder


async def _said(sandbox: Sandbox, plan: dict[str, Any]) -> dict[str, str]:
    read, write = os.pipe()
    try:
        order = ProcessSpec(
            {"PLAN": json.dumps(plan)}, entry="escapes:attempt_all", cwd=plan["code"], fds={1: write, 2: write}
        )
        process = await sandbox.start(order)
    finally:
        os.close(write)
    status = await asyncio.wait_for(process.exited, 60)
    with os.fdopen(read) as said:
        text = said.read()
    assert status.code == 0, (status, text)
    found: dict[str, str] = json.loads(text)
    return found


@contextmanager
def _targets(place: Path) -> Iterator[dict[str, Any]]:
    """What is to be reached from inside, if it can be."""
    file = place / "of-the-server"
    file.write_text("secret")
    file.chmod(0o600)
    name, key = secrets.token_hex(8), secrets.randbelow(1 << 30) + 1
    libc = ctypes.CDLL(None, use_errno=True)
    memory = libc.shmget(key, 4096, _IPC_CREATE | 0o666)
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
            abstract.bind("\0" + name)
            abstract.listen()
            port = server.getsockname()[1]
            yield {"file": str(file), "port": port, "abstract": name, "shared_memory": key}
    finally:
        libc.shmctl(memory, _IPC_REMOVE, None)
        file.unlink()


def main() -> None:
    """Write the page, if this machine does as it says."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for level in Level:
            found = asyncio.run(attempt(level, Path(folder)))
            wrong = differences(level, found)
            wrong += differences(level, asyncio.run(attempt_in_moto(level, Path(folder))), moto=True)
            if wrong:
                sys.exit(f"level {level.value}:\n" + "\n".join(wrong) + f"\n{found}")
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
