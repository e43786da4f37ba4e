"""What a process in a sandbox is, and sees."""

import asyncio
import json
import socket
from dataclasses import replace

from kit import Kit
from registry import BOTH, MACHINE, NAMESPACE, PROCESS, ROOT, at

from lambent.sandbox.inside.denied import CLONE, CLONE3, DENIED
from lambent.sandbox.spec import Level


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
