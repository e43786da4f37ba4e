"""Every member of a request is obeyed, or refused by name; what operations answer of it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lambent.services.cloudformation
from lambent.deploy.ports import Refused
from lambent.deploy.resources.facts import unrecognized
from lambent.model.scope import Caller
from lambent.services.cloudformation.env import CloudFormationEnv
from lambent.services.cloudformation.operations import OPERATIONS, REFUSED
from lambent.wire.fault import Fault
from lambent.wire.service import load
from tests.unit.deploy.test_engine_of_stacks import SCOPE, House, queue

CODE = "".join(path.read_text() for path in Path(lambent.services.cloudformation.__path__[0]).glob("*.py"))
WITHOUT_EFFECT = {
    "DisableValidation": "nothing is validated before a deployment but what AWS validates with it, too",
}
RETAINED = {**queue("kept"), "DeletionPolicy": "Retain"}


class Desk:
    """CloudFormation's operations on a house: what they answer, when nothing is under way any more."""

    def __init__(self) -> None:
        self.house = House()
        self.env = CloudFormationEnv(self.house.stacks, self.house.change_sets, self.house.signals)

    async def __call__(self, operation: str, name: str = "s", **params: Any) -> dict[str, Any]:
        said = {"StackName": name, **params} if name else params
        answer = await OPERATIONS[operation](self.env, Caller(SCOPE, "r", SCOPE.account), said)
        for one in self.house.records.stacks(SCOPE):
            await self.house.stacks.wait(one)
        return answer

    async def stack(self, name: str = "s") -> dict[str, Any]:
        found: dict[str, Any] = (await self("DescribeStacks", name))["Stacks"][0]
        return found


def template(more: dict[str, Any] | None = None, **resources: Any) -> str:
    return json.dumps({"Resources": resources, **(more or {})})


def members() -> Iterator[tuple[str, str]]:
    for operation in OPERATIONS:
        shape = load("cloudformation").operation(operation).input_shape
        yield from ((operation, member) for member in (shape.members if shape is not None else ()))


@pytest.mark.parametrize(("operation", "member"), [*members()])
def test_every_member_of_a_request_is_read_or_refused(operation: str, member: str) -> None:
    assert f'"{member}"' in CODE or member in WITHOUT_EFFECT


def test_every_operation_of_aws_is_answered_or_refused_with_a_reason() -> None:
    names = set(load("cloudformation").model.operation_names)
    assert names == {*OPERATIONS, *REFUSED} and all(REFUSED.values())


@pytest.mark.parametrize(
    ("operation", "params", "named"),
    [
        ("CreateStack", {"ResourceTypes": ["AWS::*"]}, "ResourceTypes"),
        ("CreateStack", {"StackPolicyURL": "https://x"}, "StackPolicyURL"),
        ("CreateStack", {"DeploymentConfig": {"Mode": "EXPRESS"}}, "EXPRESS"),
        ("UpdateStack", {"DeploymentConfig": {"Mode": "EXPRESS"}}, "EXPRESS"),
        ("CreateChangeSet", {"ChangeSetName": "c", "ChangeSetType": "IMPORT"}, "ChangeSetType IMPORT"),
        ("CreateChangeSet", {"ChangeSetName": "c", "ResourcesToImport": [{}]}, "ResourcesToImport"),
        ("CreateChangeSet", {"ChangeSetName": "c", "DeploymentMode": "REVERT_DRIFT"}, "DeploymentMode REVERT_DRIFT"),
        ("GetTemplateSummary", {"StackSetName": "x"}, "StackSetName"),
        ("GetTemplateSummary", {"CallAs": "DELEGATED_ADMIN"}, "CallAs"),
        ("ContinueUpdateRollback", {"ResourcesToSkip": ["Nested.A"]}, "nested"),
    ],
)
def test_what_is_not_done_is_refused_by_name(operation: str, params: dict[str, Any], named: str) -> None:
    async def story() -> None:
        body = {} if operation == "ContinueUpdateRollback" else {"TemplateBody": template(A=queue("a"))}
        with pytest.raises(Fault, match=named) as refused:
            await Desk()(operation, **body, **params)
        assert (refused.value.code, refused.value.status) == ("NotImplementedException", 501)

    asyncio.run(story())


def test_retain_except_on_create_deletes_what_a_rollback_had_made() -> None:
    async def story() -> None:
        for said, left in ((False, ["kept", "taken"]), (True, ["taken"])):
            desk = Desk()
            desk.house.services.queues["taken"] = {}
            body = template(A=RETAINED, B=queue("taken", "A"))
            await desk("CreateStack", TemplateBody=body, RetainExceptOnCreate=said)
            assert sorted(desk.house.services.queues) == left
            assert (await desk.stack())["RetainExceptOnCreate"] == (said or None)

    asyncio.run(story())


def test_retain_except_on_create_counts_for_what_an_update_has_made_alone() -> None:
    async def story() -> None:
        desk = Desk()
        desk.house.services.queues["taken"] = {}
        await desk("CreateStack", TemplateBody=template(Old={**queue("old"), "DeletionPolicy": "Retain"}))
        body = template(Old={**queue("old"), "DeletionPolicy": "Retain"}, A=RETAINED, B=queue("taken", "A"))
        await desk("CreateChangeSet", ChangeSetName="c", TemplateBody=body)
        await desk("ExecuteChangeSet", ChangeSetName="c", RetainExceptOnCreate=True)
        assert (await desk.stack())["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert sorted(desk.house.services.queues) == ["old", "taken"]

    asyncio.run(story())


def test_what_follows_a_failed_creation_is_said_when_planned_or_when_executed_not_twice() -> None:
    async def story() -> None:
        desk = Desk()
        desk.house.services.queues["taken"] = {}
        said = {"ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": template(A=queue("taken"))}
        await desk("CreateChangeSet", **said, OnStackFailure="DO_NOTHING", ClientToken="one")
        assert (await desk("DescribeChangeSet", ChangeSetName="c"))["OnStackFailure"] == "DO_NOTHING"
        again = await desk("CreateChangeSet", **said, OnStackFailure="DO_NOTHING", ClientToken="one")
        assert again["Id"] == (await desk("DescribeChangeSet", ChangeSetName="c"))["ChangeSetId"]
        with pytest.raises(Fault, match="DisableRollback and OnStackFailure"):
            await desk("ExecuteChangeSet", ChangeSetName="c", DisableRollback=True)
        await desk("ExecuteChangeSet", ChangeSetName="c")
        assert (await desk.stack())["StackStatus"] == "CREATE_FAILED"
        with pytest.raises(Fault, match="OnStackFailure DELETE"):
            await desk("CreateChangeSet", "t", ChangeSetName="c", TemplateBody="{}", OnStackFailure="DELETE")

    asyncio.run(story())


def test_a_rollback_that_failed_goes_on_without_what_it_failed_at() -> None:
    async def story() -> None:
        desk = Desk()
        await desk(
            "CreateStack", TemplateBody=template(A=queue("a", DelaySeconds=1), B=queue("b", "A", DelaySeconds=1))
        )
        services = desk.house.services
        services.queues["taken"] = {}
        services.refusals["SetQueueAttributes", "b"] = Refused("sqs", "Broken", "no", 500)
        changed = template(A=queue("a", DelaySeconds=2), B=queue("b", "A", DelaySeconds=2))
        await desk("UpdateStack", TemplateBody=changed)
        # the update of B failed, and so did its rollback
        assert (await desk.stack())["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
        with pytest.raises(Fault, match=r"not in UPDATE_FAILED state: \[A\]"):
            await desk("ContinueUpdateRollback", ResourcesToSkip=["A"])
        with pytest.raises(Fault, match="both"):
            await desk("ContinueUpdateRollback", ResourcesToSkip=["B"], ForceRollback=True)
        services.asked.clear()
        await desk("ContinueUpdateRollback", ForceRollback=True)
        found = await desk.stack()
        assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert ("SetQueueAttributes", "b") not in services.asked, "what is skipped is not tried again"
        assert found["LastOperations"][0]["OperationType"] == "CONTINUE_ROLLBACK"

    asyncio.run(story())


def test_change_sets_show_values_when_asked_and_secrets_never() -> None:
    async def story() -> None:
        desk = Desk()
        more = {"Parameters": {"P": {"Type": "String", "NoEcho": True}}}
        given = [{"ParameterKey": "P", "ParameterValue": "hush-hush"}]
        first = template(more, A=queue("a", KmsMasterKeyId={"Ref": "P"}), C=queue("c"))
        await desk("CreateStack", TemplateBody=first, Parameters=given)
        second = template(more, A=queue("a", KmsMasterKeyId={"Fn::Sub": "k-${P}"}, DelaySeconds=5), B=queue("b"))
        await desk("CreateChangeSet", ChangeSetName="c", TemplateBody=second, Parameters=given)
        plain = (await desk("DescribeChangeSet", ChangeSetName="c"))["Changes"]
        assert "Context" not in str(plain) and "Value" not in str(plain) and "hush" not in str(plain)
        shown = (await desk("DescribeChangeSet", ChangeSetName="c", IncludePropertyValues=True))["Changes"]
        by_name = {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in shown}
        key, delay = (by_name["A"]["Details"][number]["Target"] for number in (1, 0))
        assert (key["BeforeValue"], key["AfterValue"], key["AttributeChangeType"]) == ("****", "k-****", "Modify")
        assert (delay["Path"], delay["AfterValue"], delay["AttributeChangeType"]) == (
            "/Properties/DelaySeconds", "5", "Add",
        )  # fmt: skip
        assert "BeforeValue" not in delay
        after = json.loads(by_name["A"]["AfterContext"])
        assert after == {"Properties": {"QueueName": "a", "KmsMasterKeyId": "k-****", "DelaySeconds": 5}}
        assert set(by_name["B"]) & {"BeforeContext", "AfterContext"} == {"AfterContext"}
        assert set(by_name["C"]) & {"BeforeContext", "AfterContext"} == {"BeforeContext"}
        events = (await desk("DescribeStackEvents"))["StackEvents"]
        assert "hush" not in str(events) and any("****" in (one["ResourceProperties"] or "") for one in events)
        assert desk.house.services.queues["a"]["KmsMasterKeyId"] == "hush-hush"

    asyncio.run(story())


def test_events_are_grouped_by_operation_and_failures_alone_are_shown_when_asked() -> None:
    async def story() -> None:
        desk = Desk()
        made = await desk("CreateStack", TemplateBody=template(A=queue("a")))
        desk.house.services.queues["taken"] = {}
        updated = await desk("UpdateStack", TemplateBody=template(A=queue("a"), B=queue("taken")))
        events = (await desk("DescribeEvents"))["OperationEvents"]
        whole = [one for one in events if one["EventType"] == "STACK_EVENT"]
        assert [(one["OperationType"], one["OperationStatus"]) for one in whole] == [
            ("ROLLBACK", "SUCCEEDED"), ("UPDATE_STACK", "FAILED"), ("CREATE_STACK", "SUCCEEDED"),
        ]  # fmt: skip
        assert [one["OperationId"] for one in whole[1:]] == [updated["OperationId"], made["OperationId"]]
        last = (await desk.stack())["LastOperations"]
        assert [one["OperationType"] for one in last] == ["ROLLBACK", "UPDATE_STACK"]
        failed = (await desk("DescribeEvents", Filters={"FailedEvents": True}))["OperationEvents"]
        assert [(one["LogicalResourceId"], one["EventType"]) for one in failed] == [("B", "PROVISIONING_ERROR")]
        one = (await desk("DescribeEvents", "", OperationId=made["OperationId"]))["OperationEvents"]
        assert {event["OperationType"] for event in one} == {"CREATE_STACK"} and len(one) == 6
        told = (await desk("DescribeStackEvents"))["StackEvents"]
        assert told[-1]["OperationId"] == made["OperationId"]

    asyncio.run(story())


def test_the_making_of_a_change_set_is_an_operation() -> None:
    async def story() -> None:
        desk = Desk()
        said = await desk(
            "CreateChangeSet", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=template(A=queue("a"))
        )
        [one] = (await desk("DescribeEvents", "", ChangeSetName=said["Id"]))["OperationEvents"]
        assert (one["OperationType"], one["OperationStatus"]) == ("CREATE_CHANGESET", "SUCCEEDED")
        found = (await desk("DescribeEvents", ChangeSetName="c", Filters={"FailedEvents": True}))["OperationEvents"]
        assert found == []
        assert (await desk("DescribeChangeSetHooks", ChangeSetName="c"))["Hooks"] == []
        with pytest.raises(Fault, match="One of ChangeSetName, OperationId or StackName must be specified"):
            await desk("DescribeEvents", "", ChangeSetName="c")

    asyncio.run(story())


def test_a_stack_answers_to_its_alias() -> None:
    async def story() -> None:
        desk = Desk()
        await desk("CreateStack", TemplateBody=template(A=queue("a")))
        await desk("CreateStack", "other", TemplateBody=template(A=queue("b")))
        await desk("SetAlias", AliasName="other-name")
        found = await desk.stack("other-name")
        assert (found["StackName"], found["AliasName"]) == ("s", "other-name")
        with pytest.raises(Fault, match="already has the alias"):
            await desk("SetAlias", AliasName="third")
        for taken in ("other-name", "s"):
            with pytest.raises(Fault, match="already exists"):
                await desk("SetAlias", "other", AliasName=taken)
        with pytest.raises(Fault, match="already exists"):
            await desk("CreateStack", "other-name", TemplateBody=template(A=queue("c")))
        await desk("UpdateStack", "other-name", TemplateBody=template(A=queue("a", DelaySeconds=2)))
        assert desk.house.services.queues["a"]["DelaySeconds"] == "2"
        await desk("RemoveAlias", "", AliasName="other-name")
        with pytest.raises(Fault, match="does not exist"):
            await desk.stack("other-name")
        await desk("SetAlias", AliasName="again")
        await desk("DeleteStack", "again")
        with pytest.raises(Fault, match="does not exist"):
            await desk.stack("again")

    asyncio.run(story())


def test_types_that_nobody_has_are_refused_before_anything_is_made() -> None:
    async def story() -> None:
        desk = Desk()
        object.__setattr__(desk.house.stacks.ports, "unrecognized", unrecognized)
        types = {"AWS::No::Such", "AWS::Serverless::Function"}
        body = template(
            **{f"A{number}": {"Type": one} for number, one in enumerate(sorted(types))}, C={"Type": "Custom::X"}
        )
        said = "Template format error: Unrecognized resource types: [AWS::No::Such, AWS::Serverless::Function]"
        for operation in ("CreateStack", "ValidateTemplate", "GetTemplateSummary"):
            with pytest.raises(Fault) as refused:
                await desk(operation, "" if operation != "CreateStack" else "s", TemplateBody=body)
            assert refused.value.message == said
        config = {"TreatUnrecognizedResourceTypesAsWarnings": True}
        found = await desk("GetTemplateSummary", "", TemplateBody=body, TemplateSummaryConfig=config)
        assert set(found["Warnings"]["UnrecognizedResourceTypes"]) == types
        by_sam = json.dumps({**json.loads(body), "Transform": "AWS::Serverless-2016-10-31"})
        assert "Warnings" not in await desk("GetTemplateSummary", "", TemplateBody=by_sam)

    asyncio.run(story())


def test_a_summary_says_by_what_resources_are_told() -> None:
    async def story() -> None:
        body = template(Q=queue(), F={"Type": "AWS::Lambda::Function"}, P={"Type": "AWS::Lambda::Permission"})
        found = (await Desk()("GetTemplateSummary", "", TemplateBody=body))["ResourceIdentifierSummaries"]
        assert {one["ResourceType"]: one["ResourceIdentifiers"] for one in found} == {
            "AWS::SQS::Queue": ["QueueUrl"],
            "AWS::Lambda::Function": ["FunctionName"],
            "AWS::Lambda::Permission": ["FunctionName", "Id"],
        }

    asyncio.run(story())
