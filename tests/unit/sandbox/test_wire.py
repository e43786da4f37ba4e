"""Messages and orders."""

import os
import socket
from pathlib import Path

import pytest

from lambent.sandbox.inside import wire
from lambent.sandbox.inside.contexts import ProcessContext, SandboxContext, ZygoteContext
from lambent.sandbox.orders import Counts, HostSettings, process_order, sandbox_order, source_file, zygote_order
from lambent.sandbox.spec import Bind, Level, ProcessSpec, SandboxSpec, ZygoteSpec

SETTINGS = HostSettings(Level.NAMESPACE, {"folders": [], "prefixes": ["x"]}, Counts(True, True), fail_step="tmp")
ZYGOTE = ZygoteSpec(Path("/usr/bin/python3"), ("/a",), ("json",), (Bind(Path("/host"), "/inside"),))


def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def test_a_message_carries_descriptors() -> None:
    ours, theirs = pair()
    with ours, theirs, open(os.devnull, "rb") as file:
        wire.send(ours, {"a": [1, "ü"]}, [file.fileno()])
        message = wire.receive(theirs)
        assert message is not None
        assert message.body == {"a": [1, "ü"]}
        assert os.fstat(message.fds[0]).st_rdev == os.fstat(file.fileno()).st_rdev
        assert not os.get_inheritable(message.fds[0])
        wire.close(message.fds)


def test_the_end_is_none_and_telling_nobody_is_no_failure() -> None:
    ours, theirs = pair()
    with ours:
        theirs.close()
        assert wire.receive(ours) is None
        wire.tell(ours, {"step": "one"})


def test_a_message_that_is_too_large_is_refused() -> None:
    ours, theirs = pair()
    with ours, theirs, pytest.raises(OSError, match="too long"):
        wire.send(ours, {"a": "x" * (8 << 20)})


def test_orders_are_what_the_contexts_read() -> None:
    """The two sides of each message, which no type checker sees together."""
    ours, theirs = pair()
    with ours, theirs:
        spec = SandboxSpec("one", ZYGOTE, (Bind(Path("/code"), "/var/task"),), listen=(9001,))
        zygote = ZygoteContext(ours, zygote_order(ZYGOTE, SETTINGS))
        named = source_file(spec, SETTINGS.level)
        sandbox = SandboxContext(zygote, ours, sandbox_order(spec, SETTINGS, "name"), [*named, 78])
        names = os.pread(sandbox.sources, 100, 0)
        os.close(sandbox.sources)
        start = process_order(
            7, ProcessSpec({"A": "b"}, "m:f", fds={3: 1}), spec, Counts(True, True), {"A": "a", "T": "t"}, ""
        )
        process = ProcessContext(zygote, ours, start["start"], [77])
    assert zygote.binds == [("/host", "/inside")] and zygote.fail_step == "tmp"
    assert sandbox.binds == ["/var/task"] and sandbox.ports == (9001,)  # type: ignore[comparison-overlap]
    assert (sandbox.trees, sandbox.groups, names) == ([], [78], b"/code\0")
    assert process.number == 7
    assert process.environment == {"A": "b", "T": "t"}
    assert process.fds == {3: 77} and process.descriptors == 1024 and process.processes == 0


def test_at_level_process_nothing_is_bound() -> None:
    settings = HostSettings(Level.PROCESS, {}, counted=False)
    spec = SandboxSpec("one", ZYGOTE, (Bind(Path("/code"), "/var/task"),))
    assert sandbox_order(spec, settings, "name")["binds"] == []
    assert source_file(spec, settings.level) == []
    assert process_order(1, ProcessSpec({}, "m:f"), spec, Counts(False, False), {}, "")["start"]["processes"] == 1024


def test_last_words_are_heard_although_ours_were_not() -> None:
    """The kernel tells of a reset first when the other side ended with something of ours unread."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        wire.send(ours, {"go": True})
        wire.send(theirs, {"error": "why"})
        theirs.close()
        message = wire.receive(ours)
        assert message is not None
        assert message.body == {"error": "why"}
        assert wire.receive(ours) is None
