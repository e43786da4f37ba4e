"""The page that the neighbour posts its messages to."""

import asyncio
import json
from typing import Any

import pytest

from lambent.gateway import deliveries
from lambent.model.delivery import Delivery, Handed
from lambent.model.scope import Scope
from lambent.wire.http import Request

DOCUMENT = {
    "origin": "o",
    "target": "arn:aws:sqs:eu-west-1:111111111111:q",
    "body": "hé",
    "attributes": {"a": ["String", "v"]},
    "group": "g",
    "deduplication": "d",
    "dead_letter": "l",
    "problem": "",
    "through": ["s3", "sns"],
    "trace": "Root=1",
}


def post(body: bytes) -> tuple[int, list[Handed]]:
    taken: list[Handed] = []

    async def take(handed: Handed) -> None:
        taken.append(handed)

    response = asyncio.run(deliveries.page(take)(Request("POST", "/", "", {}, body)))
    return response.status, taken


def test_a_message_is_taken() -> None:
    status, [handed] = post(json.dumps(DOCUMENT).encode())
    scope = Scope("111111111111", "eu-west-1")
    body = "hé".encode()
    delivery = Delivery(
        scope,
        DOCUMENT["target"],
        body,
        "",
        "o",
        "Root=1",
        attributes={"a": ("String", "v")},
        group="g",
        deduplication="d",
    )
    assert (status, handed) == (202, Handed(delivery, ("s3", "sns"), "l"))


def test_what_has_no_arn_for_a_target_is_taken_all_the_same() -> None:
    status, [handed] = post(json.dumps({**DOCUMENT, "target": "a@example.com"}).encode())
    assert (status, handed.delivery.scope) == (202, Scope())


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", *(json.dumps({**DOCUMENT, **bad}).encode() for bad in ({"through": []}, {"attributes": 1}))],
)
def test_what_is_no_message_is_refused(body: Any) -> None:
    assert post(body) == (400, [])
