"""What is tested, once as root and once as an ordinary user: `python scenarios.py NAME LEVEL [TOOL] PLACE`.

Run by test_scenarios.py in a process of its own, so that descriptors and children can be counted.
"""

import asyncio
import errno
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import outbound
from kit import MB, Kit, opened
from leaks import adopting_orphans, assert_same, census, descendants
from world import World

from lambent.sandbox import groups, network
from lambent.sandbox.errors import (
    LevelUnavailable,
    SandboxError,
    SandboxGone,
    SnapshotFailed,
    SnapshotUnfit,
    StartFailed,
    StepFailed,
    ZygoteFailed,
)
from lambent.sandbox.host import Sandbox, SandboxHost
from lambent.sandbox.inside import plan
from lambent.sandbox.inside.denied import CLONE, CLONE3, DENIED
from lambent.sandbox.spec import Bind, ExitStatus, Level, ProcessSpec, SandboxSpec, SnapshotSpec, ZygoteSpec

ROOT = os.getuid() == 0
MOST_WATCHING = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
USER = 1000
MACHINE = platform.machine()
NAMESPACE, PROCESS = (Level.NAMESPACE,), (Level.PROCESS,)
BOTH = (*NAMESPACE, *PROCESS)

SCENARIOS: dict[str, tuple[Callable[[Kit], Awaitable[None]], tuple[Level, ...]]] = {}


def at(levels: tuple[Level, ...]) -> Callable[[Callable[[Kit], Awaitable[None]]], Callable[[Kit], Awaitable[None]]]:
    def register(scenario: Callable[[Kit], Awaitable[None]]) -> Callable[[Kit], Awaitable[None]]:
        SCENARIOS[scenario.__name__] = (scenario, levels)
        return scenario

    return register


# --- what a process is, and sees


@at(NAMESPACE)
async def a_process_has_the_identity_of_the_sandbox(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        found = await kit.ask(sandbox, "describe", ASKED="for")
    assert found["ids"] == [[993] * 3, [990] * 3, [] if ROOT else found["ids"][2]], found["ids"]
    assert found["pid"] != 1 and found["session"] and found["umask"] == 0o22
    assert found["pids"] == [1, found["pid"]], found["pids"]
    assert found["cwd"] == "/var/task" and found["host"].startswith("169.254.")
    assert found["fds"] == [0, 1, 2], found["fds"]
    assert found["signals"] == ["0", "0"] or found["signals"] == ["Handlers.SIG_DFL"] * 2, found["signals"]
    assert found["ours"] == []
    assert "/var/task" in found["mounts"] and "/tmp" in found["mounts"]
    assert not any(str(kit.code) in command or "boot" in command for command in found["commands"]), found["commands"]


@at(BOTH)
async def nothing_of_the_hosts_environment_is_inside(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        found = await kit.ask(sandbox, "describe", ASKED="for")
    found["environment"].pop("TMPDIR", None)
    assert found["environment"] == {"ASKED": "for"}, found["environment"]
    assert found["native"] == {"ASKED": "for"}, found["native"]
    assert found["fds"] == [0, 1, 2], found["fds"]


@at(BOTH)
async def no_capability_is_left(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        found = await kit.ask(sandbox, "describe")
    none = "0" * 16
    if kit.level is Level.PROCESS and not ROOT:
        found["capabilities"][3] = none  # the bounding set can't be emptied; no_new_privs makes it worth nothing
    assert found["capabilities"] == [none] * 5, found["capabilities"]
    assert found["no_new_privs"] == "1" and found["seccomp"] == "2"


@at(NAMESPACE)
async def only_tmp_can_be_written(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        found = await kit.ask(sandbox, "write_everywhere")
    assert found.pop("/tmp/x") == "done"
    assert set(found.values()) == {"EROFS"}, found


@at(NAMESPACE)
async def no_mount_but_tmp_is_for_writing(kit: Kit) -> None:
    """A generated file over one of the host's, too: all sandboxes of a zygote see the same one."""
    zygote = replace(kit.zygote, files=(("/usr/lib/os-release", "NAME=generated\n"),))
    async with kit.sandbox(zygote=zygote) as sandbox:
        found = await kit.ask(sandbox, "writable_mounts")
    assert found == ["/proc", "/tmp"], found


@at(NAMESPACE)
async def two_sandboxes_can_use_one_port(kit: Kit) -> None:
    async with kit.sandbox("one", listen=(8080,)) as one, kit.sandbox("two", listen=(8080,)) as two:
        for sandbox, text in ((one, "first"), (two, "second")):
            process, reader = await kit.start(sandbox, "connect", PORT="8080", TEXT=text)
            assert await _answer(sandbox.listeners[8080]) == text
            assert json.loads(await reader.read()) == f"you are {text}"
            assert (await process.exited).code == 0


@at(PROCESS)
async def a_port_is_replaced_by_a_free_one(kit: Kit) -> None:
    async with kit.sandbox("one", listen=(8080,)) as one, kit.sandbox("two", listen=(8080,)) as two:
        ports = [sandbox.listeners[8080].getsockname()[1] for sandbox in (one, two)]
        assert ports[0] != ports[1]
        process, _ = await kit.start(one, "connect", PORT=str(ports[0]), TEXT="first")
        assert await _answer(one.listeners[8080]) == "first"
        await process.exited


async def _answer(listener: socket.socket) -> str:
    loop = asyncio.get_running_loop()
    sock, _ = await loop.sock_accept(listener)
    with sock:
        text = (await loop.sock_recv(sock, 100)).decode()
        await loop.sock_sendall(sock, f"you are {text}".encode())
    return text


@at(NAMESPACE)
async def the_hosts_network_is_out_of_reach(kit: Kit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with kit.sandbox() as sandbox:
            found = await kit.ask(sandbox, "reach_out", PORT=str(server.getsockname()[1]))
    assert found == ["ECONNREFUSED", "ENETUNREACH"], found


@at(NAMESPACE)
async def the_keeper_can_not_be_harmed(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        found = await kit.ask(sandbox, "attack_keeper")
        assert found["memory"] == found["descriptors"] == found["root"] == "EACCES", found
        if ROOT:
            assert found["kill"] == found["stop"] == "EPERM", found
        assert not sandbox.gone.done()
        await kit.ask(sandbox, "remember")


@at(BOTH)
async def denied_system_calls_are_refused(kit: Kit) -> None:
    column = 0 if MACHINE == "x86_64" else 1
    calls = {name: call[column] for name, call in DENIED.items() if call[column] is not None}
    async with kit.sandbox() as sandbox:
        orders = {"CALLS": json.dumps({**calls, "clone3": CLONE3[column]}), "CLONE": str(CLONE[column])}
        found = await kit.ask(sandbox, "call_denied", **orders)
    assert found.pop("clone3") == "ENOSYS"
    assert found.pop("AF_VSOCK") == found.pop("AF_ALG") == "EAFNOSUPPORT"
    assert set(found.values()) == {"EPERM"}, {name: value for name, value in found.items() if value != "EPERM"}


@at(BOTH)
async def ordinary_programs_run(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        found = await kit.ask(sandbox, "ordinary_things", PATH="/usr/bin:/bin")
        tmp = sandbox.inside("/tmp")
    assert found[:5] == ["thread", "shell", "socket", tmp, "127.0.0.1"], found
    if kit.level is Level.NAMESPACE:
        assert found[5] == "sbx_user1051"


# --- limits


@at(NAMESPACE)
async def tmp_has_the_asked_size(kit: Kit) -> None:
    async with kit.sandbox(tmp_bytes=4 * MB) as sandbox:
        assert await kit.ask(sandbox, "fill_tmp", MEGABYTES="5") == "ENOSPC"


@at(NAMESPACE)
async def tmp_is_not_charged_to_memory(kit: Kit) -> None:
    async with kit.sandbox(tmp_bytes=256 * MB, memory_bytes=64 * MB) as sandbox:
        assert await kit.ask(sandbox, "fill_tmp", MEGABYTES="200") == "done"
        assert sandbox.memory_peak() <= 64 * MB, sandbox.memory_peak()


@at(BOTH)
async def memory_over_the_limit_ends_the_process(kit: Kit) -> None:
    async with kit.sandbox(memory_bytes=64 * MB) as sandbox:
        status, said = await kit.run(sandbox, "take_memory", MEGABYTES="200", SECONDS="10")
        assert status == ExitStatus(signal=signal.SIGKILL, out_of_memory=True), (status, said)
        status, said = await kit.run(sandbox, "take_memory", MEGABYTES="32")
        assert status == ExitStatus(code=0), (status, said)
        assert 32 * MB <= sandbox.memory_peak() <= 64 * MB, sandbox.memory_peak()


@at(BOTH)
async def memory_far_over_the_limit_ends_the_process(kit: Kit) -> None:
    async with kit.sandbox(memory_bytes=64 * MB, tmp_bytes=64 * MB) as sandbox:
        status, _ = await kit.run(sandbox, "take_memory", MEGABYTES="2000", SECONDS="10")
        assert status == ExitStatus(signal=signal.SIGKILL, out_of_memory=True), status


@at(BOTH)
async def no_kind_of_memory_goes_beyond_the_limit(kit: Kit) -> None:
    """It is counted, and the process killed; or it can't be had."""
    absent = ("memfd", "segment", "semaphores")
    for way in (*absent, "mapping", "page_tables", "orphans", "children_of_threads"):
        async with kit.sandbox(way.replace("_", "-"), memory_bytes=64 * MB, tmp_bytes=1 * MB) as sandbox:
            status, said = await kit.run(sandbox, "hide_memory", WAY=way, MEGABYTES="512")
            refused = status == ExitStatus(code=0) and json.loads(said) == "ENOSYS" and way in absent
            assert refused or status == ExitStatus(signal=signal.SIGKILL, out_of_memory=True), (way, status, said)


@at(NAMESPACE)
async def what_is_in_tmp_makes_no_room_for_more_memory(kit: Kit) -> None:
    async with kit.sandbox(memory_bytes=64 * MB, tmp_bytes=128 * MB) as sandbox:
        assert await kit.ask(sandbox, "fill_tmp", MEGABYTES="100") == "done"
        status, _ = await kit.run(sandbox, "take_memory", MEGABYTES="120", SECONDS="2")
        assert status == ExitStatus(signal=signal.SIGKILL, out_of_memory=True), status


@at(BOTH)
async def descriptors_are_limited(kit: Kit) -> None:
    async with kit.sandbox(descriptors=64) as sandbox:
        found = await kit.run(sandbox, "open_many")
    assert json.loads(found[1])[0] == "EMFILE" and json.loads(found[1])[1] <= 64


@at(BOTH)
async def processes_are_limited(kit: Kit) -> None:
    if ROOT and groups.PIDS not in groups.find().controllers:
        return  # RLIMIT_NPROC does not count root's
    async with kit.sandbox(processes=30) as sandbox:
        found = await kit.ask(sandbox, "fork_many")
    assert found[0] == "EAGAIN" and found[1] < 30, found


@at(BOTH)
async def a_child_over_the_limit_ends_the_whole_environment(kit: Kit) -> None:
    """Killed by the kernel or by the look: the process that only waits for it goes too."""
    async with kit.sandbox(memory_bytes=64 * MB, tmp_bytes=1 * MB) as sandbox:
        status, _ = await kit.run(sandbox, "hog_in_a_child", MEGABYTES="200", SECONDS="60")
        assert status == ExitStatus(signal=signal.SIGKILL, out_of_memory=True), status
        assert descendants(sandbox.pid) == []


@at(NAMESPACE)
async def what_was_in_tmp_is_in_no_peak(kit: Kit) -> None:
    async with kit.sandbox(memory_bytes=64 * MB, tmp_bytes=64 * MB) as sandbox:
        _, said = await kit.run(sandbox, "keep_filling_tmp")
        assert said.split() == [b'"ENOSPC"', b'"ENOSPC"', b'"freed"', b'"done"'], said
        assert sandbox.memory_peak() < 48 * MB, sandbox.memory_peak()


@at(NAMESPACE)
async def the_default_limits_are_lambdas(kit: Kit) -> None:
    """1,024 descriptors and processes, 512 MB of /tmp."""
    async with kit.sandbox() as sandbox:
        found = await kit.ask(sandbox, "describe_limits")
    assert found["descriptors"] == [1024, 1024], found
    assert found["tmp"] == 512 * MB, found
    if groups.PIDS in groups.find().controllers:
        assert sandbox.spec.processes == 1024


@at(BOTH)
async def attempts_to_get_out_end_as_the_page_says(kit: Kit) -> None:
    import isolation  # of tools, copied beside this file

    place = kit.code.parent / "escapes"
    place.mkdir()
    found = await isolation.attempt(kit.level, place)
    shutil.rmtree(place)
    assert isolation.differences(kit.level, found) == [], found


@at(BOTH)
async def attempts_to_get_out_of_moto_end_as_the_page_says(kit: Kit) -> None:
    import isolation

    place = kit.code.parent / "deputy"
    place.mkdir()
    found = await isolation.attempt_in_moto(kit.level, place)
    shutil.rmtree(place)
    assert isolation.differences(kit.level, found, moto=True) == [], found


# --- those who misbehave: everybody else goes on


@at(BOTH)
async def a_fork_bomb_harms_nobody_else(kit: Kit) -> None:
    if kit.level is Level.PROCESS and groups.PIDS not in groups.find().controllers:
        return  # RLIMIT_NPROC counts the user's own processes too: nothing could be started beside it
    async with kit.sandbox("bomb", processes=100, cpus=0.2) as bomb, kit.sandbox("other") as other:
        process, reader = await kit.start(bomb, "bomb")
        await reader.readline()
        await asyncio.sleep(0.1)
        assert (await asyncio.wait_for(kit.ask(other, "remember"), 10))[0] == 1
        process.kill()
        assert (await asyncio.wait_for(process.exited, 20)).signal == signal.SIGKILL
        assert descendants(bomb.pid) == []
        assert (await kit.ask(bomb, "remember"))[0] == 1


@at(BOTH)
async def a_daemon_ends_with_its_function(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        assert await kit.ask(sandbox, "daemonise") == "left"
        assert descendants(sandbox.pid) == []


@at(BOTH)
async def who_closes_all_descriptors_ends_as_any_other(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        assert await kit.run(sandbox, "close_everything") == (ExitStatus(code=3), b'"closing"\n')
        assert (await kit.ask(sandbox, "remember"))[0] == 1


@at(NAMESPACE)
async def a_full_tmp_harms_nobody_else(kit: Kit) -> None:
    async with kit.sandbox("full", tmp_bytes=4 * MB) as full, kit.sandbox("other", tmp_bytes=4 * MB) as other:
        assert await kit.ask(full, "fill_tmp", MEGABYTES="5") == "ENOSPC"
        assert (await kit.ask(other, "remember"))[0] == 1
        assert await kit.ask(full, "fill_tmp", MEGABYTES="3") == "done"


@at(NAMESPACE)
async def what_the_kernel_counts_by_user_is_counted_apart(kit: Kit) -> None:
    """Also of a sandbox's later processes, which are not forked ahead."""
    counts = []
    async with kit.sandbox("full") as full, kit.sandbox("other") as other:
        assert (await kit.ask(other, "remember"))[0] == 1
        for sandbox in (full, other, full):
            _, reader = await kit.start(sandbox, "queue_signals")
            counts.append(json.loads(await reader.readline()))
    assert kit.host.counts_apart
    assert bool(kit.host.users_problem) != ROOT
    assert counts == [50, 50, 0]


@at(NAMESPACE)
async def no_environment_has_all_that_is_counted_for_all(kit: Kit) -> None:
    """The kernel counts inotify instances of an ordinary user's namespaces to that user: each gets a share."""
    async with kit.sandbox("full") as full, kit.sandbox("other") as other:
        counts = []
        for sandbox in (full, other):
            _, reader = await kit.start(sandbox, "watch_all")
            counts.append(json.loads(await reader.readline()))
        assert counts == [MOST_WATCHING if ROOT else MOST_WATCHING // 4] * 2
        assert await kit.ask(full, "own_share") == ["EACCES", "EACCES"]


@at(NAMESPACE)
async def the_end_of_many_files_holds_nobody_up(kit: Kit) -> None:
    """They go with the last who has /tmp open, which is the server: its event loop turns meanwhile."""
    longest, loop = [0.0], asyncio.get_running_loop()

    async def turn() -> None:
        while True:
            began = loop.time()
            await asyncio.sleep(0.001)
            longest[0] = max(longest[0], loop.time() - began)

    sandbox = await kit.host.create(kit.spec("full", memory_bytes=1 << 30))
    assert await kit.ask(sandbox, "many_files", COUNT="150000") == "done"
    took = loop.time()
    turning = asyncio.create_task(turn())
    await sandbox.destroy()
    await asyncio.to_thread(lambda: None)
    turning.cancel()
    assert longest[0] < 0.1, (longest, loop.time() - took)


# --- the life of a sandbox


@at(BOTH)
async def exits_are_told(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        assert (await kit.run(sandbox, "end", HOW="exit"))[0] == ExitStatus(code=7)
        assert (await kit.run(sandbox, "end", HOW="signal"))[0] == ExitStatus(signal=signal.SIGSEGV)
        assert (await kit.run(sandbox, "end", HOW="raise"))[0] == ExitStatus(code=1)
        assert await kit.run(sandbox, "end", HOW="atexit") == (ExitStatus(code=0), b'"at exit"\n')


@at(BOTH)
async def a_sandbox_outlives_its_processes(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        first = await kit.ask(sandbox, "remember")
        second = await kit.ask(sandbox, "remember")
        third = await kit.ask(sandbox, "remember")
    assert [found[0] for found in (first, second, third)] == [1, 2, 3]
    assert len({found[1] for found in (first, second, third)}) == 3, "random is the same"
    assert len({found[2] for found in (first, second, third)}) == 3, "names of temporary files are the same"


@at(BOTH)
async def sandboxes_do_not_share_tmp(kit: Kit) -> None:
    async with kit.sandbox("one") as one, kit.sandbox("two") as two:
        assert (await kit.ask(one, "remember"))[0] == (await kit.ask(two, "remember"))[0] == 1


@at(BOTH)
async def what_a_process_leaves_behind_ends_with_it(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        assert await kit.ask(sandbox, "leave_children") == "left"
        assert descendants(sandbox.pid) == []


@at(BOTH)
async def a_process_can_be_killed(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "sleep")
        await reader.readline()
        process.kill()
        assert await process.exited == ExitStatus(signal=signal.SIGKILL)
        process.kill()
        assert (await kit.ask(sandbox, "remember"))[0] == 1


@at(BOTH)
async def each_of_several_processes_tells_its_end(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        started = [await kit.start(sandbox, "sleep") for _ in range(3)]
        for _, reader in started:
            await reader.readline()
        (first, _), (second, _), (third, _) = started
        first.kill()
        assert await asyncio.wait_for(first.exited, 5) == ExitStatus(signal=signal.SIGKILL)
        assert not second.exited.done() and not third.exited.done()
        assert (await kit.ask(sandbox, "remember"))[0] == 1
        second.terminate()
        assert await asyncio.wait_for(second.exited, 5) == ExitStatus(signal=signal.SIGTERM)
        sandbox.kill_processes()
        assert await asyncio.wait_for(third.exited, 5) == ExitStatus(signal=signal.SIGKILL)
        assert (await kit.ask(sandbox, "remember"))[0] == 2


@at(BOTH)
async def who_ignores_sigterm_ends_by_sigkill(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "ignore_sigterm")
        assert json.loads(await reader.readline()) == "ready"
        process.terminate()
        assert json.loads(await reader.readline()) == "ignored"
        assert not process.exited.done()
        process.kill()
        assert await asyncio.wait_for(process.exited, 5) == ExitStatus(signal=signal.SIGKILL)


@at(BOTH)
async def what_a_process_leaves_stays_while_another_runs(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        other, reader = await kit.start(sandbox, "sleep")
        await reader.readline()
        assert await kit.ask(sandbox, "leave_children") == "left"
        assert len(descendants(sandbox.pid)) == 4
        other.kill()
        await other.exited
        assert descendants(sandbox.pid) == []


@at(BOTH)
async def a_port_inside_can_be_connected_to(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "answer_once")
        found = json.loads(await reader.readline())
        if kit.level is Level.NAMESPACE:
            assert found["names"] == ["127.0.0.1", "127.0.0.1"], found
        loop = asyncio.get_running_loop()
        with await asyncio.wait_for(sandbox.connect(found["port"]), 5) as sock:
            await loop.sock_sendall(sock, b"hello")
            assert await asyncio.wait_for(loop.sock_recv(sock, 100), 5) == b"you said hello"
        assert (await process.exited).code == 0
        await _fails(sandbox.connect(found["port"]), ConnectionRefusedError)
        await sandbox.destroy()
        await _fails(sandbox.connect(found["port"]), SandboxGone)


async def _fails(attempt: Awaitable[object], error: type[Exception]) -> None:
    try:
        await asyncio.wait_for(attempt, 5)
    except error:
        return
    raise AssertionError(f"no {error.__name__}")


@at(NAMESPACE)
async def a_connection_to_a_frozen_sandbox_waits(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        _, reader = await kit.start(sandbox, "answer_once")
        found = json.loads(await reader.readline())
        sandbox.freeze()
        given_up = asyncio.create_task(sandbox.connect(found["port"]))
        waiting = asyncio.create_task(sandbox.connect(found["port"]))
        await asyncio.sleep(0.05)
        if groups.FREEZER in groups.find().controllers:
            assert not waiting.done()
        given_up.cancel()
        sandbox.thaw()
        with await asyncio.wait_for(waiting, 5) as sock:
            await asyncio.get_running_loop().sock_sendall(sock, b"bye")


# --- folders of the host that can be written to


@at(NAMESPACE)
async def a_folder_of_the_host_is_shared(kit: Kit) -> None:
    shared = _shared(kit)
    binds = (
        Bind(kit.code, "/var/task"),
        Bind(shared, "/mnt/data", writable=True),
        Bind(shared, "/mnt/a/b"),
    )
    async with kit.sandbox("one", binds=binds) as one, kit.sandbox("two", binds=binds) as two:
        found, flags = await kit.ask(one, "share", NAME="one", PLACES="/mnt/data /mnt/a/b /mnt /var/task")
        assert found.pop("/mnt/data") == ["done", ["one"]]
        assert found.pop("/mnt/a/b") == ["EROFS", ["one"]]
        assert [tried for tried, _ in found.values()] == ["EROFS"] * 2, found
        assert flags == {
            "/mnt": ["ro", "nosuid", "nodev"],
            "/mnt/data": ["rw", "nosuid", "nodev"],
            "/mnt/a/b": ["ro", "nosuid", "nodev"],
        }, flags
        found, _ = await kit.ask(two, "share", NAME="two", PLACES="/mnt/data")
        assert found == {"/mnt/data": ["done", ["one", "two"]]}, found
    async with kit.sandbox("none") as other:
        found, flags = await kit.ask(other, "share", NAME="x", PLACES="/mnt")
        assert (found, flags) == ({"/mnt": ["EROFS", []]}, {})
    assert {path.name: path.read_text() for path in shared.iterdir()} == {"one": "from one", "two": "from two"}
    shutil.rmtree(shared)


@at(NAMESPACE)
async def an_image_sees_a_shared_folder(kit: Kit) -> None:
    image, shared = _image(kit), _shared(kit)
    async with kit.sandbox(root=image, binds=(Bind(shared, "/mnt/data", writable=True),)) as sandbox:
        assert await _shell(sandbox, "echo text > /mnt/data/new && echo done") == "done\n"
        assert await _shell(sandbox, "echo x > /mnt/x || echo refused") == "refused\n"
    assert (shared / "new").read_text() == "text\n"
    shutil.rmtree(image)
    shutil.rmtree(shared)


def _shared(kit: Kit) -> Path:
    """A folder that belongs to the sandboxes' user. The scenario removes it."""
    shared = kit.code.parent / "shared"
    shared.mkdir(mode=0o700)
    if ROOT:
        os.chown(shared, 993, 990)
    return shared


# --- other roots


@at(NAMESPACE)
async def an_image_is_the_root(kit: Kit) -> None:
    image = _image(kit)
    code = (Bind(kit.code, "/var/task"), Bind(kit.code, "/opt/new"), Bind(kit.code / "probes.py", "/srv/one/file"))
    async with kit.sandbox(root=image, binds=code, listen=(9001,)) as sandbox:
        assert await _shell(sandbox, "read a < /etc/marker; echo $a; pwd") == "the image\n/\n"
        assert await _shell(sandbox, "read a < /etc/hosts; echo $a") == "127.0.0.1 localhost\n"
        assert await _shell(sandbox, "cd /var/task; pwd; echo /opt/new/p*") == "/var/task\n/opt/new/probes.py\n"
        assert await _shell(sandbox, "read a < /srv/one/file; echo $a | { read b c; echo $b; }") != "\n"
        assert await _shell(sandbox, "echo /*") == _listed(image, "dev", "etc", "opt", "proc", "srv", "tmp", "var")
        assert await _shell(sandbox, "echo x > /tmp/x; echo $(</tmp/x)/proc/[0-9]*") != ""
        assert await _shell(sandbox, "echo x > /dev/null && echo done") == "done\n"
        for place in ("/x", "/etc/x", "/opt/x", "/opt/new/x", "/srv/one/file", "/dev/x"):
            assert await _shell(sandbox, f"echo x > {place} || echo refused") == "refused\n", place
        mounts = (await _shell(sandbox, "while read a b c; do echo $b; done < /proc/self/mounts")).split()
        assert sorted(mounts)[0] == "/" and not any(place.startswith("/mnt") for place in mounts), mounts
    assert not (image / "tmp").exists() and not (image / "x").exists()
    shutil.rmtree(image)


@at(NAMESPACE)
async def links_in_an_image_lead_nowhere_else(kit: Kit) -> None:
    """Places that are mounted over: a link there counts from the image's own root."""
    image = _image(kit)
    (image / "real").mkdir()
    (image / "tmp").symlink_to("/../../real")
    async with kit.sandbox(root=image, binds=(Bind(kit.code, "/opt"),)) as sandbox:
        assert await _shell(sandbox, "echo x > /real/y && echo /tmp/*") == "/tmp/y\n"
    assert list((image / "real").iterdir()) == []
    shutil.rmtree(image)


@at(NAMESPACE)
async def what_is_bound_elsewhere_is_in_no_memory(kit: Kit) -> None:
    """A zygote forks many: the memory of one sandbox has no name of what another one was given."""
    elsewhere = kit.code.parent / "elsewhere-0123456789"
    elsewhere.mkdir()
    binds = (Bind(kit.code, "/var/task"), Bind(elsewhere, "/mnt/x"))
    for number in range(3):
        async with kit.sandbox(f"other{number}", binds=binds), kit.sandbox("one") as one:
            found = await kit.ask(one, "search_memory", MINE="given-0123456789")
            assert "given-0123456789" in found and "elsewhere-0123456789" not in found, found
    elsewhere.rmdir()


@at(NAMESPACE)
async def a_missing_image_is_named(kit: Kit) -> None:
    try:
        await kit.host.create(kit.spec(root=Path("/nothing/there")))
    except StepFailed as failed:
        assert failed.step == "bind_sources" and "/nothing/there" in str(failed), failed
    else:
        raise AssertionError("a root that is not there")


@at(PROCESS)
async def an_image_needs_namespaces(kit: Kit) -> None:
    await _fails(kit.host.create(kit.spec(root=kit.code)), LevelUnavailable)


def _image(kit: Kit) -> Path:
    """A root with a shell and what it is linked to, and nothing else. The scenario removes it."""
    place = kit.code.parent / "image"
    shell = Path("/bin/sh").resolve()
    linked = subprocess.run(["ldd", shell], capture_output=True, text=True, check=True).stdout
    for path in (shell, *re.findall(r"(/\S+)", linked)):
        target = place / str(path).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (place / "shell").symlink_to(shell)
    (place / "etc").mkdir()
    (place / "etc" / "marker").write_text("the image\n")
    return place


async def _shell(sandbox: Sandbox, command: str) -> str:
    """What a shell in the sandbox says to a command."""
    read, write = os.pipe()
    try:
        process = await sandbox.start(ProcessSpec({}, argv=("/shell", "-c", command), fds={1: write}))
    finally:
        os.close(write)
    assert (await asyncio.wait_for(process.exited, 10)).code == 0, command
    with os.fdopen(read) as said:
        return said.read()


def _listed(folder: Path, *more: str) -> str:
    return " ".join(f"/{name}" for name in sorted({*os.listdir(folder), *more})) + "\n"


@at(BOTH)
async def destroy_ends_everything(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "sleep")
        await reader.readline()
        await asyncio.gather(sandbox.destroy(), sandbox.destroy())
        assert sandbox.gone.done()
        assert (await process.exited).signal == signal.SIGKILL
        try:
            await kit.start(sandbox, "sleep")
        except SandboxGone:
            return
        raise AssertionError("a process was started in a sandbox that is gone")


@at(BOTH)
async def a_frozen_sandbox_stands_still(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "tick")
        await reader.readline()
        await reader.readexactly(5)
        sandbox.freeze()
        await _silence(reader)
        sandbox.thaw()
        await asyncio.wait_for(reader.readexactly(5), 5)
        sandbox.freeze()
        process.kill()
        assert (await asyncio.wait_for(process.exited, 5)).signal == signal.SIGKILL


@at(BOTH)
async def a_frozen_sandbox_can_be_destroyed(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "tick")
        await reader.readline()
        sandbox.freeze()
        await asyncio.wait_for(sandbox.destroy(), 5)
        assert process.exited.done()


@at(BOTH)
async def a_sandbox_that_ends_is_not_frozen_again(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        _, reader = await kit.start(sandbox, "tick")
        await reader.readline()
        sandbox.freeze()
        ending = asyncio.create_task(sandbox.destroy())
        await asyncio.sleep(0)
        sandbox.freeze()
        await asyncio.wait_for(ending, 5)


async def _silence(reader: asyncio.StreamReader) -> None:
    """That nothing comes any more, once what is on its way has come."""
    for _ in range(50):
        try:
            await asyncio.wait_for(reader.read(10_000), 0.1)
        except TimeoutError:
            return
    raise AssertionError("a frozen process goes on")


@at(NAMESPACE)
async def the_cpu_share_is_kept(kit: Kit) -> None:
    if groups.CPU not in groups.find().controllers:
        return
    async with kit.sandbox(cpus=0.1) as sandbox:
        process, reader = await kit.start(sandbox, "tick")
        await reader.readline()
        files = [Path(folder) for folder in _folders(sandbox.id) if "cpu" in folder]
        quotas = [(folder / "cpu.cfs_quota_us").read_text().strip() for folder in files if "cpuacct" not in str(folder)]
        assert "2000" in quotas, quotas
        sandbox.unthrottle()
        assert "-1" in [(folder / "cpu.cfs_quota_us").read_text().strip() for folder in files]
        process.kill()
        await process.exited


def _folders(name: str) -> list[str]:
    return [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if folder.endswith(f"-{name}")]


@at(BOTH)
async def programs_are_executed(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        read, write = os.pipe()
        spec = ProcessSpec({"PATH": "/bin:/usr/bin"}, argv=("sh", "-c", "echo $0 $ASKED; exit 5"), fds={1: write})
        process = await sandbox.start(spec)
        os.close(write)
        assert (await process.exited).code == 5
        assert os.read(read, 100) == b"sh\n"
        os.close(read)
        missing = await sandbox.start(ProcessSpec({}, argv=("/nothing/there",)))
        assert (await missing.exited).code == 127
        refused = await sandbox.start(ProcessSpec({}, argv=("/etc",)))
        assert (await refused.exited).code == 126


@at(BOTH)
async def a_failed_start_leaves_the_sandbox(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        try:
            await sandbox.start(ProcessSpec({}, entry="probes:sleep", cwd="/nowhere"))
        except StartFailed as failed:
            assert (failed.step, failed.errno, failed.path) == ("directory", errno.ENOENT, "/nowhere"), failed
        else:
            raise AssertionError("started in a folder that is not there")
        assert (await kit.ask(sandbox, "remember"))[0] == 1


@at(NAMESPACE)
async def a_missing_source_is_named(kit: Kit) -> None:
    for bind, step in (
        (Bind(Path("/nothing/there"), "/var/task"), "bind_sources"),
        (Bind(kit.code, "/nothing/there"), "binds"),
    ):
        try:
            await kit.host.create(kit.spec(binds=(bind,)))
        except StepFailed as failed:
            assert failed.step == step and "/nothing/there" in str(failed) and failed.hint, failed
        else:
            raise AssertionError("bound what is not there")


# --- many, and ends


@at(BOTH)
async def many_are_made_at_once(kit: Kit) -> None:
    async def one(number: int) -> int:
        async with kit.sandbox(f"many{number}") as sandbox:
            return int((await kit.ask(sandbox, "remember"))[0])

    assert await asyncio.gather(*(one(number) for number in range(24))) == [1] * 24


@at(BOTH)
async def cancelled_creations_leave_nothing(kit: Kit) -> None:
    await kit.host.warm(kit.zygote)
    for pause in (0, 0.0005, 0.001, 0.002, 0.004):
        tasks = [asyncio.create_task(kit.host.create(kit.spec(f"cancelled{number}"))) for number in range(4)]
        await asyncio.sleep(pause)
        for task in tasks:
            task.cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(found, BaseException):
                await found.destroy()


@at(NAMESPACE)
async def a_dead_zygote_is_replaced(kit: Kit) -> None:
    async with kit.sandbox("before") as before:
        _, reader = await kit.start(before, "tick")
        await reader.readline()
        before.freeze()
        os.kill(_zygote(), signal.SIGKILL)
        await asyncio.wait_for(asyncio.shield(before.gone), 5)
        async with kit.sandbox("after") as after:
            assert (await kit.ask(after, "remember"))[0] == 1


@at(BOTH)
async def what_can_not_be_preloaded_is_left_out(kit: Kit) -> None:
    names = ("broken", "missing_module", "thready", "deadly", "probes")
    skipped = await kit.host.warm(ZygoteSpec(kit.interpreter, paths=(str(kit.code),), preload=names))
    assert set(skipped) == set(names[:4]), skipped
    assert "broken on purpose" in skipped["broken"] and "threads" in skipped["thready"], skipped


@at(BOTH)
async def a_missing_interpreter_is_named(kit: Kit) -> None:
    try:
        await kit.host.warm(ZygoteSpec(Path("/nothing/python")))
    except SandboxError as failed:
        assert "/nothing/python" in str(failed)
    else:
        raise AssertionError("started an interpreter that is not there")


@at(BOTH)
async def every_failing_step_is_named_and_leaves_nothing(kit: Kit) -> None:
    """Fail the first step, the second, ... of every plan."""
    level = kit.level.value
    await kit.host.warm(kit.zygote)
    async with kit.sandbox("before"):
        pass
    held = await _held_by_zygote(-1)
    await _fail_each(kit, ["control_group", *_names(plan.SOURCES[level], plan.SANDBOX[level])], _make_one)
    await _fail_each(kit, _names(plan.FORK[level], plan.BLANK[level]), _make_one)
    await _fail_each(kit, _names(plan.STARTED), _start_one)
    assert await _held_by_zygote(held) == held
    await _fail_each(kit, _names(plan.GUARD[level], plan.ZYGOTE[level]), _warm_another)


def _zygote() -> int:
    """Its process id. What it forks ahead has its name, too, but not the guard for a parent."""
    names = {int(line.split()[0]): line.split()[1] for line in census("none")["processes"]}
    for pid in (pid for pid, name in names.items() if name == "lambent-zygote"):
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        if names.get(int(parent)) == "lambent-guard":
            return pid
    raise AssertionError(f"no zygote: {names}")


async def _held_by_zygote(expected: int) -> int:
    """How many descriptors the zygote has, once it has made its next keeper ahead: when it stays so for a while."""
    zygote = _zygote()
    seen: list[int] = []
    for _ in range(60):
        await asyncio.sleep(0.05)
        try:
            seen.append(len(os.listdir(f"/proc/{zygote}/fd")))
        except PermissionError:  # it runs in a user namespace
            return 0
        if seen[-1] == expected or (expected < 0 and len(seen) >= 8 and len(set(seen[-8:])) == 1):
            break
    return seen[-1]


def _names(*plans: tuple[object, ...]) -> list[str]:
    return [step.__name__.rpartition(".")[2] for steps in plans for step in steps]  # type: ignore[attr-defined]


async def _fail_each(kit: Kit, steps: list[str], act: Callable[[Kit, str], Awaitable[None]]) -> None:
    for step in steps:
        try:
            await act(kit, step)
        except StepFailed as failed:
            assert (failed.step, failed.operation, failed.errno) == (step, "injected", errno.EIO), failed
        else:
            raise AssertionError(f"{step} did not fail")
        finally:
            kit.host.fail_step = ""
        async with kit.sandbox("after") as sandbox:
            assert (await kit.ask(sandbox, "remember"))[0] == 1, step


async def _make_one(kit: Kit, step: str) -> None:
    await kit.host.warm(kit.zygote)
    kit.host.fail_step = step
    async with kit.sandbox("failing"):
        pass


async def _start_one(kit: Kit, step: str) -> None:
    async with kit.sandbox("failing") as sandbox:
        sandbox.fail_step = step
        try:
            await kit.start(sandbox, "remember")
        finally:
            sandbox.fail_step = ""
            assert (await kit.ask(sandbox, "remember"))[0] == 1


async def _warm_another(kit: Kit, step: str) -> None:
    kit.host.fail_step = step
    await kit.host.warm(ZygoteSpec(kit.interpreter, paths=("/another",), preload=("json",)))


@at(BOTH)
async def leftovers_are_swept(kit: Kit) -> None:
    """As after a server and a guard that were both killed."""
    owner = f"swept{os.getpid()}"
    state = kit.code.parent / f"state-{owner}"
    tree = groups.find()
    tree.create(f"lambent-{owner}-old-one", groups.Limits(MB * 64, 10))
    (state / f"lambent-{owner}-old-one" / "tmp").mkdir(parents=True)
    host = await SandboxHost.open(state, kit.level, owner)
    assert not any(owner in name for folder in tree.folders for name in os.listdir(folder))
    assert list(state.iterdir()) == []
    await host.close()


# --- snapshots


def _close_all(listeners: dict[int, socket.socket]) -> None:
    for listener in listeners.values():
        listener.close()


async def _snapshot(kit: Kit, entry: str, **more: Any) -> tuple[ZygoteSpec, asyncio.StreamReader]:
    """A snapshot of snapping.`entry`, and what is written in it."""
    asked = SnapshotSpec(entry, f"snapping:{entry}", (("ASKED", "snapshot"),), (4566,), **more)
    binds = (Bind(kit.code, "/var/task"),)
    spec = ZygoteSpec(kit.interpreter, ("/var/task",), ("random", "ssl", "uuid", "tempfile"), binds, asked)
    read, write = os.pipe()
    listeners: dict[int, socket.socket] = {}
    try:
        await kit.host.snapshot(spec, {1: write, 2: write, 3: write}, listeners.update)
    finally:
        for listener in listeners.values():
            listener.close()
        os.close(write)
        reader = await kit.reader(read)
    return spec, reader


@at(NAMESPACE)
async def a_snapshot_goes_on_in_each_environment(kit: Kit) -> None:
    spec, reader = await _snapshot(kit, "initialise")
    first = json.loads(await reader.readline())
    assert first == {"pid": 1, "ids": [[993] * 3, [990] * 3], "asked": "snapshot"}, first
    said = []
    for number in range(3):
        sandbox = await kit.host.create(SandboxSpec(f"restored{number}", spec, listen=(9001,)))
        said.append(await kit.ask(sandbox, "snapping:restored", ASKED=str(number)))
        assert sandbox.listeners[9001].getsockname() == ("127.0.0.1", 9001)
        await sandbox.destroy()
    for number, one in enumerate(said):
        assert one["pid"] != 1
        assert one["ids"] == [[993] * 3, [990] * 3]
        assert one["capabilities"] == ["0000000000000000"] * 3, one
        assert one["seccomp"] == "2"
        assert (one["asked"], one["kept"][1:]) == (str(number), [str(number)])
        assert (one["tmp"], one["connection"]) == ("at init", "")
        assert one[
            "text"
        ] == "Entries of snapshots for the tests: each initialises something, calls the checkpoint " + (
            'and says what it finds. 3.8."""\n'
        ), one["text"]
    for drawn in zip(*(one["drawn"] for one in said), strict=True):
        assert len(set(drawn)) == 3, drawn
    assert len({one["kept"][0] for one in said}) == 1
    await kit.host.forget(spec)
    try:
        await kit.host.create(SandboxSpec("late", spec))
    except ZygoteFailed as failed:
        assert "has ended" in str(failed)
    else:
        raise AssertionError("a snapshot that was forgotten can't be forked")


@at(NAMESPACE)
async def what_can_t_be_forked_is_named(kit: Kit) -> None:
    reasons = {
        "thread": "1 thread running besides the main one",
        "pipe": "an open pipe",
        "listener": "an open socket that is no TCP connection",
        "written": "/tmp/open is open",
        "large": "65 MB in /tmp",
    }
    for entry, reason in reasons.items():
        try:
            await _snapshot(kit, entry)
        except SnapshotUnfit as unfit:
            assert str(unfit).startswith(reason), str(unfit)
        else:
            raise AssertionError(entry)


@at(NAMESPACE)
async def an_initialisation_that_fails_leaves_nothing(kit: Kit) -> None:
    try:
        await _snapshot(kit, "fail")
    except SnapshotFailed as failed:
        assert (failed.kind, failed.payload) == ("Runtime.SomeError", '{"errorMessage": "no"}')
    else:
        raise AssertionError("failed")
    for entry in ("end", "memory"):
        if entry == "memory" and not groups.find().controllers:
            continue
        try:
            await _snapshot(kit, entry)
        except ZygoteFailed as failed:
            assert "ended before it was ready" in str(failed), failed
        else:
            raise AssertionError(entry)


@at(NAMESPACE)
async def every_failing_step_of_a_snapshot_is_named_and_leaves_nothing(kit: Kit) -> None:
    await _fail_each(kit, _names(plan.CONFINED, plan.SNAPSHOT, plan.IMPORTS, plan.RESTORABLE), _take_another)
    spec, _ = await _snapshot(kit, "initialise")

    async def restore(kit: Kit, step: str) -> None:
        kit.host.fail_step = step
        await kit.host.create(SandboxSpec("failing", spec))

    await _fail_each(kit, _names(plan.SNAPSHOT_FORK, plan.BLANK["namespace"], plan.SNAPSHOT_SANDBOX), restore)
    await kit.host.forget(spec)


async def _take_another(kit: Kit, step: str) -> None:
    kit.host.fail_step = step
    await _snapshot(kit, "initialise")


@at(NAMESPACE)
async def a_hostile_initialisation_stays_inside(kit: Kit) -> None:
    told: list[bytes] = []
    asked = SnapshotSpec("attempts", "snapping:attempts", (), (4566,))
    spec = ZygoteSpec(kit.interpreter, ("/var/task",), (), (Bind(kit.code, "/var/task"),), asked)
    read, write = os.pipe()
    try:
        await kit.host.snapshot(spec, {1: write, 2: write}, _close_all)
    except SnapshotFailed as failed:
        assert failed.kind == "done"
    finally:
        os.close(write)
        told.append(os.read(read, 10_000))
        os.close(read)
    said = json.loads(told[0])
    assert said["write"] == "EROFS"
    assert said["remount"] in ("EPERM", "EACCES"), said
    assert said["device"] == "EPERM"
    assert said["others"] == ["1"]
    assert said["kill"] == "ESRCH"
    assert said["setuid"] == "EINVAL", "only its own id is there"
    assert "home" in said["host"]
    assert "sys" not in said["host"]


# --- the server that is killed: the test kills this process while it waits


async def wait_to_be_killed(kit: Kit) -> None:
    """Sandboxes that run, stand still, wait and are being made."""
    await kit.host.create(kit.spec("idle"))
    running = await kit.host.create(kit.spec("running"))
    frozen = await kit.host.create(kit.spec("frozen"))
    for sandbox in (running, frozen):
        _, reader = await kit.start(sandbox, "sleep")
        await reader.readline()
    frozen.freeze()
    making = [asyncio.create_task(kit.host.create(kit.spec(f"making{number}"))) for number in range(3)]
    await asyncio.sleep(0.003)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.wait(making)
    await asyncio.sleep(60)


PLAYED = "played to its end"
"""What is said at last: a script that does nothing ends well, too."""


async def main(place: Path, name: str, level: str, tool: str = "") -> None:
    """`tool`: the program that an ordinary user's way out goes through."""
    if name == "wait_to_be_killed":
        async with opened(level, place, "killed") as kit:
            await wait_to_be_killed(kit)
        return
    owner = f"test{os.getpid()}"
    with adopting_orphans():
        if name in outbound.SCENARIOS:
            await _in_a_world(name, place, owner, tool)
            return
        before = census(owner, place)
        async with opened(level, place, owner) as kit:
            await SCENARIOS[name][0](kit)
        assert_same(before, owner, place)


async def _in_a_world(name: str, place: Path, owner: str, tool: str) -> None:
    world = World(place)
    left = world.left()
    if tool:
        os.chown(place, USER, USER)
        world.become(USER)
        network.TOOLS = (tool,)
    before = census(owner, place)
    async with opened("namespace", place, owner, "nat") as kit:
        await outbound.SCENARIOS[name](kit, world)
    assert_same(before, owner, place)
    if not tool:
        assert world.left() == left


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[-1]), *sys.argv[1:-1]))
        print(PLAYED)
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
