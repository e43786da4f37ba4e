"""CloudFormation's templates are read, and nothing that they say is run."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError

from lambent.neighbour.bridges import templates
from lambent.neighbour.bridges.handing import Gateway

yaml: Any = importlib.import_module("yaml")
NOWHERE = Gateway("")
load = templates.load(NOWHERE, yaml.load)
load_all = templates.load_all(NOWHERE, yaml.load_all)
UNSAFE = [yaml.Loader, yaml.FullLoader, yaml.UnsafeLoader]
SHORT = """
Version: 2010-09-09
A: !Ref x
B: !GetAtt a.b.c
C: !GetAtt [a, b]
D: !Sub ['${v}', {v: !Ref x}]
E: !If [is, !Join [',', [!Ref a, b]], !Ref AWS::NoValue]
F: !Transform {Name: AWS::Include}
G: !Condition is
H: !Base64 |
  text
"""
FULL = {
    "A": {"Ref": "x"},
    "B": {"Fn::GetAtt": ["a", "b.c"]},
    "C": {"Fn::GetAtt": ["a", "b"]},
    "D": {"Fn::Sub": ["${v}", {"v": {"Ref": "x"}}]},
    "E": {"Fn::If": ["is", {"Fn::Join": [",", [{"Ref": "a"}, "b"]]}, {"Ref": "AWS::NoValue"}]},
    "F": {"Fn::Transform": {"Name": "AWS::Include"}},
    "G": {"Condition": "is"},
    "H": {"Fn::Base64": "text\n"},
}


def test_functions_in_short_form_get_their_full_form() -> None:
    said = load(SHORT, Loader=yaml.Loader)
    assert str(said.pop("Version")) == "2010-09-09"
    assert said == FULL


@pytest.mark.parametrize("loader", UNSAFE)
@pytest.mark.parametrize(
    "tag", ["apply:os.mkdir [{0}]", "new:os.mkdir [{0}]", "name:os.mkdir", "module:os", ":os.PathLike {{}}"]
)
def test_no_tag_runs_anything(tmp_path: Path, loader: type[Any], tag: str) -> None:
    written = "!!python/object/" if tag.startswith(("apply", "new")) else "!!python/"
    text = f"Resources:\n  A:\n    Type: {written}{tag.format(tmp_path / 'made')}\n"
    with pytest.raises(ValidationError) as caught:
        load(text, Loader=loader)
    assert caught.value.message == "Template format error: YAML not well-formed. (line 3, column 11)"
    with pytest.raises(yaml.constructor.ConstructorError):
        list(load_all(text, Loader=loader))
    assert not (tmp_path / "made").exists()


def test_what_was_safe_is_read_as_before() -> None:
    assert load("a: [1, x]", Loader=yaml.SafeLoader) == {"a": [1, "x"]}
    with pytest.raises(yaml.constructor.ConstructorError):
        load("!Ref a", Loader=yaml.SafeLoader)


def test_a_template_in_json_may_hold_tabs() -> None:
    assert load('{"Resources":\t{}}', Loader=yaml.Loader) == {"Resources": {}}


@pytest.mark.parametrize(("text", "where"), [("A: {", " (line 1, column 5)"), ("a: [\n\t1", " (line 2, column 1)")])
def test_what_is_neither_is_named(text: str, where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load(text, Loader=yaml.Loader)
    assert caught.value.message == f"Template format error: YAML not well-formed.{where}"


def test_what_unfolds_to_too_much_is_refused_and_other_aliases_are_followed() -> None:
    rows = ["a0: &a0 [x]", *(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(8))]
    for text in ("\n".join(rows), "a: &a [*a]"):
        for loader in (yaml.SafeLoader, yaml.FullLoader):
            with pytest.raises(yaml.YAMLError, match="unfold to more than"):
                load(text, Loader=loader)
    assert load("a: &a [1]\nb: *a\nc: '*'", Loader=yaml.SafeLoader) == {"a": [1], "b": [1], "c": "*"}
