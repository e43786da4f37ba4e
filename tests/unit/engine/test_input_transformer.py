"""What targets get: the examples of EventBridge's user guide (eb-transform-target-input), and what it says of them."""

import json
from typing import Any

import pytest

from lambent.engine import input_transformer
from lambent.engine.input_transformer import find, is_absent, received, unknown

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "7bf73129",
    "detail-type": "EC2 Instance State-change Notification",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING", "n": 5, "many": [{"x": 1}, {"x": 2}], "odd": 'a "b"'},
}
RULE = "arn:aws:events:us-east-1:123456789012:rule/bus/example"
PATHS = {
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "resource": "$.resources[0]",
    "detail": "$.detail.many",
    "n": "$.detail.n",
    "none": "$.detail.none",
    "odd": "$.detail.odd",
}


def got(template: str) -> str:
    transformer = {"InputPathsMap": PATHS, "InputTemplate": template}
    assert not unknown(transformer)
    return received({"InputTransformer": transformer}, EVENT, RULE, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        ('"instance \\"<instance>\\" is in <state>"', '"instance \\"i-0123456789\\" is in RUNNING"'),
        ('{\n "instance" : <instance>,\n "state": <state>\n}', '{"instance":"i-0123456789","state":"RUNNING"}'),
        ('{"state": "<state>", "s": "is \\"<instance>\\""}', '{"state":"RUNNING","s":"is \\"i-0123456789\\""}'),
        ('{"state": [ 9, <state>, true ], "T": "Yes"}', '{"state":[9,"RUNNING",true],"T":"Yes"}'),
        ('{"a": <aws.events.rule-arn>, "n": <aws.events.rule-name>}', f'{{"a":"{RULE}","n":"example"}}'),
        ('"<aws.events.rule-name> triggered"', '"example triggered"'),
        ("<instance> is in <n>", '"i-0123456789" is in 5'),
        ('"detail is <detail>"', '"detail is [{x:1},{x:2}]"'),
        ('{"a": <detail>}', '{"a":[{"x":1},{"x":2}]}'),
        ('{"a": <none>, "b": "<none>", "n": "<n>"}', '{"a":"","b":"","n":"5"}'),
        ('{"a": "<odd>"}', '{"a": "a "b""}'),
        ('{"a": <odd>}', '{"a":"a \\"b\\""}'),
        ('"one <n>"\n"two <n>"', '"one 5"\n"two 5"'),
        ("<aws.events.event.json>", json.dumps(EVENT, separators=(",", ":"))),
        ('{"t": <aws.events.event.ingestion-time>}', '{"t":"2026-01-01T00:00:00Z"}'),
    ],
)
def test_a_template(template: str, text: str) -> None:
    assert got(template) == text


def test_the_event_among_the_variables_is_without_its_detail() -> None:
    assert json.loads(got('{"e": <aws.events.event>}'))["e"].keys() == EVENT.keys() - {"detail"}


def test_a_variable_that_is_none_is_known_before() -> None:
    assert unknown({"InputTemplate": "<aws.events.rule-arn> <who>"}) == "who"


def test_a_constant_a_part_and_the_whole() -> None:
    assert received({"Input": '{"x": 1}'}, EVENT, RULE, "") == '{"x": 1}'
    assert received({"InputPath": "$.detail.state"}, EVENT, RULE, "") == '"RUNNING"'
    assert received({"InputPath": "$.nothing"}, EVENT, RULE, "") == "null"
    assert json.loads(received({}, EVENT, RULE, "")) == EVENT


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", EVENT),
        ("$.detail.many[1].x", 2),
        ("$.detail.many[*].x", [1, 2]),
        ("$.detail.many.*.x", [1, 2]),
        ("$['detail']['state']", "RUNNING"),
        ('$["detail-type"]', EVENT["detail-type"]),
    ],
)
def test_a_path(path: str, value: Any) -> None:
    assert find(path, EVENT) == value


@pytest.mark.parametrize("path", ["", "x", "$detail", "$.detail..x", "$.detail.many[7]", "$.detail.many[99999999999]",
                                  "$.version.x", "$.version[0]", "$[", "$.detail[?(@.x)]"])  # fmt: skip
def test_a_path_that_leads_nowhere(path: str) -> None:
    assert is_absent(find(path, EVENT))


def test_quotes_are_counted_once_however_many_variables_there_are() -> None:
    assert input_transformer.transformed({"InputTemplate": '"' + "<x>" * 2_000 + '"'}, EVENT, {"x": "y"}) == (
        '"' + "y" * 2_000 + '"'
    )
