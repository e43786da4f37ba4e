"""What becomes of the messages of the neighbour's services."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from lambent.dispatch.background import Background
from lambent.dispatch.handover import Handover
from lambent.dispatch.sending import PAUSES
from lambent.model import lineage
from lambent.model.delivery import Delivery, DeliveryFailed, Handed
from lambent.model.finding import Finding
from lambent.model.scope import Scope

QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"
LETTERS = "arn:aws:sqs:us-east-1:111111111111:letters"
TRACE = lineage.first("Root=1", "f")
MESSAGE = Delivery(Scope(), QUEUE, b"b", "", "origin", TRACE)
REFUSED, BUSY = DeliveryFailed("no", passing=False), DeliveryFailed("busy", passing=True)


def hand(handed: Handed, *refusals: Exception) -> tuple[list[Delivery], list[Finding], list[float]]:
    """What is sent and reported, and the pauses in between."""
    waiting = list(refusals)
    sent: list[Delivery] = []
    reported: list[Finding] = []
    paused: list[float] = []

    async def send(delivery: Delivery) -> None:
        if waiting:
            raise waiting.pop(0)
        sent.append(delivery)

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    async def run() -> None:
        await Handover(send, reported.append, Background().spawn, pause)(handed)

    asyncio.run(run())
    return sent, reported, paused


def test_a_watched_way_keeps_the_lineage() -> None:
    assert hand(Handed(MESSAGE, ("s3", "sns"))) == ([MESSAGE], [], [])


@pytest.mark.parametrize("through", [("events",), ("s3", "events"), ("events", "sns")])
def test_an_unwatched_way_ends_it_and_counts_on(through: tuple[str, ...]) -> None:
    [sent], _, _ = hand(Handed(MESSAGE, through))
    assert sent == replace(MESSAGE, trace_id=lineage.unwatched(TRACE, "events"))
    assert "Lineage=" not in sent.trace_id


def test_what_may_pass_is_tried_again_and_nothing_is_said() -> None:
    assert hand(Handed(MESSAGE, ("sns",)), BUSY, BUSY) == ([MESSAGE], [], list(PAUSES[:2]))


@pytest.mark.parametrize("refusals", [[REFUSED], [BUSY] * 4])
def test_what_is_refused_is_logged_and_reported(refusals: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        sent, [finding], _ = hand(Handed(MESSAGE, ("sns",)), *refusals)
    assert (sent, finding.code, finding.resource) == ([], "undelivered/sns", QUEUE)
    assert refusals[0].reason in finding.message
    assert QUEUE in caplog.text


def test_a_dead_letter_queue_takes_it_instead() -> None:
    sent, findings, _ = hand(Handed(MESSAGE, ("sns",), LETTERS), REFUSED)
    assert (sent, findings) == ([replace(MESSAGE, target=LETTERS)], [])
    [letter], _, _ = hand(Handed(MESSAGE, ("events",), LETTERS), REFUSED)
    assert letter.attributes == {
        "RULE_ARN": ("String", "origin"),
        "TARGET_ARN": ("String", QUEUE),
        "ERROR_MESSAGE": ("String", "no"),
    }


def test_a_dead_letter_queue_that_does_not_take_it_is_said() -> None:
    _, [finding], _ = hand(Handed(MESSAGE, ("sns",), LETTERS), REFUSED, DeliveryFailed("neither", passing=False))
    assert f"no; nor to its dead letter queue {LETTERS}: neither" in finding.message


def test_what_the_neighbour_can_not_send_is_said() -> None:
    sent, [finding], _ = hand(Handed(MESSAGE, ("sns",), problem="no such protocol"))
    assert (sent, finding.code) == ([], "undelivered/sns")
    assert "no such protocol" in finding.message


@pytest.mark.parametrize(("group", "waits"), [("", False), ("g", True)])
def test_a_long_story_is_waited_for_in_a_group_alone(group: str, waits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambent.dispatch.handover.PATIENCE", 0.0)
    opened = asyncio.Event()

    async def send(_delivery: Delivery) -> None:
        await opened.wait()

    async def run() -> None:
        handover = Handover(send, lambda _finding: None, Background().spawn)
        taking = asyncio.create_task(handover(Handed(replace(MESSAGE, group=group), ("sns",))))
        for _ in range(5):
            await asyncio.sleep(0)
        assert taking.done() is not waits
        opened.set()
        await taking

    asyncio.run(run())
