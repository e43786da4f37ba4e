"""Types as templates of AWS's own tests have them: records, keys, second factors, networks, parts of APIs."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.deploy.resources.calls import Calls, NotMade, params_of
from lambent.deploy.resources.facts import facts_of
from lambent.deploy.resources.kind import Subject
from lambent.deploy.resources.table import KINDS
from tests.unit.deploy.test_updates_of_types import OWNER, Asked, updated

A: dict[str, Any] = {"Name": "a.example.com.", "Type": "A", "AliasTarget": {"DNSName": "d", "HostedZoneId": "Z9"}}
B = {"Name": "b.example.com.", "Type": "CNAME", "TTL": "60", "ResourceRecords": ["x"]}
B_SAID = {"Name": "b.example.com", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "x"}]}


def made(name: str, properties: Mapping[str, Any], answers: Mapping[str, Any] | None = None) -> tuple[Subject, Asked]:
    """A resource that was made, and the calls of that."""
    asked: Asked = []

    async def ask(_scope: Any, _service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        asked.append((operation, params))
        return dict((answers or {}).get(operation, {}))

    async def note(_subject: Subject) -> None:
        return None

    calls = Calls(ask, lambda: False)
    return asyncio.run(calls.create(KINDS[name], Subject(name, "L", "name", OWNER, properties), note)), asked


def changes(asked: Asked) -> list[tuple[str, str]]:
    """The actions of the only batch, with the names of their records."""
    [batch] = [params["ChangeBatch"]["Changes"] for operation, params in asked if operation.startswith("Change")]
    return [(one["Action"], one["ResourceRecordSet"]["Name"]) for one in batch]


def test_a_group_of_records_is_one_batch() -> None:
    one, asked = made("AWS::Route53::RecordSetGroup", {"HostedZoneId": "Z1", "RecordSets": [A, B]})
    assert one.id == "name" and one.attributes == {"Id": "name"}
    [(operation, said)] = asked
    assert (operation, said["HostedZoneId"]) == ("ChangeResourceRecordSets", "Z1")
    alias = said["ChangeBatch"]["Changes"][0]["ResourceRecordSet"]["AliasTarget"]
    assert alias == {**A["AliasTarget"], "EvaluateTargetHealth": False}
    assert said["ChangeBatch"]["Changes"][1] == {"Action": "UPSERT", "ResourceRecordSet": B_SAID}


def test_a_group_drops_the_records_that_it_has_no_more() -> None:
    now, before = ({"HostedZoneId": "Z1", "RecordSets": sets} for sets in ([B], [A, B]))
    asked = updated("AWS::Route53::RecordSetGroup", now, before)
    assert changes(asked) == [("DELETE", "a.example.com"), ("UPSERT", "b.example.com")]


@pytest.mark.parametrize(
    ("name", "own"), [("AWS::Route53::RecordSet", B), ("AWS::Route53::RecordSetGroup", {"RecordSets": [B]})]
)
def test_a_zone_is_found_by_its_name(name: str, own: dict[str, Any]) -> None:
    zones = [{"Id": "/hostedzone/Z2", "Name": "example.com."}, {"Id": "/hostedzone/Z3", "Name": "example.net."}]
    there = {"ListHostedZonesByName": {"HostedZones": zones}}
    _, asked = made(name, {"HostedZoneName": "example.com.", **own}, there)
    assert asked[1][1]["HostedZoneId"] == "Z2"
    with pytest.raises(NotMade, match=r"No hosted zones named example.org. found"):
        made(name, {"HostedZoneName": "example.org.", **own}, there)
    with pytest.raises(NotMade, match="Multiple hosted zones"):
        made(name, {"HostedZoneName": "example.com.", **own}, {"ListHostedZonesByName": {"HostedZones": zones[:1] * 2}})


def test_a_key_is_disabled_and_enabled_and_rotates_as_often_as_said() -> None:
    there = {"CreateKey": {"KeyMetadata": {"KeyId": "k"}}}
    said = {"KeyPolicy": {}, "Enabled": False, "EnableKeyRotation": True, "RotationPeriodInDays": 90}
    _, asked = made("AWS::KMS::Key", said, there)
    assert asked[1:] == [
        ("EnableKeyRotation", {"KeyId": "k", "RotationPeriodInDays": 90}),
        ("DisableKey", {"KeyId": "k"}),
    ]
    assert [name for name, _ in made("AWS::KMS::Key", {"KeyPolicy": {}, "Enabled": True}, there)[1]] == ["CreateKey"]
    asked = updated("AWS::KMS::Key", {**said, "Enabled": True}, said)
    assert ("EnableKey", {"KeyId": "id"}) in asked and "DisableKey" not in dict(asked)
    asked = updated("AWS::KMS::Key", {"KeyPolicy": {}}, {"KeyPolicy": {}, "Enabled": False})
    assert "EnableKey" in dict(asked)


def test_a_users_password_is_made_changed_and_taken_back() -> None:
    profile = {"Password": "p", "PasswordResetRequired": True}
    _, asked = made("AWS::IAM::User", {"LoginProfile": profile}, {"CreateUser": {"User": {"Arn": "a"}}})
    assert ("CreateLoginProfile", {"UserName": "name", **profile}) in asked
    asked = updated("AWS::IAM::User", {"LoginProfile": {"Password": "q"}}, {"LoginProfile": profile})
    assert [name for name, _ in asked[:2]] == ["DeleteLoginProfile", "CreateLoginProfile"]
    assert [name for name, _ in updated("AWS::IAM::User", {}, {"LoginProfile": profile})] == [
        "DeleteLoginProfile",
        "GetUser",
    ]


def test_a_network_gives_its_default_group_and_the_like() -> None:
    blocks = [{"AssociationId": "vpc-cidr-assoc-1", "CidrBlock": "10.0.0.0/16"}]
    there = {
        "CreateVpc": {"Vpc": {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": blocks}},
        "DescribeSecurityGroups": {"SecurityGroups": [{"GroupId": "sg-1"}]},
        "DescribeNetworkAcls": {"NetworkAcls": [{"NetworkAclId": "acl-1"}]},
    }
    one, asked = made("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, there)
    assert one.attributes == {
        "VpcId": "vpc-1",
        "CidrBlock": "10.0.0.0/16",
        "CidrBlockAssociations": ["vpc-cidr-assoc-1"],
        "DefaultSecurityGroup": "sg-1",
        "DefaultNetworkAcl": "acl-1",
    }
    assert asked[1][1]["Filters"][0] == {"Name": "vpc-id", "Values": ["vpc-1"]}


def test_an_endpoint_of_a_network_has_tags_and_names() -> None:
    entry = {"HostedZoneId": "Z1", "DnsName": "vpce-1.s3"}
    there = {"CreateVpcEndpoint": {"VpcEndpoint": {"VpcEndpointId": "vpce-1", "DnsEntries": [entry]}}}
    said = {"VpcId": "vpc-1", "ServiceName": "s", "Tags": [{"Key": "a", "Value": "b"}]}
    one, asked = made("AWS::EC2::VPCEndpoint", said, there)
    assert one.attributes["DnsEntries"] == ["Z1:vpce-1.s3"]
    assert asked[1] == ("CreateTags", {"Resources": ["vpce-1"], "Tags": said["Tags"]})


def test_a_parameters_arn_has_one_slash() -> None:
    for name in ("/a/b", "a/b"):
        one = Subject("T", "L", name, OWNER, {})
        said = KINDS["AWS::SSM::Parameter"].attributes["Arn"](one)
        assert said == "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"


def test_a_zone_of_networks_is_private_and_belongs_to_each() -> None:
    there = {"CreateHostedZone": {"HostedZone": {"Id": "/hostedzone/Z1"}}}
    first, second, third = ({"VPCId": f"vpc-{n}", "VPCRegion": "eu-west-1"} for n in (1, 2, 3))
    tags = [{"Key": "a", "Value": "b"}]
    said = {"Name": "x.", "HostedZoneConfig": {"Comment": "c"}, "VPCs": [first, second], "HostedZoneTags": tags}
    _, asked = made("AWS::Route53::HostedZone", said, there)
    assert asked[0][1]["HostedZoneConfig"] == {"Comment": "c", "PrivateZone": True} and asked[0][1]["VPC"] == first
    assert asked[1:] == [
        ("AssociateVPCWithHostedZone", {"HostedZoneId": "Z1", "VPC": second}),
        ("ChangeTagsForResource", {"ResourceType": "hostedzone", "ResourceId": "Z1", "AddTags": tags}),
    ]
    asked = updated(
        "AWS::Route53::HostedZone", {"Name": "x.", "VPCs": [first, third]}, {"Name": "x.", "VPCs": [first, second]}
    )
    assert [(name, said["VPC"]) for name, said in asked] == [
        ("AssociateVPCWithHostedZone", third),
        ("DisassociateVPCFromHostedZone", second),
    ]
    _, asked = made("AWS::Route53::HostedZone", {"Name": "x."}, there)
    assert set(asked[0][1]) == {"Name", "CallerReference"} and len(asked) == 1


def test_the_servers_of_a_kafka_are_named_as_the_api_names_them() -> None:
    said = {"FunctionName": "f", "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["a:9092"]}}}
    one = Subject("T", "L", "name", OWNER, said)
    source = params_of(KINDS["AWS::Lambda::EventSourceMapping"].create[0], one)["SelfManagedEventSource"]
    assert source == {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["a:9092"]}}


def test_parameters_of_a_route_are_a_map() -> None:
    facts = facts_of("AWS::ApiGatewayV2::Route")
    assert facts.strange({"RequestParameters": {"route.request.querystring.p": {"Required": True}}}) == []
    one = Subject("T", "L", "name", OWNER, {"RequestParameters": {"route.request.querystring.p": {"Required": "true"}}})
    said = params_of(KINDS["AWS::ApiGatewayV2::Route"].create[0], one)
    assert said["RequestParameters"] == {"route.request.querystring.p": {"Required": True}}


def test_an_authorizer_of_an_http_api_may_look_nowhere() -> None:
    kind = KINDS["AWS::ApiGatewayV2::Authorizer"]
    one = Subject("T", "L", "name", OWNER, {**kind.defaults, "ApiId": "a", "Name": "n", "AuthorizerType": "REQUEST"})
    assert params_of(kind.create[0], one)["IdentitySource"] == []


def test_a_scalable_target_has_its_scheduled_actions() -> None:
    target = {"ServiceNamespace": "lambda", "ResourceId": "function:f:a", "ScalableDimension": "d"}
    own = {**target, "MinCapacity": 1, "MaxCapacity": 2}
    action = {"ScheduledActionName": "up", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": "2"}}
    _, asked = made("AWS::ApplicationAutoScaling::ScalableTarget", {**own, "ScheduledActions": [action]})
    assert asked[1] == ("PutScheduledAction", {**target, **action, "ScalableTargetAction": {"MinCapacity": 2}})
    asked = updated("AWS::ApplicationAutoScaling::ScalableTarget", own, {**own, "ScheduledActions": [action]})
    assert ("DeleteScheduledAction", {**target, "ScheduledActionName": "up"}) in asked


def test_a_pool_has_the_second_factors_that_it_enables() -> None:
    sms = {"SnsCallerArn": "arn:aws:iam::123456789012:role/r"}
    said = {"MfaConfiguration": "OPTIONAL", "EnabledMfas": ["SMS_MFA"], "SmsConfiguration": sms}
    _, asked = made("AWS::Cognito::UserPool", said, {"CreateUserPool": {"UserPool": {"Id": "p"}}})
    assert asked[1] == (
        "SetUserPoolMfaConfig",
        {
            "UserPoolId": "p",
            "MfaConfiguration": "OPTIONAL",
            "SoftwareTokenMfaConfiguration": {"Enabled": False},
            "SmsMfaConfiguration": {"SmsConfiguration": sms},
        },
    )
    _, asked = made("AWS::Cognito::UserPool", {}, {"CreateUserPool": {"UserPool": {"Id": "p"}}})
    assert [name for name, _ in asked] == ["CreateUserPool"]


def test_a_signing_profile_is_known_by_its_arn_and_version() -> None:
    there = {"PutSigningProfile": {"arn": "a", "profileVersion": "v", "profileVersionArn": "a/v"}}
    one, asked = made("AWS::Signer::SigningProfile", {"PlatformId": "AWSLambda-SHA384-ECDSA"}, there)
    assert asked == [("PutSigningProfile", {"profileName": "name", "platformId": "AWSLambda-SHA384-ECDSA"})]
    assert (one.id, one.attributes["ProfileVersionArn"]) == ("a", "a/v")


def test_an_origin_and_what_is_forwarded_may_be_said_in_part() -> None:
    origin = {
        "Id": "o",
        "DomainName": "d",
        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only", "HTTPPort": "8080"},
    }
    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "ForwardedValues": {"QueryString": False}}
    config = {"Enabled": True, "Origins": [origin], "DefaultCacheBehavior": behavior}
    one = Subject("T", "L", "name", OWNER, {"DistributionConfig": config})
    said = params_of(KINDS["AWS::CloudFront::Distribution"].create[0], one)["DistributionConfig"]
    assert said["Origins"]["Items"][0]["CustomOriginConfig"] == {
        "HTTPPort": 8080,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
    }
    forwarded = {"QueryString": False, "Cookies": {"Forward": "none"}}
    assert said["DefaultCacheBehavior"]["ForwardedValues"] == forwarded
