"""Limits, and attempts to get out."""

import json
import shutil
import signal

from kit import MB, Kit
from leaks import descendants
from registry import BOTH, NAMESPACE, ROOT, at

from lambent.sandbox import groups
from lambent.sandbox.spec import ExitStatus, Level


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
async def watches_of_epoll_that_the_server_needs_are_not_taken(kit: Kit) -> None:
    """They count to the user outside, who is the server's but for root's namespaces. What is usual is left alone."""
    if ROOT and kit.level is Level.NAMESPACE:
        return
    async with kit.sandbox() as sandbox:
        status, said = await kit.run(sandbox, "take_epoll_watches", WATCHES="5000", SECONDS="0.5")
        assert (status, json.loads(said)) == (ExitStatus(code=0), 5000)
        status, said = await kit.run(sandbox, "take_epoll_watches", WATCHES="100000", SECONDS="20")
        assert status == ExitStatus(signal=signal.SIGKILL, out_of_memory=True), (status, said)
        assert (await kit.run(sandbox, "take_epoll_watches", WATCHES="500", SECONDS="0.1"))[0] == ExitStatus(code=0)


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
