"""Snapshots."""

import asyncio
import json
import os
import socket
from typing import Any

from kit import Kit
from promise_ends import fail_each, steps_of
from registry import NAMESPACE, ROOT, at

from lambent.sandbox import groups
from lambent.sandbox.errors import (
    SnapshotFailed,
    SnapshotUnfit,
    ZygoteFailed,
    ZygoteKilled,
)
from lambent.sandbox.inside import plan
from lambent.sandbox.spec import Bind, SandboxSpec, SnapshotSpec, ZygoteSpec


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
async def a_snapshot_takes_no_watches_of_epoll_that_the_server_needs(kit: Kit) -> None:
    if ROOT:
        return
    begun = asyncio.get_running_loop().time()
    try:
        await _snapshot(kit, "taking")
        raise AssertionError("it was taken")
    except ZygoteKilled:
        assert asyncio.get_running_loop().time() - begun < 15


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
    await fail_each(kit, steps_of(plan.CONFINED, plan.SNAPSHOT, plan.IMPORTS, plan.RESTORABLE), _take_another)
    spec, _ = await _snapshot(kit, "initialise")

    async def restore(kit: Kit, step: str) -> None:
        kit.host.fail_step = step
        await kit.host.create(SandboxSpec("failing", spec))

    await fail_each(kit, steps_of(plan.SNAPSHOT_FORK, plan.BLANK["namespace"], plan.SNAPSHOT_SANDBOX), restore)
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
