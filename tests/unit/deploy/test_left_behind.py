"""What a killed server has made already is found by its name, and nothing is made twice."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from lambent.deploy.making import ApiMaker
from lambent.deploy.ports import Owner
from lambent.deploy.resources.calls import Calls
from lambent.deploy.resources.kind import Subject
from lambent.deploy.resources.left import LEFT
from lambent.deploy.resources.table import KINDS
from lambent.model.scope import Scope

OWNER = Owner("s", "arn", Scope(), {}, {})
LISTED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "AWS::ApiGateway::ApiKey": ({"items": [{"id": "1", "name": "o"}, {"id": "2", "name": "mine"}]}, {}, "2"),
    "AWS::ApiGateway::Authorizer": (
        {"items": [{"id": "1", "name": "a"}]},
        {"RestApiId": "r", "Name": "a", "Type": "TOKEN"},
        "1",
    ),
    "AWS::ApiGatewayV2::Route": (
        {"Items": [{"RouteId": "1", "RouteKey": "GET /"}]},
        {"ApiId": "a", "RouteKey": "GET /"},
        "1",
    ),
    "AWS::Cognito::UserPool": ({"UserPools": [{"Id": "p", "Name": "mine"}]}, {}, "p"),
    "AWS::Cognito::UserPoolClient": (
        {"UserPoolClients": [{"ClientId": "c", "ClientName": "mine"}]},
        {"UserPoolId": "p"},
        "c",
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (
        {"Listeners": [{"ListenerArn": "l", "Port": 80}]},
        {"LoadBalancerArn": "b", "Port": 80, "Protocol": "HTTP", "DefaultActions": [{"Type": "forward"}]},
        "l",
    ),
    "AWS::IAM::ManagedPolicy": (
        {"Policies": [{"Arn": "a", "PolicyName": "mine"}]},
        {"PolicyDocument": {"Statement": []}},
        "a",
    ),
}


class Service:
    """Lists what is there, and notes what it is asked to make."""

    def __init__(self, listed: dict[str, Any]) -> None:
        self.listed = listed
        self.made: list[str] = []

    async def __call__(
        self, _scope: Scope, _service: str, operation: str, _params: Mapping[str, Any]
    ) -> dict[str, Any]:
        if operation.startswith(("Create", "Put")):
            self.made.append(operation)
        return self.listed if operation.startswith(("List", "Describe", "Get")) else {}


@pytest.mark.parametrize("name", LISTED)
@pytest.mark.parametrize("again", [True, False])
def test_what_is_left_of_a_type_is_found(name: str, again: bool) -> None:
    listed, properties, wanted = LISTED[name]

    async def story() -> None:
        service = Service(listed)
        kind = replace(KINDS[name], read=None, ready=None)
        maker = ApiMaker(name, kind, Calls(service, lambda: False))
        noted: list[str] = []

        async def note(subject: Subject) -> None:
            noted.append(subject.id)

        await maker.create(Subject(name, "A", "mine", OWNER, properties, again=again), note)
        assert (noted == [wanted]) == again
        assert (kind.create[kind.made].call.partition(":")[2] in service.made) == (not again)

    asyncio.run(story())


def test_every_type_that_is_looked_for_can_be_made() -> None:
    assert set(LEFT) <= set(KINDS)
    assert set(LISTED) <= set(LEFT)
