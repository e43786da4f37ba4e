import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.observe.filterpattern import PatternError, compile_pattern
from lambent.observe.filterregex import Regex

EVENT = (
    '{"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another"],'
    ' "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": null, "flag": true,'
    ' "cluster.name": "c", "latency": 49.5, "quoted": "say \\"hi\\""}'
)


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ('" "', "one two", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "[error 400] BAD REQUEST", False),
        ("ERROR ARGUMENTS", "[ERROR] INVALID ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR] BAD", False),
        ("?ERROR ?ARGUMENTS", "BAD ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "nothing", False),
        ('"INTERNAL SERVER ERROR"', "500 INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "INTERNAL ERROR SERVER", False),
        ("ERROR -ARGUMENTS", "ERROR BAD", True),
        ("ERROR -ARGUMENTS", "ERROR ARGUMENTS", False),
        ('-"exit 0"', "exit 0", False),
        ("ERROR ?OTHER", "ERROR", True),
        ('"a \\"b\\""', 'a "b"', True),
        ("Duration:", "REPORT Duration: 3 ms", True),
    ],
)
def test_terms(pattern: str, message: str, expected: bool) -> None:
    assert compile_pattern(pattern)(message) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType = "updatetrail" }', False),
        ('{ $.eventType != "NoTrail" }', True),
        ('{ $.missing != "NoTrail" }', False),
        ('{ $.sourceIPAddress = "111.*.111" }', True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[7] = "value" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.latency < 50 }", True),
        ("{ $.latency >= 50 }", False),
        ("{ $.eventType < 50 }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.flag IS TRUE }", True),
        ("{ $.flag IS FALSE }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.flag NOT EXISTS }", False),
        ("{ $.['cluster.name'] = \"c\" }", True),
        ('{ $.quoted = "say \\"hi\\"" }', True),
        ('{ ($.latency > 1) && ($.arrayKey[1] = "another") }', True),
        ('{ $.latency > 100 || $.arrayKey[1] = "another" }', True),
        ('{ ($.latency > 100 || $.flag IS TRUE) && $.eventType = "x*" }', False),
    ],
)
def test_json(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern)(EVENT) is expected
    assert compile_pattern(pattern)("no json") is False


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR(",
        '"open',
        'a"b"',
        "{}",
        "{ $.a }",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $.a = 1 } x",
        "{ $.a < b }",
        "{ $.a % 1 }",
        "{ ($.a = 1 }",
        "{ $.a IS MAYBE }",
        "{ " + "(" * 900 + "$.a = 1",
        "{ $.* = 1 && $.*.a[*] = 1 }",
        "{ $.a[*] = 1 && $.b[*] = 1 && $.c[*] = 1 && $.d[*] = 1 }",
        "{ $.a = %a% && $.a = %b% && $.a = %c% }",
        "[a=%1%, b=%2%, c=%3%]",
        "[",
        "[]",
        "[a",
        "[a, b] x",
        "[..., a, ...]",
        "[a = 1 || b = 2]",
        "[a > x]",
        "[a, , b]",
        "%%",
        "%a",
        "%something!%",
        "%(a)%",
        "%a|%",
        "%*a%",
        "%a**%",
        "%a{}%",
        "%a{,}%",
        "%a{5,3}%",
        "%a{2000}%",
        "%[z-a]%",
        "%[a%",
        "%[]%",
        "%a$b%",
        "%a^%",
        "%\\x8F%",
        "%\\q%",
        "%é%",
        "%" + "a{999}" * 2 + "%",
    ],
)
def test_what_is_wrong_or_unsupported_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        ("%^[hc]at%", "hat and more", True),
        ("%^[hc]at%", "that", False),
        ("%[hc]at$%", "a cat", True),
        ("%[hc]at$%", "a cat\n", True),
        ("%[hc]at$%", "cats", False),
        ("%colou?r%", "color", True),
        ("%^a{3,5}$%", "aaaa", True),
        ("%^a{3,5}$%", "aaaaaa", False),
        ("%^a{,2}$%", "aaa", False),
        ("%^a{2,}$%", "aaa", True),
        ("%^a{2}$%", "aaa", False),
        ("%gra|ey%", "grey", True),
        ("%^starting|^initializing|^shutting down%", "shutting down", True),
        ("%^starting|^initializing|^shutting down%", "skipping initializing", False),
        ("%abcc|ab[^c]$%", "aba", True),
        ("%abcc|ab[^c]$%", "aac", False),
        (r"%\[.\]%", "a [7] b", True),
        (r"%10\.10\.0\.1%", "10010,051", False),
        ("%10.10.0.1%", "10010,051", True),
        ("%ab*c%", "ac", True),
        ("%ab+c%", "ac", False),
        (r"%\d{3}\s\w+\D%", "code 404 Not_found!", True),
        (r"%\x28\x29%", "f()", True),
        ("%[a-]%", "x-y", True),
        ("%.at%", "éat", True),
        ("%[^a]at%", "éat", True),
        ("%ERROR% -%warm%", "ERROR cold", True),
        ("%ERROR% -%warm%", "ERROR warm", False),
        ("?%x% ?%y%", "a y", True),
        ("{ $.eventType = %Trail% }", EVENT, True),
        ("{ $.eventType != %^Trail% }", EVENT, True),
        ("{ $.arrayKey[*] = %val.{2}% }", EVENT, True),
        (r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }", EVENT, True),
        ("{ $.objectList[*].id = 2 }", EVENT, True),
        ("{ $.objectList[*].id > 2 }", EVENT, False),
        ("{ $.objectList[*].none NOT EXISTS }", EVENT, True),
        ("{ $.objectList[*].id NOT EXISTS }", EVENT, False),
        ("{ $.* IS NULL }", EVENT, True),
        ("{ $.objectList = * }", EVENT, False),
        ("{ $.objectList != x }", EVENT, False),
        ("{ $.latency = 49* }", EVENT, True),
        ("{ $.latency < +5e1 }", EVENT, True),
    ],
)
def test_regular_expressions_and_wildcards(pattern: str, message: str, expected: bool) -> None:
    assert compile_pattern(pattern)(message) is expected


ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
ERROR = "ERROR 09/25/2014 12:00:02 Failed to process request\n"


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        (
            r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
            ACCESS,
            True,
        ),
        ("[..., request =*.html*, status_code = 4*, bytes]", ACCESS, True),
        ("[ip, ..., bytes > 1000]", ACCESS, True),
        ("[ip, ..., bytes > 2000]", ACCESS, False),
        ("[..., status_code = 404 || status_code = 410, bytes]", ACCESS, True),
        ("[..., status_code = 403 || status_code = 410, bytes]", ACCESS, False),
        ('[ip, u, n, t = "10/Oct/2000:13:25:15 -0700", ...]', ACCESS, True),
        ("[a, b, c, d, e, f, g, h]", ACCESS, False),
        ("[w1=ERROR, w2]", ERROR, True),
        ("[w1=ERROR]", ERROR, False),
        ("[w1=ERROR || w1=WARNING, w2]", ERROR, True),
        ("[w1!=ERROR && w1!=WARNING, w2]", ERROR, False),
        ("[w1!=ERROR && w1!=WARNING, w2]", "INFO all well", True),
        ("[w1, w2 = *request]", ERROR, True),
        ("[l, d, t, m, url=%/service/resource/[0-9]+$%, r]", "INFO d t GET /service/resource/67 1200", True),
        ("[l, d, t, m, url=%/service/resource/[0-9]+$%, r]", "INFO d t GET /service/resource/67/part 1200", False),
        ("[...]", "", True),
        ("[a]", "", False),
        ("[a = 1, b]", '[1 "2', False),
        ("[a, b = x]", '"1"2 x', True),
    ],
)
def test_space_delimited(pattern: str, message: str, expected: bool) -> None:
    assert compile_pattern(pattern)(message) is expected


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\W", r"\."])
TIMES = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,2}", "{2,}"])
ROWS = st.lists(
    st.builds("".join, st.lists(st.builds("{}{}".format, ATOMS, TIMES), min_size=1, max_size=5)), min_size=1
)


@given(
    st.lists(st.tuples(st.booleans(), ROWS.map("".join), st.booleans()), min_size=1, max_size=3),
    st.text("ab.1\né", max_size=12),
)
def test_expressions_mean_what_they_mean_elsewhere(rows: list[tuple[bool, str, bool]], message: str) -> None:
    ours = "|".join("^" * start + row + "$" * end for start, row, end in rows)
    theirs = "|".join(r"\A" * start + row + r"\Z" * end for start, row, end in rows)
    assert Regex(ours).search(message) == bool(re.search(theirs, message, re.ASCII | re.DOTALL))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("%" + ".*" * 100 + "x%", "a" * 100_000),
        ("%a.{400}b.{400}c%", "ab" * 50_000),
        ("%" + "a?" * 100 + "b{100}%", "a" * 100_000),
        ("[a, b = %x%]", "[ " * 50_000 + "]y"),
        ("[..., b]", '" ' * 50_000),
        ("{ $.* = %" + "[ab]*" * 50 + "c% }", '{"a": "' + "ab" * 50_000 + '"}'),
    ],
)
def test_no_pattern_runs_away(pattern: str, message: str) -> None:
    began = time.process_time()
    compile_pattern(pattern)(message)
    assert time.process_time() - began < 2


def test_wildcards_do_not_run_away() -> None:
    pattern = compile_pattern('{ $.a = "' + "a*" * 200 + 'b" }')
    assert pattern('{"a": "' + "a" * 100_000 + '"}') is False
