"""Event-stream framing: vectors worked out from the specification, and botocore's decoder as a second
opinion."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from lambent.wire.eventstream import ChecksumError, EventStreamError, Message, decode, decode_all, encode

EMPTY = bytes.fromhex("00000010 00000000 05c248eb 7d98c8ff")
HEADERS: dict[str, object] = {
    ":message-type": "event",
    "yes": True,
    "no": False,
    "small": -1,
    "large": 2**40,
    "bytes": b"\x00\xff",
    "at": datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC),
    "id": UUID("01020304-0506-0708-090a-0b0c0d0e0f10"),
}


def test_the_empty_message() -> None:
    assert encode(Message()) == EMPTY
    assert decode(EMPTY + b"rest") == (Message(), b"rest")


def test_every_header_type_there_and_back() -> None:
    message = Message(HEADERS, b"payload")  # type: ignore[arg-type]
    assert decode(encode(message)) == (message, b"")


def test_botocore_reads_our_messages() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(encode(Message(HEADERS, b"payload")))  # type: ignore[arg-type]
    (message,) = list(buffer)
    expected = HEADERS | {"at": 1767323045678, "id": UUID("01020304-0506-0708-090a-0b0c0d0e0f10").bytes}
    assert message.headers == expected
    assert message.payload == b"payload"


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
VALUES = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40) | TEXT | st.uuids()


@given(st.dictionaries(TEXT, VALUES, max_size=5), st.binary(max_size=200), st.integers(0, 400))
def test_any_message_cut_anywhere(headers: dict[str, object], payload: bytes, cut: int) -> None:
    message = Message(headers, payload)  # type: ignore[arg-type]
    data = encode(message)
    assert decode(data) == (message, b"")
    if cut < len(data):
        assert decode(data[:cut]) == (None, data[:cut])


@given(st.binary(max_size=60))
def test_nothing_but_its_own_error_comes_of_garbage(data: bytes) -> None:
    try:
        decode_all(data)
    except EventStreamError:
        return


def test_any_flipped_bit_is_found() -> None:
    data = encode(Message({"a": "b"}, b"payload"))
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 1
        with pytest.raises(ChecksumError):
            decode(bytes(broken))


def test_limits() -> None:
    with pytest.raises(EventStreamError):
        encode(Message({"": "x"}))
    with pytest.raises(EventStreamError):
        encode(Message({"a": "x" * 40_000}))
    with pytest.raises(EventStreamError):
        encode(Message({"a": 2**63}))
    with pytest.raises(EventStreamError, match="incomplete"):
        decode_all(EMPTY + b"\x00")
