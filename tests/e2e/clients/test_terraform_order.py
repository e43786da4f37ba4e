"""The calls of Terraform's and SAM's Lambda resources, in the order in which the tools make them.

Sources: https://github.com/hashicorp/terraform-provider-aws (internal/service/lambda: function.go, alias.go,
permission.go, event_source_mapping.go) and https://github.com/aws/aws-sam-cli (samcli/lib/sync/flows). The calls are
theirs, the code is not.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

Json = dict[str, Any]


def code(answer: str) -> bytes:
    return package({"app.py": f"def handler(event, context):\n    return {answer!r}\n"})


def until(ask: Callable[[], bool]) -> None:
    """Polls as the tool's waiters do, without their pauses."""
    for _ in range(2000):
        if ask():
            return
    raise AssertionError("it did not come to pass")


class Provider:
    """aws_lambda_function's create, read, update and delete."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.one = {"FunctionName": name}

    def create(self, zipped: bytes, **settings: Any) -> Json:
        base = {
            "Code": {"ZipFile": zipped},
            "Description": "",
            "Handler": "app.handler",
            "MemorySize": 128,
            "PackageType": "Zip",
            "Publish": True,
            "Role": ROLE,
            "Runtime": RUNTIME,
            "Tags": {"team": "blue"},
            "Timeout": 3,
            "VpcConfig": {"Ipv6AllowedForDualStack": False, "SecurityGroupIds": [], "SubnetIds": []},
        }
        self.client.create_function(**self.one, **(base | settings))
        self.client.get_function(**self.one)
        until(lambda: self._configuration()["State"] == "Active")
        self.client.put_function_concurrency(**self.one, ReservedConcurrentExecutions=3)
        return self.read()

    def read(self) -> Json:
        found: Json = self.client.get_function(**self.one)
        versions: list[Json] = []
        for page in self.client.get_paginator("list_versions_by_function").paginate(
            **self.one, PaginationConfig={"PageSize": 10_000}
        ):
            versions += page["Versions"]
        signing = self.client.get_function_code_signing_config(**self.one)
        assert "CodeSigningConfigArn" not in signing
        return found | {"Latest": versions[-1]}

    def update(self, zipped: bytes | None = None, concurrency: int | None = None, **settings: Any) -> Json:
        if settings:
            self.client.update_function_configuration(**self.one, **settings)
            self._updated()
        if zipped is not None:
            self.client.update_function_code(**self.one, ZipFile=zipped)
            self._updated()
        if concurrency is not None and concurrency >= 0:
            self.client.put_function_concurrency(**self.one, ReservedConcurrentExecutions=concurrency)
        elif concurrency is not None:
            self.client.delete_function_concurrency(**self.one)
        published = self.client.publish_version(**self.one)
        arn, version = published["FunctionArn"], published["Version"]
        until(lambda: self._configuration(FunctionName=arn, Qualifier=version)["LastUpdateStatus"] == "Successful")
        return self.read()

    def delete(self) -> None:
        self.client.delete_function(**self.one)
        with pytest.raises(self.client.exceptions.ResourceNotFoundException):
            self.client.get_function(**self.one)

    def _configuration(self, **asked: Any) -> Json:
        found: Json = self.client.get_function_configuration(**(self.one | asked))
        return found

    def _updated(self) -> None:
        until(lambda: self._configuration().get("LastUpdateStatus") == "Successful")


@pytest.fixture
def client(server: Server) -> Any:
    return server.client("lambda", user_agent_extra="terraform-provider-aws")


def test_a_function_of_terraforms(client: Any) -> None:
    provider = Provider(client, "terraform-function")
    first = code("one")
    found = provider.create(first)
    arn = found["Configuration"]["FunctionArn"]
    assert found["Latest"]["Version"] == "1"
    assert found["Latest"]["FunctionArn"] == f"{arn}:1"
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 3}
    assert found["Tags"] == {"team": "blue"}
    assert found["Configuration"]["CodeSha256"] == b64encode(hashlib.sha256(first).digest()).decode()
    assert provider.read()["Configuration"] == found["Configuration"]  # nothing for a second plan to change
    client.tag_resource(Resource=arn, Tags={"stage": "test"})
    client.untag_resource(Resource=arn, TagKeys=["team"])
    found = provider.update(code("two"), concurrency=-1, Timeout=9, Environment={"Variables": {"ENV_A": "a"}})
    assert found["Latest"]["Version"] == "2"
    assert found["Configuration"]["Timeout"] == 9
    assert "Concurrency" not in found
    assert found["Tags"] == {"stage": "test"}
    assert provider.update()["Latest"]["Version"] == "2"  # nothing new to publish
    provider.delete()


def test_an_alias_and_a_permission_of_terraforms(client: Any) -> None:
    provider = Provider(client, "terraform-alias")
    provider.create(code("one"))
    alias = {**provider.one, "Name": "live"}
    client.create_alias(**alias, FunctionVersion="1", Description="")
    assert client.get_alias(**alias)["FunctionVersion"] == "1"
    provider.update(code("two"))
    client.update_alias(
        **alias, FunctionVersion="1", Description="", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}
    )
    assert client.get_alias(**alias)["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.5}}
    client.update_alias(**alias, FunctionVersion="2", Description="", RoutingConfig={})
    assert "RoutingConfig" not in client.get_alias(**alias)
    where = {**provider.one, "Qualifier": "live"}
    client.add_permission(
        **where, StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    assert '"Sid":"events"' in client.get_policy(**where)["Policy"].replace(" ", "")
    client.remove_permission(**where, StatementId="events")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(**where)
    client.delete_alias(**alias)
    provider.delete()


def test_an_event_source_mapping_of_terraforms(server: Server, client: Any) -> None:
    provider, sqs = Provider(client, "terraform-mapping"), server.client("sqs")
    provider.create(code("one"))
    url = sqs.create_queue(QueueName="terraform-mapping")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made = client.create_event_source_mapping(
        **provider.one, EventSourceArn=arn, BatchSize=5, Enabled=True, ScalingConfig={"MaximumConcurrency": 3}
    )
    one = {"UUID": made["UUID"]}
    until(lambda: client.get_event_source_mapping(**one)["State"] == "Enabled")
    found = client.get_event_source_mapping(**one)
    assert (found["BatchSize"], found["ScalingConfig"]) == (5, {"MaximumConcurrency": 3})
    assert client.list_tags(Resource=found["EventSourceMappingArn"])["Tags"] == {}
    client.update_event_source_mapping(**one, **provider.one, BatchSize=7, Enabled=False, ScalingConfig={})
    until(lambda: client.get_event_source_mapping(**one)["State"] == "Disabled")
    found = client.get_event_source_mapping(**one)
    assert (found["BatchSize"], found.get("ScalingConfig", {})) == (7, {})
    client.delete_event_source_mapping(**one)

    def is_gone() -> bool:
        try:
            client.get_event_source_mapping(**one)
        except client.exceptions.ResourceNotFoundException:
            return True
        return False

    until(is_gone)
    sqs.delete_queue(QueueUrl=url)
    provider.delete()


def test_code_that_sam_syncs(client: Any) -> None:
    """`sam sync --code`: code and layers are changed in place, without CloudFormation."""
    provider = Provider(client, "sam-function")
    provider.create(code("one"))
    client.update_function_code(**provider.one, ZipFile=code("two"))
    until(lambda: client.get_function(**provider.one)["Configuration"]["LastUpdateStatus"] == "Successful")
    content = {"ZipFile": package({"python/shared.py": "VALUE = 1\n"})}
    old = client.publish_layer_version(LayerName="sam-layer", Content=content, CompatibleRuntimes=[RUNTIME])
    new = client.publish_layer_version(LayerName="sam-layer", Content=content, CompatibleRuntimes=[RUNTIME])
    layers = client.get_function(**provider.one)["Configuration"].get("Layers", [])
    arns = [*(layer["Arn"] for layer in layers), new["LayerVersionArn"]]
    client.update_function_configuration(**provider.one, Layers=arns)
    until(lambda: client.get_function(**provider.one)["Configuration"]["LastUpdateStatus"] == "Successful")
    assert client.get_function_configuration(**provider.one)["Layers"][0]["Arn"] == new["LayerVersionArn"]
    client.delete_layer_version(LayerName="sam-layer", VersionNumber=old["Version"])
    said = client.invoke(**provider.one, InvocationType="RequestResponse", LogType="Tail", Payload=b"{}")
    assert said["Payload"].read() == b'"two"'
    provider.delete()


def test_a_function_that_is_there_already(client: Any) -> None:
    provider = Provider(client, "terraform-twice")
    provider.create(code("one"))
    with pytest.raises(ClientError, match="Function already exist"):
        provider.create(code("one"))
    provider.delete()
