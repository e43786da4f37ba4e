"""What a template says: read, checked, evaluated."""

from typing import Any

import pytest

from lambent.deploy.blueprint import LATER, Blueprint, examine
from lambent.deploy.capabilities import needed, require
from lambent.deploy.changes import changes
from lambent.deploy.dynamic import found, replaced
from lambent.deploy.errors import CapabilityMissing, TemplateInvalid
from lambent.deploy.making import replaces
from lambent.deploy.naming import physical
from lambent.deploy.sources import address
from lambent.deploy.stack import StackResource
from lambent.deploy.template import conditions, foreach, parameters, reading
from lambent.deploy.template.functions import Context, resolve
from lambent.deploy.template.template import Template, parse

NAMES = {"AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012", "P": "p", "L": ["a", "b"]}
CONTEXT = Context(
    {**NAMES, "R": "physical"},
    lambda name, attribute: f"{name}/{attribute}",
    {"M": {"k": {"v": "found", "l": ["x", "y"]}}},
    {"Yes": True, "No": False},
    {"exported": "value"},
)
QUEUE = {"Type": "AWS::SQS::Queue"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"Ref": "P"}, "p"),
        ({"Fn::GetAtt": ["R", "A.B"]}, "R/A.B"),
        ({"Fn::GetAtt": "R.Arn"}, "R/Arn"),
        ({"Fn::Sub": "${P}-${R.Arn}-${!literal}-${AWS::Region}"}, "p-R/Arn-${literal}-eu-west-1"),
        ({"Fn::Sub": ["${x}${P}", {"x": {"Ref": "R"}}]}, "physicalp"),
        ({"Fn::Join": [":", ["a", {"Ref": "P"}, 1]]}, "a:p:1"),
        ({"Fn::Join": ["", {"Ref": "L"}]}, "ab"),
        ({"Fn::Select": ["1", {"Ref": "L"}]}, "b"),
        ({"Fn::Split": ["|", "a|b|"]}, ["a", "b", ""]),
        ({"Fn::FindInMap": ["M", "k", "v"]}, "found"),
        ({"Fn::FindInMap": ["M", "none", "v", {"DefaultValue": "other"}]}, "other"),
        ({"Fn::Base64": {"Fn::Sub": "${P}"}}, "cA=="),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::ImportValue": {"Fn::Sub": "exported"}}, "value"),
        ({"Fn::If": ["No", 1, {"Ref": "P"}]}, "p"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
        ({"a": {"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, 1]}}, {}),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::ToJsonString": {"a": {"Ref": "L"}}}, '{"a":["a","b"]}'),
        ({"Fn::Length": {"Ref": "L"}}, 2),
        ({"Condition": {"StringEquals": {"a": {"Ref": "P"}}}}, {"Condition": {"StringEquals": {"a": "p"}}}),
    ],
)
def test_a_function_means(said: Any, meant: Any) -> None:
    assert resolve(said, CONTEXT) == meant


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"Ref": "None"}, "Unresolved resource dependencies [None] in the Resources block of the template"),
        ({"Fn::Select": [5, ["a"]]}, "Fn::Select cannot select nonexistent value at index 5"),
        ({"Fn::FindInMap": ["M", "k", "none"]}, "Unable to get mapping for M::k::none"),
        ({"Fn::ImportValue": "none"}, "No export named none found."),
        ({"Fn::GetStackOutput": ["s", "o"]}, "Fn::GetStackOutput"),
        ({"Fn::Nonsense": 1}, "Fn::Nonsense"),
        ({"Fn::Join": ["x"]}, "every Fn::Join object requires two parameters"),
        ({"Fn::Cidr": ["10.0.0.0/24", 300, 4]}, "Fn::Cidr"),
        ({"Fn::Cidr": ["nonsense", 1, 4]}, "Fn::Cidr"),
        ({"Fn::Sub": ["${a}", {"a": {"Ref": "L"}}]}, "must be strings"),
    ],
)
def test_a_function_that_can_not_be_evaluated_says_so(said: Any, text: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        resolve(said, CONTEXT)
    assert text in str(caught.value)


def test_yaml_has_short_forms_dates_are_text_and_keys_too() -> None:
    text = """
AWSTemplateFormatVersion: 2010-09-09
a: !Sub '${x}'
b: !GetAtt q.Arn
c: !If [Yes, !Ref x, !Ref AWS::NoValue]
80: on
d: {Version: 2012-10-17}
"""
    assert reading.read(text) == {
        "AWSTemplateFormatVersion": "2010-09-09",
        "a": {"Fn::Sub": "${x}"},
        "b": {"Fn::GetAtt": ["q", "Arn"]},
        "c": {"Fn::If": [True, {"Ref": "x"}, {"Ref": "AWS::NoValue"}]},
        "80": True,
        "d": {"Version": "2012-10-17"},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Resources:\n  A: !!python/object/apply:os.system [x]", "YAML not well-formed. (line 2, column 6)"),
        ("a: &x 1\nb: *x", "YAML aliases are not allowed"),
        ('{"a": ', "not well-formed"),
        ("just text", "unsupported structure"),
        ("[1]", "unsupported structure"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested too deeply"),
        ("[" * 5000, "unsupported structure"),
    ],
)
def test_what_is_no_template_is_refused(text: str, said: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        reading.read(text)
    assert said in str(caught.value)


def test_a_resource_may_say_what_it_is_for() -> None:
    document = {"Resources": {"A": {**QUEUE, "Description": "what waits"}}}
    assert parse(document).resources["A"].type == QUEUE["Type"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "At least one Resources member must be defined."),
        ({"Resources": {"A": {}}}, "[/Resources/A] Every Resources object must contain a Type member."),
        ({"Resources": {"A-b": QUEUE}}, "Resource name A-b is non alphanumeric."),
        ({"Resources": {"A": QUEUE}, "More": 1}, "Invalid template property or properties [More]"),
        ({"Resources": {"A": {**QUEUE, "More": 1}}}, "Invalid template resource property 'More'"),
        ({"Resources": {f"A{n}": QUEUE for n in range(501)}}, "Number of resources, 501, is greater than maximum"),
        (
            {"Resources": {"A": {**QUEUE, "DependsOn": "X"}}},
            "Unresolved resource dependencies [X] in the Resources block of the template",
        ),
        ({"Resources": {"A": {**QUEUE, "Properties": {"QueueName": {"Fn::Sub": "${X}"}}}}}, "dependencies [X] in the"),
        (
            {"Resources": {"A": {**QUEUE, "DependsOn": "B"}, "B": {**QUEUE, "DependsOn": ["A"]}, "C": QUEUE,
                           "D": {**QUEUE, "DependsOn": "A"}}},
            "Circular dependency between resources: [A, B]",
        ),
        ({"Resources": {"A": QUEUE}, "Outputs": {"O": {"Value": {"Ref": "X"}}}}, "[X] in the Outputs block"),
        ({"Resources": {"A": QUEUE}, "Outputs": {"O": {}}}, "[/Outputs/O] Every Outputs member must contain a Value"),
        ({"Resources": {"A": QUEUE}, "Parameters": {"P": {}}}, "[/Parameters/P] Every Parameters object must contain"),
        ({"Resources": {"A": QUEUE}, "Parameters": {"P": {"Type": "X"}}}, "Unrecognized parameter type: X"),
        ({"Resources": {"A": {**QUEUE, "DeletionPolicy": "Keep"}}}, "Unrecognized DeletionPolicy Keep for resource A"),
    ],
)  # fmt: skip
def test_a_template_is_refused_in_the_words_of_aws(document: Any, said: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        examine(parse(document))
    assert said in str(caught.value)


DECLARED = Template(
    {},
    {
        "Plain": {"Type": "String"},
        "Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]},
        "Count": {"Type": "Number", "Default": 3, "MinValue": 1, "MaxValue": 5},
        "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Code": {"Type": "String", "Default": "ab", "AllowedPattern": "[a-z]+", "MaxLength": 3},
        "Word": {"Type": "String", "Default": "x", "AllowedPattern": "x", "ConstraintDescription": "must be x"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/a"},
    },
)


def test_parameters_have_defaults_former_values_and_types() -> None:
    texts = parameters.given(DECLARED, {"Plain": None}, {"Plain": "before"})
    assert texts["Plain"] == "before" and texts["Count"] == "3"
    assert parameters.from_ssm(DECLARED, texts) == {"Stored": "/a"}
    values = parameters.values(DECLARED, texts, {"Stored": "x,y"})
    assert values["Names"] == ["a", "b"] and values["Stored"] == ["x", "y"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Parameters: [Plain] must have values"),
        ({"Plain": "x", "More": "y"}, "Parameters: [More] do not exist in the template"),
        ({"Plain": "x", "Stage": "test"}, "Parameter 'Stage' must be one of AllowedValues [dev, prod]"),
        ({"Plain": "x", "Count": "9"}, "Parameter 'Count' must be a number not greater than 5"),
        ({"Plain": "x", "Count": "nine"}, "Parameter 'Count' must be a number"),
        ({"Plain": "x", "Code": "AB"}, "Parameter 'Code' must match pattern [a-z]+"),
        ({"Plain": "x", "Code": "abcd"}, "Parameter 'Code' must contain at most 3 characters"),
        ({"Plain": "x", "Word": "y"}, "Parameter Word failed to satisfy constraint: must be x"),
    ],
)
def test_a_parameter_is_refused(given: dict[str, str | None], said: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        parameters.given(DECLARED, given)
    assert str(caught.value) == said


def test_conditions_name_one_another_and_a_circle_is_refused() -> None:
    template = Template(
        {},
        conditions={
            "Prod": {"Fn::Equals": [{"Ref": "P"}, "p"]},
            "Both": {"Fn::And": [{"Condition": "Prod"}, {"Fn::Not": [{"Condition": "Never"}]}]},
            "Never": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["a", "c"]}]},
        },
    )
    assert conditions.evaluate(template, Context(NAMES)) == {"Prod": True, "Both": True, "Never": False}
    circle = Template({}, conditions={"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}})
    with pytest.raises(TemplateInvalid, match="Circular"):
        conditions.evaluate(circle, Context(NAMES))


def test_rules_are_asserted() -> None:
    rule = {
        "RuleCondition": {"Fn::Equals": [{"Ref": "P"}, "p"]},
        "Assertions": [{"Assert": {"Fn::Contains": [["a"], {"Ref": "P"}]}, "AssertDescription": "P is a"}],
    }
    with pytest.raises(TemplateInvalid, match="P is a"):
        conditions.check_rules(Template({}, rules={"R": rule}), Context(NAMES))
    conditions.check_rules(Template({}, rules={"R": rule}), Context({**NAMES, "P": "other"}))


def test_loops_make_many_of_one() -> None:
    document = {
        "Resources": {
            "Fn::ForEach::Queues": [
                "Name",
                {"Ref": "L"},
                {"Queue${Name}": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}},
            ]
        }
    }
    assert foreach.expand(document, Context(NAMES)) == {
        "Resources": {
            f"Queue{name}": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}} for name in ("a", "b")
        }
    }
    endless = {"Fn::ForEach::A": ["A", [str(n) for n in range(6000)], {"${A}": 1}]}
    with pytest.raises(TemplateInvalid, match="too much"):
        foreach.expand(endless, Context(NAMES))


def test_dynamic_references_are_found_and_put_in() -> None:
    said = {"a": "x{{resolve:ssm:/n:1}}y", "b": ["{{resolve:secretsmanager:s:SecretString:k}}"]}
    assert found(said) == {("ssm", "/n:1"), ("secretsmanager", "s:SecretString:k")}
    assert replaced(said, {("ssm", "/n:1"): "v"})["a"] == "xvy"


def test_capabilities_are_those_of_iam() -> None:
    role = {"Type": "AWS::IAM::Role"}
    plain, named = (
        parse({"Resources": {"R": role}}),
        parse({"Resources": {"R": {**role, "Properties": {"RoleName": "r"}}}}),
    )
    assert needed(plain)[0] == "CAPABILITY_IAM" and needed(named)[0] == "CAPABILITY_NAMED_IAM"
    require(plain, ["CAPABILITY_NAMED_IAM"])
    with pytest.raises(CapabilityMissing, match=r"Requires capabilities : \[CAPABILITY_NAMED_IAM\]"):
        require(named, ["CAPABILITY_IAM"])


def test_physical_names_hold_both_parts_and_fit() -> None:
    assert physical("stack", "Logical", "x" * 12, 64) == "stack-Logical-xxxxxxxxxxxx"
    long = physical("s" * 100, "L" * 100, "x" * 12, 64)
    assert len(long) == 64 and long.count("s") == 25 and long.count("L") == 25
    assert physical("Stack", "Bucket", "ABC", 63, lower=True) == "stack-bucket-abc"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://s3.amazonaws.com/b/k/x.json", ("b", "k/x.json", "")),
        ("https://s3.eu-west-1.amazonaws.com/b/k", ("b", "k", "")),
        ("https://b.s3.eu-west-1.amazonaws.com/k?versionId=v", ("b", "k", "v")),
        ("http://127.0.0.1:4566/b/k", ("b", "k", "")),
        ("http://b.s3.localhost:4566/k", ("b", "k", "")),
        ("s3://b/k/l", ("b", "k/l", "")),
    ],
)
def test_where_a_template_lies(url: str, found: tuple[str, str, str]) -> None:
    assert address(url) == found


@pytest.mark.parametrize("url", ["ftp://x/y", "https://example.org/k", "https://s3.amazonaws.com", ""])
def test_a_template_lies_in_s3_alone(url: str) -> None:
    with pytest.raises(TemplateInvalid, match="TemplateURL must be a supported URL"):
        address(url)


def blueprint(resources: dict[str, Any]) -> Blueprint:
    return Blueprint(parse({"Resources": resources}), Context(NAMES))


def test_a_deployment_of_an_api_is_made_after_what_it_is_a_snapshot_of() -> None:
    def part(kind: str, api: str, **more: Any) -> dict[str, Any]:
        return {"Type": f"AWS::ApiGateway::{kind}", "Properties": {"RestApiId": {"Ref": api}}, **more}

    drawn = blueprint({
        "A": {"Type": "AWS::ApiGateway::RestApi"}, "B": {"Type": "AWS::ApiGateway::RestApi"},
        "D": part("Deployment", "A", DependsOn="One"), "One": part("Method", "A"), "Two": part("Method", "A"),
        "After": part("Method", "A", DependsOn="S"), "S": {**QUEUE, "DependsOn": "D"}, "Other": part("Method", "B"),
    })  # fmt: skip
    assert drawn.graph["D"] == {"A", "One", "Two"}
    assert drawn.graph["After"] == {"A", "S"}


def made(name: str, kind: str, **properties: Any) -> StackResource:
    return StackResource(
        name, kind, "CREATE_COMPLETE", 0.0, f"{name}-id", ref=f"{name}-ref", properties=properties,
        attributes={"Arn": f"{name}-arn"},
    )  # fmt: skip


def test_changes_are_what_differs_and_what_follows_from_a_replacement() -> None:
    there = {
        "Q": made("Q", "AWS::SQS::Queue", FifoQueue=False),
        "M": made("M", "AWS::Lambda::EventSourceMapping", EventSourceArn="Q-arn", FunctionName="f"),
        "Old": made("Old", "AWS::SQS::Queue"),
        "Same": made("Same", "AWS::SQS::Queue"),
    }
    wanted = {
        "M": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": {"Fn::GetAtt": "Q.Arn"}, "FunctionName": "f", "BatchSize": 5},
        },
        "Q": {**QUEUE, "Properties": {"FifoQueue": True}},
        "New": QUEUE,
        "Same": QUEUE,
    }
    found = {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"]
             for one in changes(there, blueprint(wanted), replaces)}  # fmt: skip
    assert {name: one["Action"] for name, one in found.items()} == {
        "Q": "Modify", "M": "Modify", "New": "Add", "Old": "Remove"
    }  # fmt: skip
    assert (found["Q"]["Replacement"], found["M"]["Replacement"]) == ("True", "Conditional")
    detail = next(one for one in found["M"]["Details"] if one["Target"]["Name"] == "EventSourceArn")
    assert (detail["Evaluation"], detail["CausingEntity"]) == ("Dynamic", "Q")


def test_what_is_not_made_yet_is_known_later() -> None:
    drawn = blueprint({"Q": QUEUE})
    assert drawn.value({"Fn::GetAtt": "Q.Arn"}, {}, later=True) == LATER
    with pytest.raises(TemplateInvalid):
        drawn.value({"Fn::GetAtt": "Q.Arn"}, {})
