"""What is refused, remarked and looked for in requests, without a moto."""

import json
from urllib.parse import urlencode

import pytest

from lambent.model.scope import Scope
from lambent.neighbour import kept
from lambent.neighbour.remarks import remarks
from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault
from lambent.wire.http import Request

NOW = 1_800_000_000.0
ARN = "arn:aws:{}:us-east-1:000000000000:{}"


def target(service: str, prefix: str, operation: str, **params: object) -> Asked:
    headers = {"x-amz-target": f"{prefix}.{operation}"}
    return Asked(service, Request("POST", "/", "", headers, json.dumps(params).encode()))


def stream_to(kind: str) -> Asked:
    said = {"DeliveryStreamName": "d", kind: {"RoleARN": ARN.format("iam", "role/r")}}
    return target("firehose", "Firehose_20150804", "CreateDeliveryStream", **said)


def form(service: str, **params: str) -> Asked:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Asked(service, Request("POST", "/", "", headers, urlencode(params).encode()))


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        (target("secretsmanager", "secretsmanager", "GetSecretValue", SecretId="s"), False),
        (target("cognito-idp", "AWSCognitoIdentityProviderService", "CreateUserPool", PoolName="p"), False),
        (form("ec2", Action="CreateFlowLogs", Version="2016-11-15"), True),
        (form("ec2", Action="CreateFlowLogs", Version="2016-11-15", LogDestinationType="s3"), False),
        (target("config", "StarlingDoveService", "PutConfigRule", ConfigRule={"Source": {"Owner": "AWS"}}), False),
        (stream_to("HttpEndpointDestinationConfiguration"), True),
        (stream_to("RedshiftDestinationConfiguration"), True),
        (stream_to("ExtendedS3DestinationConfiguration"), True),
        (target("firehose", "Firehose_20150804", "UpdateDestination", HttpEndpointDestinationUpdate={"a": 1}), True),
        (target("stepfunctions", "AWSStepFunctions", "CreateStateMachine", definition="{}"), False),
        (Asked("s3", Request("PUT", "/b")), False),
    ],
)
def test_only_what_reaches_for_functions_queues_and_logs_is_refused(asked: Asked, refused: bool) -> None:
    if not refused:
        kept.refuse(asked)
        return
    with pytest.raises(Fault) as fault:
        kept.refuse(asked)
    assert fault.value.status == 501


def test_a_matcher_that_moto_does_not_change_is_told() -> None:
    body = b"Action=ModifyTargetGroup&Version=2015-12-01&TargetGroupArn=tg&Matcher.HttpCode=201"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    asked = Asked("elbv2", Request("POST", "/", "", headers, body))
    assert [(one.code, one.resource) for one in remarks(asked, Scope())] == [("matcher-not-changed", "tg")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            "Action=ModifyLoadBalancerAttributes&LoadBalancerArn=x&Attributes.member.1.Key=access_logs.s3.enabled"
            "&Attributes.member.1.Value=true", "load-balancer-logs",
        ),
        (
            "Action=ModifyLoadBalancerAttributes&LoadBalancerArn=x&Attributes.member.1.Key=routing.http.xff_client_port."
            "enabled&Attributes.member.1.Value=true", "stored-only/load-balancer",
        ),
    ],
)  # fmt: skip
def test_what_a_load_balancer_does_not_do_is_told(body: str, code: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    asked = Asked("elbv2", Request("POST", "/", "", headers, f"Version=2015-12-01&{body}".encode()))
    assert [(one.code, one.resource) for one in remarks(asked, Scope())] == [(code, "x")]


@pytest.mark.parametrize(("roles", "told"), [({"authenticated": ARN.format("iam", "role/r")}, True), ({}, False)])
def test_roles_of_an_identity_pool_that_nobody_gets_are_told(roles: object, told: bool) -> None:
    said = {"IdentityPoolId": "us-east-1:p", "Roles": roles}
    asked = target("cognito-identity", "AWSCognitoIdentityService", "SetIdentityPoolRoles", **said)
    found = [(one.code, one.resource) for one in remarks(asked, Scope())]
    assert found == [("stored-only/identity-pool-roles", "us-east-1:p")] * told


@pytest.mark.parametrize(
    "body",
    [
        "Action=CreateRule&Transforms.member.1.Type=url-rewrite",
        "Action=ModifyRule&Conditions.member.1.Field=path-pattern&Conditions.member.1.PathPatternConfig.RegexValues."
        "member.1=a",
        "Action=CreateRule&Conditions.member.1.Field=path-pattern&Conditions.member.1.RegexValues.member.1=a",
        "Action=CreateListener&MutualAuthentication.Mode=verify",
    ],
)
def test_what_moto_would_drop_of_a_load_balancer_is_refused(body: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    with pytest.raises(Fault) as refused:
        kept.refuse(Asked("elbv2", Request("POST", "/", "", headers, f"Version=2015-12-01&{body}".encode())))
    assert refused.value.status == 501
