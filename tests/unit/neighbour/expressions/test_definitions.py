"""The expressions of a definition: where they stand, and what is refused before a machine is made."""

from typing import Any

import pytest

from lambent.neighbour.bridges.expressions import checking, fields


def machine(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **state}}, **more}


@pytest.mark.parametrize(
    ("state", "field"),
    [
        ({"Output": "{% $x %}"}, "Output"),
        ({"Output": {"a": {"b": [1, "{% $x %}"]}}}, "Output/a/b[1]"),
        ({"Choices": [{"Condition": "{% true %}"}, {"Condition": "{% $x %}"}]}, "Choices[1]/Condition"),
        ({"Catch": [{"Assign": {"e": "{% $x %}"}}]}, "Catch[0]/Assign/e"),
        ({"Seconds": "{%$x%}"}, "Seconds"),
        ({"Output": "{% $y %}"}, ""),
    ],
)
def test_a_field_is_named_as_on_aws(state: dict[str, Any], field: str) -> None:
    assert fields.field_of(machine(state), "A", "$x") == field


def test_states_of_maps_and_branches_are_found() -> None:
    inner = machine({"Output": "{% $x %}"})["States"]
    whole = machine({"ItemProcessor": {"States": {"B": inner["A"]}}, "Branches": [{"States": {"C": inner["A"]}}]})
    assert [path for _, path, _ in fields.states_of(whole)] == [
        "/States/A",
        "/States/A/ItemProcessor/States/B",
        "/States/A/Branches[0]/States/C",
    ]
    assert fields.field_of(whole, "C", "$x") == "Output"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1 +", "INVALID_JSONATA_EXPRESSION: Unexpected end of expression"),
        ("phone", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported."),
        ("{'a': b.c}", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'b' at the top level is not supported."),
        ("$sum(items.n)", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'items' at the top level is not supported."),
        ("(function($v){ x })(1)", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'x' at the top level"),
        ("a and true", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'a' at the top level"),
    ],
)
def test_what_aws_refuses_of_an_expression(expression: str, said: str) -> None:
    found = checking.problem(machine({"Output": {"v": f"{{% {expression} %}}"}}))
    assert found.startswith(said)
    assert found.endswith(" at /States/A/Output/v")


@pytest.mark.parametrize(
    "expression",
    [
        "$states.input.items[n > 3].(n & 'x')",
        "$states.input.items{name: n}",
        "$states.input.items^(>n)",
        "$map($states.input.items, function($v){ $v.n })",
        "$merge([$states.input, {'a': 1}])",
        "($x := $states.input; $x.a)",
        "$states.input ~> |a|{'b': c}|",
        "$states.input.*",
        "-1",
    ],
)
def test_what_has_a_context_item_is_good(expression: str) -> None:
    assert checking.problem(machine({"Output": f"{{% {expression} %}}"})) == ""


def test_states_in_jsonpath_are_not_looked_at() -> None:
    assert checking.problem(machine({"QueryLanguage": "JSONPath", "Comment": "{% 1 + %}"})) == ""
