"""Settings that reach beyond the function, on a real server: a VPC asked of the neighbour, another architecture."""

import json
import platform
import urllib.request

import pytest

from tests.e2e.conftest import Deploy, Server


def findings(server: Server, name: str) -> set[str]:
    with urllib.request.urlopen(f"{server.endpoint}/_lambent/findings") as page:
        said = json.load(page)["findings"]
    return {one["code"] for one in said if one["resource"].endswith(f":function:{name}")}


def test_a_vpc_is_looked_up_where_ec2_is(server: Server, deploy: Deploy) -> None:
    client, ec2 = server.client("lambda"), server.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.create_security_group(GroupName="lambda", Description="d", VpcId=subnet["VpcId"])["GroupId"]
    config = {"SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [group]}
    name = deploy("def handler(event, context): return 1", VpcConfig=config)
    said = client.get_function_configuration(FunctionName=name)
    assert said["VpcConfig"] == {**config, "VpcId": subnet["VpcId"], "Ipv6AllowedForDualStack": False}
    assert findings(server, name) == {"stored-only/vpc"}
    assert client.invoke(FunctionName=name)["Payload"].read() == b"1"
    missing = {"SubnetIds": ["subnet-0123456789abcdef0"], "SecurityGroupIds": [group]}
    with pytest.raises(client.exceptions.InvalidParameterValueException) as caught:
        client.update_function_configuration(FunctionName=name, VpcConfig=missing)
    assert caught.value.response["Error"]["Message"] == (
        "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. "
        "EC2 Error Message: The subnet ID 'subnet-0123456789abcdef0' does not exist"
    )
    client.update_function_configuration(FunctionName=name, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
    assert findings(server, name) == set()


def test_code_for_another_architecture_runs_on_this_one(server: Server, deploy: Deploy) -> None:
    other = "x86_64" if platform.machine() == "aarch64" else "arm64"
    name = deploy("def handler(event, context): return 2", Architectures=[other])
    said = server.client("lambda").get_function_configuration(FunctionName=name)
    assert said["Architectures"] == [other]
    assert findings(server, name) == {"architecture"}
    assert server.client("lambda").invoke(FunctionName=name)["Payload"].read() == b"2"
