"""Who touched what in moto's process, and who waits for whom."""

import io
import json
import threading
from typing import Any

from lambent.neighbour.memory.inside import ASKED, NAMED, READS, Memory


def asked(memory: Memory, what: str, body: bytes = b"") -> tuple[str, bytes]:
    said: list[str] = []
    environ = {ASKED: what, "wsgi.input": io.BytesIO(body)}
    content = b"".join(memory.around(lambda *_: [], environ, lambda status, _: said.append(status)))
    return said[0], content


def request(memory: Memory, touches: str, service: str, *, reads: bool = False) -> None:
    def application(_environ: Any, _start: Any) -> list[bytes]:
        memory.touch(touches)
        return []

    memory.around(application, {NAMED: service, **({READS: "yes"} if reads else {})}, None)


def touched(memory: Memory) -> Any:
    return json.loads(asked(memory, "touched")[1])["touched"]


def test_nothing_is_answered_before_it_is_open() -> None:
    memory = Memory()
    done = threading.Thread(target=request, args=(memory, "x", "x"))
    done.start()
    done.join(0.02)
    assert done.is_alive()
    asked(memory, "open")
    done.join(5)
    assert not done.is_alive()


def test_what_changes_touches_and_what_reads_does_not() -> None:
    memory = Memory()
    asked(memory, "open")
    request(memory, "ec2", "elbv2")
    request(memory, "ec2", "ec2")
    request(memory, "iam", "iam", reads=True)
    memory.touch("glue")
    assert touched(memory) == {"ec2": ["ec2", "elbv2"], "glue": []}
    assert touched(memory) == {}


def test_what_is_under_way_while_it_is_asked_touches_again_when_it_ends() -> None:
    memory = Memory()
    asked(memory, "open")
    seen = []

    def application(_environ: Any, _start: Any) -> list[bytes]:
        memory.touch("ec2")
        seen.append(memory._take()["touched"])
        return []

    memory.around(application, {NAMED: "ec2"}, None)
    assert [*seen, touched(memory)] == [{"ec2": ["ec2"]}, {"ec2": ["ec2"]}]


def test_what_can_not_be_saved_or_loaded_is_said() -> None:
    memory = Memory()
    assert asked(memory, "save nothing")[0] == "409 Conflict"
    status, content = asked(memory, "load x", b"no")
    assert status == "409 Conflict" and b"JSONDecodeError" in content
    assert asked(memory, "load x", b'{"format": 99}\n') == ("409 Conflict", b"UnpicklingError: its format is 99")


def test_it_is_open_again_when_something_was_saved_and_waits_no_longer_than_a_moment() -> None:
    memory = Memory(quiet=0.001)
    asked(memory, "open")

    def application(_environ: Any, _start: Any) -> list[bytes]:
        asked(memory, "save nothing")
        return []

    memory.around(application, {}, None)
    request(memory, "x", "x")
