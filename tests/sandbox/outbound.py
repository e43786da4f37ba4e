"""Scenarios on the way out, each in a small internet of its own (`world`). Root's alone: see test_scenarios.py."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from kit import Kit, opened
from leaks import descendants
from world import FORWARDING, GATEWAY, HOST, NAMES, NOBODY, STUB, WEB, World

from lambent.sandbox import network
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.inside import user_mode
from lambent.sandbox.inside.firewall import DROP, FILTER, FORWARD, Firewall
from lambent.sandbox.inside.system import NAMESERVER
from lambent.sandbox.spec import NONE, Bind, Level, SandboxSpec, SnapshotSpec, ZygoteSpec

Scenario = Callable[[Kit, World], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {}
BY_ROOT: list[str] = []
BY_USERS: list[str] = []
"""Those that hold for root, and for an ordinary user."""
UNREACHABLE = {"EHOSTUNREACH", "ECONNREFUSED", "ENETUNREACH", "EACCES"}


def connected(scenario: Scenario) -> Scenario:
    """Register a scenario for root alone."""
    return _register(scenario, BY_ROOT)


def by_users(scenario: Scenario) -> Scenario:
    """Register a scenario for ordinary users as well."""
    return _register(scenario, BY_ROOT, BY_USERS)


def users_alone(scenario: Scenario) -> Scenario:
    """Register a scenario for ordinary users alone."""
    return _register(scenario, BY_USERS)


def _register(scenario: Scenario, *lists: list[str]) -> Scenario:
    SCENARIOS[scenario.__name__] = scenario
    for names in lists:
        names.append(scenario.__name__)
    return scenario


async def _reach(kit: Kit, sandbox: object, *targets: str) -> dict[str, str]:
    found: dict[str, str] = await kit.ask(sandbox, "reach", TARGETS=" ".join(targets))
    return found


@by_users
async def the_internet_is_reached_by_name(kit: Kit, world: World) -> None:
    assert kit.host.outbound_problem == "", kit.host.outbound_problem
    async with kit.sandbox() as sandbox:
        found = await _reach(kit, sandbox, "example.test:80", f"{WEB}:80", f"{NOBODY}:80")
        assert found["example.test:80"] == found[f"{WEB}:80"] == f"you are {HOST}", found
        assert found[f"{NOBODY}:80"] in ("ECONNREFUSED", *(["timeout"] if network.TOOLS == ("pasta",) else [])), found
        assert (await _reach(kit, sandbox, "none.test:80"))["none.test:80"] == "unknown name"


@by_users
async def two_sandboxes_listen_on_one_port_and_go_out(kit: Kit, world: World) -> None:
    async with kit.sandbox("one") as one, kit.sandbox("two") as two:
        for sandbox in (one, two):
            _, reader = await kit.start(sandbox, "listen_everywhere", PORT="8080")
            assert b"ready" in await reader.readline()
        for sandbox in (one, two):
            assert (await _reach(kit, sandbox, f"{WEB}:80"))[f"{WEB}:80"] == f"you are {HOST}"


@by_users
async def a_sandbox_without_network_has_its_loopback_alone(kit: Kit, world: World) -> None:
    async with kit.sandbox(network=NONE, listen=(9001,)) as sandbox:
        start = time.monotonic()
        found = await _reach(kit, sandbox, "example.test:80", f"{WEB}:80", "127.0.0.1:9002")
        assert found == {
            "example.test:80": "unknown name",
            f"{WEB}:80": "ENETUNREACH",
            "127.0.0.1:9002": "ECONNREFUSED",
        }
        assert time.monotonic() - start < 2
        assert sandbox.listeners[9001].getsockname() == ("127.0.0.1", 9001)


@by_users
async def a_snapshot_and_what_is_restored_from_it_go_out(kit: Kit, world: World) -> None:
    target = "example.test:80"
    snapshot = SnapshotSpec("network", "snapping:network", (("TARGETS", target),), (4566,))
    binds = (Bind(kit.code, "/var/task"),)
    spec = ZygoteSpec(kit.interpreter, ("/var/task",), ("probes",), binds, snapshot)
    read, write = os.pipe()
    listeners: dict[int, socket.socket] = {}
    try:
        await kit.host.snapshot(spec, {1: write, 2: write}, listeners.update)
    finally:
        os.close(write)
        for listener in listeners.values():
            listener.close()
    reader = await kit.reader(read)
    assert json.loads(await reader.readline()) == {target: f"you are {HOST}"}
    for number in range(2):
        sandbox = await kit.host.create(SandboxSpec(f"restored{number}", spec))
        assert await kit.ask(sandbox, "snapping:restored", TARGETS=target, ASKED="") == {target: f"you are {HOST}"}
        await sandbox.destroy()
    await kit.host.forget(spec)


@by_users
async def a_sandbox_reaches_neither_another_nor_the_host(kit: Kit, world: World) -> None:
    """Nor link-local addresses, where clouds keep their metadata services."""
    with (
        socket.create_server(("127.0.0.1", 0)) as local,
        socket.create_server(("", 0)) as anywhere,
        socket.create_server((HOST, 0)) as own,
    ):
        async with kit.sandbox("one") as one, kit.sandbox("two") as two:
            _, reader = await kit.start(one, "listen_everywhere", PORT="8080")
            address = (await reader.readline()).decode().split()[1].strip('"\n')
            router = address.rpartition(".")[0] + "." + str(int(address.rpartition(".")[2]) - 1)
            ports = [sock.getsockname()[1] for sock in (local, anywhere, own)]
            targets = [
                f"{address}:8080",
                f"127.0.0.1:{ports[0]}",
                f"{HOST}:{ports[1]}",
                f"{HOST}:{ports[2]}",
                f"198.18.0.0:{ports[1]}",
                f"198.18.0.1:{ports[1]}",
                f"{router}:53",
                "169.254.169.254:80",
                f"{NAMESERVER}:80",
                "224.0.0.1:80",
            ]
            found = await _reach(kit, two, *targets)
            assert set(found.values()) <= UNREACHABLE, found
            assert found["169.254.169.254:80"] == "EHOSTUNREACH", found
            assert not await _can_connect(address, 8080), "the host reaches a sandbox"


async def _can_connect(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 0.5)
    except OSError:
        return False
    writer.close()
    return True


@by_users
async def names_are_asked_of_the_hosts_own_servers(kit: Kit, world: World) -> None:
    """On its loopback, as a stub; on its own address; the next one when one does not answer."""
    async with kit.sandbox() as sandbox:
        for servers in ([STUB], [HOST], [GATEWAY, NAMES]):
            world.resolv_conf.write_text("".join(f"nameserver {server}\n" for server in servers))
            found = await _reach(kit, sandbox, "example.test:80")
            assert found["example.test:80"] == f"you are {HOST}", (servers, found)
        world.resolv_conf.write_text(f"nameserver {GATEWAY}\n")
        assert (await _reach(kit, sandbox, "example.test:80"))["example.test:80"] == "unknown name"


@by_users
async def a_killed_network_process_is_told(kit: Kit, world: World) -> None:
    process = kit.host.way_out.network._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    await _is_told(kit)


@by_users
async def slots_are_made_for_many_at_once_and_used_again(kit: Kit, world: World) -> None:
    async def one(number: int) -> str:
        async with kit.sandbox(f"many{number}") as sandbox:
            return (await _reach(kit, sandbox, f"{WEB}:80"))[f"{WEB}:80"]

    for _ in range(2):
        found = await asyncio.gather(*(one(number) for number in range(20)))
        assert set(found) == {f"you are {HOST}"}, found


@connected
async def two_servers_share_a_host(kit: Kit, world: World) -> None:
    """The second finds addresses of its own; the last one to go closes the door."""
    other = await SandboxHost.open(kit.code.parent / "state-other", Level.NAMESPACE, "other", "nat")
    second = Kit(other, other.level, kit.code, kit.interpreter)
    async with second.sandbox() as sandbox, kit.sandbox() as neighbour:
        _, reader = await kit.start(neighbour, "listen_everywhere", PORT="8080")
        address = (await reader.readline()).decode().split()[1].strip('"\n')
        found = await _reach(second, sandbox, f"{WEB}:80", f"{address}:8080")
        assert found[f"{WEB}:80"] == f"you are {HOST}", found
        assert found[f"{address}:8080"] in UNREACHABLE, found
    await other.close()
    async with kit.sandbox() as sandbox:
        assert (await _reach(kit, sandbox, f"{WEB}:80"))[f"{WEB}:80"] == f"you are {HOST}"
    await kit.host.close()
    assert world.left() == [], world.left()


@connected
async def a_host_that_did_not_forward_does_so_for_sandboxes_alone(kit: Kit, world: World) -> None:
    assert "it forwards" in world.left()
    firewall = Firewall()
    assert "closed" in [chain for _, chain, *_ in firewall.chains()]
    firewall.close()


@connected
async def a_firewall_in_the_way_is_named(kit: Kit, world: World) -> None:
    firewall = Firewall()
    firewall.replace("strange", [("FORWARD", "filter", FORWARD, FILTER, DROP, [])])
    other = await SandboxHost.open(kit.code.parent / "state-other", Level.NAMESPACE, "other", "auto")
    assert "strange" in other.outbound_problem, other.outbound_problem
    await other.close()
    firewall.close()


@connected
async def nothing_is_left_of_a_killed_server(kit: Kit, world: World) -> None:
    await kit.host.close()
    assert world.left() == [], world.left()
    place = kit.code.parent
    command = [sys.executable, __file__, str(place)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    assert len(world.left()) == 3, world.left()
    process.kill()
    process.wait()
    process.stdout.close()
    await _until(world, [])
    (place / "state-killed").rmdir()


@connected
async def nothing_is_left_when_all_were_killed_at_once_and_the_server_starts_again(kit: Kit, world: World) -> None:
    """Then nobody was left to stop the host from forwarding."""
    await kit.host.close()
    place = kit.code.parent
    command = [sys.executable, __file__, str(place)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    network = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_network_of(pid, process.pid)]
    for pid in (process.pid, *network):
        os.kill(pid, signal.SIGSTOP)
    for pid in (process.pid, *network):
        os.kill(pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    await _until(world, ["it forwards"])
    async with opened("namespace", place, "killed", "nat") as again:
        assert "table lambent-killed" in world.left()
        async with again.sandbox() as sandbox:
            assert (await _reach(again, sandbox, f"{WEB}:80"))[f"{WEB}:80"] == f"you are {HOST}"
    assert world.left() == []


async def _is_told(kit: Kit) -> None:
    """And the next sandbox has a way out again, by another process."""
    while not kit.host.way_out.network.lost:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert "ended" in kit.host.outbound_problem
    async with kit.sandbox() as sandbox:
        assert (await _reach(kit, sandbox, f"{WEB}:80"))[f"{WEB}:80"] == f"you are {HOST}"
    assert kit.host.outbound_problem == ""


@users_alone
async def a_program_that_ends_is_started_again_unless_it_ends_at_once(kit: Kit, world: World) -> None:
    async with kit.sandbox() as sandbox:
        for _ in range(2):
            await asyncio.sleep(user_mode.SHORT_SECONDS)
            former = _kill_program()
            deadline = time.monotonic() + 10
            while (found := await _reach(kit, sandbox, f"{WEB}:80"))[f"{WEB}:80"] != f"you are {HOST}":
                assert time.monotonic() < deadline, found
            assert _program() not in (0, former)
    while _kill_program() or not kit.host.way_out.network.lost:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await _is_told(kit)


def _kill_program() -> int:
    """Its process id, or 0 when there was none."""
    pid = _program()
    with contextlib.suppress(ProcessLookupError):
        if pid:
            os.kill(pid, signal.SIGKILL)
    return pid


def _program() -> int:
    """The process id of the program, or 0."""
    names = dict(line.split(maxsplit=1) for line in descendants(os.getpid()))
    found = [int(pid) for pid, name in names.items() if not name.startswith(("lambent", "python"))]
    return min(found, default=0)  # pasta has helpers now and then


@users_alone
async def nothing_is_left_of_a_users_killed_server(kit: Kit, world: World) -> None:
    await kit.host.close()
    place = kit.code.parent
    process = subprocess.Popen([sys.executable, __file__, str(place)], stdout=subprocess.PIPE)  # noqa: ASYNC220
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    assert len(descendants(os.getpid())) > 6
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 10
    while descendants(os.getpid()) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert descendants(os.getpid()) == []
    (place / "state-killed").rmdir()


@users_alone
async def what_is_missing_is_named(kit: Kit, world: World) -> None:
    """No program; one that can't do it; and then the other one does."""
    (tool,), path = network.TOOLS, os.environ["PATH"]
    (other,) = {"slirp4netns", "pasta"} - {tool}
    broken = kit.code.parent / "broken"
    broken.mkdir()
    (broken / other).write_text("#!/bin/sh\necho it is broken >&2\n")
    (broken / other).chmod(0o755)
    for tools, where, problem in (
        ((tool,), str(broken), "needs slirp4netns or pasta"),
        ((other,), str(broken), f"{other}: it is broken"),
        ((other, tool), f"{broken}:{path}", ""),
    ):
        network.TOOLS, os.environ["PATH"] = tools, where
        assert (problem in network.problem()) if problem else (network.problem() == ""), (tools, network.problem())
    shutil.rmtree(broken)


@connected
async def a_host_that_forwards_goes_on_doing_so(kit: Kit, world: World) -> None:
    await kit.host.close()
    FORWARDING.write_text("1")
    try:
        async with opened("namespace", kit.code.parent, "forwards", "nat") as other:
            assert other.host.outbound_problem == ""
            firewall = Firewall()
            assert "closed" not in [chain for _, chain, *_ in firewall.chains()]
            firewall.close()
        assert world.left() == ["it forwards"]
    finally:
        FORWARDING.write_text("0")


async def _until(world: World, expected: list[str]) -> None:
    deadline = time.monotonic() + 10
    while world.left() != expected and time.monotonic() < deadline:  # noqa: ASYNC110 - the kernel's work
        await asyncio.sleep(0.02)
    assert world.left() == expected, world.left()


def _is_network_of(pid: int, parent: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return "lambent-network" in status and f"PPid:\t{parent}\n" in status


async def _wait_to_be_killed(place: Path) -> None:
    async with opened("namespace", place, "killed", "nat") as kit:
        sandbox = await kit.host.create(kit.spec())
        await kit.start(sandbox, "sleep")
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(_wait_to_be_killed(Path(sys.argv[1])))
