"""What macros make of a template: what a function is told, what of its answer is taken, and what a file brings in."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.deploy import transforms
from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.ports import Refused
from lambent.deploy.transforms import Work
from lambent.model.scope import Scope

HERE = Scope("111111111111", "eu-west-1")
QUEUE = {"Type": "AWS::SQS::Queue"}
FILES = {
    "s3://shared/queue.yaml": "Properties: {DelaySeconds: 5}",
    "s3://shared/more.json": '{"Resources": {"B": {"Type": "AWS::SQS::Queue"}}}',
}


class Functions:
    """The functions behind macros; each is told an event and answers what is to be sent back."""

    def __init__(self, **those: Any) -> None:
        self.those = those
        self.told: list[dict[str, Any]] = []

    async def ask(self, _scope: Scope, _service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        assert operation == "Invoke"
        event = json.loads(params["Payload"])
        self.told.append(event)
        answer = self.those[params["FunctionName"]]
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            return {"FunctionError": "Unhandled", "Payload": b'{"errorMessage": "no"}'}
        return {"Payload": json.dumps(answer(event)).encode()}

    def make(self, document: dict[str, Any], **values: Any) -> dict[str, Any]:
        async def fetch(_scope: Scope, location: str) -> str:
            return FILES[location]

        work = Work(
            self.ask,
            fetch,
            HERE,
            {"AWS::Region": HERE.region},
            values,
            {name: name for name in self.those},
            lambda: "r",
        )
        return asyncio.run(transforms.transform(document, work))


def done(change: Any) -> Any:
    return lambda event: {"requestId": event["requestId"], "status": "success", "fragment": change(event["fragment"])}


def test_a_macro_is_told_the_whole_template_and_its_answer_is_the_template() -> None:
    functions = Functions(Twice=done(lambda one: one | {"Resources": {"A": QUEUE, "B": QUEUE}}))
    document = {"Transform": {"Name": "Twice", "Parameters": {"N": {"Ref": "Count"}}}, "Resources": {"A": QUEUE}}
    assert functions.make(document, Count="2") == {"Resources": {"A": QUEUE, "B": QUEUE}}
    assert functions.told == [
        {
            "region": "eu-west-1",
            "accountId": "111111111111",
            "transformId": "111111111111::Twice",
            "fragment": {"Resources": {"A": QUEUE}},
            "params": {"N": "2"},
            "requestId": "r",
            "templateParameterValues": {"Count": "2"},
        }
    ]


def test_a_macro_inside_is_told_its_siblings_and_the_inner_one_comes_first() -> None:
    functions = Functions(Inner=done(lambda one: {"DelaySeconds": 1}), Outer=done(lambda one: one | {"DependsOn": "X"}))
    inside = {"Fn::Transform": {"Name": "Inner"}, "Old": 1}
    document = {"Resources": {"A": QUEUE | {"Properties": inside, "Fn::Transform": {"Name": "Outer"}}}}
    assert functions.make(document)["Resources"]["A"] == QUEUE | {"Properties": {"DelaySeconds": 1}, "DependsOn": "X"}
    assert [(one["transformId"][14:], one["fragment"]) for one in functions.told] == [
        ("Inner", {"Old": 1}),
        ("Outer", QUEUE | {"Properties": {"DelaySeconds": 1}}),
    ]


def test_a_file_is_put_beside_what_stands_there_or_into_the_template() -> None:
    here = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": {"Ref": "Where"}}}}
    document = {"Resources": {"A": QUEUE | here}}
    made = Functions().make(document, Where="s3://shared/queue.yaml")
    assert made == {"Resources": {"A": QUEUE | {"Properties": {"DelaySeconds": 5}}}}
    whole = {"Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://shared/more.json"}}}
    assert Functions().make(whole) == {"Resources": {"B": QUEUE}}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "failed with: the function failed."),
        (lambda _event: {"status": "FAILED", "errorMessage": "not today"}, "failed with: not today."),
        (lambda _event: {"status": "failure"}, "failed with: FAILED."),
        (lambda _event: [1], "failed with: the function failed."),
        (
            Refused("lambda", "TooManyRequestsException", "Rate exceeded", 429),
            "TooManyRequestsException: Rate exceeded",
        ),
    ],
)
def test_a_macro_that_fails_is_the_templates_fault(answer: Any, said: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        Functions(Bad=answer).make({"Transform": "Bad", "Resources": {}})
    assert str(caught.value).startswith("Transform 111111111111::Bad failed") and said in str(caught.value)


def test_a_macro_that_is_not_there_is_named() -> None:
    with pytest.raises(TemplateInvalid, match="No transform named 111111111111::Nobody found"):
        Functions().make({"Transform": ["Nobody"], "Resources": {}})
