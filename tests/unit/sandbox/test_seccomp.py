"""The filter, run by a small interpreter of the kernel's rules (bpf(4), linux/filter.h)."""

import errno
from collections.abc import Sequence

import pytest

from lambent.sandbox.inside.denied import CLONE, CLONE3, DENIED, DENIED_FAMILIES, SOCKET, UNCHARGED
from lambent.sandbox.inside.seccomp import program

ALLOW = 0x7FFF0000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = tuple(AUDIT)


def decide(machine: str, number: int, first: int = 0, audit: int | None = None) -> int:
    """The errno that the filter answers, 0 when it allows."""
    data = {0: number, 4: AUDIT[machine] if audit is None else audit, 16: first & 0xFFFFFFFF}
    result = run(program(machine), data)
    return 0 if result == ALLOW else result & 0xFFFF


def run(steps: Sequence[tuple[int, int, int, int]], data: dict[int, int]) -> int:
    at = accumulator = 0
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == 0x20:
            accumulator = data[value]
        elif code == 0x06:
            return value
        else:
            truth = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += yes if truth else no


@pytest.mark.parametrize("machine", MACHINES)
def test_every_denied_call_is_refused_and_all_others_are_allowed(machine: str) -> None:
    column = MACHINES.index(machine)
    denied = {call[column] for call in DENIED.values()} - {None}
    for number in range(480):
        expected = errno.EPERM if number in denied else errno.ENOSYS if number == CLONE3[column] else 0
        assert decide(machine, number) == expected, number


@pytest.mark.parametrize("machine", MACHINES)
def test_clone_makes_threads_and_processes_but_no_namespaces(machine: str) -> None:
    number = CLONE[MACHINES.index(machine)]
    assert number is not None
    assert decide(machine, number, 0x3D0F00) == 0, "pthread_create"
    assert decide(machine, number, 0x01200011) == 0, "fork"
    for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(machine, number, flag | 17) == errno.EPERM, hex(flag)


@pytest.mark.parametrize("machine", MACHINES)
def test_socket_families(machine: str) -> None:
    number = SOCKET[MACHINES.index(machine)]
    assert number is not None
    for family in range(46):
        assert decide(machine, number, family) == (errno.EAFNOSUPPORT if family in DENIED_FAMILIES else 0), family


@pytest.mark.parametrize("machine", MACHINES)
def test_other_architectures_have_no_system_calls(machine: str) -> None:
    assert decide(machine, 1, audit=0x40000003) == errno.ENOSYS, "i386"
    if machine == "x86_64":
        assert decide(machine, 0x40000001) == errno.ENOSYS, "x32"


def test_no_number_stands_twice_and_every_rule_has_a_reason() -> None:
    for column in range(2):
        numbers = [call[column] for call in DENIED.values() if call[column] is not None]
        assert len(numbers) == len(set(numbers))
    assert all(call.why for call in DENIED.values())


@pytest.mark.parametrize("machine", MACHINES)
def test_memory_that_nobody_could_count_is_absent_where_nobody_counts(machine: str) -> None:
    for call in UNCHARGED.values():
        number = call[MACHINES.index(machine)]
        data = {0: number, 4: AUDIT[machine], 16: 0}
        assert run(program(machine, charged=False), data) & 0xFFFF == errno.ENOSYS
        assert run(program(machine), data) == ALLOW
