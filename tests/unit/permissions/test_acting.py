"""In whose name a service asks: what of it is kept, which keys it has, what the trail says, and who can't say so."""

import asyncio
import json
from typing import Any

import pytest

from lambent.gateway.chain import Gateway, identify
from lambent.gateway.exchange import Exchange
from lambent.model.acting import Acting, as_role, forwarded
from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.permissions.gate import is_own
from lambent.permissions.ledger import Call, record
from lambent.services.cloudtrail.lookup_events import TrailEnv, lookup_events
from lambent.wire import service as wire_service
from lambent.wire.http import Request, Response, unsigned
from tests.unit.permissions.test_gate import ACCOUNT, ALLOW, OWN, ROLE, SESSION, World

CLOUDFORMATION = "cloudformation.amazonaws.com"


def acting(by: Acting) -> Caller:
    return Caller(Scope(by.account), "id", by.account, role=by.held.role if by.held else "", held=by.held, acting=by)


def test_what_is_kept_is_whose_rights_count_and_no_key() -> None:
    held = Held(
        "secret",
        ACCOUNT,
        ROLE,
        "s",
        token="token",
        expires=5.0,
        policies=("{}",),
        tags=(("a", "b"),),
        transitive=("a",),
    )
    by = forwarded(Caller(Scope(ACCOUNT), "id", "ASIA1", held=held), CLOUDFORMATION)
    text = json.dumps(by.document())
    assert "secret" not in text and "token" not in text and "ASIA1" not in text
    assert Acting.from_document(json.loads(text)) == by
    assert by.held == Held("", ACCOUNT, ROLE, "s", policies=("{}",), tags=(("a", "b"),), transitive=("a",))
    own = forwarded(OWN, CLOUDFORMATION)
    assert own.held is None and Acting.from_document(own.document()) == own


def test_services_on_the_way_are_said_in_their_order_but_where_a_role_was_assumed() -> None:
    first = forwarded(SESSION, CLOUDFORMATION)
    assert forwarded(acting(first), "x.amazonaws.com").via == (CLOUDFORMATION, "x.amazonaws.com")
    role = as_role("states.amazonaws.com", ROLE, "s")
    assert role.via == () and forwarded(acting(role), CLOUDFORMATION).via == (CLOUDFORMATION,)


@pytest.mark.parametrize(
    ("condition", "via", "role"),
    [
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": CLOUDFORMATION}}, True, False),
        ({"StringEquals": {"aws:CalledViaFirst": CLOUDFORMATION, "aws:CalledViaLast": CLOUDFORMATION}}, True, False),
        ({"Bool": {"aws:ViaAWSService": "true"}}, True, False),
        ({"Bool": {"aws:ViaAWSService": "false"}}, False, True),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.1"}}, False, False),
    ],
)
def test_condition_keys_of_who_acts(condition: dict[str, Any], via: bool, role: bool) -> None:
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
    by = forwarded(SESSION, CLOUDFORMATION)
    assert allowed(by, {**ALLOW, "Condition": condition}) is via
    assert allowed(as_role(CLOUDFORMATION, ROLE, "s"), {**ALLOW, "Condition": condition}) is role


def allowed(by: Acting, *statements: dict[str, Any]) -> bool:
    world = World(*statements, mode="enforce")

    async def run() -> None:
        request = Request("POST", "/", "", {}, acting=by)
        params = {"QueueUrl": f"http://localhost/{ACCOUNT}/q", "MessageBody": "m"}
        await world.gate.check(request, acting(by), wire_service.load("sqs"), "SendMessage", params)

    try:
        asyncio.run(run())
    except Exception as error:  # a Fault
        assert "is not authorized" in str(error) or "sqs:SendMessage" in str(error)
        return False
    return True


def test_who_acts_for_the_account_itself_may_do_everything_and_stands_in_the_trail() -> None:
    by = forwarded(OWN, CLOUDFORMATION)
    assert allowed(by)
    request = Request("POST", "/", "", {"authorization": unsigned(ACCOUNT, "us-east-1", "sqs")}, acting=by)
    assert not is_own(request, acting(by)) and is_own(request, OWN)
    said = record(Call(0.0, acting(forwarded(SESSION, CLOUDFORMATION)), wire_service.load("sqs"), "CreateQueue"))
    assert said["userIdentity"]["invokedBy"] == said["sourceIPAddress"] == said["userAgent"] == CLOUDFORMATION
    assert said["userIdentity"]["arn"].endswith("assumed-role/app/f") and "accessKeyId" not in said["userIdentity"]
    found = asyncio.run(lookup_events(TrailEnv(lambda _account: iter([said])), OWN, {}))
    assert [one["AccessKeyId"] for one in found["Events"]] == [""]


def test_rights_that_are_remembered_are_those_of_one_way() -> None:
    """A role's session that came by CloudFormation has not what it has by itself, and the other way round."""
    world = World({**ALLOW, "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}, mode="enforce")
    assert world.allows(acting(forwarded(SESSION, CLOUDFORMATION)))
    assert not world.allows(SESSION)
    assert world.allows(acting(forwarded(SESSION, CLOUDFORMATION)))


def test_no_header_makes_somebody_of_who_asks() -> None:
    """What comes by a connection has headers alone; a request that says in whose name it is has none."""

    async def answer(_request: Request, _caller: Caller, _service: str) -> Response:
        return Response(200)

    gateway = Gateway({}, {}, answer, lambda _key: ACCOUNT, lambda _key: None, lambda: "id")
    forged = {
        "authorization": unsigned(ACCOUNT, "us-east-1", "sqs"),
        "x-lambent-role": ROLE, "x-lambent-session": "s", "x-lambent-machine-role": ROLE, "x-lambent-acting": ROLE,
    }  # fmt: skip
    exchange = Exchange(Request("POST", "/", "", forged), "id")
    asyncio.run(identify(gateway, exchange))
    assert exchange.caller is not None and exchange.caller.acting is None and exchange.caller.held is None
    by = as_role(CLOUDFORMATION, ROLE, "s")
    exchange = Exchange(Request("POST", "/", "", forged, acting=by), "id")
    asyncio.run(identify(gateway, exchange))
    assert exchange.caller is not None and exchange.caller.acting == by and exchange.caller.role == ROLE
    by_socket = Exchange(Request("POST", "/", "", forged, inside="ASIA1", acting=by), "id")
    with pytest.raises(AssertionError):
        asyncio.run(identify(gateway, by_socket))
