"""The payload's checks, in the words recorded from AWS (November 2025)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.services.lambda_.invoking.payload import check_size, checked
from lambent.wire.fault import Fault

AT = " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
PREFIX = "Could not parse request body into json: Could not parse payload into json: "
EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def test_a_number_may_have_any_length() -> None:
    assert checked(b"[" + b"1" * 100_000 + b"]")


def refusal(payload: bytes) -> str:
    with pytest.raises(Fault) as refused:
        checked(payload)
    assert refused.value.code == "InvalidRequestContentException"
    assert refused.value.message is not None
    return refused.value.message


@pytest.mark.parametrize(
    ("payload", "problem", "line", "column"),
    [
        (b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87", 1, 3),
        (
            b"\x99\xeb,j\x07\xa1zYh",
            f"Unexpected character ((CTRL-CHAR, code 153)): expected a valid value {EXPECTED}",
            1,
            1,
        ),
        (b"nope", f"Unrecognized token 'nope': was expecting {EXPECTED}", 1, 5),
        (b'{\n "a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
         2, 6),
    ],
)  # fmt: skip
def test_a_broken_payload_is_described_as_jackson_does(payload: bytes, problem: str, line: int, column: int) -> None:
    assert refusal(payload) == f"{PREFIX}{problem}\n{AT.format(line, column)}"


def test_nothing_is_the_empty_object() -> None:
    assert checked(b"") == b"{}"


@given(st.binary(max_size=60))
def test_whatever_comes_is_json_or_refused(payload: bytes) -> None:
    try:
        assert checked(payload) == (payload or b"{}")
    except Fault as fault:
        assert fault.code == "InvalidRequestContentException"


@pytest.mark.parametrize("payload", [b"[" * 900 + b"]" * 900, b"1e999", b"123456789012345678901234567890"])
def test_json_that_only_our_fast_parser_refuses_passes(payload: bytes) -> None:
    assert checked(payload) == payload


def test_sizes_are_checked_to_the_byte() -> None:
    check_size(b"x" * 10, "RequestResponse", 10, 5)
    check_size(b"x" * 5, "Event", 10, 5)
    for kind, size in (("RequestResponse", 11), ("Event", 6)):
        with pytest.raises(Fault) as refused:
            check_size(b"x" * size, kind, 10, 5)
        assert (refused.value.code, refused.value.status) == ("RequestTooLargeException", 413)
