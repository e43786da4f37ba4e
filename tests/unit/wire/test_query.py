"""Forms and query strings."""

import time
from urllib.parse import parse_qsl, quote

import pytest

from lambent.wire import query
from lambent.wire.fault import Fault
from lambent.wire.http import Request


@pytest.mark.parametrize(
    "text",
    [
        "a=b&a=c&&d&=e&f=",
        "a=%3D%25%2B+%26;x&%61=%C3%A9%ff%C3",
        "a=%&b=%%41&c=%zz%4&d=%\r\n%\n&e=\u00e9%C3\u20ac%A9",
        "a==b=%3d=%3D\t _.%00",
    ],
)
def test_text_is_decoded_as_python_decodes_it(text: str) -> None:
    assert query.pairs_of(text) == parse_qsl(text, keep_blank_values=True)


def test_a_form_that_is_all_escapes_is_read_in_a_moment() -> None:
    body = b"Message=" + quote("{").encode() * (query.MOST_BYTES // 3 - 4)
    request = Request("POST", "/", "", {}, body)
    began = time.process_time()
    for _ in range(4):
        assert len(query.form_of(request)["Message"]) > 5_000_000
    assert time.process_time() - began < 3


def test_a_form_of_signs_that_begin_no_escape_is_refused_in_a_moment() -> None:
    began = time.process_time()
    with pytest.raises(Fault, match="syntax error"):
        query.form_of(Request("POST", "/", "", {}, b"a=" + b"%" * 15_000_000))
    assert time.process_time() - began < 1


def test_a_form_that_is_changed_is_read_again() -> None:
    request = Request("POST", "/", "", {}, b"a=1")
    query.form_of(request)["a"] = "mine"
    assert query.form_of(request) == {"a": "1"}
    request.body = b"a=2"
    assert query.form_of(request) == {"a": "2"}
