"""Which addresses a server takes for its sandboxes, and how messages to the kernel are put together."""

import struct

from lambent.sandbox.inside.nat import RANGE, free_blocks
from lambent.sandbox.inside.netlink import NESTED, attribute, attributes, message, text
from lambent.sandbox.inside.router import BLOCK_BITS

SIZE = 1 << (32 - BLOCK_BITS)


def test_the_first_block_that_nobody_has_a_route_to() -> None:
    assert next(free_blocks([])) == RANGE
    taken = [(RANGE, BLOCK_BITS), (RANGE + SIZE + 7, 32), (0x0A000000, 8)]
    assert next(free_blocks(taken)) == RANGE + 2 * SIZE
    assert list(free_blocks([(RANGE, 15)])) == []
    assert len(list(free_blocks([]))) == 32


def test_attributes_are_padded_and_nest() -> None:
    inner = attribute(3, text("eth0"))
    assert inner == struct.pack("=HH", 9, 3) + b"eth0\0\0\0\0"
    outer = attribute(18 | NESTED, inner)
    assert attributes(outer) == {18: inner}
    assert attributes(attributes(outer)[18]) == {3: b"eth0\0"}


def test_a_message_has_its_length_in_front() -> None:
    assert message(16, 5, 1, bytes(16))[:8] == struct.pack("=IHH", 32, 16, 5)
