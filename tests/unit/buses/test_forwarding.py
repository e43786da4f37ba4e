"""Events that go on to another bus."""

import asyncio
import json
from typing import Any

import pytest

from lambent.buses import errors
from lambent.buses.events import Arrived
from lambent.buses.forwarding import Forwarding
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Caller, Scope

HERE, OTHER = Scope("111111111111", "eu-west-1"), Scope("222222222222", "eu-west-1")
EVENT = {"account": HERE.account, "region": HERE.region, "id": "i", "source": "s"}


def forward(target: Scope, event: dict[str, Any], here: Scope = HERE, *, admitted: bool = True) -> list[Arrived]:
    taken: list[Arrived] = []

    class Buses:
        async def put(self, events: list[Arrived]) -> None:
            taken.extend(events)

    class Registry:
        def has_bus(self, _scope: Scope, name: str) -> bool:
            return name == "b"

    def admit(_caller: Caller, _action: str, _scope: Scope, _name: str) -> None:
        if not admitted:
            raise errors.denied("who", "events:PutEvents", "bus")

    async def run() -> None:
        send = Forwarding(Registry(), Buses(), admit)  # type: ignore[arg-type]
        arn = f"arn:aws:events:{target.region}:{target.account}:event-bus/b"
        await send(Delivery(here, arn, json.dumps(event).encode(), "", "rule", "trace"))

    asyncio.run(run())
    return taken


def test_an_event_goes_on_as_it_is() -> None:
    assert forward(OTHER, EVENT) == [Arrived(OTHER, "b", EVENT, "trace")]
    assert forward(HERE, EVENT, OTHER) == [Arrived(HERE, "b", EVENT, "trace")], "back again"


@pytest.mark.parametrize(
    ("there", "code"),
    [
        (Scope("333333333333", "eu-west-1"), "THIRD_ACCOUNT_HOP_DETECTED"),
        (Scope("222222222222", "us-east-2"), ""),
    ],
)
def test_no_third_account(there: Scope, code: str) -> None:
    if not code:
        assert forward(there, EVENT, OTHER)
        return
    with pytest.raises(DeliveryFailed) as failed:
        forward(there, EVENT, OTHER)
    assert (failed.value.code, failed.value.passing) == (code, False)


def test_no_third_region() -> None:
    with pytest.raises(DeliveryFailed) as failed:
        forward(Scope(HERE.account, "us-west-2"), {**EVENT, "region": "us-east-1"})
    assert failed.value.code == "THIRD_REGION_HOP_DETECTED"


def test_a_bus_that_does_not_let_it_in() -> None:
    with pytest.raises(DeliveryFailed, match="no resource-based policy allows") as failed:
        forward(OTHER, EVENT, admitted=False)
    assert (failed.value.code, failed.value.passing) == ("AccessDenied", False)
