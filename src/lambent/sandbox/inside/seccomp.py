"""Makes the filter of `denied` as the kernel wants it (linux/filter.h, seccomp(2)). Made once, inherited by forks."""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

from .denied import CLONE, CLONE3, DENIED, DENIED_FAMILIES, SOCKET, Denied
from .denied import UNCHARGED as HIDDEN
from .kernel import Filter

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_NR, _ARCH, _ARG0 = 0, 4, 16  # offsets in struct seccomp_data, little endian
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET

_INSTRUCTION = struct.Struct("HBBI")


def program(machine: str, *, charged: bool = True) -> list[tuple[int, int, int, int]]:
    """The filter for `machine`, as (code, jump if true, jump if false, value). `charged`: all memory is counted."""
    refuse = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    absent = (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)
    steps = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, _AUDIT[machine]), absent, (_LOAD, 0, 0, _NR)]
    if machine == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32), absent]
    for call in DENIED.values():
        number = _number(call, machine)
        if number is not None:
            steps += [(_EQUAL, 0, 1, number), refuse]
    for call in [CLONE3, *([] if charged else HIDDEN.values())]:
        steps += [(_EQUAL, 0, 1, _number(call, machine) or 0), absent]
    clone = [(_LOAD, 0, 0, _ARG0), (_ANY_BIT, 0, 1, _NEW_NAMESPACES), refuse, (_RETURN, 0, 0, _ALLOW)]
    steps += [(_EQUAL, 0, len(clone), _number(CLONE, machine) or 0), *clone]
    sockets = [(_LOAD, 0, 0, _ARG0)]
    for family in DENIED_FAMILIES:
        sockets += [(_EQUAL, 0, 1, family), (_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT)]
    steps += [(_EQUAL, 0, len(sockets), _number(SOCKET, machine) or 0), *sockets]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _number(call: Denied, machine: str) -> int | None:
    return call.x86_64 if machine == "x86_64" else call.aarch64


def _filter(machine: str, *, charged: bool) -> Filter:
    steps = program(machine, charged=charged)
    code = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*step) for step in steps))
    _held.append(code)
    return Filter(len(steps), ctypes.addressof(code))


_held: list[object] = []  # the kernel gets an address: what is there must stay
FILTER = _filter(platform.machine(), charged=True)
UNCHARGED = _filter(platform.machine(), charged=False)
