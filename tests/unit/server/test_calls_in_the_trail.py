"""Which requests leave a record: everybody's but those that the server makes in nobody's name."""

from types import SimpleNamespace
from typing import Any, cast

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.neighbour.outbox import signed_as
from lambent.server.permissions import note
from lambent.wire import service as wire_service
from lambent.wire.http import Request
from tests.unit.permissions.test_gate import ACCOUNT, ROLE, World

BASE = cast(Any, SimpleNamespace(clock=SimpleNamespace(wall=lambda: 0.0)))
SCOPE = Scope(ACCOUNT)


def left(caller: Caller, authorization: str) -> int:
    gate, secrets = World().gate, wire_service.load("secretsmanager")
    request = Request("POST", "/", "", {"authorization": authorization})
    note(gate, BASE, request, caller, secrets, "GetSecretValue", {"SecretId": "s"})
    return gate.trail.total


def test_what_the_server_asks_itself_leaves_none() -> None:
    assert left(Caller(SCOPE, "r"), signed_as(SCOPE, "secretsmanager")) == 0


def test_what_it_asks_as_a_function_is_the_functions_call() -> None:
    held = Held("s", ACCOUNT, ROLE, "f")
    caller = Caller(SCOPE, "r", access_key="ASIA1", role=ROLE, held=held)
    assert left(caller, signed_as(SCOPE, "secretsmanager", "ASIA1")) == 1
