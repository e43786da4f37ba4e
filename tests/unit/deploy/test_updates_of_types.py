"""What an update changes of a resource: every property by some call, or by name that it does not."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.deploy.making import ApiMaker, replaces
from lambent.deploy.ports import Owner, Refused
from lambent.deploy.resources.calls import Calls, NotMade, Unchangeable
from lambent.deploy.resources.kind import Subject
from lambent.deploy.resources.table import KINDS
from lambent.model.scope import Scope
from tests.unit.deploy.test_engine_of_stacks import House, queue
from tests.unit.deploy.test_members_of_requests import Desk, template

OWNER = Owner("stack", "arn", Scope("123456789012", "eu-west-1"), {}, {})
Asked = list[tuple[str, Mapping[str, Any]]]


def updated(
    name: str,
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    answers: Mapping[str, Any] | None = None,
    skip: Any = None,
) -> Asked:
    """The calls of an update; `answers` are those of operations."""
    asked: Asked = []

    async def ask(_scope: Scope, _service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        asked.append((operation, params))
        return dict((answers or {}).get(operation, {}))

    kind = KINDS[name]
    maker = ApiMaker(name, kind, Calls(ask, lambda: False, pause=lambda _seconds: asyncio.sleep(0)), skip)
    asyncio.run(maker.update(Subject(name, "L", "name", OWNER, now, "id", before)))
    read = {until.do.call.partition(":")[2] for until in (kind.ready,) if until}
    return [(operation, params) for operation, params in asked if operation not in read]


FUNCTION = {"Code": {"ZipFile": "x"}, "Role": "r"}
READY = {"GetFunctionConfiguration": {"State": "Active"}}


@pytest.mark.parametrize(
    ("name", "value", "operation", "said"),
    [
        ("Environment", {"Variables": {"A": "b"}}, "UpdateFunctionConfiguration", {"Environment": {"Variables": {}}}),
        ("Timeout", 30, "UpdateFunctionConfiguration", {"Timeout": 3}),
        ("Layers", ["l"], "UpdateFunctionConfiguration", {"Layers": []}),
        ("KmsKeyArn", "k", "UpdateFunctionConfiguration", {"KMSKeyArn": ""}),
        ("RecursiveLoop", "Allow", "PutFunctionRecursionConfig", {"RecursiveLoop": "Terminate"}),
        ("ReservedConcurrentExecutions", 1, "DeleteFunctionConcurrency", {}),
        ("CodeSigningConfigArn", "c", "DeleteFunctionCodeSigningConfig", {}),
    ],
)
def test_a_setting_of_a_function_that_is_removed_is_what_it_was_at_first(
    name: str, value: Any, operation: str, said: dict[str, Any]
) -> None:
    asked = updated("AWS::Lambda::Function", FUNCTION, {**FUNCTION, name: value}, READY)
    assert asked == [(operation, {"FunctionName": "id", **said})]


@pytest.mark.parametrize(
    ("kind", "former", "operation", "said"),
    [
        ("AWS::SQS::Queue", {"DelaySeconds": 5}, "SetQueueAttributes", {"Attributes": {"DelaySeconds": "0"}}),
        ("AWS::SQS::Queue", {"RedrivePolicy": {"a": 1}}, "SetQueueAttributes", {"Attributes": {"RedrivePolicy": ""}}),
        ("AWS::Lambda::Alias", {"Description": "d"}, "UpdateAlias", {"Description": ""}),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 1}, "DeleteRetentionPolicy", {}),
        ("AWS::IAM::Role", {"PermissionsBoundary": "b"}, "DeleteRolePermissionsBoundary", {}),
        ("AWS::DynamoDB::Table", {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}}, "UpdateTable",
         {"StreamSpecification": {"StreamEnabled": False}}),
        ("AWS::DynamoDB::Table", {"TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True}},
         "UpdateTimeToLive", {"TimeToLiveSpecification": {"AttributeName": "t", "Enabled": False}}),
        ("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "Enabled"}}, "PutBucketVersioning",
         {"VersioningConfiguration": {"Status": "Suspended"}}),
        ("AWS::KMS::Key", {"EnableKeyRotation": True}, "DisableKeyRotation", {"KeyId": "id"}),
        ("AWS::ECR::Repository", {"LifecyclePolicy": {"LifecyclePolicyText": "{}"}}, "DeleteLifecyclePolicy", {}),
        ("AWS::Kinesis::Stream", {"StreamEncryption": {"EncryptionType": "KMS", "KeyId": "k"}},
         "StopStreamEncryption", {"EncryptionType": "KMS", "KeyId": "k"}),
        ("AWS::SNS::Subscription", {"FilterPolicy": {"a": ["b"]}}, "SetSubscriptionAttributes",
         {"AttributeName": "FilterPolicy", "AttributeValue": "{}"}),
    ],
)  # fmt: skip
def test_what_is_removed_is_undone(kind: str, former: dict[str, Any], operation: str, said: dict[str, Any]) -> None:
    answers = {"DescribeTable": {"Table": {"TableStatus": "ACTIVE"}},
               "DescribeStreamSummary": {"StreamDescriptionSummary": {"StreamStatus": "ACTIVE"}}}  # fmt: skip
    base = {"TopicArn": "t", "Protocol": "sqs"} if "SNS" in kind else _base(kind)
    asked = dict(updated(kind, base, {**base, **former}, answers))
    assert asked[operation].items() >= said.items()


def _base(kind: str) -> dict[str, Any]:
    needed = {
        "AWS::Lambda::Alias": {"FunctionName": "f", "Name": "a", "FunctionVersion": "1"},
        "AWS::IAM::Role": {"AssumeRolePolicyDocument": {}},
        "AWS::DynamoDB::Table": {"KeySchema": []},
    }
    return needed.get(kind, {})


def test_a_mapping_takes_its_settings_back_by_what_it_reads() -> None:
    base = {"FunctionName": "f", "EventSourceArn": "arn:aws:sqs:r:a:q"}
    former = {**base, "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}, "BatchSize": 1, "KmsKeyArn": "k"}
    answers = {"GetEventSourceMapping": {"State": "Enabled"}}
    [(_, said)] = updated("AWS::Lambda::EventSourceMapping", base, former, answers)
    assert (said["FilterCriteria"], said["BatchSize"], said["KMSKeyArn"]) == ({"Filters": []}, 10, "")


def test_a_call_passes_on_what_it_writes_otherwise() -> None:
    base = {"FunctionName": "f", "EventSourceArn": "arn:aws:sqs:r:a:q"}
    asked = updated(
        "AWS::Lambda::EventSourceMapping",
        {**base, "KmsKeyArn": "k"},
        base,
        {"GetEventSourceMapping": {"State": "Enabled"}},
    )
    assert asked[0][1]["KMSKeyArn"] == "k"


def test_keys_plans_and_authorizers_are_changed_in_place() -> None:
    for kind in ("ApiKey", "UsagePlan", "Authorizer", "Model", "RequestValidator"):
        assert not replaces(f"AWS::ApiGateway::{kind}", frozenset({"Description", "Schema", "AuthorizerUri"}) & set(
            {"ApiKey": {"Description"}, "UsagePlan": {"Description"}, "Authorizer": {"AuthorizerUri"},
             "Model": {"Schema"}}.get(kind, set())))  # fmt: skip
    [(operation, said)] = updated("AWS::ApiGateway::ApiKey", {"Enabled": True}, {"Enabled": False, "Description": "d"})
    assert (operation, said["apiKey"]) == ("UpdateApiKey", "id")
    assert {one["path"]: one["value"] for one in said["patchOperations"]} == {"/enabled": "true", "/description": ""}


def test_a_plan_changes_stages_limits_and_throttles() -> None:
    before = {
        "ApiStages": [{"ApiId": "a", "Stage": "s"}],
        "Quota": {"Limit": 5, "Period": "DAY"},
        "Throttle": {"RateLimit": 1},
    }
    now = {
        "ApiStages": [{"ApiId": "b", "Stage": "t", "Throttle": {"/x/GET": {"RateLimit": 2.5}}}],
        "Throttle": {"RateLimit": 1, "BurstLimit": 2},
    }
    [(_, said)] = updated("AWS::ApiGateway::UsagePlan", now, before)
    assert said["patchOperations"] == [
        {"op": "remove", "path": "/quota"},
        {"op": "replace", "path": "/throttle/burstLimit", "value": "2"},
        {"op": "remove", "path": "/apiStages", "value": "a:s"},
        {"op": "add", "path": "/apiStages", "value": "b:t"},
        {"op": "replace", "path": "/apiStages/b:t/throttle/~1x/GET/rateLimit", "value": "2.5"},
    ]


def test_an_api_changes_its_lists_and_its_type_of_endpoint() -> None:
    before = {"BinaryMediaTypes": ["image/png", "a/b"], "EndpointConfiguration": {"Types": ["EDGE"]}}
    now = {"BinaryMediaTypes": ["a/b", "*/*"], "EndpointConfiguration": {"Types": ["REGIONAL"]}}
    [(operation, said), *_] = updated("AWS::ApiGateway::RestApi", now, before)
    assert operation == "UpdateRestApi" and said["patchOperations"] == [
        {"op": "remove", "path": "/binaryMediaTypes/image~1png"},
        {"op": "add", "path": "/binaryMediaTypes/*~1*"},
        {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
    ]


def test_a_bus_keeps_the_statements_of_others() -> None:
    there = {"DescribeEventBus": {"Policy": '{"Statement": [{"Sid": "other"}]}'}}
    base = {"StatementId": "mine", "EventBusName": "b"}
    asked = dict(
        updated("AWS::Events::EventBusPolicy", {**base, "Statement": {"a": 1}}, {**base, "Statement": {}}, there)
    )
    assert '"other"' in asked["PutPermission"]["Policy"] and '"mine"' in asked["PutPermission"]["Policy"]


def test_a_policy_drops_its_former_versions() -> None:
    there = {"ListPolicyVersions": {"Versions": [{"VersionId": "v1", "IsDefaultVersion": False}]}}
    asked = updated("AWS::IAM::ManagedPolicy", {"PolicyDocument": {"a": 2}}, {"PolicyDocument": {"a": 1}}, there)
    assert [operation for operation, _ in asked] == ["ListPolicyVersions", "DeletePolicyVersion", "CreatePolicyVersion"]


def test_a_key_of_a_table_is_another_table_and_a_file_system_stays() -> None:
    assert replaces("AWS::DynamoDB::Table", frozenset({"KeySchema"}))
    assert not replaces("AWS::EFS::FileSystem", frozenset({"LifecyclePolicies", "ThroughputMode"}))


def test_what_no_call_changes_fails_by_name_or_is_told() -> None:
    with pytest.raises(Unchangeable, match="does not change ObjectLockEnabled of AWS::S3::Bucket"):
        updated("AWS::S3::Bucket", {"ObjectLockEnabled": True}, {})
    told: list[list[str]] = []
    assert (
        updated("AWS::S3::Bucket", {"ObjectLockEnabled": True}, {}, skip=lambda _one, names: told.append(names)) == []
    )
    assert told == [["ObjectLockEnabled"]]


def test_an_update_that_was_not_begun_is_rolled_back_without_a_failure() -> None:
    async def story() -> None:
        house = House()
        body = {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b"}}, "A": queue("a", DelaySeconds=1)}
        assert (await house.make(body)).status == "CREATE_COMPLETE"
        body["B"]["Properties"]["ObjectLockEnabled"] = True
        body["A"] = queue("a")
        assert (await house.update(body)).status == "UPDATE_ROLLBACK_COMPLETE"
        assert house.services.queues["a"]["DelaySeconds"] in (1, "1")

    asyncio.run(story())


def test_a_removed_property_is_taken_back_by_a_rollback_too() -> None:
    async def story() -> None:
        desk = Desk()
        await desk("CreateStack", TemplateBody=template(A=queue("a"), B=queue("b", "A")))
        desk.house.services.refusals["SetQueueAttributes", "b"] = Refused("sqs", "No", "no", 400)
        await desk(
            "UpdateStack", TemplateBody=template(A=queue("a", DelaySeconds=9), B=queue("b", "A", DelaySeconds=9))
        )
        assert desk.house.services.queues["a"]["DelaySeconds"] == "0"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        ("AWS::Lambda::Function", {**FUNCTION, "Environment": {"Vars": {}}},
         "#/Environment: extraneous key [Vars] is not permitted"),
        ("AWS::Lambda::Function", {**FUNCTION, "TracingConfig": {"Mode": "Active", "mode": 1}},
         "#/TracingConfig: extraneous key [mode] is not permitted"),
        ("AWS::Events::Rule", {"Targets": [{"Id": "1", "Arn": "a"}, {"Id": "2", "Arn": "a", "Dlq": 1}]},
         "#/Targets/1: extraneous key [Dlq] is not permitted"),
    ],
)  # fmt: skip
def test_what_aws_does_not_know_within_a_property_fails_in_its_words(
    kind: str, properties: dict[str, Any], said: str
) -> None:
    async def story() -> None:
        async def ask(*_said: Any) -> dict[str, Any]:
            raise AssertionError

        async def note(_subject: Subject) -> None:
            raise AssertionError

        with pytest.raises(NotMade) as refused:
            maker = ApiMaker(kind, KINDS[kind], Calls(ask, lambda: False))
            await maker.create(Subject(kind, "L", "name", OWNER, properties), note)
        assert str(refused.value) == f"Properties validation failed for resource L with message:\n{said}"

    asyncio.run(story())


def test_a_part_that_no_call_passes_on_is_told() -> None:
    told: list[list[str]] = []

    async def story() -> None:
        async def ask(_scope: Any, _service: str, _operation: str, _params: Any) -> dict[str, Any]:
            return {"Table": {"TableStatus": "ACTIVE"}}

        async def note(_subject: Subject) -> None:
            pass

        said = {"KeySchema": [], "GlobalSecondaryIndexes": [
            {"IndexName": "i", "KeySchema": [], "Projection": {}, "ContributorInsightsSpecification": {"Enabled": True}}
        ]}  # fmt: skip
        name = "AWS::DynamoDB::Table"
        maker = ApiMaker(name, KINDS[name], Calls(ask, lambda: False), None, lambda _one, names: told.append(names))
        await maker.create(Subject(name, "L", "name", OWNER, said), note)

    asyncio.run(story())
    assert told == [["GlobalSecondaryIndexes.ContributorInsightsSpecification"]]
