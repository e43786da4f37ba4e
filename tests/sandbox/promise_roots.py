"""Other roots, frozen sandboxes, programs."""

import asyncio
import errno
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from kit import Kit
from promise_life import fails
from registry import BOTH, NAMESPACE, PROCESS, at

from lambent.sandbox import groups
from lambent.sandbox.errors import (
    LevelUnavailable,
    SandboxGone,
    StartFailed,
    StepFailed,
)
from lambent.sandbox.host import Sandbox
from lambent.sandbox.spec import Bind, ProcessSpec


@at(NAMESPACE)
async def an_image_is_the_root(kit: Kit) -> None:
    image = small_image(kit)
    code = (Bind(kit.code, "/var/task"), Bind(kit.code, "/opt/new"), Bind(kit.code / "probes.py", "/srv/one/file"))
    async with kit.sandbox(root=image, binds=code, listen=(9001,)) as sandbox:
        assert await shell_says(sandbox, "read a < /etc/marker; echo $a; pwd") == "the image\n/\n"
        assert await shell_says(sandbox, "read a < /etc/hosts; echo $a") == "127.0.0.1 localhost\n"
        assert await shell_says(sandbox, "cd /var/task; pwd; echo /opt/new/p*") == "/var/task\n/opt/new/probes.py\n"
        assert await shell_says(sandbox, "read a < /srv/one/file; echo $a | { read b c; echo $b; }") != "\n"
        assert await shell_says(sandbox, "echo /*") == _listed(image, "dev", "etc", "opt", "proc", "srv", "tmp", "var")
        assert await shell_says(sandbox, "echo x > /tmp/x; echo $(</tmp/x)/proc/[0-9]*") != ""
        assert await shell_says(sandbox, "echo x > /dev/null && echo done") == "done\n"
        for place in ("/x", "/etc/x", "/opt/x", "/opt/new/x", "/srv/one/file", "/dev/x"):
            assert await shell_says(sandbox, f"echo x > {place} || echo refused") == "refused\n", place
        mounts = (await shell_says(sandbox, "while read a b c; do echo $b; done < /proc/self/mounts")).split()
        assert sorted(mounts)[0] == "/" and not any(place.startswith("/mnt") for place in mounts), mounts
    assert not (image / "tmp").exists() and not (image / "x").exists()
    shutil.rmtree(image)


@at(NAMESPACE)
async def links_in_an_image_lead_nowhere_else(kit: Kit) -> None:
    """Places that are mounted over: a link there counts from the image's own root."""
    image = small_image(kit)
    (image / "real").mkdir()
    (image / "tmp").symlink_to("/../../real")
    async with kit.sandbox(root=image, binds=(Bind(kit.code, "/opt"),)) as sandbox:
        assert await shell_says(sandbox, "echo x > /real/y && echo /tmp/*") == "/tmp/y\n"
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
    await fails(kit.host.create(kit.spec(root=kit.code)), LevelUnavailable)


def small_image(kit: Kit) -> Path:
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


async def shell_says(sandbox: Sandbox, command: str) -> str:
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
