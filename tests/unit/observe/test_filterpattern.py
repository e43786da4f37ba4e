import pytest

from lambent.observe.filterpattern import PatternError, compile_pattern

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
        "[ip, user]",
        "%regex%",
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
        "{ $.a[*] = 1 }",
        "{ $.a = %x% }",
        "{ ($.a = 1 }",
        "{ $.a IS MAYBE }",
        "{ " + "(" * 900 + "$.a = 1",
    ],
)
def test_what_is_wrong_or_unsupported_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_wildcards_do_not_run_away() -> None:
    pattern = compile_pattern('{ $.a = "' + "a*" * 200 + 'b" }')
    assert pattern('{"a": "' + "a" * 100_000 + '"}') is False
