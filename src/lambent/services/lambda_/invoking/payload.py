"""The payload of an invocation: its size and whether it is JSON, refused in AWS's words.

AWS parses with Jackson, and its error text reaches the caller; recorded from AWS in November 2025.
"""

import json
import re

import orjson

from lambent.wire.fault import Fault

SOURCE = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
VALUE = "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
WANTED = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_WORD = re.compile(r"[A-Za-z0-9_$]+")


def checked(payload: bytes) -> bytes:
    """`payload` if it is JSON; an empty one is the empty object. Raises Fault InvalidRequestContentException."""
    if not payload:
        return b"{}"
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        _refuse_unless_lenient(payload)
    return payload


def check_size(payload: bytes, invocation_type: str, sync_limit: int, async_limit: int) -> None:
    """Limits are bytes. Raises Fault RequestTooLargeException (413)."""
    if invocation_type == "Event" and len(payload) > async_limit:
        message = f"{len(payload)} byte payload is too large for the Event invocation type (limit {async_limit} bytes)"
    elif len(payload) > sync_limit:
        message = f"Request must be smaller than {sync_limit} bytes for the InvokeFunction operation"
    else:
        return
    raise Fault("RequestTooLargeException", message, status=413, members={"Type": "User"})


def _refuse_unless_lenient(payload: bytes) -> None:
    """Some JSON is too much for orjson (nesting, NaN, huge numbers) but none of the caller's fault."""
    problem, offset = _problem(payload)
    if not problem:
        return
    before = payload[:offset]
    line = before.count(b"\n") + 1
    column = offset - (before.rfind(b"\n") + 1) + 1
    text = f"{problem}\n at {SOURCE.format(line, column)}"
    raise Fault(
        "InvalidRequestContentException",
        f"Could not parse request body into json: Could not parse payload into json: {text}",
        status=400,
        members={"Type": "User"},
    )


def _problem(payload: bytes) -> tuple[str, int]:
    """Jackson's message and the byte offset that it points at; an empty message when nothing is wrong."""
    # Latin-1 keeps one character per byte, so that positions are byte offsets.
    text = payload.decode("latin-1")
    try:
        json.loads(text, strict=True, parse_constant=_no_constant, parse_int=len)  # Python makes no number so long
    except json.JSONDecodeError as error:
        return _in_words(payload, text, error)
    except _Constant as constant:
        name = str(constant)
        return f"Unrecognized token '{name}': {WANTED}", text.find(name) + len(name)
    except RecursionError:
        return "Document nesting depth (1001) exceeds the maximum allowed (1000)", 0
    return _utf8_problem(payload)


class _Constant(Exception):
    pass


def _no_constant(name: str) -> None:
    raise _Constant(name)


def _in_words(payload: bytes, text: str, error: json.JSONDecodeError) -> tuple[str, int]:
    at = error.pos
    if error.msg.startswith("Unterminated string") or at >= len(text):
        inside = " in VALUE_STRING" if error.msg.startswith("Unterminated string") else ""
        return f"Unexpected end-of-input{inside or ': expected close marker for ' + _open(text)}", len(text)
    if error.msg == "Expecting value":
        word = _WORD.match(text, at)
        if word is None or not (text[at].isascii() and text[at].isalpha()):
            return f"Unexpected character ({_describe(text[at])}): {VALUE}", at
        if word.end() < len(text) and ord(text[word.end()]) >= 0x80:
            return _broken_token(payload, word.end())
        return f"Unrecognized token '{word.group()}': {WANTED}", word.end()
    if error.msg.startswith("Invalid control character"):
        return (
            f"Illegal unquoted character ({_describe(text[at])}): has to be escaped using backslash",
            at + 1,
        )
    wanted = {
        "Expecting property name enclosed in double quotes": "was expecting double-quote to start field name",
        "Illegal trailing comma before end of object": "was expecting double-quote to start field name",
        "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
        "Expecting ',' delimiter": f"was expecting comma to separate {_open(text[:at])} entries",
    }.get(error.msg, VALUE)
    return f"Unexpected character ({_describe(text[at])}): {wanted}", at


def _broken_token(payload: bytes, at: int) -> tuple[str, int]:
    byte = payload[at]
    if 0xC2 <= byte <= 0xF4:
        return f"Unrecognized token '{payload[:at].decode('latin-1')}': {WANTED}", at + 1
    return f"Invalid UTF-8 start byte 0x{byte:02x}", at + 1


def _utf8_problem(payload: bytes) -> tuple[str, int]:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError as error:
        kind = "start" if error.reason == "invalid start byte" else "middle"
        return f"Invalid UTF-8 {kind} byte 0x{payload[error.start]:02x}", error.start + 1
    return "", 0


def _open(text: str) -> str:
    """Which of Object and Array is open at the end of `text`, strings left out."""
    stack: list[str] = []
    for mark in re.findall(r'"(?:[^"\\]|\\.)*"?|[{}\[\]]', text):
        if mark in "{[":
            stack.append("Object" if mark == "{" else "Array")
        elif mark in "}]" and stack:
            stack.pop()
    return stack[-1] if stack else "Root"


def _describe(character: str) -> str:
    code = ord(character)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"(CTRL-CHAR, code {code})"
    return f"'{character}' (code {code})"
