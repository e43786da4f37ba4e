"""Intrinsic functions and paths, as AWS's documentation has them."""

from typing import Any

import pytest

from lambent.neighbour.bridges.expressions import intrinsics, paths
from lambent.neighbour.bridges.handing import Gateway


def value(text: str, **found: Any) -> Any:
    return intrinsics.read(text)(lambda path: found[path.lstrip("$.")])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("States.Array(1, 'b', $.x, null, true, -1.5)", [1, "b", {"a": 1}, None, True, -1.5]),
        ("States.ArrayPartition($.list, 2)", [[3, 1], [3]]),
        ("States.ArrayContains($.list, 1)", True),
        ("States.ArrayContains($.list, true)", False),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayRange(1.4, 3.6, 1)", [1, 2, 3, 4]),
        ("States.ArrayRange(5, 1, 1)", []),
        ("States.ArrayLength(States.ArrayRange(1, 1000, 1))", 1000),
        ("States.ArrayGetItem($.list, 1)", 1),
        ("States.ArrayLength($.list)", 3),
        ("States.ArrayUnique($.list)", [3, 1]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGVjb2RlZCBkYXRh')", "Decoded data"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.JsonMerge($.x, $.y, false)", {"a": 2, "b": 3}),
        ("States.StringToJson('{\"a\": [1]}')", {"a": [1]}),
        ("States.JsonToString($.x)", '{"a":1}'),
        ("States.MathAdd(111.4, -1)", 110),
        ("States.StringSplit('1,2;3,,4', ',;')", ["1", "2", "3", "4"]),
        ("States.Format('Hello, my name is {}.', $.name)", "Hello, my name is Ünï."),
        (r"States.Format('it\'s \{{}\} \\', 7)", "it's {7} \\"),
        ("States.Format('{} {} {}', $.x, $.list, null)", "{a=1} [3, 1, 3] null"),
        ("States.Format('{}', States.JsonToString( $.x ))", '{"a":1}'),
    ],
)
def test_functions(text: str, expected: Any) -> None:
    assert value(text, x={"a": 1}, y={"a": 2, "b": 3}, list=[3, 1, 3], name="Ünï") == expected


def test_what_is_chance() -> None:
    assert len(value("States.UUID()")) == len("a374db3f-fb65-41fb-83ad-1957b079b75d")
    assert value("States.MathRandom(1, 3)") in (1, 2)
    assert value("States.MathRandom(1, 999, 7)") == value("States.MathRandom(1, 999, 7)")


@pytest.mark.parametrize(
    "text",
    [
        "States.Format('{} {}', 1)", "States.Format(1)", "States.ArrayGetItem($.list, 3)", "States.MathAdd('x', 1)",
        "States.ArrayRange(1, 5000, 1)", "States.ArrayRange(1, 5, 0)", "States.ArrayRange(1, 1001, 1)",
        f"States.ArrayRange(1, {10**18}, 1)", f"States.ArrayRange({-(10**30)}, {10**30}, 7)",
        "States.ArrayRange('1', 2, 3)", "States.Base64Decode('?')",
        "States.StringToJson('{')", "States.JsonMerge($.x, $.x, true)", "States.Hash('x', 'CRC')",
        "States.ArrayPartition($.list, 0)", "States.ArrayLength(1)", "States.MathAdd(1)", "States.MathAdd(true, 1)",
    ],
)  # fmt: skip
def test_what_has_no_value(text: str) -> None:
    with pytest.raises(intrinsics.Failed):
        value(text, list=[1, 2], x={})


@pytest.mark.parametrize(
    "text",
    ["States.Nothing()", "States.Format('x'", "States.Format('x) ", "States.UUID() x", "$.a", "States.Array(1 2)"],
)
def test_what_is_no_call(text: str) -> None:
    with pytest.raises(intrinsics.NotRead):
        intrinsics.read(text)


DATA: dict[str, Any] = {"a": [{"b": 1, "c": 5}, {"b": 2, "c": 6}], "n": [3, 1, 2], "x y": {"z.w": 4}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", DATA),
        ("$.a[0].b", 1),
        ("$.a[-1].c", 6),
        ("$.n[-1]", 2),
        ("$.n[0:2]", [3, 1]),
        ("$.n[0,2]", [3, 2]),
        ("$.a[*].b", [1, 2]),
        ("$.a[?(@.b==2)].c", [6]),
        ("$.a[?(@.b==3)].c", []),
        ("$['x y']['z.w']", 4),
        ("$.n.length()", 3),
        ("$.a.length()", 2),
        ("$.n.max()", 3),
        ("$.a[*].c.sum()", 11),
    ],
)
def test_paths(path: str, expected: Any) -> None:
    assert paths.extracted(Gateway(""), lambda *_: None)(path, DATA) == expected


@pytest.mark.parametrize("path", ["$.none", "$.n[7]", "$.x.length()"])
def test_what_no_path_leads_to(path: str) -> None:
    from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

    with pytest.raises(NoSuchJsonPathError):
        paths.extracted(Gateway(""), lambda *_: None)(path, DATA)
