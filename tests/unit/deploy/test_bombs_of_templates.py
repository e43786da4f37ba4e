"""Templates that unfold to more than they are: refused, in a moment."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.template import foreach, parameters
from lambent.deploy.template.functions import Context, resolve
from lambent.deploy.template.reading import read

SECONDS = 5.0
"""Far more than any of it takes, far less than what is left of a bomb that is not stopped."""


def nested(levels: int, around: Callable[[Any], Any], core: Any = "x") -> Any:
    for _ in range(levels):
        core = around(core)
    return core


BOMBS = {
    "Fn::Sub of a variable, twice": nested(40, lambda inner: {"Fn::Sub": ["${a}${a}", {"a": inner}]}),
    "Fn::Join with a long delimiter": nested(40, lambda inner: {"Fn::Join": ["y" * 999, [inner, inner, inner]]}),
    "Fn::ToJsonString of itself": nested(40, lambda inner: {"Fn::ToJsonString": {"a": inner}}, "\\"),
    "Fn::Base64 of itself": nested(90, lambda inner: {"Fn::Base64": inner}),
    "a mapping that leads to itself": {"Fn::FindInMap": ["M", "a", "b"]},
    "a mapping that doubles": {"Fn::FindInMap": ["M", "0", "b"]},
}


def doubling() -> dict[str, Any]:
    again = {str(n): {"b": [{"Fn::FindInMap": ["M", str(n + 1), "b"]}] * 2} for n in range(60)}
    return {"M": {"a": {"b": {"Fn::FindInMap": ["M", "a", "b"]}}, **again, "60": {"b": "x"}}}


@pytest.mark.parametrize("name", BOMBS)
def test_a_value_that_unfolds_to_too_much_is_refused(name: str) -> None:
    began = time.process_time()
    with pytest.raises(TemplateInvalid, match="unfolds to too much"):
        resolve(BOMBS[name], Context(mappings=doubling()))
    assert time.process_time() - began < SECONDS


def test_what_is_large_and_does_not_unfold_is_evaluated() -> None:
    items = [{"Fn::Sub": "${AWS::Region}-" + "x" * 100} for _ in range(5_000)]
    found = resolve(items, Context({"AWS::Region": "here"}))
    assert len(found) == 5_000
    assert found[0].startswith("here-x")


@pytest.mark.parametrize(
    "fragment",
    [{"A${x}": ["y"] * 20_000}, {"A${x}": "${x}" * 5_000}, {"A${x}": {"Fn::ForEach::B": ["y", list("abc") * 99, {}]}}],
)
def test_a_loop_that_makes_too_much_is_refused(fragment: dict[str, Any]) -> None:
    inner = {"Fn::ForEach::Y": ["y", ["item" * 9 + str(n) for n in range(999)], {"B${y}${x}": fragment}]}
    document = {"Fn::ForEach::X": ["x", [str(n) for n in range(999)], {**inner, **fragment}]}
    with pytest.raises(TemplateInvalid, match="makes too much"):
        foreach.expand(document, Context())


@pytest.mark.parametrize("pattern", ["(a+)+$", "((a+)b?)*(?=c)", "a*a*a*a*a*a*a*a*(?=c)", r"(a|aa)*\1?$(?!x)"])
def test_a_pattern_that_goes_back_and_forth_takes_no_time(pattern: str) -> None:
    began = time.process_time()
    said = {"Type": "String", "AllowedPattern": pattern}
    try:
        parameters.check("P", said, "a" * 2_000 + "!")
    except TemplateInvalid as refused:
        assert "must match pattern" in str(refused)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: [*a, *a]\n",
        "{" * 30_000,
        "[" * 30_000,
        "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 300)),
        '{"a": ' * 30_000,
        "a: !!python/object/apply:os.system [id]\n",
        "a: &a\n  <<: *a\n",
        "? [a, b]\n: c\n",
    ],
)
def test_a_document_that_is_a_bomb_is_refused(text: str) -> None:
    began = time.process_time()
    with pytest.raises(TemplateInvalid):
        read(text)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "number", ["0x" + "f" * 40_000, "1" + ":10" * 15_000, "18446744073709551616", "-9223372036854775809"]
)
def test_a_number_that_nothing_can_keep_is_refused(number: str) -> None:
    for text in (f"Resources: {{A: {{DelaySeconds: [{number}]}}}}", f'{{"Resources": {{"A": [{number}]}}}}'):
        with pytest.raises(TemplateInvalid):
            read(text)
    assert read("{A: 18446744073709551615, B: -9223372036854775808}")
